//! [`LiveJobs`] on a company's database.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError, UserId};
use cortex_sync_jobs::model::{Cancellation, Failure, Job, JobStatus, JobSubject, NOBODY};
use cortex_sync_jobs::ports::LiveJobs;
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use crate::tables::sync_jobs::Which;
use crate::tables::{admin_audit_log, sync_jobs, sync_locks};
use crate::{Abort, Pool};

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
                let jobs = sync_jobs::end(connection, company_id, Which::OfUsers(people), cancelled, why).await?;
                let jobs: Vec<_> = jobs.iter().map(sync_jobs::Row::id).collect();
                sync_locks::release(connection, company_id, &jobs).await?;
                Ok(jobs.len() as u64)
            })
            .await
    }

    #[instrument(name = "pg.live_jobs.call_off_job", skip_all, fields(job.id = %cancellation.id))]
    async fn call_off_job(&self, cancellation: &Cancellation) -> Result<Option<Job>, StoreError> {
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| call_off_in(connection, cancellation).await)
            .await
    }
}

async fn call_off_in(
    connection: &mut AsyncPgConnection,
    cancellation: &Cancellation,
) -> Result<Option<Job>, Abort<StoreError>> {
    let Cancellation { company_id, id, by, origin } = cancellation;
    let (which, why) = (Which::One(*id), Failure::cancelled());
    let ended = sync_jobs::end(connection, *company_id, which, JobStatus::Cancelled, &why).await?;
    let Some(row) = ended.into_iter().next() else { return Ok(None) };
    let job = Job::try_from(row).map_err(|inconsistency| Abort::Decided(inconsistency.into()))?;
    sync_locks::release(connection, *company_id, &[id.as_uuid()]).await?;
    let owner = job.user_id.to_string();
    let (action, details) = match &job.subject {
        JobSubject::Account(account) => {
            ("sync_cancelled", json!({ "provider": account.provider.name(), "owner": owner }))
        }
        JobSubject::Company(period) => {
            ("job_cancelled", json!({ "kind": job.kind.name(), "period": period.as_str(), "owner": owner }))
        }
    };
    let entry = admin_audit_log::Entry {
        company_id: *company_id,
        user_id: by.member().or_else(|| Some(job.user_id).filter(|person| *person != NOBODY)),
        session_id: by.session(),
        action,
        resource_type: "sync_job",
        resource_id: id.to_string(),
        details,
        origin,
    };
    admin_audit_log::insert(connection, &entry).await?;
    Ok(Some(job))
}
