//! Making jobs of the company in memory.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Lease, StoreError};

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

    async fn count_part(&self, company_id: CompanyId, lease: Lease) -> Result<bool, StoreError> {
        let mut state = self.state();
        let now = state.now;
        let held = state.rows.iter_mut().find(|row| {
            row.job.company_id == company_id && row.job.id == lease.job && row.epoch == lease.epoch && row.runs(now)
        });
        let Some(row) = held else { return Ok(false) };
        row.job.progress.pages += 1;
        row.job.attempt = row.job.attempt.min(1);
        row.job.progressed_at = Some(now);
        Ok(true)
    }

    async fn forget_ended(&self, company_id: CompanyId, keep: Duration, most: u16) -> Result<usize, StoreError> {
        let mut state = self.state();
        let place = |job: &Job| (job.created_at, job.id);
        let of_company: Vec<Job> = state.rows.iter().map(|row| row.job.clone()).collect();
        let of_company: Vec<_> = of_company
            .into_iter()
            .filter(|job| job.company_id == company_id && job.subject.period().is_some())
            .collect();
        let is_newest = |job: &Job| of_company.iter().all(|other| other.kind != job.kind || place(other) <= place(job));
        let forgotten: Vec<_> = of_company
            .iter()
            .filter(|job| job.status.is_final() && job.created_at <= state.now - keep && !is_newest(job))
            .map(|job| job.id)
            .take(most.into())
            .collect();
        state.rows.retain(|row| !forgotten.contains(&row.job.id));
        Ok(forgotten.len())
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
