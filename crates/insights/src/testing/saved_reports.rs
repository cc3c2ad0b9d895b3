//! The contract of [`SavedReports`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, SavedReportId};

use super::{COMPANY_A, COMPANY_B, USER_1, USER_2, a_saved_report};
use crate::model::{NewSavedReport, Owner, ReportChange, ReportOrigin, ReportQuery, ReportStats, SavedReport};
use crate::ports::{MOST_SAVED, SaveReportError, SavedReports};

pub use super::fakes::InMemorySavedReports;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! saved_reports_contract {
    ($harness:expr) => {
        $crate::saved_reports_contract! { $harness =>
            what_is_kept_is_told_as_it_was_composed,
            kept_reports_are_listed_with_the_newest_first_in_parts,
            reports_are_found_by_their_kind_their_star_and_their_words,
            somebody_elses_report_is_absent,
            a_shared_report_is_read_by_colleagues_and_changed_by_its_owner_only,
            another_companys_report_is_absent,
            only_its_owners_looks_are_counted,
            what_is_changed_of_a_report_is_changed_and_the_rest_stays,
            a_star_is_set_taken_and_turned,
            a_report_that_was_deleted_is_gone,
            what_a_person_keeps_is_counted,
            a_person_keeps_so_many_reports_and_no_more,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::saved_reports::$case(&$harness).await;
            }
        )+
    };
}

/// A place for kept reports, fresh and empty.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The reports under test, as the deployment of this company uses them.
    fn reports(&self, company_id: CompanyId) -> Arc<dyn SavedReports>;
}

/// [`InMemorySavedReports`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemorySavedReports>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn reports(&self, _: CompanyId) -> Arc<dyn SavedReports> {
        self.0.clone()
    }
}

const MINE: Owner = Owner { company_id: COMPANY_A, user_id: USER_1 };
const A_COLLEAGUES: Owner = Owner { company_id: COMPANY_A, user_id: USER_2 };
const ELSEWHERE: Owner = Owner { company_id: COMPANY_B, user_id: USER_1 };

pub async fn what_is_kept_is_told_as_it_was_composed(harness: &impl Harness) {
    let report = a_saved_report("Pumps", "alert_investigation");
    save(harness, MINE, &report).await;

    let (told, data) = of(harness, MINE).open(MINE, report.id).await.expect("an answer").expect("a report");

    assert_eq!(&data, report.data.as_value());
    assert_eq!((told.id, told.title.as_str(), told.report_type.as_str()), (report.id, "Pumps", "alert_investigation"));
    assert_eq!((told.description.as_deref(), told.summary.as_str()), (Some("What is late"), "Two pumps are late."));
    assert_eq!(told.tags, ["pumps", "Larkmoor"]);
    assert_eq!(
        (told.widget_title.as_deref(), told.widget_message.as_deref()),
        (Some("Deliveries"), Some("Two are late"))
    );
    assert_eq!((told.alert_id.as_deref(), told.query.as_deref()), (Some("alert-1"), Some("Which pumps?")));
    assert_eq!((told.is_starred, told.is_shared, told.created_at), (false, false, told.updated_at));
    assert!(told.is_of(MINE) && !told.is_of(A_COLLEAGUES));

    let bare = NewSavedReport { origin: ReportOrigin::default(), ..a_saved_report("Bare", "t") };
    save(harness, MINE, &bare).await;
    let (told, _) = of(harness, MINE).open(MINE, bare.id).await.expect("an answer").expect("a report");
    assert_eq!((told.widget_title, told.widget_message, told.alert_id, told.query), (None, None, None, None));
}

pub async fn kept_reports_are_listed_with_the_newest_first_in_parts(harness: &impl Harness) {
    for number in 0..5 {
        save(harness, MINE, &a_saved_report(&format!("Report {number}"), "t")).await;
    }

    assert_eq!(titles(harness, MINE, &part(2, 0)).await, (5, owned(&["Report 4", "Report 3"])));
    assert_eq!(titles(harness, MINE, &part(2, 3)).await, (5, owned(&["Report 1", "Report 0"])));
    assert_eq!(titles(harness, MINE, &part(2, 9)).await, (5, Vec::new()));
}

