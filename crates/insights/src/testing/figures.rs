//! The contract of [`Figures`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId};
use time::macros::{date, datetime};
use time::{Duration, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B};
use crate::model::{DayFigures, KindCount, MailsWanted, Money, Stretch, SummarySource};
use crate::ports::Figures;

pub use super::fakes::InMemoryFigures;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! figures_contract {
    ($harness:expr) => {
        $crate::figures_contract! { $harness =>
            documents_are_counted_by_source_and_kind_on_their_own_dates,
            days_tell_what_came_in_was_written_and_was_entered,
            the_newest_mails_are_told_first,
            mails_are_found_by_who_wrote_them_and_by_words_of_their_subjects,
            documents_that_are_there_are_told_by_their_ids,
            what_was_superseded_has_no_figures,
            a_company_without_documents_has_no_figures,
            another_companys_figures_are_not_told,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::figures::$case(&$harness).await;
            }
        )+
    };
}

/// A document, as far as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: i64,
    pub source: &'static str,
    pub kind: &'static str,
    pub title: &'static str,
    /// Who wrote it, of a mail; with whom it is, of an entry in the books.
    pub sender: Option<&'static str>,
    /// The amount, of an entry in the books.
    pub total: Option<&'static str>,
    /// Its own date; the day of an entry in the books is that of it.
    pub created_at: Option<OffsetDateTime>,
    pub ingested_at: OffsetDateTime,
    pub is_superseded: bool,
}

/// A fresh, empty company and a way to fill it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The figures under test, as the deployment of this company uses them.
    fn figures(&self, company_id: CompanyId) -> Arc<dyn Figures>;
    async fn put(&self, company_id: CompanyId, item: Item);
}

/// The figures in memory.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryFigures>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn figures(&self, _: CompanyId) -> Arc<dyn Figures> {
        Arc::<InMemoryFigures>::clone(&self.0)
    }

    async fn put(&self, company_id: CompanyId, item: Item) {
        self.0.put(company_id, item);
    }
}

/// The week from Monday 2026-03-02.
const WEEK: Stretch = Stretch { first: date!(2026 - 03 - 02), last: date!(2026 - 03 - 08) };
/// In the middle of its Wednesday.
const WEDNESDAY: OffsetDateTime = datetime!(2026-03-04 12:00:00 UTC);

/// A mail of that Wednesday, which came in on the day after.
#[must_use]
pub fn a_mail(id: i64) -> Item {
    Item {
        id,
        source: "gmail",
        kind: "email",
        title: "A crane",
        sender: Some("nora@yard.example"),
        total: None,
        created_at: Some(WEDNESDAY),
        ingested_at: WEDNESDAY + Duration::DAY,
        is_superseded: false,
    }
}

/// An entry in the books on that Wednesday.
#[must_use]
pub fn an_entry(id: i64, kind: &'static str, total: &'static str) -> Item {
    Item { source: "quickbooks", kind, total: Some(total), sender: Some("A party"), title: "An entry", ..a_mail(id) }
}

async fn put_all(harness: &impl Harness, items: impl IntoIterator<Item = Item>) {
    for item in items {
        harness.put(COMPANY_A, item).await;
    }
}

fn count(source: &str, kind: &str, documents: u64) -> KindCount {
    KindCount { source: source.to_owned(), kind: kind.to_owned(), documents }
}

fn ids(told: &[SummarySource]) -> Vec<i64> {
    told.iter().map(|source| source.document_id.get()).collect()
}

pub async fn documents_are_counted_by_source_and_kind_on_their_own_dates(harness: &impl Harness) {
    put_all(
        harness,
        [
            an_entry(1, "invoice", "1"),
            a_mail(2),
            a_mail(3),
            Item { kind: "attachment", ..a_mail(4) },
            // Of no date of its own, it is of when it came in.
            Item { source: "upload", kind: "file", created_at: None, ..a_mail(5) },
            Item { created_at: None, ingested_at: WEDNESDAY + Duration::WEEK, ..a_mail(6) },
            Item { created_at: Some(datetime!(2026-03-01 23:59:59 UTC)), ..a_mail(7) },
            Item { created_at: Some(datetime!(2026-03-09 00:00 UTC)), ..a_mail(8) },
        ],
    )
    .await;

    let told = harness.figures(COMPANY_A).count_kinds(COMPANY_A, WEEK).await.expect("an answer");

    let expected = [
        count("gmail", "email", 2),
        count("gmail", "attachment", 1),
        count("quickbooks", "invoice", 1),
        count("upload", "file", 1),
    ];
    assert_eq!(told, expected);
}

