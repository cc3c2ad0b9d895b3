//! A migrated database, and pools of it as the deployments of two companies have them.

use std::path::Path;
use std::time::Duration;

use cortex_kernel::{CompanyId, ConnectionId, Provider, UserId};
use cortex_postgres::migrate::Migrator;
use cortex_postgres::schema::Database;
use cortex_postgres::{Address, Pool, PoolConfig, Pooler};
use cortex_sync_jobs::model::Access;
use cortex_test_support::{Client, Template, TestDatabase, TestRole};
use time::OffsetDateTime;

use crate::support::address;

/// The pools belong to logins that are members of `cortex_app` and nothing else.
pub(crate) struct World {
    kind: Database,
    pools: [(CompanyId, Pool); 2],
    url: String,
    pub(super) superuser: Client,
    _database: TestDatabase,
    _login: TestRole,
}

impl World {
    pub(crate) async fn new(kind: Database, companies: [CompanyId; 2]) -> Self {
        Self::with(kind, companies, Pooler::Session).await
    }

    /// The same, with pools that count on a transaction pooler between them and the server.
    pub(crate) async fn with(kind: Database, companies: [CompanyId; 2], pooler: Pooler) -> Self {
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(kind.name());
        let template = Template::new(kind.name()).folder(migrations).unwrap();
        let [company, _] = companies;
        let database = TestDatabase::create(&template, async |url| {
            Migrator::new(kind, address(&url), company).up(None).await.unwrap();
        })
        .await;
        let login = TestRole::with("IN ROLE cortex_app").await;
        let url = database.url_as(&login);
        let pools = companies.map(|company| (company, pool(&url, company, 8, pooler)));
        Self { kind, pools, url, superuser: database.connect().await, _database: database, _login: login }
    }

    /// The pool of the deployment of a company.
    pub(crate) fn pool(&self, company_id: CompanyId) -> Pool {
        let (_, pool) = self.pools.iter().find(|(of, _)| *of == company_id).expect("one of the two companies");
        pool.clone()
    }

    /// Another pool of that deployment, of so many connections.
    pub(crate) fn pool_of(&self, company_id: CompanyId, size: u16) -> Pool {
        pool(&self.url, company_id, size, Pooler::Session)
    }

    /// Where the database is, for the login of the pools.
    pub(crate) fn address(&self) -> Address {
        address(&self.url)
    }

    /// A session that no wall stops, to prepare and to look.
    pub(crate) fn superuser(&self) -> &Client {
        &self.superuser
    }

    /// Waits until somebody waits for a lock that the superuser's session holds.
    pub(crate) async fn somebody_waits(&self) {
        let waits = "select exists (select from pg_locks where not granted \
                     and pg_backend_pid() = any(pg_blocking_pids(pid)))";
        let is_waiting = async { while !self.superuser.query_one(waits, &[]).await.unwrap().get::<_, bool>(0) {} };
        tokio::time::timeout(Duration::from_secs(30), is_waiting).await.expect("somebody waits for the lock");
    }

    /// Takes row level security away, so that only the stores' own filters are left between companies.
    pub(crate) async fn open_walls(&self) {
        for table in self.kind.tables() {
            let open = format!("alter table {table} disable row level security");
            self.superuser.batch_execute(&open).await.unwrap();
        }
    }

    /// Puts both companies into Master, where they are active.
    pub(crate) async fn put_companies(&self) {
        let insert = "insert into companies (id, slug, name, status) values ($1, $2, $2, 'active')";
        for ((company, _), slug) in self.pools.iter().zip(["a", "b"]) {
            self.superuser.execute(insert, &[&company.as_uuid(), &slug]).await.unwrap();
        }
    }

    /// Puts an account into a company's database, as one that the user connected.
    pub(crate) async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
        let insert = "insert into connections (tenant_id, provider_key, connection_id, user_id) \
                      values ($1, $2, gen_random_uuid()::text, $3) returning id";
        let (company, user) = (company_id.to_string(), user_id.to_string());
        let row = self.superuser.query_one(insert, &[&company, &provider.name(), &user]).await.unwrap();
        ConnectionId::new(row.get(0))
    }

    /// Lets the connection be read, or not.
    pub(crate) async fn set_access(&self, id: ConnectionId, access: Access) {
        let status = match access {
            Access::Open => "active",
            Access::NeedsReauthorization => "needs_reauthorization",
            Access::Ended => "disconnected",
        };
        let update = "update connections set status = $2 where id = $1";
        self.superuser.execute(update, &[&id.get(), &status]).await.unwrap();
    }

    /// Puts a Gmail connection without user into a company's database, which is there since `connected_at`.
    pub(crate) async fn put_unclaimed(
        &self,
        company_id: CompanyId,
        broker_id: &str,
        connected_at: OffsetDateTime,
    ) -> ConnectionId {
        let insert = "insert into connections (tenant_id, provider_key, connection_id, created_at, connected_at) \
                      values ($1, 'gmail', $2, $3, $3) returning id";
        let row = self.superuser.query_one(insert, &[&company_id.to_string(), &broker_id, &connected_at]).await;
        ConnectionId::new(row.unwrap().get(0))
    }

    /// The company's connections without user that were not ended.
    pub(crate) async fn unclaimed(&self, company_id: CompanyId) -> Vec<ConnectionId> {
        let query = "select id from connections where tenant_id = $1 and user_id is null and status <> 'disconnected'";
        let rows = self.superuser.query(query, &[&company_id.to_string()]).await.unwrap();
        rows.into_iter().map(|row| ConnectionId::new(row.get(0))).collect()
    }

    /// Puts a Gmail connection into quarantine.
    pub(crate) async fn quarantine(&self, company_id: CompanyId, broker_id: &str) {
        let insert = "insert into quarantined_connections (tenant_id, provider_key, connection_id, reason) \
                      values ($1, 'gmail', $2, 'not_a_member')";
        self.superuser.execute(insert, &[&company_id.to_string(), &broker_id]).await.unwrap();
    }

    /// Marks a connection of a company as ended by its owner.
    pub(crate) async fn disconnect(&self, company_id: CompanyId, id: ConnectionId, at: OffsetDateTime) {
        let update = "update connections set status = 'disconnected', status_changed_at = $3 \
                      where tenant_id = $1 and id = $2";
        self.superuser.execute(update, &[&company_id.to_string(), &id.get(), &at]).await.unwrap();
    }

    /// The ids of the broker's connections that are to be removed there, oldest first.
    pub(crate) async fn to_be_removed(&self, company_id: CompanyId) -> Vec<String> {
        let query = "select connection_id from broker_removals where tenant_id = $1 order by id";
        let rows = self.superuser.query(query, &[&company_id.to_string()]).await.unwrap();
        rows.into_iter().map(|row| row.get(0)).collect()
    }

    /// The actions of a company's audit rows, oldest first.
    pub(crate) async fn audited(&self, table: &str, company_id: CompanyId) -> Vec<String> {
        let query = format!("select action from {table} where company_id::text = $1 order by created_at");
        let rows = self.superuser.query(&query, &[&company_id.to_string()]).await.unwrap();
        rows.into_iter().map(|row| row.get(0)).collect()
    }
}

fn pool(url: &str, company: CompanyId, size: u16, pooler: Pooler) -> Pool {
    Pool::new(PoolConfig {
        address: address(url),
        company,
        pooler,
        size: size.try_into().unwrap(),
        acquire_timeout: Duration::from_secs(30),
        statement_timeout: Duration::from_secs(30),
    })
}
