//! The contract of [`Correspondence`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::CompanyId;
use time::macros::{date, datetime};
use time::{Duration, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B};
use crate::model::{
    Acquainted, Comparison, Correspondent, Correspondents, HourShare, MostCorrespondents, Network, Occurrences,
    Stretch, Tie, Topic, TopicKind, TouchedThread, Touches,
};
use crate::ports::Correspondence;

pub use super::fakes::InMemoryCorrespondence;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! correspondence_contract {
    ($harness:expr) => {
        $crate::correspondence_contract! { $harness =>
            those_who_wrote_most_come_first,
            those_who_were_written_to_most_come_first,
            who_wrote_to_whom_is_counted_with_when_last,
            mails_are_counted_by_hour_and_weekday,
            the_median_reply_is_between_mails_of_different_people,
            what_was_written_long_before_is_not_replied_to,
            a_network_is_of_those_with_the_most_mails,
            threads_tell_how_often_people_wrote_in_both_stretches,
            people_companies_and_words_are_counted_in_both_stretches,
            those_who_never_wrote_before_are_new,
            both_ends_of_a_stretch_belong_to_it,
            what_is_no_mail_or_was_superseded_is_not_counted,
            a_company_without_mails_has_no_correspondence,
            another_companys_mails_are_not_counted,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::correspondence::$case(&$harness).await;
            }
        )+
    };
}

/// A document, as far as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub kind: &'static str,
    pub from: Option<&'static str>,
    pub name: Option<&'static str>,
    pub to: Vec<&'static str>,
    pub thread: Option<&'static str>,
    pub subject: &'static str,
    pub at: OffsetDateTime,
    pub is_superseded: bool,
}

/// A fresh, empty company and a way to fill it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The correspondence under test, as the deployment of this company uses it.
    fn correspondence(&self, company_id: CompanyId) -> Arc<dyn Correspondence>;
    async fn put(&self, company_id: CompanyId, mail: Mail);
}

/// The mails in memory.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryCorrespondence>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn correspondence(&self, _: CompanyId) -> Arc<dyn Correspondence> {
        Arc::<InMemoryCorrespondence>::clone(&self.0)
    }

    async fn put(&self, company_id: CompanyId, mail: Mail) {
        self.0.put(company_id, mail);
    }
}

/// The week from Monday 2026-03-02.
const WEEK: Stretch = Stretch { first: date!(2026 - 03 - 02), last: date!(2026 - 03 - 08) };
/// In the middle of its Wednesday.
const WEDNESDAY: OffsetDateTime = datetime!(2026-03-04 12:00:00 UTC);

const NORA: &str = "nora@yard.example";
const IDA: &str = "ida@yard.example";
const MARTA: &str = "marta@kestrel.example";
const NILS: &str = "nils@kestrel.example";

/// A mail of that Wednesday.
#[must_use]
pub fn a_mail(from: &'static str, to: &[&'static str]) -> Mail {
    Mail {
        kind: "email",
        from: Some(from),
        name: None,
        to: to.to_vec(),
        thread: None,
        subject: "A crane",
        at: WEDNESDAY,
        is_superseded: false,
    }
}

async fn put_all(harness: &impl Harness, mails: impl IntoIterator<Item = Mail>) {
    for mail in mails {
        harness.put(COMPANY_A, mail).await;
    }
}

fn somebody(address: &str, name: Option<&str>, mails: u64) -> Correspondent {
    Correspondent { address: address.to_owned(), name: name.map(ToOwned::to_owned), mails }
}

fn acquainted(address: &str, name: Option<&str>, mails: u64, contacts: u64) -> Acquainted {
    Acquainted { who: somebody(address, name, mails), contacts }
}

/// Of that week.
async fn correspondents(correspondence: &Arc<dyn Correspondence>, people: u16, ties: u16) -> Correspondents {
    correspondence.list_correspondents(COMPANY_A, WEEK, MostCorrespondents { people, ties }).await.expect("an answer")
}

fn tie(from: &str, to: &str, mails: u64, last_at: OffsetDateTime) -> Tie {
    Tie { from: from.to_owned(), to: to.to_owned(), mails, last_at }
}

/// Nora wrote three mails, Marta one to all and herself, and somebody none knows of.
fn a_few_mails() -> [Mail; 5] {
    let named = Mail { name: Some("Nora Berg"), ..a_mail(NORA, &[MARTA, NILS]) };
    [
        named,
        Mail { at: WEDNESDAY + Duration::DAY, ..a_mail(NORA, &[MARTA]) },
        Mail { at: WEDNESDAY - Duration::DAY, ..a_mail(NORA, &[IDA]) },
        a_mail(MARTA, &[MARTA, NILS, NORA]),
        Mail { from: None, ..a_mail("", &[NILS]) },
    ]
}

