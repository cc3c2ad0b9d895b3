//! Every day the last day, week and month are summed up, by a job of the company.

use std::collections::BTreeSet;
use std::error::Error as StdError;

use async_trait::async_trait;
use cortex_insights::SumUp;
use cortex_insights::model::{Span, SpanKind};
use cortex_kernel::Lease;
use cortex_sync_jobs::model::{Cadence, Disposition, Failure, Job, JobFailure, JobSubject};
use cortex_sync_jobs::ports::{CancellationToken, JobRunner};
use time::macros::{format_description, time};
use time::{Date, Time};

use crate::run_jobs::{no_runner, store_failure};

/// Computes the summaries that a job's period names: of a day, the spans of that day and of the one before; or one span.
pub(crate) struct SummingUp(pub(crate) SumUp);

/// When most accounts were read since midnight.
const AT: Time = time!(02:00);

impl SummingUp {
    /// When it is time: the period is the day on which the job is made.
    pub(crate) const CADENCE: Cadence = Cadence::DailyAt(AT);
}

#[async_trait]
impl JobRunner for SummingUp {
    async fn run(&self, job: &Job, _: Lease, interrupt: &CancellationToken) -> Disposition {
        let JobSubject::Company(period) = &job.subject else { return Disposition::Failed(no_runner()) };
        let Some(spans) = spans(period.as_str()) else { return Disposition::Failed(no_span()) };
        for span in spans {
            if interrupt.is_cancelled() {
                return Disposition::Interrupted;
            }
            if let Err(error) = self.0.compute(job.company_id, span).await {
                tracing::warn!(error = &error as &dyn StdError, %span, "a span is not summed up");
                return Disposition::Failed(store_failure(&error, "The summary could not be computed."));
            }
        }
        Disposition::Completed
    }
}

fn spans(period: &str) -> Option<BTreeSet<Span>> {
    if let Ok(span) = period.parse() {
        return Some(BTreeSet::from([span]));
    }
    let day = Date::parse(period, format_description!("[year]-[month]-[day]")).ok()?;
    let days = [day.previous_day()?, day];
    Some(days.into_iter().flat_map(|day| SpanKind::ALL.map(|kind| Span::of(kind, day))).collect())
}

fn no_span() -> JobFailure {
    let says = "The period of a summary is a day like 2026-11-28, or a span like weekly:2026-11-23.";
    JobFailure::Permanent(Failure::new("no_span", says))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cortex_insights::Numbers;
    use cortex_insights::model::OwnAddresses;
    use cortex_insights::ports::{MockCompanyOverview, Summaries};
    use cortex_insights::testing::{InMemoryBooks, InMemoryCorrespondence, InMemoryFigures, InMemorySummaries, NOON};
    use cortex_kernel::StoreError;
    use cortex_sync_jobs::testing::a_job;
    use time::macros::date;

    use super::*;

    async fn run(kept: &Arc<InMemorySummaries>, period: &str, outage: bool) -> Disposition {
        let mut overview = MockCompanyOverview::new();
        overview.expect_list_own_addresses().returning(move |_| {
            if outage { Err(StoreError::Unavailable("away".into())) } else { Ok(OwnAddresses::default()) }
        });
        let numbers = Numbers {
            books: Arc::new(InMemoryBooks::default()),
            overview: Arc::new(overview),
            correspondence: Arc::new(InMemoryCorrespondence::default()),
            figures: Arc::new(InMemoryFigures::default()),
        };
        let runner = SummingUp(SumUp::new(numbers, Arc::clone(kept) as _, Arc::new(|| NOON)));
        let job = Job { subject: JobSubject::Company(period.parse().unwrap()), ..a_job() };
        runner.run(&job, Lease { job: job.id, epoch: 1 }, &CancellationToken::new()).await
    }

    async fn is_kept(kept: &Arc<InMemorySummaries>, kind: SpanKind, day: Date) -> bool {
        kept.find(a_job().company_id, Span::of(kind, day)).await.unwrap().is_some()
    }

    #[tokio::test]
    async fn on_the_first_of_a_month_the_last_one_is_summed_up_for_good() {
        let kept = Arc::<InMemorySummaries>::default();

        assert_eq!(run(&kept, "2026-03-01", false).await, Disposition::Completed);

        for day in [date!(2026 - 02 - 28), date!(2026 - 03 - 01)] {
            for kind in SpanKind::ALL {
                assert!(is_kept(&kept, kind, day).await, "{kind} {day}");
            }
        }
        assert!(!is_kept(&kept, SpanKind::Day, date!(2026 - 02 - 27)).await);
    }

    #[tokio::test]
    async fn a_span_that_is_asked_for_is_summed_up_alone() {
        let kept = Arc::<InMemorySummaries>::default();

        assert_eq!(run(&kept, "weekly:2026-03-02", false).await, Disposition::Completed);

        let day = date!(2026 - 03 - 02);
        assert!(is_kept(&kept, SpanKind::Week, day).await && !is_kept(&kept, SpanKind::Day, day).await);
    }

    #[tokio::test]
    async fn what_is_no_span_is_given_up_and_an_outage_is_waited_for() {
        let kept = Arc::<InMemorySummaries>::default();

        let no_span = run(&kept, "backfill", false).await;
        assert!(matches!(no_span, Disposition::Failed(JobFailure::Permanent(_))), "{no_span:?}");
        let outage = run(&kept, "2026-03-02", true).await;
        assert!(matches!(outage, Disposition::Failed(JobFailure::Throttled { .. })), "{outage:?}");
    }
}
