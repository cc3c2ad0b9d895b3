//! Making jobs of the company in memory.

use async_trait::async_trait;
use cortex_kernel::StoreError;

use super::InMemoryJobQueue;
use crate::model::{CompanyJobStart, Failure, Job, JobStatus, NewJob, Trigger};
use crate::ports::{CompanyJobs, EnqueueOutcome};

#[async_trait]
impl CompanyJobs for InMemoryJobQueue {
    async fn start(&self, start: &CompanyJobStart) -> Result<EnqueueOutcome, StoreError> {
        let mut state = self.state();
        let action = if start.request.retry_of.is_some() { "job_retried" } else { "job_requested" };
        state.connections.audit(action, start.request.company_id);
        Ok(state.enqueue(&start.job()))
    }

    async fn start_once(&self, job: &NewJob) -> Result<Option<Job>, StoreError> {
        let mut state = self.state();
        let is_of_period =
            |other: &Job| (other.company_id, other.kind, &other.subject) == (job.company_id, job.kind, &job.subject);
        if state.rows.iter().any(|row| is_of_period(&row.job) && serves(&row.job)) {
            return Ok(None);
        }
        Ok(Some(state.enqueue(job).into_job()))
    }
}

/// Whether the schedule need not make another one.
fn serves(job: &Job) -> bool {
    let went_with_its_person = job.failure.as_ref().is_some_and(|failure| failure.code == Failure::MEMBER_INACTIVE);
    match job.status {
        JobStatus::Queued | JobStatus::Running | JobStatus::Completed => true,
        JobStatus::Failed | JobStatus::Cancelled => job.trigger == Trigger::Schedule && !went_with_its_person,
    }
}
