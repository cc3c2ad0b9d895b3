//! An empty company in a migrated database, and its service's login.

use std::path::Path;
use std::time::Duration;

use cortex_kernel::CompanyId;
use cortex_postgres::migrate::Migrator;
use cortex_postgres::schema::Database;
use cortex_postgres::{Address, Pool, PoolConfig, Pooler};
use cortex_test_support::{Client, Template, TestDatabase, TestRole};

pub(crate) struct Company {
    id: CompanyId,
    /// Where no wall stands, to prepare and to look.
    pub(crate) superuser: Client,
    /// For the login that the service has.
    pub(crate) url: String,
    _database: TestDatabase,
    _login: TestRole,
}

impl Company {
    pub(crate) async fn new(id: CompanyId) -> Self {
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/company");
        let template = Template::new("company").folder(migrations).unwrap();
        let database = TestDatabase::create(&template, async |url| {
            Migrator::new(Database::Company, address(&url), id).up(None).await.unwrap();
        })
        .await;
        let login = TestRole::with("IN ROLE cortex_app").await;
        let (superuser, url) = (database.connect().await, database.url_as(&login));
        Self { id, superuser, url, _database: database, _login: login }
    }

    pub(crate) fn pool(&self, size: u16) -> Pool {
        Pool::new(PoolConfig {
            address: address(&self.url),
            company: self.id,
            pooler: Pooler::Session,
            size: size.try_into().unwrap(),
            acquire_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(30),
        })
    }
}

fn address(url: &str) -> Address {
    Address::parse(&url.into(), None, "cortex-bench").unwrap()
}
