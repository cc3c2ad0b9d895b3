//! Calling off jobs in memory.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError, UserId};

use super::{InMemoryJobQueue, Row, State};
use crate::model::{Cancellation, Failure, Job, JobEvent, NOBODY};
use crate::ports::LiveJobs;

#[async_trait]
impl LiveJobs for InMemoryJobQueue {
    async fn list_people(&self, company_id: CompanyId) -> Result<Vec<UserId>, StoreError> {
        let state = self.state();
        let live = state.rows.iter().filter(|row| row.job.company_id == company_id && !row.job.status.is_final());
        let mut people: Vec<_> = live.map(|row| row.job.user_id).filter(|person| *person != NOBODY).collect();
        people.sort();
        people.dedup();
        Ok(people)
    }

    async fn call_off(&self, company_id: CompanyId, people: &[UserId], why: &Failure) -> Result<u64, StoreError> {
        let mut state = self.state();
        let State { now, rows, connections, .. } = &mut *state;
        let live = rows.iter_mut().filter(|row| {
            row.job.company_id == company_id && people.contains(&row.job.user_id) && !row.job.status.is_final()
        });
        let mut called_off = 0;
        for row in live {
            row.happen(JobEvent::Cancelled, *now);
            row.job.failure = Some(why.clone());
            connections.settle(&row.job);
            called_off += 1;
        }
        Ok(called_off)
    }

    async fn call_off_job(&self, cancellation: &Cancellation) -> Result<Option<Job>, StoreError> {
        let mut state = self.state();
        let State { now, rows, connections, .. } = &mut *state;
        let Cancellation { company_id, id, .. } = cancellation;
        let is_live =
            |row: &&mut Row| row.job.company_id == *company_id && row.job.id == *id && !row.job.status.is_final();
        let Some(row) = rows.iter_mut().find(is_live) else { return Ok(None) };
        row.happen(JobEvent::Cancelled, *now);
        row.job.failure = Some(Failure::cancelled());
        connections.settle(&row.job);
        let is_sync = row.job.subject.account().is_some();
        connections.audit(if is_sync { "sync_cancelled" } else { "job_cancelled" }, *company_id);
        Ok(Some(row.job.clone()))
    }
}