pub async fn days_tell_what_came_in_was_written_and_was_entered(harness: &impl Harness) {
    put_all(
        harness,
        [
            a_mail(1),
            Item { created_at: Some(WEDNESDAY - Duration::DAY), ..a_mail(2) },
            an_entry(3, "invoice", "980.50"),
            an_entry(4, "invoice", "0.10"),
            an_entry(5, "bill", "10.25"),
            an_entry(6, "payment", "500"),
            an_entry(7, "customer", "7"),
            an_entry(8, "invoice", "no amount"),
            Item { created_at: Some(WEDNESDAY - Duration::WEEK), ..a_mail(9) },
            Item { ingested_at: WEDNESDAY + Duration::WEEK, ..a_mail(10) },
        ],
    )
    .await;

    let told = harness.figures(COMPANY_A).list_days(COMPANY_A, WEEK).await.expect("an answer");

    let day = DayFigures::none;
    let cents = Money::of_cents;
    let expected = [
        DayFigures { mails: 1, ..day(date!(2026 - 03 - 03)) },
        DayFigures {
            mails: 2,
            revenue: cents(98_060),
            expenses: cents(1_025),
            payments: cents(50_000),
            ..day(date!(2026 - 03 - 04))
        },
        DayFigures { documents: 9, ..day(date!(2026 - 03 - 05)) },
    ];
    assert_eq!(told, expected);
}

pub async fn the_newest_mails_are_told_first(harness: &impl Harness) {
    let at = |id, minutes| Item { created_at: Some(WEDNESDAY + Duration::minutes(minutes)), ..a_mail(id) };
    put_all(harness, [at(1, 1), at(2, 3), at(3, 2), at(4, 2), an_entry(5, "invoice", "1"), at(6, 7 * 24 * 60)]).await;
    let figures = harness.figures(COMPANY_A);

    let told = figures.list_mails(COMPANY_A, WEEK, &MailsWanted::All, 3).await.expect("an answer");

    assert_eq!(ids(&told), [2, 4, 3]);
    let (quote, from) = ("A crane".to_owned(), Some("nora@yard.example".to_owned()));
    assert_eq!(told[0], SummarySource { document_id: DocumentId::new(2), quote, from });
}

pub async fn mails_are_found_by_who_wrote_them_and_by_words_of_their_subjects(harness: &impl Harness) {
    put_all(
        harness,
        [
            a_mail(1),
            Item { sender: Some("ida@yard.example"), title: "Re: CRANE, free?", ..a_mail(2) },
            Item { sender: None, title: "Cranes of the dock", ..a_mail(3) },
        ],
    )
    .await;
    let figures = harness.figures(COMPANY_A);
    let find = async |wanted| ids(&figures.list_mails(COMPANY_A, WEEK, &wanted, 9).await.expect("an answer"));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();

    assert_eq!(find(MailsWanted::From(words(&["ida@yard.example", "x"]))).await, [2]);
    assert_eq!(find(MailsWanted::About(words(&["crane"]))).await, [2, 1]);
    assert_eq!(find(MailsWanted::About(words(&["dock", "free"]))).await, [3, 2]);
    for nothing in [MailsWanted::From(Vec::new()), MailsWanted::About(Vec::new())] {
        assert_eq!(find(nothing).await, [0; 0]);
    }
}

pub async fn documents_that_are_there_are_told_by_their_ids(harness: &impl Harness) {
    put_all(harness, [a_mail(1), a_mail(2), an_entry(3, "bill", "1"), Item { is_superseded: true, ..a_mail(4) }]).await;
    let wanted = [1, 3, 4, 5].map(DocumentId::new);

    let mut told = harness.figures(COMPANY_A).describe(COMPANY_A, &wanted).await.expect("an answer");

    told.sort_by_key(|source| source.document_id.get());
    let source = |id, quote: &str, from: Option<&str>| SummarySource {
        document_id: DocumentId::new(id),
        quote: quote.to_owned(),
        from: from.map(ToOwned::to_owned),
    };
    assert_eq!(told, [source(1, "A crane", Some("nora@yard.example")), source(3, "An entry", Some("A party"))]);
}

pub async fn what_was_superseded_has_no_figures(harness: &impl Harness) {
    for item in [a_mail(1), an_entry(2, "invoice", "1")] {
        put_all(harness, [Item { is_superseded: true, ..item }]).await;
    }

    assert_has_none(harness, COMPANY_A).await;
}

pub async fn a_company_without_documents_has_no_figures(harness: &impl Harness) {
    assert_has_none(harness, COMPANY_A).await;
}

pub async fn another_companys_figures_are_not_told(harness: &impl Harness) {
    for item in [a_mail(1), an_entry(2, "invoice", "1")] {
        harness.put(COMPANY_B, item).await;
    }

    for deployment in [COMPANY_A, COMPANY_B] {
        assert_has_none(harness, deployment).await;
    }
}

/// For whoever asks for [`COMPANY_A`].
async fn assert_has_none(harness: &impl Harness, deployment: CompanyId) {
    let figures = harness.figures(deployment);

    assert_eq!(figures.count_kinds(COMPANY_A, WEEK).await.expect("an answer"), []);
    assert_eq!(figures.list_days(COMPANY_A, WEEK).await.expect("an answer"), []);
    assert_eq!(figures.describe(COMPANY_A, &[1, 2].map(DocumentId::new)).await.expect("an answer"), []);
    for wanted in [MailsWanted::All, MailsWanted::From(vec!["nora@yard.example".to_owned()])] {
        assert_eq!(figures.list_mails(COMPANY_A, WEEK, &wanted, 9).await.expect("an answer"), []);
    }
}
