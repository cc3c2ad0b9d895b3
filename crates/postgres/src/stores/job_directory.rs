//! [`JobDirectory`] on a company's database.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, JobId, StoreError, UserId};
use cortex_sync_jobs::model::{Job, JobFilter, JobSlice, JobStatus, LastSync, Slice};
use cortex_sync_jobs::ports::JobDirectory;
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::sync_jobs;

/// The jobs in a company's database, for those who look after it.
pub struct PgJobDirectory {
    company: Pool,
}

impl PgJobDirectory {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl JobDirectory for PgJobDirectory {
    #[instrument(name = "pg.job_directory.list_jobs", skip_all)]
    async fn list_jobs(&self, company_id: CompanyId, filter: &JobFilter, slice: Slice) -> Result<JobSlice, StoreError> {
        let (rows, count) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                let rows = sync_jobs::list(connection, company_id, filter, slice).await?;
                Ok((rows, sync_jobs::count(connection, company_id, filter).await?))
            })
            .await?;
        let jobs = rows.into_iter().map(Job::try_from).collect::<Result<_, _>>()?;
        Ok(JobSlice { jobs, count: count.unsigned_abs() })
    }

    #[instrument(name = "pg.job_directory.list_after", skip_all)]
    async fn list_after(
        &self,
        company_id: CompanyId,
        filter: &JobFilter,
        after: Option<JobId>,
        most: u16,
    ) -> Result<Vec<Job>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                sync_jobs::list_after(connection, company_id, filter, after, most.into()).await
            })
            .await?;
        Ok(rows.into_iter().map(Job::try_from).collect::<Result<_, _>>()?)
    }

    #[instrument(name = "pg.job_directory.last_syncs", skip_all)]
    async fn last_syncs(&self, company_id: CompanyId, users: &[UserId]) -> Result<Vec<LastSync>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| sync_jobs::last_syncs(connection, company_id, users).await)
            .await?;
        Ok(rows.into_iter().map(LastSync::try_from).collect::<Result<_, _>>()?)
    }

    #[instrument(name = "pg.job_directory.count_by_status", skip_all)]
    async fn count_by_status(&self, company_id: CompanyId) -> Result<Vec<(JobStatus, u64)>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| sync_jobs::count_by_status(connection, company_id).await)
            .await?;
        Ok(rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?)
    }
}
