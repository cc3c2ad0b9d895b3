//! The contract of [`Books`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, PageRequest};
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B, TODAY, a_record};
use crate::model::{
    BookEntry, BookKind, BookTotals, Days, EntryQuery, KindTotals, Money, Party, PartyTotal, Period, RecordCounts,
};
use crate::ports::{Books, ListError};

pub use super::fakes::InMemoryBooks;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! books_contract {
    ($harness:expr) => {
        $crate::books_contract! { $harness =>
            entries_add_up_exactly,
            what_is_not_told_adds_nothing,
            both_ends_of_a_period_belong_to_it,
            what_is_of_no_day_belongs_to_all_of_time_only,
            the_currencies_of_a_period_are_told,
            records_are_counted_by_their_kind,
            parties_with_the_most_come_first,
            entries_are_listed_with_the_newest_first,
            pages_of_entries_follow_each_other_without_a_gap_and_without_repetition,
            a_cursor_that_is_no_place_among_entries_is_refused,
            an_entry_tells_what_its_document_does,
            what_changes_is_replaced_or_goes_counts_as_it_is_now,
            other_documents_are_in_no_books,
            an_empty_company_has_empty_books,
            another_companys_books_are_closed,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::books::$case(&$harness).await;
            }
        )+
    };
}

/// A document as accounting leaves it. What is none is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// From where.
    pub source: &'static str,
    /// Its id there.
    pub source_id: String,
    /// The kind of document.
    pub kind: &'static str,
    pub title: String,
    pub number: Option<String>,
    pub party: Option<String>,
    /// A decimal number.
    pub total: Option<String>,
    /// A decimal number.
    pub balance: Option<String>,
    pub currency: Option<String>,
    pub status: Option<String>,
    /// The day in the books.
    pub day: Option<Date>,
    pub due_day: Option<Date>,
    pub payment_method: Option<String>,
    pub content: String,
    /// When it came to be.
    pub entered_at: Option<OffsetDateTime>,
}

/// Fresh, empty books and a way to fill them.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The books under test, as the deployment of this company uses them.
    fn books(&self, company_id: CompanyId) -> Arc<dyn Books>;
    /// Puts the document of a record there, or changes the one that has its source id, and answers its id.
    async fn put(&self, company_id: CompanyId, record: Record) -> DocumentId;
    /// Removes a document.
    async fn remove(&self, id: DocumentId);
}

/// [`InMemoryBooks`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryBooks>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn books(&self, _: CompanyId) -> Arc<dyn Books> {
        self.0.clone()
    }

    async fn put(&self, company_id: CompanyId, record: Record) -> DocumentId {
        self.0.put(company_id, record)
    }

    async fn remove(&self, id: DocumentId) {
        self.0.remove(id);
    }
}

fn money(text: &str) -> Money {
    text.parse().expect("an amount")
}

fn amounts(source_id: &str, total: &str, balance: &str) -> Record {
    Record { total: Some(total.to_owned()), balance: Some(balance.to_owned()), ..a_record(source_id) }
}

fn of_day(source_id: &str, day: Date) -> Record {
    Record { day: Some(day), ..a_record(source_id) }
}

async fn sum_up(harness: &impl Harness, period: Period) -> BookTotals {
    harness.books(COMPANY_A).sum_up(COMPANY_A, period).await.expect("an answer")
}

async fn entries(harness: &impl Harness, kind: Option<BookKind>, period: Period) -> Vec<BookEntry> {
    let query = EntryQuery { kind, period, page: PageRequest::new(None, None) };
    harness.books(COMPANY_A).list_entries(COMPANY_A, &query).await.expect("an answer").items
}

async fn parties(harness: &impl Harness, party: Party, period: Period, most: u16) -> Vec<PartyTotal> {
    harness.books(COMPANY_A).list_parties(COMPANY_A, party, period, most).await.expect("an answer")
}

