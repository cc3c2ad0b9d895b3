//! The contract of [`DayReader`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B, NOON, TODAY};
use crate::model::{
    Among, DayCounts, DayOf, Exchanges, Mention, MentionQuery, Mentions, OwnAddresses, Partner, Unanswered, WAITS_DAYS,
    WaitingThread, WordGroup,
};
use crate::ports::DayReader;

pub use super::fakes::InMemoryDays;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! day_reader_contract {
    ($harness:expr) => {
        $crate::day_reader_contract! { $harness =>
            documents_of_a_day_are_counted_by_where_they_came_from,
            mails_of_a_day_are_counted_by_the_hour,
            a_day_ends_where_the_next_one_begins,
            people_outside_are_told_by_what_was_exchanged_with_them,
            colleagues_are_nobody_outside,
            a_thread_waits_while_its_last_mail_came_from_outside,
            nobody_waits_forever_and_machines_do_not,
            documents_are_found_by_how_their_words_begin,
            mails_among_colleagues_are_left_out_where_so_wanted,
            at_most_so_many_are_told_and_all_are_counted,
            what_was_superseded_is_of_no_day,
            an_empty_day_has_nothing,
            another_companys_day_is_not_told,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::day_reader::$case(&$harness).await;
            }
        )+
    };
}

/// A document that came.
#[derive(Clone, Debug)]
pub struct Came {
    /// From where.
    pub source: &'static str,
    /// What it is: `email`, or something else.
    pub kind: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its text.
    pub content: &'static str,
    /// When it came to be.
    pub at: OffsetDateTime,
    /// The address of who sent it, and how he calls himself.
    pub sender: Option<(&'static str, Option<&'static str>)>,
    /// To whom it went.
    pub to: Vec<&'static str>,
    /// The thread that it belongs to.
    pub thread: Option<&'static str>,
    /// Whether another one took its place.
    pub is_superseded: bool,
}

/// Days, fresh and empty.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The days under test, as the deployment of this company reads them.
    fn days(&self, company_id: CompanyId) -> Arc<dyn DayReader>;

    /// A document comes.
    async fn put(&self, company_id: CompanyId, document: Came) -> DocumentId;

    /// Another one takes its place.
    async fn supersede(&self, id: DocumentId);
}

/// [`InMemoryDays`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryDays>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn days(&self, _: CompanyId) -> Arc<dyn DayReader> {
        self.0.clone()
    }

    async fn put(&self, company_id: CompanyId, document: Came) -> DocumentId {
        self.0.put(company_id, document)
    }

    async fn supersede(&self, id: DocumentId) {
        self.0.supersede(id);
    }
}

const MARTA: &str = "marta@kestrel.example";
const NILS: &str = "nils@kestrel.example";
const NORA: &str = "nora@larkmoor.example";
const OLAF: &str = "olaf@yard.example";

/// [`TODAY`] of a company whose people write from `kestrel.example`.
#[must_use]
pub fn today() -> DayOf {
    DayOf { day: TODAY, own: OwnAddresses::new([MARTA.to_owned()]) }
}

/// A mail of [`NOON`] from Nora Dahl, who is outside, to a colleague, in a thread of its own.
#[must_use]
pub fn a_mail(title: &'static str) -> Came {
    Came {
        source: "gmail",
        kind: "email",
        title,
        content: "Good day.",
        at: NOON,
        sender: Some((NORA, Some("Nora Dahl"))),
        to: vec![MARTA],
        thread: Some(title),
        is_superseded: false,
    }
}

fn a_file(title: &'static str) -> Came {
    Came { source: "upload", kind: "file", sender: None, to: Vec::new(), thread: None, ..a_mail(title) }
}

fn sent(title: &'static str, to: &[&'static str]) -> Came {
    Came { sender: Some((MARTA, Some("Marta"))), to: to.to_vec(), ..a_mail(title) }
}

pub async fn documents_of_a_day_are_counted_by_where_they_came_from(harness: &impl Harness) {
    for came in [a_mail("1"), a_mail("2"), a_file("3"), Came { source: "slack", kind: "message", ..a_file("4") }] {
        harness.put(COMPANY_A, came).await;
    }

    let counts = count(harness).await;

    let expected = [("gmail", 2), ("slack", 1), ("upload", 1)];
    assert_eq!(counts.by_source, expected.map(|(source, count)| (source.to_owned(), count)));
}

pub async fn mails_of_a_day_are_counted_by_the_hour(harness: &impl Harness) {
    for at in [datetime!(2026-03-02 00:00 UTC), NOON, NOON + Duration::minutes(59), datetime!(2026-03-03 00:59 +1)] {
        harness.put(COMPANY_A, Came { at, ..a_mail("t") }).await;
    }
    harness.put(COMPANY_A, a_file("f")).await;

    let counts = count(harness).await;

    let mut expected = [0; 24];
    (expected[0], expected[12], expected[23]) = (1, 2, 1);
    assert_eq!(counts.mails_by_hour, expected);
}

