//! A company with many people, each with accounts that are to be read.

use std::path::Path;
use std::time::Duration;

use cortex_kernel::{CompanyId, ConnectionId, JobId, Provider, UserId};
use cortex_postgres::migrate::Migrator;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgJobQueue;
use cortex_postgres::{Address, Pool, PoolConfig, Pooler};
use cortex_sync_jobs::model::NewJob;
use cortex_sync_jobs::ports::JobQueue as _;
use cortex_sync_jobs::testing::{COMPANY_A, a_new_job};
use cortex_test_support::{Client, Template, TestDatabase, TestRole};
use uuid::Uuid;

pub(crate) const COMPANY: CompanyId = COMPANY_A;

pub(crate) struct World {
    pub(crate) superuser: Client,
    /// For the login that the service has.
    pub(crate) url: String,
    _database: TestDatabase,
    _login: TestRole,
}

/// Everybody has two accounts: as many as may be read at a time.
const ACCOUNTS: u32 = 2;

impl World {
    pub(crate) async fn new() -> Self {
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/company");
        let template = Template::new("company").folder(migrations).unwrap();
        let database = TestDatabase::create(&template, async |url| {
            Migrator::new(Database::Company, address(&url), COMPANY).up(None).await.unwrap();
        })
        .await;
        let login = TestRole::with("IN ROLE cortex_app").await;
        let (superuser, url) = (database.connect().await, database.url_as(&login));
        Self { superuser, url, _database: database, _login: login }
    }

    pub(crate) fn pool(&self, size: u16) -> Pool {
        Pool::new(PoolConfig {
            address: address(&self.url),
            company: COMPANY,
            pooler: Pooler::Session,
            size: size.try_into().unwrap(),
            acquire_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(30),
        })
    }

    /// So many jobs wait and nothing else is there, as after a quiet night.
    pub(crate) async fn queue(&self, jobs: u32) {
        let fill = format!(
            "truncate sync_jobs, sync_turns; truncate connections cascade; \
             insert into connections (tenant_id, provider_key, connection_id, user_id) \
             select '{COMPANY}', (array['gmail', 'outlook'])[1 + n % {ACCOUNTS}], 'broker-' || n, \
               'u' || n / {ACCOUNTS} from generate_series(0, {jobs} - 1) n; \
             insert into sync_jobs (id, tenant_id, user_id, connection_id, job_type, kind, trigger) \
             select gen_random_uuid(), tenant_id, gen_random_uuid_of(user_id), id, 'gmail', 'incremental', 'schedule' \
             from connections;"
        );
        self.superuser.batch_execute(PERSON).await.unwrap();
        self.superuser.batch_execute(&fill).await.unwrap();
        self.superuser.batch_execute("vacuum analyze sync_jobs, connections, sync_turns").await.unwrap();
    }

    /// One more account of the person, with a job that waits.
    pub(crate) async fn put_job(&self, pool: &Pool, user_id: UserId) -> JobId {
        let insert = "insert into connections (tenant_id, provider_key, connection_id, user_id) \
                      values ($1, gen_random_uuid()::text, gen_random_uuid()::text, $2) returning id";
        let row = self.superuser.query_one(insert, &[&COMPANY.to_string(), &user_id.to_string()]).await.unwrap();
        let (id, connection_id) = (
            JobId::new(Uuid::new_v5(&COMPANY.as_uuid(), &row.get::<_, i64>(0).to_be_bytes())),
            ConnectionId::new(row.get(0)),
        );
        let job = NewJob { id, user_id, connection_id, provider: Provider::Gmail, ..a_new_job() };
        PgJobQueue::new(pool.clone()).enqueue(&job).await.unwrap();
        id
    }
}

/// Ids of people are UUIDs.
const PERSON: &str = "create or replace function gen_random_uuid_of(name text) returns text language sql immutable \
                      as $$ select md5(name)::uuid::text $$";

fn address(url: &str) -> Address {
    Address::parse(&url.into(), None, "cortex-bench").unwrap()
}