/// Each as binary numbers these add up to something else, and each rounded by itself, too.
pub async fn entries_add_up_exactly(harness: &impl Harness) {
    for number in 0..10 {
        harness.put(COMPANY_A, amounts(&number.to_string(), "0.10", "0.01")).await;
    }
    harness.put(COMPANY_A, amounts("a", "0.004", "0.004")).await;
    harness.put(COMPANY_A, amounts("b", "0.001", "0.001")).await;
    harness.put(COMPANY_A, amounts("c", "-12345678901234567890.12", "0")).await;
    harness.put(COMPANY_A, amounts("d", "12345678901234567890.12", "0")).await;
    harness.put(COMPANY_A, Record { kind: "bill", ..amounts("e", "2310.00", "310.01") }).await;
    harness.put(COMPANY_A, Record { kind: "payment", balance: None, ..amounts("f", "7.25", "0") }).await;

    let totals = sum_up(harness, Period::ALL).await;

    let invoices = KindTotals { count: 14, total: money("1.01"), balance: money("0.11"), paid: money("0.90") };
    let bills = KindTotals { count: 1, total: money("2310.00"), balance: money("310.01"), paid: money("1999.99") };
    let payments = KindTotals { count: 1, total: money("7.25"), balance: Money::ZERO, paid: Money::ZERO };
    assert_eq!((totals.invoices, totals.bills, totals.payments), (invoices, bills, payments));
}

pub async fn what_is_not_told_adds_nothing(harness: &impl Harness) {
    harness.put(COMPANY_A, amounts("1", "100.00", "40.00")).await;
    harness.put(COMPANY_A, Record { total: None, ..a_record("2") }).await;
    harness.put(COMPANY_A, Record { balance: None, ..a_record("3") }).await;

    let totals = sum_up(harness, Period::ALL).await;

    let expected = KindTotals { count: 3, total: money("200"), balance: money("80"), paid: money("60") };
    assert_eq!(totals.invoices, expected);
}

pub async fn both_ends_of_a_period_belong_to_it(harness: &impl Harness) {
    for (number, day) in
        [date!(2025 - 12 - 30), date!(2025 - 12 - 31), date!(2026 - 01 - 01), date!(2026 - 01 - 02)].iter().enumerate()
    {
        harness.put(COMPANY_A, of_day(&number.to_string(), *day)).await;
    }
    let period = Period::until(date!(2026 - 01 - 01), Days::new(2).expect("days"));

    assert_eq!(sum_up(harness, period).await.invoices.count, 2);
    let listed = entries(harness, None, period).await;
    let days: Vec<_> = listed.iter().map(|entry| entry.day).collect();
    assert_eq!(days, [Some(date!(2026 - 01 - 01)), Some(date!(2025 - 12 - 31))]);
    assert_eq!(parties(harness, Party::Customers, period, 5).await[0].count, 2);
}

pub async fn what_is_of_no_day_belongs_to_all_of_time_only(harness: &impl Harness) {
    harness.put(COMPANY_A, Record { day: None, ..a_record("1") }).await;
    let late = datetime!(2026-03-02 01:00 +2);
    harness.put(COMPANY_A, Record { day: None, entered_at: Some(late), ..a_record("2") }).await;
    let year = Period::until(TODAY, Days::new(365).expect("days"));

    let found = entries(harness, None, year).await;

    assert_eq!(found.iter().map(|entry| entry.day).collect::<Vec<_>>(), [Some(date!(2026 - 03 - 01))]);
    assert_eq!(sum_up(harness, year).await.invoices.count, 1);
    assert_eq!(sum_up(harness, Period::ALL).await.invoices.count, 2);
    assert_eq!(entries(harness, None, Period::ALL).await.last().expect("two").day, None);
}

pub async fn the_currencies_of_a_period_are_told(harness: &impl Harness) {
    let of = |source_id: &str, currency: Option<&str>| Record {
        currency: currency.map(ToOwned::to_owned),
        ..a_record(source_id)
    };
    harness.put(COMPANY_A, of("1", Some("USD"))).await;
    harness.put(COMPANY_A, of("2", Some("EUR"))).await;
    harness.put(COMPANY_A, of("3", Some("USD"))).await;
    harness.put(COMPANY_A, of("4", None)).await;
    harness.put(COMPANY_A, Record { day: Some(date!(2020 - 01 - 01)), ..of("5", Some("JPY")) }).await;
    harness.put(COMPANY_A, Record { kind: "customer", ..of("6", Some("CHF")) }).await;

    assert_eq!(sum_up(harness, Period::until(TODAY, Days::THIRTY)).await.currencies, ["EUR", "USD"]);
}

