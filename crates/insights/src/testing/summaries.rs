//! The contract of [`Summaries`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId};
use time::macros::date;
use time::{Duration, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B, NOON};
use crate::model::{Amounts, Correspondent, KeptSummary, Money, Span, SpanKind, Summary, SummarySource};
use crate::ports::Summaries;

pub use super::fakes::InMemorySummaries;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! summaries_contract {
    ($harness:expr) => {
        $crate::summaries_contract! { $harness =>
            a_summary_is_found_as_it_was_kept,
            of_a_span_the_last_one_is_kept,
            a_day_is_no_week_that_begins_on_it,
            what_cannot_be_read_any_more_is_absent,
            another_companys_summary_is_absent,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::summaries::$case(&$harness).await;
            }
        )+
    };
}

/// A fresh, empty company.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The summaries under test, as the deployment of this company uses them.
    fn summaries(&self, company_id: CompanyId) -> Arc<dyn Summaries>;
    /// Makes of what is kept what other formulas once made.
    async fn outdate(&self);
}

/// The summaries in memory.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemorySummaries>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn summaries(&self, _: CompanyId) -> Arc<dyn Summaries> {
        Arc::<InMemorySummaries>::clone(&self.0)
    }

    async fn outdate(&self) {
        self.0.forget();
    }
}

/// Of a Monday.
#[must_use]
pub fn a_summary() -> KeptSummary {
    let sender = Correspondent { address: "nora@yard.example".to_owned(), name: None, mails: 3 };
    let source = SummarySource { document_id: DocumentId::new(7), quote: String::new(), from: None };
    let summary = Summary {
        amounts: Amounts { mails: 3, revenue: Money::of_cents(98_050), ..Amounts::default() },
        senders: vec![sender],
        mail_sources: vec![source],
        median_reply: Some(3_600),
        ..Summary::default()
    };
    KeptSummary { span: Span::of(SpanKind::Day, date!(2026 - 03 - 02)), summary, computed_at: NOON }
}

async fn find(harness: &impl Harness, span: Span) -> Option<KeptSummary> {
    harness.summaries(COMPANY_A).find(COMPANY_A, span).await.expect("an answer")
}

pub async fn a_summary_is_found_as_it_was_kept(harness: &impl Harness) {
    let kept = a_summary();

    harness.summaries(COMPANY_A).keep(COMPANY_A, &kept).await.expect("kept");

    assert_eq!(find(harness, kept.span).await, Some(kept.clone()));
    assert_eq!(find(harness, kept.span.previous()).await, None);
}

pub async fn of_a_span_the_last_one_is_kept(harness: &impl Harness) {
    let first = a_summary();
    let later: OffsetDateTime = first.computed_at + Duration::HOUR;
    let second = KeptSummary { summary: Summary::default(), computed_at: later, ..first.clone() };
    for kept in [&first, &second] {
        harness.summaries(COMPANY_A).keep(COMPANY_A, kept).await.expect("kept");
    }

    assert_eq!(find(harness, first.span).await, Some(second));
}

pub async fn a_day_is_no_week_that_begins_on_it(harness: &impl Harness) {
    let day = a_summary();
    harness.summaries(COMPANY_A).keep(COMPANY_A, &day).await.expect("kept");

    assert_eq!(find(harness, Span::of(SpanKind::Week, day.span.first())).await, None);
}

pub async fn what_cannot_be_read_any_more_is_absent(harness: &impl Harness) {
    let kept = a_summary();
    harness.summaries(COMPANY_A).keep(COMPANY_A, &kept).await.expect("kept");

    harness.outdate().await;

    assert_eq!(find(harness, kept.span).await, None);
    harness.summaries(COMPANY_A).keep(COMPANY_A, &kept).await.expect("kept");
    assert_eq!(find(harness, kept.span).await, Some(kept));
}

pub async fn another_companys_summary_is_absent(harness: &impl Harness) {
    let kept = a_summary();
    harness.summaries(COMPANY_B).keep(COMPANY_B, &kept).await.expect("kept");

    for deployment in [COMPANY_A, COMPANY_B] {
        let found = harness.summaries(deployment).find(COMPANY_A, kept.span).await;
        assert_eq!(found.expect("an answer"), None);
    }
}
