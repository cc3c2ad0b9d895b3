//! [`CompanyJobs`] on a company's database.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Lease, StoreError};
use cortex_sync_jobs::model::{CompanyJobRequest, CompanyJobStart, Job, JobSubject, NewJob};
use cortex_sync_jobs::ports::{CompanyJobs, EnqueueOutcome};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use crate::tables::{admin_audit_log, company_jobs, locks, sync_jobs};
use crate::{Abort, Pool};

/// Makes jobs of the company in its database.
pub struct PgCompanyJobs {
    company: Pool,
}

impl PgCompanyJobs {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl CompanyJobs for PgCompanyJobs {
    #[instrument(name = "pg.company_jobs.start", skip_all, fields(job.id = %start.id))]
    async fn start(&self, start: &CompanyJobStart) -> Result<EnqueueOutcome, StoreError> {
        let row = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let row = sync_jobs::enqueue(connection, &start.job()).await?;
                tell(connection, &start.request, &row).await?;
                Ok::<_, Abort<StoreError>>(row)
            })
            .await?;
        let live = Job::try_from(row)?;
        Ok(if live.id == start.id { EnqueueOutcome::Enqueued(live) } else { EnqueueOutcome::AlreadyLive(live) })
    }

    #[instrument(name = "pg.company_jobs.start_once", skip_all, fields(job.id = %job.id))]
    async fn start_once(&self, job: &NewJob) -> Result<Option<Job>, StoreError> {
        let JobSubject::Company(period) = &job.subject else {
            return Err(StoreError::Broken("a job that reads an account has no period".into()));
        };
        // Who comes second sees what the first one made, also where that has ended meanwhile.
        let names = [format!("schedule {} {}", job.company_id, job.kind.name())];
        let row = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                locks::hold(connection, &names).await?;
                Ok::<_, Abort<StoreError>>(company_jobs::enqueue_once(connection, job, period).await?)
            })
            .await?;
        Ok(row.map(Job::try_from).transpose()?)
    }

    #[instrument(name = "pg.company_jobs.count_part", skip_all, fields(job.id = %lease.job))]
    async fn count_part(&self, company_id: CompanyId, lease: Lease) -> Result<bool, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                company_jobs::count_part(connection, company_id, lease).await
            })
            .await
    }

    #[instrument(name = "pg.company_jobs.forget_ended", skip_all)]
    async fn forget_ended(&self, company_id: CompanyId, keep: Duration, most: u16) -> Result<usize, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                company_jobs::forget_ended(connection, company_id, keep, most.into()).await
            })
            .await
    }
}

async fn tell(
    connection: &mut AsyncPgConnection,
    request: &CompanyJobRequest,
    row: &sync_jobs::Row,
) -> QueryResult<()> {
    let CompanyJobRequest { company_id, kind, period, by, retry_of, origin } = request;
    let mut details = json!({ "kind": kind.name(), "period": period.as_str() });
    if let Some(ended) = retry_of {
        details["original_job_id"] = ended.to_string().into();
    }
    let entry = admin_audit_log::Entry {
        company_id: *company_id,
        user_id: by.member(),
        session_id: by.session(),
        action: if retry_of.is_some() { "job_retried" } else { "job_requested" },
        resource_type: "sync_job",
        resource_id: row.id().to_string(),
        details,
        origin,
    };
    admin_audit_log::insert(connection, &entry).await
}
