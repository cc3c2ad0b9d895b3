//! Whoever is no member any more has nothing read any more.

use std::sync::Arc;

use cortex_kernel::{CompanyId, StoreError, UserId};

use crate::model::Failure;
use crate::ports::{ActiveMembers, LiveJobs};

/// Calls off the jobs of people who are no active members.
///
/// It looks at what waits and runs, and not at who left: so it does not matter how somebody was let go, by whom, or
/// which process heard of it.
pub struct CallOffDeparted {
    company_id: CompanyId,
    jobs: Arc<dyn LiveJobs>,
    members: Arc<dyn ActiveMembers>,
}

impl CallOffDeparted {
    /// Looks after the jobs of `company_id`, the company of this deployment.
    #[must_use]
    pub const fn new(company_id: CompanyId, jobs: Arc<dyn LiveJobs>, members: Arc<dyn ActiveMembers>) -> Self {
        Self { company_id, jobs, members }
    }

    /// Calls off what is to be called off now, and answers how many jobs that were. While nobody can say who is a member,
    /// nothing is.
    pub async fn tick(&self) -> Result<u64, StoreError> {
        let people = self.jobs.list_people(self.company_id).await?;
        if people.is_empty() {
            return Ok(0);
        }
        let active = self.members.list_active_among(self.company_id, &people).await?;
        let departed: Vec<UserId> = people.into_iter().filter(|person| !active.contains(person)).collect();
        if departed.is_empty() {
            return Ok(0);
        }
        let called_off = self.jobs.call_off(self.company_id, &departed, &Failure::member_inactive()).await?;
        if called_off > 0 {
            tracing::info!(called_off, ?departed, company = %self.company_id, "jobs of people who left were called off");
        }
        Ok(called_off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::JobStatus;
    use crate::ports::{JobQueue as _, MockActiveMembers};
    use crate::testing::{COMPANY_A, InMemoryJobQueue, USER_1, USER_2, a_new_job};

    fn tick_where(active: &'static [UserId], jobs: &Arc<InMemoryJobQueue>) -> CallOffDeparted {
        let mut members = MockActiveMembers::new();
        members.expect_list_active_among().returning(|_, _| Ok(active.to_vec()));
        CallOffDeparted::new(COMPANY_A, jobs.clone(), Arc::new(members))
    }

    async fn with_a_job() -> Arc<InMemoryJobQueue> {
        let jobs = Arc::new(InMemoryJobQueue::default());
        jobs.enqueue(&a_new_job()).await.unwrap();
        jobs
    }

    #[tokio::test]
    async fn a_members_jobs_go_on() {
        let jobs = with_a_job().await;

        assert_eq!(tick_where(&[USER_1, USER_2], &jobs).tick().await.unwrap(), 0);

        let job = jobs.find_job(COMPANY_A, a_new_job().id).await.unwrap().unwrap();
        assert_eq!(job.status, JobStatus::Queued);
    }

    #[tokio::test]
    async fn the_jobs_of_who_left_are_called_off_and_say_why() {
        let jobs = with_a_job().await;

        assert_eq!(tick_where(&[USER_2], &jobs).tick().await.unwrap(), 1);

        let job = jobs.find_job(COMPANY_A, a_new_job().id).await.unwrap().unwrap();
        assert_eq!((job.status, job.failure.unwrap().code.as_str()), (JobStatus::Cancelled, "member_inactive"));
    }

    #[tokio::test]
    async fn without_jobs_nobody_is_asked() {
        let members = Arc::new(MockActiveMembers::new());

        let tick = CallOffDeparted::new(COMPANY_A, Arc::new(InMemoryJobQueue::default()), members).tick().await;

        assert_eq!(tick.unwrap(), 0);
    }

    #[tokio::test]
    async fn while_nobody_knows_who_is_a_member_everything_goes_on() {
        let jobs = with_a_job().await;
        let mut members = MockActiveMembers::new();
        members.expect_list_active_among().returning(|_, _| Err(StoreError::Unavailable("gone".into())));

        let tick = CallOffDeparted::new(COMPANY_A, jobs.clone(), Arc::new(members)).tick().await;

        assert!(tick.is_err());
        let job = jobs.find_job(COMPANY_A, a_new_job().id).await.unwrap().unwrap();
        assert_eq!(job.status, JobStatus::Queued);
    }
}
