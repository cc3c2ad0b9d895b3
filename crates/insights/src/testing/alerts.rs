//! The contract of [`Alerts`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, Origin, PageRequest};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{COMPANY_A, COMPANY_B, USER_1, USER_2};
use crate::model::{
    Alert, AlertNote, AlertRule, DismissOutcome, Dismissal, Finding, History, HistoryQuery, RuleSetting, Urgency,
    Viewer,
};
use crate::ports::{Alerts, ListError};

pub use super::fakes::InMemoryAlerts;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! alerts_contract {
    ($harness:expr) => {
        $crate::alerts_contract! { $harness =>
            a_company_begins_with_the_rules_as_they_are_by_default,
            what_is_found_is_active_what_is_urgent_first,
            what_is_found_again_is_the_same_alert,
            what_is_not_found_any_more_is_resolved,
            what_comes_again_after_that_is_another_occurrence,
            who_dismisses_an_alert_is_kept_with_his_note_and_audited,
            what_is_dismissed_stays_dismissed_until_it_is_another_matter,
            what_is_not_active_is_not_dismissed,
            alerts_are_counted_by_urgency,
            the_history_tells_what_became_of_alerts,
            the_history_goes_on_in_pages_without_a_gap,
            each_investigation_counts,
            what_is_about_somebodys_account_is_for_him_and_for_admins,
            a_cursor_that_is_no_place_among_alerts_is_refused,
            another_companys_alerts_are_absent,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::alerts::$case(&$harness).await;
            }
        )+
    };
}

/// A place for alerts, fresh and empty.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The alerts under test, as the deployment of this company uses them.
    fn alerts(&self, company_id: CompanyId) -> Arc<dyn Alerts>;
    /// Adds a document with this text.
    async fn put_document(&self, company_id: CompanyId, title: &str, content: &str) -> DocumentId;
    /// The actions of the company's audit rows, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// [`InMemoryAlerts`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryAlerts>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn alerts(&self, _: CompanyId) -> Arc<dyn Alerts> {
        self.0.clone()
    }

    async fn put_document(&self, company_id: CompanyId, title: &str, content: &str) -> DocumentId {
        self.0.put_document(company_id, title, content)
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id)
    }
}

/// Who looks, in most cases.
pub const VIEWER: Viewer = Viewer { company_id: COMPANY_A, user_id: USER_1, is_admin: false };
/// What most cases are about.
const RULE: AlertRule = AlertRule::UrgentMail;

/// A finding about this subject that is of high urgency and about no document.
#[must_use]
pub fn a_finding(subject: &str) -> Finding {
    Finding {
        subject: subject.to_owned(),
        mark: "first".to_owned(),
        urgency: Urgency::High,
        summary: format!("About {subject}."),
        key_entities: vec!["Nora Dahl".to_owned(), "a \"crane\", {x}".to_owned()],
        document_id: None,
        user_id: None,
    }
}

fn dismissal(id: Uuid) -> Dismissal {
    let note = AlertNote::of("It was a joke.").expect("a short note");
    Dismissal { by: VIEWER, id, note, origin: Origin::default() }
}

/// Finds that and nothing else.
async fn evaluate(harness: &impl Harness, findings: &[Finding]) {
    let alerts = harness.alerts(COMPANY_A);
    let begun_at = alerts.begin_evaluation(COMPANY_A).await.expect("rules").begun_at;
    alerts.record(COMPANY_A, RULE, findings).await.expect("an answer");
    alerts.resolve_unseen(COMPANY_A, RULE, begun_at).await.expect("an answer");
}

async fn active(harness: &impl Harness) -> Vec<Alert> {
    harness.alerts(COMPANY_A).list_active(VIEWER, None, 20).await.expect("alerts").alerts
}

async fn history(harness: &impl Harness) -> History {
    let page = PageRequest::new(None, None);
    let query = HistoryQuery { since: OffsetDateTime::UNIX_EPOCH, includes_dismissed: true, page };
    harness.alerts(COMPANY_A).list_history(VIEWER, &query).await.expect("alerts")
}

async fn dismiss(harness: &impl Harness, id: Uuid) -> DismissOutcome {
    harness.alerts(COMPANY_A).dismiss(&dismissal(id)).await.expect("an outcome")
}

pub async fn a_company_begins_with_the_rules_as_they_are_by_default(harness: &impl Harness) {
    let alerts = harness.alerts(COMPANY_A);

    let first = alerts.begin_evaluation(COMPANY_A).await.expect("rules");
    let second = alerts.begin_evaluation(COMPANY_A).await.expect("rules");

    let mut rules = first.rules.clone();
    rules.sort_by_key(|setting| setting.rule);
    assert_eq!(rules, AlertRule::ALL.map(RuleSetting::default_of));
    assert_eq!(second.rules.len(), rules.len());
    assert!(second.begun_at > first.begun_at);
}

