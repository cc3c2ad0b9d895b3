//! [`LiveJobs`] on a company's database.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError, UserId};
use cortex_sync_jobs::model::{Failure, JobStatus};
use cortex_sync_jobs::ports::LiveJobs;
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::{sync_jobs, sync_locks};

/// What waits and runs, in a company's database.
pub struct PgLiveJobs {
    company: Pool,
}

impl PgLiveJobs {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl LiveJobs for PgLiveJobs {
    #[instrument(name = "pg.live_jobs.list_people", skip_all)]
    async fn list_people(&self, company_id: CompanyId) -> Result<Vec<UserId>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| sync_jobs::list_live_users(connection, company_id).await)
            .await?;
        Ok(rows.into_iter().map(UserId::try_from).collect::<Result<_, _>>()?)
    }

    #[instrument(name = "pg.live_jobs.call_off", skip_all)]
    async fn call_off(&self, company_id: CompanyId, people: &[UserId], why: &Failure) -> Result<u64, StoreError> {
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let cancelled = JobStatus::Cancelled;
                let jobs = sync_jobs::end_of_users(connection, company_id, people, cancelled, why).await?;
                sync_locks::release(connection, company_id, &jobs).await?;
                Ok(jobs.len() as u64)
            })
            .await
    }
}
