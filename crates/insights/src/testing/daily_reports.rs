//! The contract of [`DailyReports`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::CompanyId;
use time::macros::date;

use super::{COMPANY_A, COMPANY_B, TODAY, a_daily_report};
use crate::model::{AnsweredBy, DailyReport, DailyReportKind};
use crate::ports::DailyReports;

pub use super::fakes::InMemoryDailyReports;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! daily_reports_contract {
    ($harness:expr) => {
        $crate::daily_reports_contract! { $harness =>
            what_is_kept_is_told_as_it_was_made,
            a_report_that_is_made_anew_takes_the_place_of_the_one_before,
            the_latest_days_come_first,
            reports_of_a_day_are_told_in_the_order_of_their_kinds,
            another_companys_reports_are_not_told,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::daily_reports::$case(&$harness).await;
            }
        )+
    };
}

/// A place for reports of days, fresh and empty.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The reports under test, as the deployment of this company uses them.
    fn reports(&self, company_id: CompanyId) -> Arc<dyn DailyReports>;
}

/// [`InMemoryDailyReports`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryDailyReports>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn reports(&self, _: CompanyId) -> Arc<dyn DailyReports> {
        self.0.clone()
    }
}

const CLIENTS: DailyReportKind = DailyReportKind::ClientRelationships;
const OPERATIONS: DailyReportKind = DailyReportKind::Operations;

pub async fn what_is_kept_is_told_as_it_was_made(harness: &impl Harness) {
    let report = a_daily_report(CLIENTS, TODAY);
    let in_words = DailyReport { summarized_by: AnsweredBy::Model, ..a_daily_report(OPERATIONS, TODAY) };
    keep(harness, COMPANY_A, &[&report, &in_words]).await;

    assert_eq!(find(harness, CLIENTS).await, Some(report));
    assert_eq!(find(harness, OPERATIONS).await, Some(in_words));
}

pub async fn a_report_that_is_made_anew_takes_the_place_of_the_one_before(harness: &impl Harness) {
    let first = a_daily_report(CLIENTS, TODAY);
    let anew = DailyReport { executive_summary: "Otherwise.".to_owned(), ..a_daily_report(CLIENTS, TODAY) };
    assert_ne!(first.id, anew.id);
    keep(harness, COMPANY_A, &[&first, &anew]).await;

    assert_eq!(find(harness, CLIENTS).await, Some(anew));
    let reports = harness.reports(COMPANY_A);
    assert_eq!(reports.list_latest(COMPANY_A, 10).await.expect("reports").0, 1);
}

pub async fn the_latest_days_come_first(harness: &impl Harness) {
    let days = [date!(2026 - 03 - 01), date!(2026 - 03 - 03), date!(2026 - 03 - 02)];
    for day in days {
        keep(harness, COMPANY_A, &[&a_daily_report(OPERATIONS, day), &a_daily_report(CLIENTS, day)]).await;
    }

    let (total, latest) = harness.reports(COMPANY_A).list_latest(COMPANY_A, 3).await.expect("reports");

    let told: Vec<_> = latest.iter().map(|report| (report.day, report.kind)).collect();
    assert_eq!((total, told), (6, vec![(days[1], CLIENTS), (days[1], OPERATIONS), (days[2], CLIENTS)]));
}

pub async fn reports_of_a_day_are_told_in_the_order_of_their_kinds(harness: &impl Harness) {
    let reports = [a_daily_report(OPERATIONS, TODAY), a_daily_report(CLIENTS, TODAY)];
    let other = a_daily_report(CLIENTS, date!(2026 - 03 - 01));
    keep(harness, COMPANY_A, &[&reports[0], &other, &reports[1]]).await;

    let told = harness.reports(COMPANY_A).list_of_day(COMPANY_A, TODAY).await.expect("reports");

    assert_eq!(told, [reports[1].clone(), reports[0].clone()]);
}

pub async fn another_companys_reports_are_not_told(harness: &impl Harness) {
    keep(harness, COMPANY_B, &[&a_daily_report(CLIENTS, TODAY)]).await;
    let reports = harness.reports(COMPANY_A);

    assert_eq!(find(harness, CLIENTS).await, None);
    assert_eq!(reports.list_of_day(COMPANY_A, TODAY).await.expect("reports"), []);
    assert_eq!(reports.list_latest(COMPANY_A, 10).await.expect("reports"), (0, Vec::new()));
    keep(harness, COMPANY_A, &[&a_daily_report(CLIENTS, TODAY)]).await;
    assert_eq!(harness.reports(COMPANY_B).list_latest(COMPANY_B, 10).await.expect("reports").0, 1);
}

async fn keep(harness: &impl Harness, company_id: CompanyId, reports: &[&DailyReport]) {
    for report in reports {
        harness.reports(company_id).keep(company_id, report).await.expect("room for a report");
    }
}

async fn find(harness: &impl Harness, kind: DailyReportKind) -> Option<DailyReport> {
    harness.reports(COMPANY_A).find(COMPANY_A, kind, TODAY).await.expect("an answer")
}