pub async fn what_is_found_is_active_what_is_urgent_first(harness: &impl Harness) {
    let id = harness.put_document(COMPANY_A, "Crane", "It stands still.").await;
    let about = Finding { document_id: Some(id), urgency: Urgency::Critical, ..a_finding("2") };
    let alerts = harness.alerts(COMPANY_A);
    alerts.record(COMPANY_A, RULE, &[a_finding("1"), about]).await.expect("an answer");
    alerts.record(COMPANY_A, RULE, &[a_finding("3")]).await.expect("an answer");

    let all = alerts.list_active(VIEWER, None, 2).await.expect("alerts");
    let high = alerts.list_active(VIEWER, Some(Urgency::High), 20).await.expect("alerts");

    let told = |alerts: &[Alert]| alerts.iter().map(|alert| alert.summary.clone()).collect::<Vec<_>>();
    assert_eq!((all.total, told(&all.alerts)), (3, vec!["About 2.".to_owned(), "About 3.".to_owned()]));
    assert_eq!((high.total, told(&high.alerts)), (2, vec!["About 3.".to_owned(), "About 1.".to_owned()]));
    let first = &all.alerts[0];
    let document = first.document.as_ref().expect("a document");
    assert_eq!((document.id, document.title.as_str(), document.source.as_str()), (id, "Crane", "gmail"));
    assert_eq!((first.rule, first.occurrences, first.investigation_count), (RULE, 1, 0));
    assert_eq!(first.key_entities, a_finding("2").key_entities);
    let found = alerts.find_alert(VIEWER, first.id).await.expect("an answer").expect("an alert");
    assert_eq!((&found.alert, found.preview.as_deref()), (first, Some("It stands still.")));
}

pub async fn what_is_found_again_is_the_same_alert(harness: &impl Harness) {
    evaluate(harness, &[a_finding("1")]).await;
    let before = active(harness).await;

    let changed =
        Finding { urgency: Urgency::Low, summary: "Less.".to_owned(), mark: "other".to_owned(), ..a_finding("1") };
    evaluate(harness, &[changed]).await;

    let after = active(harness).await;
    assert_eq!(after, [Alert { urgency: Urgency::Low, summary: "Less.".to_owned(), ..before[0].clone() }]);
    // Of another rule it is another one.
    let alerts = harness.alerts(COMPANY_A);
    alerts.record(COMPANY_A, AlertRule::UnansweredMail, &[a_finding("1")]).await.expect("an answer");
    assert_eq!(active(harness).await.len(), 2);
}

pub async fn what_is_not_found_any_more_is_resolved(harness: &impl Harness) {
    evaluate(harness, &[a_finding("1"), a_finding("2")]).await;
    let other = AlertRule::UnansweredMail;
    harness.alerts(COMPANY_A).record(COMPANY_A, other, &[a_finding("3")]).await.expect("an answer");

    evaluate(harness, &[a_finding("2")]).await;

    let mut left: Vec<_> = active(harness).await.into_iter().map(|alert| alert.summary).collect();
    left.sort();
    assert_eq!(left, ["About 2.", "About 3."]);
    let over = history(harness).await.page.items;
    let over: Vec<_> = over.iter().filter(|alert| alert.resolved_at.is_some()).collect();
    assert_eq!(over.len(), 1);
    assert_eq!((over[0].summary.as_str(), over[0].state(), over[0].dismissed.as_ref()), ("About 1.", "resolved", None));
}

pub async fn what_comes_again_after_that_is_another_occurrence(harness: &impl Harness) {
    evaluate(harness, &[a_finding("1")]).await;
    let first = active(harness).await.remove(0);
    evaluate(harness, &[]).await;

    evaluate(harness, &[a_finding("1")]).await;

    let again = active(harness).await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].id, again[0].occurrences, again[0].resolved_at), (first.id, 2, None));
    assert!(again[0].detected_at > first.detected_at);
}