pub async fn a_day_ends_where_the_next_one_begins(harness: &impl Harness) {
    let (begins, ends) = today().bounds();
    for at in [begins - Duration::MICROSECOND, begins, ends - Duration::MICROSECOND, ends] {
        harness.put(COMPANY_A, Came { at, content: "An order.", ..a_mail("t") }).await;
    }

    assert_eq!(count(harness).await.by_source, [("gmail".to_owned(), 2)]);
    assert_eq!(exchanges(harness, 9).await.received, 2);
    assert_eq!(mentions(harness, WordGroup::Orders, Among::Documents, 9).await.total, 2);
}

pub async fn people_outside_are_told_by_what_was_exchanged_with_them(harness: &impl Harness) {
    harness.put(COMPANY_A, Came { at: NOON, ..a_mail("Pumps") }).await;
    harness.put(COMPANY_A, Came { at: NOON + Duration::HOUR, ..sent("Re: Pumps", &[NORA, OLAF, NILS]) }).await;
    let last_id = harness.put(COMPANY_A, Came { at: NOON + Duration::hours(2), ..sent("More pumps", &[NORA]) }).await;

    let exchanges = exchanges(harness, 9).await;

    assert_eq!((exchanges.people, exchanges.received, exchanges.sent), (2, 1, 2));
    let nora = Partner {
        address: NORA.to_owned(),
        name: Some("Nora Dahl".to_owned()),
        received: 1,
        sent: 2,
        last_id,
        last_title: "More pumps".to_owned(),
    };
    assert_eq!(exchanges.partners[0], nora);
    let olaf = &exchanges.partners[1];
    assert_eq!((olaf.address.as_str(), olaf.received, olaf.sent, &olaf.name), (OLAF, 0, 1, &None));
}

pub async fn colleagues_are_nobody_outside(harness: &impl Harness) {
    harness.put(COMPANY_A, sent("Lunch", &[NILS])).await;
    harness.put(COMPANY_A, Came { sender: Some((NILS, None)), ..sent("Re: Lunch", &[MARTA]) }).await;
    harness.put(COMPANY_A, Came { sender: None, to: Vec::new(), ..a_mail("From nobody") }).await;

    assert_eq!(exchanges(harness, 9).await, Exchanges::default());
    assert_eq!(unanswered(harness, 9).await, Unanswered::default());
}

pub async fn a_thread_waits_while_its_last_mail_came_from_outside(harness: &impl Harness) {
    let before = NOON - Duration::days(3);
    let pumps = Came { thread: Some("pumps"), at: before, ..a_mail("Pumps") };
    harness.put(COMPANY_A, Came { at: before - Duration::HOUR, ..pumps.clone() }).await;
    let document_id = harness.put(COMPANY_A, pumps).await;
    harness.put(COMPANY_A, Came { thread: Some("valves"), at: before, ..a_mail("Valves") }).await;
    harness.put(COMPANY_A, Came { thread: Some("valves"), ..sent("Re: Valves", &[NORA]) }).await;
    harness.put(COMPANY_A, Came { sender: Some((OLAF, None)), ..a_mail("Crane") }).await;
    // Not before the next day.
    let next = Came { thread: Some("pumps"), at: NOON + Duration::DAY, ..sent("Re: Pumps", &[NORA]) };
    harness.put(COMPANY_A, next).await;

    let waiting = unanswered(harness, 9).await;

    let name = Some("Nora Dahl".to_owned());
    let pumps = WaitingThread { document_id, title: "Pumps".to_owned(), address: NORA.to_owned(), name, since: before };
    assert_eq!((waiting.total, &waiting.threads[0]), (2, &pumps));
    assert_eq!((waiting.threads[1].title.as_str(), &waiting.threads[1].name), ("Crane", &None));
}

pub async fn nobody_waits_forever_and_machines_do_not(harness: &impl Harness) {
    let (_, ends) = today().bounds();
    let longest = ends - Duration::days(WAITS_DAYS.into());
    harness.put(COMPANY_A, Came { at: longest, ..a_mail("Still waits") }).await;
    harness.put(COMPANY_A, Came { at: longest - Duration::SECOND, ..a_mail("Gave up") }).await;
    for machine in ["noreply@shop.example", "no-reply+7@shop.example", "news.letter@shop.example"] {
        harness.put(COMPANY_A, Came { sender: Some((machine, None)), thread: Some(machine), ..a_mail("Offers") }).await;
    }
    harness.put(COMPANY_A, Came { thread: None, ..a_mail("Of no thread") }).await;

    let waiting = unanswered(harness, 9).await;

    let titles: Vec<_> = waiting.threads.iter().map(|thread| thread.title.as_str()).collect();
    assert_eq!((waiting.total, titles), (1, vec!["Still waits"]));
}