pub async fn those_who_wrote_most_come_first(harness: &impl Harness) {
    put_all(harness, a_few_mails()).await;
    put_all(harness, [a_mail(IDA, &[])]).await;
    let correspondence = harness.correspondence(COMPANY_A);

    let told = correspondents(&correspondence, 9, 9).await.writers;

    let expected =
        [acquainted(NORA, Some("Nora Berg"), 3, 3), acquainted(IDA, None, 1, 0), acquainted(MARTA, None, 1, 2)];
    assert_eq!(told, expected);
    assert_eq!(correspondents(&correspondence, 1, 9).await.writers, expected[..1]);
}

pub async fn those_who_were_written_to_most_come_first(harness: &impl Harness) {
    put_all(harness, a_few_mails()).await;
    let correspondence = harness.correspondence(COMPANY_A);

    let told = correspondents(&correspondence, 9, 9).await.receivers;

    let expected = [
        acquainted(MARTA, None, 3, 1),
        acquainted(NILS, None, 3, 2),
        acquainted(IDA, None, 1, 1),
        acquainted(NORA, Some("Nora Berg"), 1, 1),
    ];
    assert_eq!(told, expected);
    assert_eq!(correspondents(&correspondence, 2, 9).await.receivers, expected[..2]);
}

pub async fn who_wrote_to_whom_is_counted_with_when_last(harness: &impl Harness) {
    put_all(harness, a_few_mails()).await;
    let correspondence = harness.correspondence(COMPANY_A);

    let told = correspondents(&correspondence, 9, 9).await.ties;

    let expected = [
        tie(NORA, MARTA, 2, WEDNESDAY + Duration::DAY),
        tie(MARTA, NILS, 1, WEDNESDAY),
        tie(MARTA, NORA, 1, WEDNESDAY),
        tie(NORA, IDA, 1, WEDNESDAY - Duration::DAY),
        tie(NORA, NILS, 1, WEDNESDAY),
    ];
    assert_eq!(told, expected);
    assert_eq!(correspondents(&correspondence, 9, 2).await.ties, expected[..2]);
    assert_eq!(correspondents(&correspondence, 9, 0).await.ties, []);
}

pub async fn mails_are_counted_by_hour_and_weekday(harness: &impl Harness) {
    let moments =
        [datetime!(2026-03-02 00:00 UTC), datetime!(2026-03-02 00:59:59 UTC), datetime!(2026-03-09 00:30 +01:00)];
    put_all(harness, moments.map(|at| Mail { at, ..a_mail(NORA, &[MARTA]) })).await;

    let told = harness.correspondence(COMPANY_A).count_by_hour(COMPANY_A, WEEK).await.expect("an answer");

    let share = |weekday, hour, mails| HourShare { weekday, hour, mails };
    assert_eq!(told, [share(0, 0, 2), share(6, 23, 1)]);

    // A Wednesday.
    let last_of_the_sixties = Mail { at: datetime!(1969-12-31 23:30 UTC), ..a_mail(NORA, &[MARTA]) };
    put_all(harness, [last_of_the_sixties]).await;
    let week = Stretch { first: date!(1969 - 12 - 29), last: date!(1970 - 01 - 04) };
    let told = harness.correspondence(COMPANY_A).count_by_hour(COMPANY_A, week).await.expect("an answer");
    assert_eq!(told, [share(2, 23, 1)]);
}

/// A mail in the thread, so many minutes after that Wednesday's noon.
fn in_thread(thread: &'static str, from: &'static str, minutes: i64) -> Mail {
    Mail { thread: Some(thread), at: WEDNESDAY + Duration::minutes(minutes), ..a_mail(from, &[]) }
}

pub async fn the_median_reply_is_between_mails_of_different_people(harness: &impl Harness) {
    let correspondence = harness.correspondence(COMPANY_A);
    put_all(
        harness,
        [
            in_thread("one", NORA, 0),
            in_thread("one", NORA, 5),
            // After ten minutes.
            in_thread("one", MARTA, 15),
            // After an hour.
            in_thread("one", NORA, 75),
            in_thread("two", NORA, 0),
            // After twenty minutes. Who wrote without a sender is nobody.
            Mail { from: None, ..in_thread("two", "", 10) },
            in_thread("two", MARTA, 20),
            Mail { thread: None, ..in_thread("", IDA, 21) },
        ],
    )
    .await;
    let median = async || correspondence.find_median_reply(COMPANY_A, WEEK).await.expect("an answer");
    assert_eq!(median().await, Some(Duration::minutes(20)));

    // After half an hour: the middle of twenty and thirty.
    put_all(harness, [in_thread("two", NORA, 50)]).await;
    assert_eq!(median().await, Some(Duration::minutes(25)));
}

