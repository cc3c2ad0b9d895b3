//! Every day the reports of the day before are written, by a job of the company.

use async_trait::async_trait;
use cortex_insights::WriteDailyReport;
use cortex_insights::model::DailyReportKind;
use cortex_kernel::Lease;
use cortex_sync_jobs::model::{Cadence, Disposition, Failure, Job, JobFailure, JobSubject};
use cortex_sync_jobs::ports::{CancellationToken, JobRunner};
use time::macros::{format_description, time};
use time::{Date, Time};

use crate::run_jobs::{no_runner, store_failure};

/// Writes the reports of the day before a job's period.
pub(crate) struct ReportDays(pub(crate) WriteDailyReport);

/// When a day is over everywhere that counts days by UTC, and most accounts were read since.
const AT: Time = time!(03:00);

impl ReportDays {
    /// When it is time: the period is the day on which the job is made.
    pub(crate) const CADENCE: Cadence = Cadence::DailyAt(AT);
}

#[async_trait]
impl JobRunner for ReportDays {
    async fn run(&self, job: &Job, _: Lease, interrupt: &CancellationToken) -> Disposition {
        let JobSubject::Company(period) = &job.subject else { return Disposition::Failed(no_runner()) };
        let day = Date::parse(period.as_str(), format_description!("[year]-[month]-[day]")).ok();
        let Some(day) = day.and_then(Date::previous_day) else { return Disposition::Failed(no_day()) };
        for kind in DailyReportKind::ALL {
            if interrupt.is_cancelled() {
                return Disposition::Interrupted;
            }
            if let Err(error) = self.0.write(job.company_id, kind, day, true).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a report of a day is not written");
                return Disposition::Failed(store_failure(&error, "The report could not be written."));
            }
        }
        Disposition::Completed
    }
}

fn no_day() -> JobFailure {
    JobFailure::Permanent(Failure::new("no_day", "The period of a daily report is a day like 2026-11-28."))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cortex_insights::ReportWriting;
    use cortex_insights::model::OwnAddresses;
    use cortex_insights::ports::{DailyReports, MockCompanyOverview};
    use cortex_insights::testing::{InMemoryDailyReports, InMemoryDays, NOON};
    use cortex_kernel::RandomIds;
    use cortex_kernel::StoreError;
    use cortex_sync_jobs::testing::a_job;
    use time::macros::date;

    use super::*;

    fn runner(reports: &Arc<InMemoryDailyReports>, outage: bool) -> ReportDays {
        let mut overview = MockCompanyOverview::new();
        overview.expect_list_own_addresses().returning(move |_| {
            if outage { Err(StoreError::Unavailable("away".into())) } else { Ok(OwnAddresses::default()) }
        });
        ReportDays(WriteDailyReport::new(ReportWriting {
            days: Arc::new(InMemoryDays::default()),
            overview: Arc::new(overview),
            reports: Arc::clone(reports) as _,
            summarizer: None,
            clock: Arc::new(|| NOON),
            ids: Arc::new(RandomIds),
        }))
    }

    async fn run(reports: &Arc<InMemoryDailyReports>, period: &str, outage: bool) -> Disposition {
        let subject = JobSubject::Company(period.parse().unwrap());
        let job = Job { subject, ..a_job() };
        let lease = Lease { job: job.id, epoch: 1 };
        runner(reports, outage).run(&job, lease, &CancellationToken::new()).await
    }

    #[tokio::test]
    async fn the_reports_of_the_day_before_are_written() {
        let reports = Arc::<InMemoryDailyReports>::default();

        assert_eq!(run(&reports, "2026-03-02", false).await, Disposition::Completed);

        let told = reports.list_of_day(a_job().company_id, date!(2026 - 03 - 01)).await.unwrap();
        assert_eq!(told.iter().map(|report| report.kind).collect::<Vec<_>>(), DailyReportKind::ALL);
    }

    #[tokio::test]
    async fn what_is_no_day_is_given_up_and_an_outage_is_waited_for() {
        let reports = Arc::<InMemoryDailyReports>::default();

        let no_day = run(&reports, "backfill", false).await;
        assert!(matches!(no_day, Disposition::Failed(JobFailure::Permanent(_))), "{no_day:?}");
        let outage = run(&reports, "2026-03-02", true).await;
        assert!(matches!(outage, Disposition::Failed(JobFailure::Throttled { .. })), "{outage:?}");
    }
}
