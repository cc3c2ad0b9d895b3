//! Summaries of fakes.

use std::sync::Mutex;

use time::macros::{date, datetime};

use super::*;
use crate::model::Money;
use crate::testing::correspondence::{Mail, a_mail};
use crate::testing::figures::{self, Item};
use crate::testing::{
    COMPANY_A, InMemoryBooks, InMemoryCorrespondence, InMemoryFigures, InMemoryOverview, InMemorySummaries, a_record,
    a_standing,
};

/// Wednesday noon.
const NOON: OffsetDateTime = datetime!(2026-03-04 12:00:00 UTC);
const DAY: Date = date!(2026 - 03 - 04);
const NORA: &str = "nora@yard.example";
/// Of the company: a colleague of the account in [`a_standing`].
const MARTA: &str = "marta@example.com";

struct World {
    books: Arc<InMemoryBooks>,
    correspondence: Arc<InMemoryCorrespondence>,
    figures: Arc<InMemoryFigures>,
    now: Arc<Mutex<OffsetDateTime>>,
    sum_up: SumUp,
}

impl World {
    fn new() -> Self {
        let (books, correspondence) = (Arc::<InMemoryBooks>::default(), Arc::<InMemoryCorrespondence>::default());
        let (figures, overview) = (Arc::<InMemoryFigures>::default(), InMemoryOverview::default());
        overview.put_connection(COMPANY_A, a_standing());
        let now = Arc::new(Mutex::new(NOON));
        let numbers = Numbers {
            books: books.clone(),
            overview: Arc::new(overview),
            correspondence: correspondence.clone(),
            figures: figures.clone(),
        };
        let clock = now.clone();
        let clock = Arc::new(move || *clock.lock().expect("nobody panics"));
        let sum_up = SumUp::new(numbers, Arc::<InMemorySummaries>::default(), clock);
        Self { books, correspondence, figures, now, sum_up }
    }

    /// A mail as both ports count it.
    fn put(&self, id: i64, from: &'static str, to: &'static str, at: OffsetDateTime) {
        self.correspondence.put(COMPANY_A, Mail { at, subject: "Crane", ..a_mail(from, &[to]) });
        self.figures
            .put(COMPANY_A, Item { sender: Some(from), title: "Crane", created_at: Some(at), ..figures::a_mail(id) });
    }

    fn is_now(&self, now: OffsetDateTime) {
        *self.now.lock().expect("nobody panics") = now;
    }

    async fn find(&self, kind: SpanKind) -> Summary {
        self.sum_up.find(COMPANY_A, Span::of(kind, DAY)).await.expect("a summary").summary
    }
}

#[tokio::test]
async fn of_a_company_without_anything_there_is_nothing() {
    let world = World::new();

    for kind in SpanKind::ALL {
        assert_eq!(world.find(kind).await, Summary::default());
    }
}

#[tokio::test]
async fn a_span_is_told_with_the_one_before_it() {
    let world = World::new();
    world.put(1, NORA, MARTA, NOON);
    world.put(2, NORA, MARTA, NOON - Duration::HOUR);
    world.put(3, MARTA, NORA, NOON - Duration::DAY);
    let total = Some("980.50".to_owned());
    world.books.put(COMPANY_A, crate::testing::books::Record { total, day: Some(DAY), ..a_record("1") });

    let day = world.find(SpanKind::Day).await;

    assert_eq!((day.amounts.mails, day.before.mails), (2, 1));
    assert_eq!((day.amounts.documents, day.before.documents), (2, 1));
    assert_eq!((day.amounts.revenue, day.before.revenue), (Money::of_cents(98_050), Money::ZERO));
    let addresses = |people: &[Correspondent]| people.iter().map(|one| one.address.clone()).collect::<Vec<_>>();
    assert_eq!(addresses(&day.senders), [NORA]);
    assert_eq!(addresses(&day.recipients), [MARTA]);
    assert_eq!(addresses(&day.companies), ["yard.example"]);
    assert_eq!(addresses(&day.new_people), [NORA]);
    assert_eq!(day.topics.iter().map(|rise| rise.topic.what.as_str()).collect::<Vec<_>>(), ["crane"]);
    let ids = |sources: &[SummarySource]| sources.iter().map(|source| source.document_id.get()).collect::<Vec<_>>();
    assert_eq!([&day.mail_sources, &day.new_people_sources, &day.topic_sources].map(|one| ids(one)), [[1, 2]; 3]);
    assert_eq!(day.book_sources.len(), 1);
    let week = world.find(SpanKind::Week).await;
    assert_eq!((week.amounts.mails, week.before.mails), (3, 0));
}

#[tokio::test]
async fn colleagues_are_never_new() {
    let world = World::new();
    world.put(1, MARTA, NORA, NOON);

    assert_eq!(world.find(SpanKind::Day).await.new_people, []);
}

#[tokio::test]
async fn what_is_kept_serves_an_hour_while_its_span_goes_on_and_then_for_good() {
    let world = World::new();
    let mails = async || world.find(SpanKind::Day).await.amounts.mails;
    assert_eq!(mails().await, 0);
    world.put(1, NORA, MARTA, NOON);

    world.is_now(NOON + Duration::minutes(59));
    assert_eq!(mails().await, 0);
    world.is_now(NOON + FRESH);
    assert_eq!(mails().await, 1);

    world.is_now(NOON + Duration::DAY);
    assert_eq!(mails().await, 1);
    world.put(2, NORA, MARTA, NOON);
    world.is_now(NOON + Duration::days(9));
    assert_eq!(mails().await, 1);
    world.sum_up.compute(COMPANY_A, Span::of(SpanKind::Day, DAY)).await.expect("a summary");
    assert_eq!(mails().await, 2);
}

#[tokio::test]
async fn the_latest_span_has_a_whole_day() {
    let world = World::new();
    world.is_now(datetime!(2026-03-02 00:30 +01:00));
    let latest = |world: &World| SpanKind::ALL.map(|kind| world.sum_up.latest(kind).first());
    assert_eq!(latest(&world), [date!(2026 - 02 - 28), date!(2026 - 02 - 23), date!(2026 - 02 - 01)]);

    world.is_now(datetime!(2026-03-02 00:30 UTC));
    assert_eq!(latest(&world), [date!(2026 - 03 - 01), date!(2026 - 02 - 23), date!(2026 - 03 - 01)]);
}
