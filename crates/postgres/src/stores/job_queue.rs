//! [`JobQueue`] on a company's database. What the end of a job means for the lock of its connection is written beside it.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, JobId, Lease, StoreError};
use cortex_sync_jobs::model::{ClaimedJob, Ending, Failure, Job, JobStatus, NewJob};
use cortex_sync_jobs::ports::{ClaimRequest, EnqueueOutcome, FinishOutcome, Heartbeat, HeartbeatOutcome, JobQueue};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::job_claims;
use crate::tables::sync_jobs::{self, Row, Settlement};
use crate::tables::sync_locks;

/// The queue in a company's database.
pub struct PgJobQueue {
    company: Pool,
}

impl PgJobQueue {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }

    async fn settle(
        &self,
        company_id: CompanyId,
        lease: Lease,
        settlement: Settlement<'_>,
    ) -> Result<FinishOutcome, StoreError> {
        let settlement = &settlement;
        let settled: Result<bool, StoreError> = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let settled = sync_jobs::settle(connection, company_id, lease, settlement).await?;
                if settled && settlement.status.is_final() {
                    sync_locks::release(connection, company_id, &[lease.job.as_uuid()]).await?;
                }
                Ok(settled)
            })
            .await;
        Ok(if settled? { FinishOutcome::Finished } else { FinishOutcome::LeaseLost })
    }

    async fn complete(&self, company_id: CompanyId, lease: Lease) -> Result<FinishOutcome, StoreError> {
        let completed: Result<Option<bool>, StoreError> = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let completed = sync_jobs::complete(connection, company_id, lease).await?;
                if completed == Some(true) {
                    sync_locks::complete(connection, company_id, lease.job).await?;
                }
                Ok(completed)
            })
            .await;
        Ok(match completed? {
            Some(true) => FinishOutcome::Finished,
            Some(false) => FinishOutcome::AskedAgain,
            None => FinishOutcome::LeaseLost,
        })
    }
}

#[async_trait]
impl JobQueue for PgJobQueue {
    #[instrument(name = "pg.job_queue.enqueue", skip_all)]
    async fn enqueue(&self, job: &NewJob) -> Result<EnqueueOutcome, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| sync_jobs::enqueue(connection, job).await)
            .await?;
        let live = Job::try_from(row)?;
        Ok(if live.id == job.id { EnqueueOutcome::Enqueued(live) } else { EnqueueOutcome::AlreadyLive(live) })
    }

    #[instrument(name = "pg.job_queue.claim", skip_all)]
    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<ClaimedJob>, StoreError> {
        let lost = &Failure::worker_lost();
        let rows: Result<Vec<Row>, StoreError> = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let failed = job_claims::fail_abandoned(connection, request.company_id, lost).await?;
                if !failed.is_empty() {
                    sync_locks::release(connection, request.company_id, &failed).await?;
                }
                Ok(job_claims::claim(connection, request).await?)
            })
            .await;
        Ok(rows?.into_iter().map(Row::into_claimed).collect::<Result<_, _>>()?)
    }

    #[instrument(name = "pg.job_queue.heartbeat", skip_all, fields(job.id = %beat.lease.job))]
    async fn heartbeat(&self, company_id: CompanyId, beat: &Heartbeat) -> Result<HeartbeatOutcome, StoreError> {
        let held = self
            .company
            .run(async |connection: &mut AsyncPgConnection| job_claims::heartbeat(connection, company_id, beat).await)
            .await?;
        Ok(held.map_or(HeartbeatOutcome::LeaseLost, |others_wait| HeartbeatOutcome::Held { others_wait }))
    }

    #[instrument(name = "pg.job_queue.finish", skip_all, fields(job.id = %lease.job))]
    async fn finish(&self, company_id: CompanyId, lease: Lease, ending: &Ending) -> Result<FinishOutcome, StoreError> {
        let settlement = match ending {
            Ending::Completed => return self.complete(company_id, lease).await,
            Ending::Retried { failure, after } => {
                Settlement { status: JobStatus::Queued, is_attempt: true, failure: Some(failure), after: Some(*after) }
            }
            Ending::Snoozed { failure, after } => {
                Settlement { status: JobStatus::Queued, is_attempt: false, failure: Some(failure), after: Some(*after) }
            }
            Ending::Failed(failure) => {
                Settlement { status: JobStatus::Failed, is_attempt: true, failure: Some(failure), after: None }
            }
        };
        self.settle(company_id, lease, settlement).await
    }

    #[instrument(name = "pg.job_queue.give_back", skip_all, fields(job.id = %lease.job))]
    async fn give_back(&self, company_id: CompanyId, lease: Lease) -> Result<(), StoreError> {
        let at_once =
            &Settlement { status: JobStatus::Queued, is_attempt: false, failure: None, after: Some(Duration::ZERO) };
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                if sync_jobs::settle(connection, company_id, lease, at_once).await? {
                    job_claims::note_turn(connection, company_id, lease.job).await?;
                }
                Ok(())
            })
            .await
    }

    #[instrument(name = "pg.job_queue.find_job", skip_all, fields(job.id = %id))]
    async fn find_job(&self, company_id: CompanyId, id: JobId) -> Result<Option<Job>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| sync_jobs::find(connection, company_id, id).await)
            .await?;
        Ok(row.map(Job::try_from).transpose()?)
    }
}
