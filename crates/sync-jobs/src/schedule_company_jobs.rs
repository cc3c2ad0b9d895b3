//! Jobs of the company are made by themselves, once a period.

use std::sync::Arc;

use cortex_kernel::{Clock, CompanyId, StoreError};

use crate::model::{Cadence, JobKind};
use crate::start_company_job::StartCompanyJob;

/// Makes the jobs of the periods that began. Several may do so at once, and with clocks that differ: a period has one job. Of
/// periods that passed while nobody looked only the last one has one.
pub struct ScheduleCompanyJobs {
    company_id: CompanyId,
    start_job: Arc<StartCompanyJob>,
    clock: Arc<dyn Clock>,
    plan: Vec<(JobKind, Cadence)>,
}

impl ScheduleCompanyJobs {
    /// Makes jobs of these kinds, which are the company's, for `company_id`, the company of this deployment.
    #[must_use]
    pub const fn new(
        company_id: CompanyId,
        start_job: Arc<StartCompanyJob>,
        clock: Arc<dyn Clock>,
        plan: Vec<(JobKind, Cadence)>,
    ) -> Self {
        Self { company_id, start_job, clock, plan }
    }

    /// Makes what is to be made now, and answers how many jobs that were.
    pub async fn tick(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let mut made = 0;
        for (kind, cadence) in &self.plan {
            let period = cadence.period(now);
            if self.start_job.start_once(self.company_id, *kind, period).await?.is_some() {
                made += 1;
            }
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;
    use std::sync::Mutex;
    use std::time::Duration;

    use cortex_kernel::RandomIds;
    use time::macros::time;
    use tokio::sync::Notify;

    use super::*;
    use crate::model::{JobFilter, Slice};
    use crate::ports::JobDirectory as _;
    use crate::testing::{COMPANY_A, InMemoryJobQueue, NOON};

    /// Two processes on one database, and the time there.
    struct Scene {
        jobs: Arc<InMemoryJobQueue>,
        now: Arc<Mutex<time::OffsetDateTime>>,
        processes: [ScheduleCompanyJobs; 2],
    }

    impl Scene {
        fn new() -> Self {
            let (jobs, now) = (Arc::new(InMemoryJobQueue::default()), Arc::new(Mutex::new(NOON)));
            let process = || {
                let wake = Arc::new(Notify::new());
                let start_job = Arc::new(StartCompanyJob::new(jobs.clone(), Arc::new(RandomIds), wake, 5));
                let clock = Arc::clone(&now);
                let clock = Arc::new(move || *clock.lock().unwrap());
                let hourly = Cadence::EveryMinutes(NonZeroU16::new(60).unwrap());
                let plan = vec![(JobKind::Summaries, Cadence::DailyAt(time!(2:00))), (JobKind::AlertRules, hourly)];
                ScheduleCompanyJobs::new(COMPANY_A, start_job, clock, plan)
            };
            let processes = [process(), process()];
            Self { jobs, now, processes }
        }

        /// What both of them make once so much time has passed.
        async fn tick_after(&self, time: Duration) -> [u64; 2] {
            *self.now.lock().unwrap() += time;
            self.jobs.pass(time);
            [self.processes[0].tick().await.unwrap(), self.processes[1].tick().await.unwrap()]
        }

        /// Kinds and periods, newest first.
        async fn made(&self) -> Vec<String> {
            let slice = Slice::new(None, None);
            let listed = self.jobs.list_jobs(COMPANY_A, &JobFilter::default(), slice).await.unwrap();
            let told = |job: &crate::model::Job| format!("{} {}", job.kind.name(), job.subject.period().unwrap());
            let mut made: Vec<_> = listed.jobs.iter().map(told).collect();
            made.sort();
            made
        }
    }

    #[tokio::test]
    async fn each_period_has_one_job_however_many_look_however_often() {
        let scene = Scene::new();

        assert_eq!(scene.tick_after(Duration::ZERO).await, [2, 0]);
        assert_eq!(scene.tick_after(Duration::from_mins(59)).await, [0, 0]);
        assert_eq!(scene.tick_after(Duration::from_mins(1)).await, [1, 0]);

        let expected = ["alert_rules 2026-03-02T12:00Z", "alert_rules 2026-03-02T13:00Z", "summaries 2026-03-02"];
        assert_eq!(scene.made().await, expected);
    }

    #[tokio::test]
    async fn of_periods_in_which_nobody_looked_the_last_one_has_a_job() {
        let scene = Scene::new();
        scene.tick_after(Duration::ZERO).await;

        scene.tick_after(Duration::from_hours(72)).await;

        let expected = [
            "alert_rules 2026-03-02T12:00Z",
            "alert_rules 2026-03-05T12:00Z",
            "summaries 2026-03-02",
            "summaries 2026-03-05",
        ];
        assert_eq!(scene.made().await, expected);
    }
}