pub async fn reports_are_found_by_their_kind_their_star_and_their_words(harness: &impl Harness) {
    let pumps = a_saved_report("Pumps of 100%", "weekly");
    save(harness, MINE, &pumps).await;
    save(harness, MINE, &a_saved_report("Herons", "monthly")).await;
    of(harness, MINE).star(MINE, pumps.id, Some(true)).await.expect("an answer");
    let found = async |query: ReportQuery| titles(harness, MINE, &query).await.1;
    let text = |text: &str| ReportQuery { text: Some(text.to_owned()), ..part(10, 0) };

    assert_eq!(found(ReportQuery { report_type: Some("monthly".to_owned()), ..part(10, 0) }).await, ["Herons"]);
    assert_eq!(found(ReportQuery { starred_only: true, ..part(10, 0) }).await, ["Pumps of 100%"]);
    assert_eq!(found(text("herON")).await, ["Herons"]);
    // No sign has a meaning of its own.
    assert_eq!(found(text("0%")).await, ["Pumps of 100%"]);
    assert_eq!(found(text("h%s")).await, [""; 0]);
    for anywhere in ["larkmoor", "what is late", "pumps are late", "which pumps?"] {
        assert_eq!(found(text(anywhere)).await.len(), 2, "{anywhere}");
    }
}

pub async fn somebody_elses_report_is_absent(harness: &impl Harness) {
    let report = a_saved_report("Pumps", "t");
    save(harness, MINE, &report).await;

    assert_absent(harness, A_COLLEAGUES, report.id).await;

    assert_eq!(titles(harness, MINE, &part(10, 0)).await.0, 1);
}

pub async fn a_shared_report_is_read_by_colleagues_and_changed_by_its_owner_only(harness: &impl Harness) {
    let report = a_saved_report("Pumps", "t");
    save(harness, MINE, &report).await;
    change(harness, MINE, report.id, None, Some(true)).await.expect("a report");
    let reports = of(harness, A_COLLEAGUES);

    let (told, data) = reports.open(A_COLLEAGUES, report.id).await.expect("an answer").expect("a report");

    assert_eq!((told.is_shared, told.is_of(A_COLLEAGUES), &data), (true, false, report.data.as_value()));
    assert_eq!(titles(harness, A_COLLEAGUES, &part(10, 0)).await, (1, owned(&["Pumps"])));
    assert_unchangeable(harness, A_COLLEAGUES, report.id).await;
    assert_eq!(reports.count(A_COLLEAGUES).await.expect("an answer"), ReportStats::default());

    change(harness, MINE, report.id, None, Some(false)).await.expect("a report");
    assert_absent(harness, A_COLLEAGUES, report.id).await;
}

pub async fn another_companys_report_is_absent(harness: &impl Harness) {
    let report = a_saved_report("Pumps", "t");
    save(harness, ELSEWHERE, &report).await;
    change(harness, ELSEWHERE, report.id, None, Some(true)).await.expect("a report");

    assert_absent(harness, MINE, report.id).await;

    assert_eq!(titles(harness, ELSEWHERE, &part(10, 0)).await.0, 1);
}

pub async fn only_its_owners_looks_are_counted(harness: &impl Harness) {
    let report = a_saved_report("Pumps", "t");
    save(harness, MINE, &report).await;
    let shared = change(harness, MINE, report.id, None, Some(true)).await.expect("a report");
    assert_eq!((shared.view_count, shared.last_viewed_at), (0, None));

    let look = async |owner: Owner| {
        let (told, _) = of(harness, owner).open(owner, report.id).await.expect("an answer").expect("a report");
        (told.view_count, told.last_viewed_at)
    };
    let (first, at) = look(MINE).await;
    let (colleagues, _) = look(A_COLLEAGUES).await;
    let (second, later) = look(MINE).await;

    assert_eq!((first, colleagues, second), (1, 1, 2));
    assert!(at.expect("a moment") < later.expect("a moment"));
}

pub async fn what_is_changed_of_a_report_is_changed_and_the_rest_stays(harness: &impl Harness) {
    let report = a_saved_report("Pumps", "t");
    save(harness, MINE, &report).await;

    let told = change(harness, MINE, report.id, Some("Late pumps"), None).await.expect("a report");

    assert_eq!(
        (told.title.as_str(), told.description.as_deref(), told.is_shared),
        ("Late pumps", Some("What is late"), false)
    );
    assert_eq!(told.tags, ["pumps", "Larkmoor"]);
    assert!(told.updated_at > told.created_at);

    let tags = ["late".to_owned()];
    let change = ReportChange::new(None, Some(""), Some(&tags), Some(true)).expect("a change");
    let told = of(harness, MINE).change(MINE, report.id, &change).await.expect("an answer").expect("a report");
    assert_eq!((told.title.as_str(), told.description, told.is_shared), ("Late pumps", None, true));
    assert_eq!(told.tags, ["late"]);
}