pub async fn what_was_written_long_before_is_not_replied_to(harness: &impl Harness) {
    let correspondence = harness.correspondence(COMPANY_A);
    let median = async || correspondence.find_median_reply(COMPANY_A, WEEK).await.expect("an answer");
    put_all(harness, [in_thread("old", NORA, -31 * 24 * 60), in_thread("old", MARTA, 0)]).await;
    assert_eq!(median().await, None);

    // Written in the week before, and answered in this one.
    put_all(harness, [in_thread("new", NORA, -5 * 24 * 60), in_thread("new", MARTA, 0)]).await;
    assert_eq!(median().await, Some(Duration::days(5)));
}

pub async fn a_network_is_of_those_with_the_most_mails(harness: &impl Harness) {
    put_all(harness, a_few_mails()).await;
    let correspondence = harness.correspondence(COMPANY_A);

    let network = correspondence.map_network(COMPANY_A, WEEK, 2).await.expect("an answer");

    let people = vec![somebody(NORA, Some("Nora Berg"), 4), somebody(MARTA, None, 3)];
    let ties = vec![tie(NORA, MARTA, 2, WEDNESDAY + Duration::DAY), tie(MARTA, NORA, 1, WEDNESDAY)];
    assert_eq!(network, Network { people, ties });
    let all = correspondence.map_network(COMPANY_A, WEEK, 9).await.expect("an answer");
    assert_eq!((all.people.len(), all.ties.len()), (4, 5));
}

pub async fn threads_tell_how_often_people_wrote_in_both_stretches(harness: &impl Harness) {
    let days = |thread, subject, days: i64| Mail { subject, ..in_thread(thread, NORA, days * 24 * 60) };
    put_all(
        harness,
        [
            days("rose", "Crane", -7),
            days("rose", "Re: Crane", 0),
            days("rose", "Re: Crane", -2),
            days("rose", "RE: Crane", 1),
            days("fell", "Dock", -3),
            days("fell", "Dock", -9),
            days("once", "Rope", 0),
            days("long ago", "Buoy", -10),
            days("long ago", "Buoy", -11),
            days("later", "Tar", 5),
            days("later", "Tar", 0),
        ],
    )
    .await;
    let correspondence = harness.correspondence(COMPANY_A);

    let told = correspondence.list_threads(COMPANY_A, WEEK, 9).await.expect("an answer");

    let thread = |id: &str, subject: &str, now, before, last| TouchedThread {
        id: id.to_owned(),
        subject: subject.to_owned(),
        touches: Touches { now, before, last },
    };
    let rose = thread("rose", "RE: Crane", 3, 1, date!(2026 - 03 - 05));
    // Of the mails about tar one lies ahead, and one mail is no thread.
    assert_eq!(told, [rose.clone(), thread("fell", "Dock", 0, 2, date!(2026 - 03 - 01))]);
    put_all(harness, [days("later", "Tar", -6)]).await;
    let told = correspondence.list_threads(COMPANY_A, WEEK, 2).await.expect("an answer");
    assert_eq!(told, [rose, thread("later", "Tar", 1, 1, date!(2026 - 03 - 04))]);
}

pub async fn people_companies_and_words_are_counted_in_both_stretches(harness: &impl Harness) {
    let last_week = WEDNESDAY - Duration::WEEK;
    put_all(
        harness,
        [
            Mail { subject: "Crane, crane: B7 2026", ..a_mail(NORA, &[MARTA, IDA]) },
            Mail { subject: "Re: CRANE of the dock", ..a_mail(MARTA, &[NORA]) },
            Mail { subject: "Crane", at: last_week, ..a_mail(NORA, &[NILS]) },
            Mail { subject: "Crane", at: last_week - Duration::WEEK, ..a_mail(NORA, &[NILS]) },
        ],
    )
    .await;
    let correspondence = harness.correspondence(COMPANY_A);
    let compare = async |kind, most| correspondence.compare(COMPANY_A, WEEK, kind, most).await.expect("an answer");
    let topic = |what: &str, now, before| Topic { what: what.to_owned(), occurrences: Occurrences { now, before } };
    let told = |topics: &[Topic], now, before| Comparison { topics: topics.to_vec(), all: Occurrences { now, before } };

    assert_eq!(compare(TopicKind::People, 9).await, told(&[topic(MARTA, 2, 0), topic(NORA, 2, 1)], 5, 2));
    assert_eq!(compare(TopicKind::People, 1).await, told(&[topic(MARTA, 2, 0)], 5, 2));
    let companies = [topic("kestrel.example", 2, 1), topic("yard.example", 2, 1)];
    assert_eq!(compare(TopicKind::Companies, 9).await, told(&companies, 4, 2));
    assert_eq!(compare(TopicKind::Terms, 9).await, told(&[topic("crane", 2, 1)], 3, 1));
}