pub async fn who_dismisses_an_alert_is_kept_with_his_note_and_audited(harness: &impl Harness) {
    evaluate(harness, &[a_finding("1")]).await;
    let id = active(harness).await[0].id;

    let outcome = dismiss(harness, id).await;

    let DismissOutcome::Dismissed(alert) = outcome else { panic!("not dismissed: {outcome:?}") };
    let dismissed = alert.dismissed.as_ref().expect("a dismissal");
    assert_eq!((alert.id, alert.state(), dismissed.by), (id, "dismissed", Some(USER_1)));
    assert_eq!(dismissed.note.as_deref(), Some("It was a joke."));
    assert_eq!(active(harness).await, []);
    let found = harness.alerts(COMPANY_A).find_alert(VIEWER, id).await.expect("an answer").expect("an alert");
    assert_eq!(found.alert, *alert);
    assert_eq!(harness.audited(COMPANY_A).await, ["alert_dismissed"]);
}

pub async fn what_is_dismissed_stays_dismissed_until_it_is_another_matter(harness: &impl Harness) {
    evaluate(harness, &[a_finding("1")]).await;
    let id = active(harness).await[0].id;
    dismiss(harness, id).await;

    for findings in [vec![a_finding("1")], vec![], vec![a_finding("1")]] {
        evaluate(harness, &findings).await;
        assert_eq!(active(harness).await, []);
        assert_eq!(history(harness).await.dismissed, 1);
    }
    evaluate(harness, &[Finding { mark: "second".to_owned(), ..a_finding("1") }]).await;

    let again = active(harness).await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].id, again[0].occurrences, again[0].dismissed.as_ref()), (id, 2, None));
}

pub async fn what_is_not_active_is_not_dismissed(harness: &impl Harness) {
    evaluate(harness, &[a_finding("1"), a_finding("2")]).await;
    evaluate(harness, &[a_finding("2")]).await;
    let items = history(harness).await.page.items;
    let id_of = |state| items.iter().find(|alert| alert.state() == state).expect("an alert").id;

    assert_eq!(dismiss(harness, id_of("resolved")).await, DismissOutcome::NotActive);
    dismiss(harness, id_of("active")).await;
    assert_eq!(dismiss(harness, id_of("active")).await, DismissOutcome::NotActive);
    assert_eq!(dismiss(harness, Uuid::from_u128(9)).await, DismissOutcome::NotFound);
    assert_eq!(harness.audited(COMPANY_A).await.len(), 1);
}

pub async fn alerts_are_counted_by_urgency(harness: &impl Harness) {
    let low = |subject| Finding { urgency: Urgency::Low, ..a_finding(subject) };
    evaluate(harness, &[a_finding("1"), a_finding("2"), low("3"), low("4")]).await;
    let id = active(harness).await[0].id;
    dismiss(harness, id).await;

    let counts = harness.alerts(COMPANY_A).count_active(VIEWER).await.expect("counts");

    let told = Urgency::ALL.map(|urgency| counts.of(urgency));
    assert_eq!((told, counts.total()), ([0, 1, 0, 2], 3));
}

pub async fn the_history_tells_what_became_of_alerts(harness: &impl Harness) {
    evaluate(harness, &[a_finding("1"), a_finding("2")]).await;
    evaluate(harness, &[a_finding("2"), Finding { urgency: Urgency::Low, ..a_finding("3") }]).await;
    let id = active(harness).await[0].id;
    dismiss(harness, id).await;

    let all = history(harness).await;

    assert_eq!((all.active, all.dismissed, all.resolved), (1, 1, 1));
    assert_eq!((all.by_urgency.of(Urgency::High), all.by_urgency.of(Urgency::Low)), (2, 1));
    assert_eq!(all.by_rule.into_iter().collect::<Vec<_>>(), [(RULE, 3)]);
    assert_eq!(all.page.items[0].summary, "About 3.");
    let page = PageRequest::new(None, None);
    let query = HistoryQuery { since: OffsetDateTime::UNIX_EPOCH, includes_dismissed: false, page };
    let alerts = harness.alerts(COMPANY_A);
    let left = alerts.list_history(VIEWER, &query).await.expect("alerts");
    assert_eq!((left.active, left.dismissed, left.resolved, left.page.items.len()), (1, 0, 1, 2));
    let since = all.page.items[0].detected_at + Duration::DAY;
    let none = alerts.list_history(VIEWER, &HistoryQuery { since, ..query }).await.expect("alerts");
    assert_eq!((none.active + none.resolved, none.page.items.len()), (0, 0));
}

