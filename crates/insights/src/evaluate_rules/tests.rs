//! [`EvaluateRules`] over facts made by hand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cortex_kernel::{DocumentId, PageRequest};
use time::OffsetDateTime;
use time::macros::date;

use super::*;
use crate::model::{AlarmingMail, BookKind, FactQuery, HistoryQuery, Money, OpenEntry, Period, SignalCategory};
use crate::ports::MockFacts;
use crate::testing::alerts::VIEWER;
use crate::testing::{COMPANY_A, InMemoryAlerts, InMemoryMailSignals, InMemoryOverview, NOON};

/// Invoices that are open, by their numbers.
#[derive(Clone, Default)]
struct Open(Arc<Mutex<Vec<i64>>>);

impl Open {
    fn set(&self, numbers: impl IntoIterator<Item = i64>) {
        *self.0.lock().unwrap() = numbers.into_iter().collect();
    }

    /// Pages of them; what other rules ask for is not there.
    fn facts(&self) -> MockFacts {
        let open = Arc::clone(&self.0);
        let mut facts = MockFacts::new();
        facts.expect_list().returning(move |_, query, after, most| {
            let FactQuery::OpenEntries { kind: BookKind::Invoice, .. } = query else { return Ok(Vec::new()) };
            let after: i64 = after.map_or(0, |after: String| after.parse().unwrap());
            let open = open.lock().unwrap();
            Ok(open.iter().filter(|number| **number > after).take(most.into()).map(|number| invoice(*number)).collect())
        });
        facts
    }
}

fn invoice(number: i64) -> Fact {
    Fact::OpenEntry(OpenEntry {
        document_id: DocumentId::new(number),
        kind: BookKind::Invoice,
        title: format!("Invoice {number}"),
        number: Some(number.to_string()),
        party: None,
        due_day: date!(2026 - 01 - 01),
        balance: Money::of_cents(100),
        currency: None,
    })
}

/// Stops with this after so many parts.
struct StopAfter(AtomicUsize, GoOn);

impl StopAfter {
    fn never() -> Self {
        Self(AtomicUsize::new(usize::MAX), GoOn::Yes)
    }

    fn parts(count: usize, with: GoOn) -> Self {
        Self(AtomicUsize::new(count), with)
    }
}

#[async_trait]
impl Parts for StopAfter {
    async fn done(&self) -> Result<GoOn, StoreError> {
        Ok(if self.0.fetch_sub(1, Ordering::Relaxed) == 1 { self.1 } else { GoOn::Yes })
    }
}

struct Scene {
    alerts: Arc<InMemoryAlerts>,
    signals: Arc<InMemoryMailSignals>,
    evaluate: EvaluateRules,
}

impl Scene {
    fn new(facts: MockFacts) -> Self {
        let (alerts, signals) = (Arc::<InMemoryAlerts>::default(), Arc::<InMemoryMailSignals>::default());
        let ports = RulePorts {
            alerts: alerts.clone(),
            facts: Arc::new(facts),
            signals: signals.clone(),
            overview: Arc::<InMemoryOverview>::default(),
        };
        Self { alerts, signals, evaluate: EvaluateRules::new(ports, Arc::new(|| NOON), DayLimit::default()) }
    }

    async fn evaluate(&self, parts: &StopAfter) -> GoOn {
        self.evaluate.evaluate(COMPANY_A, Scope::New, parts).await.unwrap()
    }

    async fn active(&self) -> u64 {
        self.alerts.count_active(VIEWER).await.unwrap().total()
    }
}

fn put_documents(scene: &Scene, count: usize) {
    for number in 0..count {
        scene.alerts.put_document(COMPANY_A, &format!("Invoice {number}"), "");
    }
}

#[tokio::test]
async fn what_rules_find_is_active_until_they_find_it_no_more() {
    let open = Open::default();
    let scene = Scene::new(open.facts());
    put_documents(&scene, 2);
    open.set([1, 2]);

    for _ in 0..2 {
        assert_eq!(scene.evaluate(&StopAfter::never()).await, GoOn::Yes);
        assert_eq!(scene.active().await, 2);
    }
    open.set([2]);
    scene.evaluate(&StopAfter::never()).await;

    assert_eq!(scene.active().await, 1);
    let page = PageRequest::new(None, None);
    let query = HistoryQuery { since: OffsetDateTime::UNIX_EPOCH, includes_dismissed: true, page };
    assert_eq!(scene.alerts.list_history(VIEWER, &query).await.unwrap().resolved, 1);
}

#[tokio::test]
async fn facts_are_judged_page_by_page_and_nothing_is_resolved_before_the_last_one() {
    let open = Open::default();
    let scene = Scene::new(open.facts());
    put_documents(&scene, 1_001);
    open.set(1..=1_001);
    scene.evaluate(&StopAfter::never()).await;
    assert_eq!(scene.active().await, 1_001);

    open.set(2..=1_000);
    let interrupted = scene.evaluate(&StopAfter::parts(1, GoOn::Interrupted)).await;
    assert_eq!((interrupted, scene.active().await), (GoOn::Interrupted, 1_001));
    let lost = scene.evaluate(&StopAfter::parts(2, GoOn::Lost)).await;
    assert_eq!((lost, scene.active().await), (GoOn::Lost, 1_001));

    scene.evaluate(&StopAfter::never()).await;
    assert_eq!(scene.active().await, 999);
}

#[tokio::test]
async fn mails_are_read_before_rules_look_at_their_words() {
    let mut facts = MockFacts::new();
    facts.expect_list().returning(|_, query, _, _| {
        let FactQuery::AlarmingMails { .. } = query else { return Ok(Vec::new()) };
        Ok(vec![Fact::AlarmingMail(AlarmingMail {
            document_id: DocumentId::new(1),
            sender: None,
            sender_name: None,
            subject: "Crane".to_owned(),
            keywords: vec![("urgent".to_owned(), SignalCategory::Urgency)],
        })])
    });
    let scene = Scene::new(facts);
    put_documents(&scene, 1);
    for _ in 0..250 {
        scene.signals.put_mail(COMPANY_A, NOON, "Crane", "This is urgent.");
    }

    // It goes on where it stopped: what was read is not read again.
    assert_eq!(scene.evaluate(&StopAfter::parts(1, GoOn::Interrupted)).await, GoOn::Interrupted);
    assert_eq!(scene.signals.count(COMPANY_A, Period::ALL).await.unwrap().mails, 100);
    assert_eq!(scene.evaluate(&StopAfter::never()).await, GoOn::Yes);

    let counted = scene.signals.count(COMPANY_A, Period::ALL).await.unwrap();
    assert_eq!((counted.mails, counted.keywords[0].count), (250, 250));
    let active = scene.alerts.list_active(VIEWER, None, 9).await.unwrap().alerts;
    assert_eq!(active.len(), 1);
    assert_eq!(active[0].summary, "Mail from somebody, \"Crane\", says: urgent.");
}