pub async fn documents_are_found_by_how_their_words_begin(harness: &impl Harness) {
    let content = "Good day. The DELIVERY to Larkmoor is two pallets! Thanks.";
    let mail = harness.put(COMPANY_A, Came { content, ..a_mail("Friday") }).await;
    let at = NOON + Duration::HOUR;
    let file = harness.put(COMPANY_A, Came { at, ..a_file("Lieferschein") }).await;
    let beside = "Our relationship. Citizenship, Seelieferung, underdelivered.";
    harness.put(COMPANY_A, Came { content: beside, ..a_mail("Beside the point") }).await;

    let mentions = mentions(harness, WordGroup::Shipping, Among::Documents, 9).await;

    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let file = Mention {
        document_id: file,
        title: "Lieferschein".to_owned(),
        source: "upload".to_owned(),
        sender: None,
        words: words(&["liefer"]),
        passage: None,
    };
    let mail = Mention {
        document_id: mail,
        title: "Friday".to_owned(),
        source: "gmail".to_owned(),
        sender: Some("Nora Dahl".to_owned()),
        words: words(&["deliver", "pallet"]),
        passage: Some("The DELIVERY to Larkmoor is two pallets".to_owned()),
    };
    assert_eq!(mentions, Mentions { total: 2, documents: vec![file, mail] });
}

pub async fn mails_among_colleagues_are_left_out_where_so_wanted(harness: &impl Harness) {
    harness.put(COMPANY_A, a_mail("A problem from outside")).await;
    harness.put(COMPANY_A, sent("A problem to outside", &[NILS, NORA])).await;
    harness.put(COMPANY_A, sent("A problem among us", &[NILS])).await;
    harness.put(COMPANY_A, a_file("A problem on paper")).await;

    let titles = async |among| {
        let found = mentions(harness, WordGroup::Issues, among, 9).await;
        let mut titles: Vec<_> = found.documents.into_iter().map(|mention| mention.title).collect();
        titles.sort_unstable();
        titles
    };

    assert_eq!(titles(Among::MailsWithOutside).await, ["A problem from outside", "A problem to outside"]);
    assert_eq!(titles(Among::Documents).await.len(), 4);
}

pub async fn at_most_so_many_are_told_and_all_are_counted(harness: &impl Harness) {
    for (title, sender) in [("Order 1", NORA), ("Order 2", OLAF), ("Order 3", "ida@pier.example")] {
        harness.put(COMPANY_A, Came { sender: Some((sender, None)), ..a_mail(title) }).await;
    }

    let exchanges = exchanges(harness, 2).await;
    assert_eq!((exchanges.people, exchanges.received, exchanges.partners.len()), (3, 3, 2));
    let waiting = unanswered(harness, 2).await;
    assert_eq!((waiting.total, waiting.threads.len()), (3, 2));
    let mentions = mentions(harness, WordGroup::Orders, Among::MailsWithOutside, 2).await;
    assert_eq!((mentions.total, mentions.documents.len()), (3, 2));
}

pub async fn what_was_superseded_is_of_no_day(harness: &impl Harness) {
    let id = harness.put(COMPANY_A, a_mail("An order")).await;

    harness.supersede(id).await;

    assert_is_empty(harness, COMPANY_A).await;
}

pub async fn an_empty_day_has_nothing(harness: &impl Harness) {
    assert_is_empty(harness, COMPANY_A).await;
}

pub async fn another_companys_day_is_not_told(harness: &impl Harness) {
    harness.put(COMPANY_B, a_mail("An order")).await;

    assert_is_empty(harness, COMPANY_A).await;
}

async fn assert_is_empty(harness: &impl Harness, company_id: CompanyId) {
    let (days, today) = (harness.days(company_id), today());
    assert_eq!(days.count(company_id, &today).await.expect("an answer"), DayCounts::default());
    assert_eq!(exchanges(harness, 9).await, Exchanges::default());
    assert_eq!(unanswered(harness, 9).await, Unanswered::default());
    for group in WordGroup::ALL {
        assert_eq!(mentions(harness, group, Among::Documents, 9).await, Mentions::default());
    }
}

async fn count(harness: &impl Harness) -> DayCounts {
    harness.days(COMPANY_A).count(COMPANY_A, &today()).await.expect("an answer")
}

async fn exchanges(harness: &impl Harness, most: u16) -> Exchanges {
    harness.days(COMPANY_A).list_exchanges(COMPANY_A, &today(), most).await.expect("an answer")
}

async fn unanswered(harness: &impl Harness, most: u16) -> Unanswered {
    harness.days(COMPANY_A).list_unanswered(COMPANY_A, &today(), most).await.expect("an answer")
}

async fn mentions(harness: &impl Harness, group: WordGroup, among: Among, most: u16) -> Mentions {
    let query = MentionQuery { group, among, most };
    harness.days(COMPANY_A).find_mentions(COMPANY_A, &today(), query).await.expect("an answer")
}
