//! A company with many people, each with accounts that are to be read.

use cortex_kernel::{CompanyId, ConnectionId, JobId, UserId};
use cortex_postgres::Pool;
use cortex_postgres::stores::PgJobQueue;
use cortex_sync_jobs::model::NewJob;
use cortex_sync_jobs::ports::JobQueue as _;
use cortex_sync_jobs::testing::{COMPANY_A, a_new_job, an_account};
use uuid::Uuid;

use crate::company::Company;

pub(crate) const COMPANY: CompanyId = COMPANY_A;

pub(crate) struct World {
    company: Company,
}

/// Everybody has two accounts: as many as may be read at a time.
const ACCOUNTS: u32 = 2;

impl World {
    pub(crate) async fn new() -> Self {
        Self { company: Company::new(COMPANY).await }
    }

    pub(crate) fn pool(&self, size: u16) -> Pool {
        self.company.pool(size)
    }

    /// For the login that the service has.
    pub(crate) fn url(&self) -> &str {
        &self.company.url
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
        self.company.superuser.batch_execute(PERSON).await.unwrap();
        self.company.superuser.batch_execute(&fill).await.unwrap();
        self.company.superuser.batch_execute("vacuum analyze sync_jobs, connections, sync_turns").await.unwrap();
    }

    /// One more account of the person, with a job that waits.
    pub(crate) async fn put_job(&self, pool: &Pool, user_id: UserId) -> JobId {
        let insert = "insert into connections (tenant_id, provider_key, connection_id, user_id) \
                      values ($1, gen_random_uuid()::text, gen_random_uuid()::text, $2) returning id";
        let row =
            self.company.superuser.query_one(insert, &[&COMPANY.to_string(), &user_id.to_string()]).await.unwrap();
        let (id, connection_id) = (
            JobId::new(Uuid::new_v5(&COMPANY.as_uuid(), &row.get::<_, i64>(0).to_be_bytes())),
            ConnectionId::new(row.get(0)),
        );
        let job = NewJob { id, user_id, subject: an_account(connection_id), ..a_new_job() };
        PgJobQueue::new(pool.clone()).enqueue(&job).await.unwrap();
        id
    }
}

/// Ids of people are UUIDs.
const PERSON: &str = "create or replace function gen_random_uuid_of(name text) returns text language sql immutable \
                      as $$ select md5(name)::uuid::text $$";