pub async fn a_star_is_set_taken_and_turned(harness: &impl Harness) {
    let report = a_saved_report("Pumps", "t");
    save(harness, MINE, &report).await;
    let star = async |starred| of(harness, MINE).star(MINE, report.id, starred).await.expect("an answer");

    assert_eq!(star(None).await, Some(true));
    assert_eq!(star(Some(true)).await, Some(true));
    assert_eq!(star(None).await, Some(false));
    assert_eq!(star(Some(false)).await, Some(false));
}

pub async fn a_report_that_was_deleted_is_gone(harness: &impl Harness) {
    let (report, other) = (a_saved_report("Pumps", "t"), a_saved_report("Herons", "t"));
    save(harness, MINE, &report).await;
    save(harness, MINE, &other).await;

    assert!(of(harness, MINE).delete(MINE, report.id).await.expect("an answer"));

    assert_absent(harness, MINE, report.id).await;
    assert_eq!(titles(harness, MINE, &part(10, 0)).await, (1, owned(&["Herons"])));
}

pub async fn what_a_person_keeps_is_counted(harness: &impl Harness) {
    assert_eq!(of(harness, MINE).count(MINE).await.expect("an answer"), ReportStats::default());
    let reports = [a_saved_report("1", "monthly"), a_saved_report("2", "weekly"), a_saved_report("3", "weekly")];
    for report in &reports {
        save(harness, MINE, report).await;
    }
    save(harness, A_COLLEAGUES, &a_saved_report("4", "weekly")).await;
    change(harness, MINE, reports[0].id, None, Some(true)).await.expect("a report");
    of(harness, MINE).star(MINE, reports[1].id, Some(true)).await.expect("an answer");
    for _ in 0..2 {
        of(harness, MINE).open(MINE, reports[2].id).await.expect("an answer").expect("a report");
    }

    let stats = of(harness, MINE).count(MINE).await.expect("an answer");

    let by_type = vec![("weekly".to_owned(), 2), ("monthly".to_owned(), 1)];
    assert_eq!((stats.total(), &stats), (3, &ReportStats { by_type, starred: 1, shared: 1, views: 2 }));
}

pub async fn a_person_keeps_so_many_reports_and_no_more(harness: &impl Harness) {
    for number in 0..MOST_SAVED {
        save(harness, MINE, &a_saved_report(&number.to_string(), "t")).await;
    }

    let one_more = of(harness, MINE).save(MINE, &a_saved_report("one more", "t")).await;

    assert!(matches!(one_more, Err(SaveReportError::TooMany)), "{one_more:?}");
    save(harness, A_COLLEAGUES, &a_saved_report("first", "t")).await;
}

/// For reading, changing and deleting.
async fn assert_absent(harness: &impl Harness, owner: Owner, id: SavedReportId) {
    assert_eq!(of(harness, owner).open(owner, id).await.expect("an answer"), None);
    assert_unchangeable(harness, owner, id).await;
    let listed = of(harness, owner).list(owner, &part(200, 0)).await.expect("reports");
    assert!(listed.reports.iter().all(|report| report.id != id));
    assert_eq!(listed.total, listed.reports.len() as u64);
}

async fn assert_unchangeable(harness: &impl Harness, owner: Owner, id: SavedReportId) {
    assert_eq!(change(harness, owner, id, Some("Mine"), Some(true)).await, None);
    assert_eq!(of(harness, owner).star(owner, id, None).await.expect("an answer"), None);
    assert!(!of(harness, owner).delete(owner, id).await.expect("an answer"));
}

fn of(harness: &impl Harness, owner: Owner) -> Arc<dyn SavedReports> {
    harness.reports(owner.company_id)
}

async fn save(harness: &impl Harness, owner: Owner, report: &NewSavedReport) {
    of(harness, owner).save(owner, report).await.expect("room for a report");
}

async fn change(
    harness: &impl Harness,
    owner: Owner,
    id: SavedReportId,
    title: Option<&str>,
    is_shared: Option<bool>,
) -> Option<SavedReport> {
    let change = ReportChange::new(title, None, None, is_shared).expect("a change");
    of(harness, owner).change(owner, id, &change).await.expect("an answer")
}

async fn titles(harness: &impl Harness, owner: Owner, query: &ReportQuery) -> (u64, Vec<String>) {
    let part = of(harness, owner).list(owner, query).await.expect("reports");
    (part.total, part.reports.into_iter().map(|report| report.title).collect())
}

fn part(limit: u16, offset: u32) -> ReportQuery {
    ReportQuery { report_type: None, starred_only: false, text: None, limit, offset }
}

fn owned(titles: &[&str]) -> Vec<String> {
    titles.iter().map(ToString::to_string).collect()
}