pub async fn the_history_goes_on_in_pages_without_a_gap(harness: &impl Harness) {
    for number in 0..3 {
        let subjects = [format!("{number}.1"), format!("{number}.2")];
        let alerts = harness.alerts(COMPANY_A);
        alerts.record(COMPANY_A, RULE, &subjects.map(|subject| a_finding(&subject))).await.expect("an answer");
    }
    let all: Vec<_> = history(harness).await.page.items.into_iter().map(|alert| alert.id).collect();
    let (mut seen, mut cursor) = (Vec::new(), None);

    loop {
        let page = PageRequest::new(Some(4), cursor);
        let query = HistoryQuery { since: OffsetDateTime::UNIX_EPOCH, includes_dismissed: true, page };
        let part = harness.alerts(COMPANY_A).list_history(VIEWER, &query).await.expect("alerts");
        assert_eq!(part.active, 6, "all of them are counted");
        seen.extend(part.page.items.into_iter().map(|alert| alert.id));
        cursor = part.page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }

    assert_eq!((seen.len(), seen), (6, all));
}

pub async fn each_investigation_counts(harness: &impl Harness) {
    evaluate(harness, &[a_finding("1")]).await;
    let id = active(harness).await[0].id;
    let alerts = harness.alerts(COMPANY_A);

    for _ in 0..2 {
        assert!(alerts.count_investigation(VIEWER, id).await.expect("an answer"));
    }

    assert_eq!(active(harness).await[0].investigation_count, 2);
    assert!(!alerts.count_investigation(VIEWER, Uuid::from_u128(9)).await.expect("an answer"));
}

pub async fn what_is_about_somebodys_account_is_for_him_and_for_admins(harness: &impl Harness) {
    evaluate(harness, &[Finding { user_id: Some(USER_1.to_string()), ..a_finding("1") }, a_finding("2")]).await;
    let alerts = harness.alerts(COMPANY_A);
    let id = active(harness).await.iter().find(|alert| alert.summary == "About 1.").expect("his own").id;
    let colleague = Viewer { user_id: USER_2, ..VIEWER };

    for (viewer, seen) in [(VIEWER, 2), (colleague, 1), (Viewer { is_admin: true, ..colleague }, 2)] {
        let listed = alerts.list_active(viewer, None, 20).await.expect("alerts");
        assert_eq!((listed.total, listed.alerts.len()), (seen, usize::try_from(seen).expect("a few")));
        assert_eq!(alerts.count_active(viewer).await.expect("counts").total(), seen);
        let page = PageRequest::new(None, None);
        let query = HistoryQuery { since: OffsetDateTime::UNIX_EPOCH, includes_dismissed: true, page };
        let history = alerts.list_history(viewer, &query).await.expect("alerts");
        assert_eq!((history.active, history.page.items.len()), (seen, listed.alerts.len()));
        assert_eq!(alerts.find_alert(viewer, id).await.expect("an answer").is_some(), seen == 2);
        assert_eq!(alerts.count_investigation(viewer, id).await.expect("an answer"), seen == 2);
    }
    let outcome = alerts.dismiss(&Dismissal { by: colleague, ..dismissal(id) }).await.expect("an outcome");
    assert_eq!(outcome, DismissOutcome::NotFound);
}

pub async fn a_cursor_that_is_no_place_among_alerts_is_refused(harness: &impl Harness) {
    let page = PageRequest::new(None, Some("nowhere".to_owned()));
    let query = HistoryQuery { since: OffsetDateTime::UNIX_EPOCH, includes_dismissed: true, page };

    let refused = harness.alerts(COMPANY_A).list_history(VIEWER, &query).await;

    assert!(matches!(refused, Err(ListError::Cursor(_))), "{refused:?}");
}

pub async fn another_companys_alerts_are_absent(harness: &impl Harness) {
    evaluate(harness, &[a_finding("1")]).await;
    let id = active(harness).await[0].id;
    let alerts = harness.alerts(COMPANY_B);

    let begun_at = alerts.begin_evaluation(COMPANY_B).await.expect("rules").begun_at;
    alerts.record(COMPANY_B, RULE, &[a_finding("1")]).await.expect("an answer");
    let later = begun_at + Duration::DAY;
    let elsewhere = Viewer { company_id: COMPANY_B, is_admin: true, ..VIEWER };
    assert_eq!(alerts.resolve_unseen(COMPANY_B, RULE, later).await.expect("an answer"), 1);

    assert_eq!(alerts.list_active(elsewhere, None, 20).await.expect("alerts").alerts, []);
    assert_eq!(alerts.count_active(elsewhere).await.expect("counts").total(), 0);
    assert_eq!(alerts.find_alert(elsewhere, id).await.expect("an answer"), None);
    assert!(!alerts.count_investigation(elsewhere, id).await.expect("an answer"));
    let outcome = alerts.dismiss(&Dismissal { by: elsewhere, ..dismissal(id) }).await.expect("an outcome");
    assert_eq!(outcome, DismissOutcome::NotFound);
    assert_eq!((active(harness).await.len(), history(harness).await.active), (1, 1));
}