pub async fn records_are_counted_by_their_kind(harness: &impl Harness) {
    let kinds = ["invoice", "invoice", "bill", "payment", "customer", "customer", "customer", "estimate"];
    for (number, kind) in kinds.into_iter().enumerate() {
        harness.put(COMPANY_A, Record { kind, day: None, ..a_record(&number.to_string()) }).await;
    }

    let counts = harness.books(COMPANY_A).count_records(COMPANY_A).await.expect("an answer");

    assert_eq!(counts, RecordCounts { invoices: 2, bills: 1, payments: 1, customers: 3, all: 8 });
}

pub async fn parties_with_the_most_come_first(harness: &impl Harness) {
    let of = |source_id: &str, party: Option<&str>, total: Option<&str>| Record {
        party: party.map(ToOwned::to_owned),
        total: total.map(ToOwned::to_owned),
        ..a_record(source_id)
    };
    harness.put(COMPANY_A, of("1", Some("Heron"), Some("0.10"))).await;
    harness.put(COMPANY_A, of("2", Some("Heron"), Some("0.20"))).await;
    harness.put(COMPANY_A, of("3", Some("Otter"), Some("0.30"))).await;
    harness.put(COMPANY_A, of("4", Some("Tern"), Some("5"))).await;
    harness.put(COMPANY_A, of("5", Some("Auk"), None)).await;
    harness.put(COMPANY_A, of("6", None, Some("99"))).await;
    harness.put(COMPANY_A, Record { kind: "bill", ..of("7", Some("Steel"), Some("7")) }).await;
    harness.put(COMPANY_A, Record { kind: "payment", ..of("8", Some("Auk"), Some("1000")) }).await;
    let party = |name: &str, total, count| PartyTotal { name: name.to_owned(), total: money(total), count };

    let customers = parties(harness, Party::Customers, Period::ALL, 5).await;

    let expected = [party("Tern", "5", 1), party("Heron", "0.30", 2), party("Otter", "0.30", 1), party("Auk", "0", 1)];
    assert_eq!(customers, expected);
    assert_eq!(parties(harness, Party::Customers, Period::ALL, 2).await, expected[..2]);
    assert_eq!(parties(harness, Party::Vendors, Period::ALL, 5).await, [party("Steel", "7", 1)]);
}

pub async fn entries_are_listed_with_the_newest_first(harness: &impl Harness) {
    let old = harness.put(COMPANY_A, of_day("1", date!(2026 - 02 - 01))).await;
    let new = harness.put(COMPANY_A, of_day("2", TODAY)).await;
    let bill = harness.put(COMPANY_A, Record { kind: "bill", ..a_record("3") }).await;
    harness.put(COMPANY_A, Record { kind: "customer", ..a_record("4") }).await;
    let ids = |entries: Vec<BookEntry>| entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>();

    assert_eq!(ids(entries(harness, None, Period::ALL).await), [bill, new, old]);
    assert_eq!(ids(entries(harness, Some(BookKind::Invoice), Period::ALL).await), [new, old]);
    assert_eq!(ids(entries(harness, Some(BookKind::Payment), Period::ALL).await), []);
}

pub async fn pages_of_entries_follow_each_other_without_a_gap_and_without_repetition(harness: &impl Harness) {
    let yesterday = TODAY.previous_day().expect("a day");
    let days = [None, None, Some(yesterday), Some(TODAY), Some(TODAY), Some(TODAY)];
    let mut ids = Vec::new();
    for (number, day) in days.into_iter().enumerate() {
        ids.insert(0, harness.put(COMPANY_A, Record { day, ..a_record(&number.to_string()) }).await);
    }
    let mut cursor = None;
    let mut listed = Vec::new();
    for is_last in [false, false, false, false, false, true] {
        let query = EntryQuery { kind: None, period: Period::ALL, page: PageRequest::new(Some(1), cursor) };
        let page = harness.books(COMPANY_A).list_entries(COMPANY_A, &query).await.expect("an answer");
        listed.extend(page.items.into_iter().map(|entry| entry.id));
        assert_eq!(page.next_cursor.is_none(), is_last);
        cursor = page.next_cursor;
    }

    assert_eq!(listed, ids);
}

