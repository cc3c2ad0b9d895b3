//! Accounts in memory that were not read for long. All have the same moment in the interval.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Provider, StoreError, UserId};

use super::InMemoryJobQueue;
use crate::model::{Job, JobKind};
use crate::ports::DueAccounts;

#[async_trait]
impl DueAccounts for InMemoryJobQueue {
    async fn list_due(
        &self,
        company_id: CompanyId,
        interval: Duration,
        most: u16,
    ) -> Result<Vec<(UserId, Provider)>, StoreError> {
        let state = self.state();
        let slot = |at: time::OffsetDateTime| at.unix_timestamp().div_euclid(interval.as_secs().cast_signed());
        let accounts = state.connections.begun_of(company_id);
        let due = accounts.into_iter().filter(|(connection_id, ..)| {
            let reads =
                |job: &&Job| job.subject.connection_id() == Some(*connection_id) && job.kind != JobKind::Content;
            let mut jobs = state.rows.iter().map(|row| &row.job).filter(reads);
            let is_live = jobs.clone().any(|job| !job.status.is_final());
            let last = jobs.by_ref().map(|job| job.created_at).max();
            !is_live && last.is_none_or(|last| slot(last) < slot(state.now))
        });
        Ok(due.map(|(_, user_id, provider)| (user_id, provider)).take(most.into()).collect())
    }
}
