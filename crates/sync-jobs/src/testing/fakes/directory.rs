//! Looking at the jobs in memory, and saying who may start further ones.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, JobId, Provider, StoreError, UserId};

use super::InMemoryJobQueue;
use crate::model::{Job, JobFilter, JobKind, JobSlice, JobStatus, KeptOverride, LastSync, NewOverride, Slice};
use crate::ports::{JobDirectory, SyncOverrides};

#[async_trait]
impl JobDirectory for InMemoryJobQueue {
    async fn list_jobs(&self, company_id: CompanyId, filter: &JobFilter, slice: Slice) -> Result<JobSlice, StoreError> {
        let jobs = self.filtered(company_id, filter);
        let count = jobs.len() as u64;
        let offset = usize::try_from(slice.offset()).unwrap_or(usize::MAX);
        Ok(JobSlice { jobs: jobs.into_iter().skip(offset).take(slice.limit().into()).collect(), count })
    }

    async fn list_after(
        &self,
        company_id: CompanyId,
        filter: &JobFilter,
        after: Option<JobId>,
        most: u16,
    ) -> Result<Vec<Job>, StoreError> {
        let all = self.syncs_of(company_id);
        let rest = match after {
            None => all.as_slice(),
            Some(after) => all.iter().position(|job| job.id == after).map_or(&[][..], |place| &all[place + 1..]),
        };
        let wanted = rest.iter().filter(|job| filter.lets_through(job));
        Ok(wanted.take(most.into()).cloned().collect())
    }

    async fn last_syncs(&self, company_id: CompanyId, users: &[UserId]) -> Result<Vec<LastSync>, StoreError> {
        let jobs = self.syncs_of(company_id);
        let accounts = users.iter().flat_map(|user_id| Provider::ALL.map(|provider| (*user_id, provider)));
        let last = |(user_id, provider): (UserId, Provider)| {
            let is_of_account = |job: &&Job| (job.user_id, job.subject.provider()) == (user_id, Some(provider));
            let mut of_account = jobs.iter().filter(is_of_account).filter(|job| job.kind != JobKind::Content);
            let completed = of_account.clone().find(|job| job.status == JobStatus::Completed);
            of_account.next().map(|job| LastSync {
                user_id,
                provider,
                status: job.status,
                created_at: job.created_at,
                last_completed_at: completed.and_then(|job| job.completed_at),
            })
        };
        Ok(accounts.filter_map(last).collect())
    }

    async fn count_by_status(&self, company_id: CompanyId) -> Result<Vec<(JobStatus, u64)>, StoreError> {
        let jobs = self.syncs_of(company_id);
        let count = |status| (status, jobs.iter().filter(|job| job.status == status).count() as u64);
        Ok(JobStatus::ALL.map(count).into_iter().filter(|(_, count)| *count > 0).collect())
    }
}

#[async_trait]
impl SyncOverrides for InMemoryJobQueue {
    async fn set(&self, word: &NewOverride) -> Result<KeptOverride, StoreError> {
        let mut state = self.state();
        let created_at = state.now;
        Ok(KeptOverride { id: state.connections.say(word), created_at })
    }
}

impl InMemoryJobQueue {
    fn filtered(&self, company_id: CompanyId, filter: &JobFilter) -> Vec<Job> {
        self.jobs_of(company_id).into_iter().filter(|job| filter.lets_through(job)).collect()
    }

    /// Those of accounts, newest first.
    fn syncs_of(&self, company_id: CompanyId) -> Vec<Job> {
        self.jobs_of(company_id).into_iter().filter(|job| job.subject.account().is_some()).collect()
    }

    /// All that a company has, newest first.
    fn jobs_of(&self, company_id: CompanyId) -> Vec<Job> {
        let state = self.state();
        let of_company = state.rows.iter().filter(|row| row.job.company_id == company_id);
        let mut jobs: Vec<_> = of_company.map(|row| row.job.clone()).collect();
        jobs.sort_by_key(|job| (std::cmp::Reverse(job.created_at), job.id));
        jobs
    }
}