pub async fn a_cursor_that_is_no_place_among_entries_is_refused(harness: &impl Harness) {
    for cursor in ["", "7", "2026-02-30.7", "today.7"] {
        let page = PageRequest::new(None, Some(cursor.to_owned()));
        let query = EntryQuery { kind: None, period: Period::ALL, page };
        let listed = harness.books(COMPANY_A).list_entries(COMPANY_A, &query).await;
        assert!(matches!(listed, Err(ListError::Cursor(_))), "{cursor}: {listed:?}");
    }
}

pub async fn an_entry_tells_what_its_document_does(harness: &impl Harness) {
    let invoice = harness.put(COMPANY_A, amounts("7", "980.505", "480.5")).await;
    let bare = Record {
        kind: "payment",
        number: None,
        party: None,
        total: None,
        balance: None,
        currency: None,
        status: None,
        day: None,
        due_day: None,
        payment_method: Some("Cheque".to_owned()),
        content: "ä".repeat(2_001),
        ..a_record("8")
    };
    let payment = harness.put(COMPANY_A, bare).await;

    let found = entries(harness, None, Period::ALL).await;

    let expected = BookEntry {
        id: invoice,
        kind: BookKind::Invoice,
        title: "Invoice 7 - Tern Hotels".to_owned(),
        number: Some("7".to_owned()),
        party: Some("Tern Hotels".to_owned()),
        total: Some(money("980.51")),
        balance: Some(money("480.50")),
        currency: Some("GBP".to_owned()),
        status: Some("Outstanding".to_owned()),
        day: Some(TODAY),
        due_day: Some(date!(2026 - 04 - 01)),
        payment_method: None,
        content: "Number: 7".to_owned(),
    };
    let untold = BookEntry {
        id: payment,
        kind: BookKind::Payment,
        title: "Invoice 8 - Tern Hotels".to_owned(),
        number: None,
        party: None,
        total: None,
        balance: None,
        currency: None,
        status: None,
        day: None,
        due_day: None,
        payment_method: Some("Cheque".to_owned()),
        content: "ä".repeat(2_000),
    };
    assert_eq!(found, [expected, untold]);
}

pub async fn what_changes_is_replaced_or_goes_counts_as_it_is_now(harness: &impl Harness) {
    harness.put(COMPANY_A, a_record("1")).await;
    let changed = Record { kind: "bill", day: Some(date!(2020 - 01 - 01)), ..amounts("1", "7.00", "0.00") };
    let id = harness.put(COMPANY_A, changed).await;

    let totals = sum_up(harness, Period::ALL).await;
    assert_eq!((totals.invoices.count, totals.bills.total), (0, money("7.00")));
    assert_eq!(sum_up(harness, Period::until(TODAY, Days::THIRTY)).await.bills.count, 0);

    harness.put(COMPANY_A, Record { source: "elsewhere", ..a_record("1") }).await;
    assert_eq!(sum_up(harness, Period::ALL).await, BookTotals::default());
    harness.put(COMPANY_A, a_record("1")).await;
    assert_eq!(sum_up(harness, Period::ALL).await.invoices.count, 1);
    harness.remove(id).await;
    assert_eq!(sum_up(harness, Period::ALL).await, BookTotals::default());
}

pub async fn other_documents_are_in_no_books(harness: &impl Harness) {
    harness.put(COMPANY_A, Record { source: "api", ..a_record("1") }).await;

    assert_is_empty(harness, COMPANY_A).await;
}

pub async fn an_empty_company_has_empty_books(harness: &impl Harness) {
    assert_is_empty(harness, COMPANY_A).await;
}

pub async fn another_companys_books_are_closed(harness: &impl Harness) {
    harness.put(COMPANY_B, a_record("1")).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        assert_is_empty(harness, deployment).await;
    }
}

/// To whoever asks for [`COMPANY_A`].
async fn assert_is_empty(harness: &impl Harness, deployment: CompanyId) {
    let books = harness.books(deployment);
    let query = EntryQuery { kind: None, period: Period::ALL, page: PageRequest::new(None, None) };

    assert_eq!(books.sum_up(COMPANY_A, Period::ALL).await.expect("an answer"), BookTotals::default());
    assert_eq!(books.count_records(COMPANY_A).await.expect("an answer"), RecordCounts::default());
    assert_eq!(books.list_parties(COMPANY_A, Party::Customers, Period::ALL, 5).await.expect("an answer"), []);
    assert_eq!(books.list_entries(COMPANY_A, &query).await.expect("an answer").items, []);
}