pub async fn those_who_never_wrote_before_are_new(harness: &impl Harness) {
    put_all(harness, [Mail { at: WEDNESDAY - Duration::days(400), ..a_mail(IDA, &[]) }]).await;
    put_all(harness, [a_mail(IDA, &[MARTA]), a_mail(NORA, &[MARTA]), a_mail(NORA, &[]), a_mail(NILS, &[])]).await;
    // Who writes next week is new then.
    put_all(harness, [Mail { at: WEDNESDAY + Duration::WEEK, ..a_mail(MARTA, &[]) }]).await;
    let correspondence = harness.correspondence(COMPANY_A);

    let told = correspondence.list_new_writers(COMPANY_A, WEEK, 9).await.expect("an answer");

    assert_eq!(told, [somebody(NORA, None, 2), somebody(NILS, None, 1)]);
    assert_eq!(correspondence.list_new_writers(COMPANY_A, WEEK, 1).await.expect("an answer").len(), 1);
}

pub async fn both_ends_of_a_stretch_belong_to_it(harness: &impl Harness) {
    let moments = [
        datetime!(2026-03-01 23:59:59.999999 UTC),
        datetime!(2026-03-02 00:00 UTC),
        datetime!(2026-03-08 23:59:59.999999 UTC),
        datetime!(2026-03-09 00:00 UTC),
    ];
    put_all(harness, moments.map(|at| Mail { at, ..a_mail(NORA, &[MARTA]) })).await;

    let told = correspondents(&harness.correspondence(COMPANY_A), 9, 9).await;

    assert_eq!(told.writers, [acquainted(NORA, None, 2, 1)]);
}

pub async fn what_is_no_mail_or_was_superseded_is_not_counted(harness: &impl Harness) {
    let mail = Mail { thread: Some("thread"), ..a_mail(NORA, &[MARTA]) };
    for other in [Mail { kind: "file", ..mail.clone() }, Mail { is_superseded: true, ..mail }] {
        put_all(harness, [other.clone(), other]).await;
    }

    assert_has_none(harness, COMPANY_A).await;
}

pub async fn a_company_without_mails_has_no_correspondence(harness: &impl Harness) {
    assert_has_none(harness, COMPANY_A).await;
}

pub async fn another_companys_mails_are_not_counted(harness: &impl Harness) {
    for from in [NORA, MARTA] {
        let mail = Mail { thread: Some("thread"), ..a_mail(from, &[NILS]) };
        harness.put(COMPANY_B, Mail { at: WEDNESDAY - Duration::HOUR, ..mail.clone() }).await;
        harness.put(COMPANY_B, mail).await;
    }

    for deployment in [COMPANY_A, COMPANY_B] {
        assert_has_none(harness, deployment).await;
    }
}

/// For whoever asks for [`COMPANY_A`].
async fn assert_has_none(harness: &impl Harness, deployment: CompanyId) {
    let correspondence = harness.correspondence(deployment);

    assert_eq!(correspondents(&correspondence, 9, 9).await, Correspondents::default());
    assert_eq!(correspondence.list_new_writers(COMPANY_A, WEEK, 9).await.expect("an answer"), []);
    assert_eq!(correspondence.count_by_hour(COMPANY_A, WEEK).await.expect("an answer"), []);
    assert_eq!(correspondence.find_median_reply(COMPANY_A, WEEK).await.expect("an answer"), None);
    assert_eq!(correspondence.map_network(COMPANY_A, WEEK, 9).await.expect("an answer"), Network::default());
    assert_eq!(correspondence.list_threads(COMPANY_A, WEEK, 9).await.expect("an answer"), []);
    for kind in TopicKind::ALL {
        let compared = correspondence.compare(COMPANY_A, WEEK, kind, 9).await;
        assert_eq!(compared.expect("an answer"), Comparison::default());
    }
}
