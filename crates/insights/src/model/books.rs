//! What a company's books say, as far as their documents tell it. The formulas stand in `docs/insights.md`, "Books".

use std::fmt;
use std::str::FromStr;

use cortex_kernel::{DocumentId, PageRequest};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::macros::format_description;
use time::{Date, Month};

use super::{Days, InvalidCursor, Money, Period};

/// What is entered into books with a day and an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BookKind {
    /// What a customer owes.
    Invoice,
    /// What is owed to a vendor.
    Bill,
    /// What a customer paid.
    Payment,
}

/// Whose totals are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Those to whom invoices are sent.
    Customers,
    /// Those who send bills.
    Vendors,
}

/// What entries of one kind add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindTotals {
    /// How many there are.
    pub count: u64,
    /// The sum of their totals.
    pub total: Money,
    /// The sum of what is not paid of them yet.
    pub balance: Money,
    /// The sum of what is paid, of those that tell both.
    pub paid: Money,
}

/// What the entries of a period add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookTotals {
    /// Invoices.
    pub invoices: KindTotals,
    /// Bills.
    pub bills: KindTotals,
    /// Payments.
    pub payments: KindTotals,
    /// The currencies that they are told in, in the order of the alphabet. Amounts of several are added as they stand.
    pub currencies: Vec<String>,
}

/// How many records of books there are, of any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// Invoices.
    pub invoices: u64,
    /// Bills.
    pub bills: u64,
    /// Payments.
    pub payments: u64,
    /// Customers.
    pub customers: u64,
    /// All of these, and whatever else there is.
    pub all: u64,
}

/// What invoices to a customer, or bills of a vendor, add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyTotal {
    /// The name.
    pub name: String,
    /// The sum of the totals.
    pub total: Money,
    /// How many entries.
    pub count: u64,
}

/// An entry. What its document does not tell is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookEntry {
    /// Its document.
    pub id: DocumentId,
    /// Of which kind.
    pub kind: BookKind,
    /// The title of its document.
    pub title: String,
    /// Its number in the books; of a payment, its reference.
    pub number: Option<String>,
    /// The customer or vendor.
    pub party: Option<String>,
    /// The amount.
    pub total: Option<Money>,
    /// What is not paid of it yet.
    pub balance: Option<Money>,
    /// In which currency.
    pub currency: Option<String>,
    /// Whether it is paid, in the words of its document.
    pub status: Option<String>,
    /// The day in the books, or else the one on which it was entered.
    pub day: Option<Date>,
    /// When it is due.
    pub due_day: Option<Date>,
    /// How it was paid.
    pub payment_method: Option<String>,
    /// How its text begins.
    pub content: String,
}

/// What is asked of a list of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryQuery {
    /// Of one kind, or of all.
    pub kind: Option<BookKind>,
    /// Of which days.
    pub period: Period,
    /// Which part of the list.
    pub page: PageRequest,
}

/// Where a list of entries goes on: its last one, by day and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryCursor {
    /// The day; those of no day come last.
    pub day: Option<Date>,
    /// The id.
    pub id: DocumentId,
}

/// A stretch of time that ends today, as dashboards name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeRange {
    /// So many days.
    Days(Days),
    /// This month.
    Month,
    /// This quarter of the year.
    Quarter,
    /// This year.
    Year,
    /// All of time, what is of no day and what lies ahead included.
    All,
}

/// The text names no stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the time range may be one of {}", TimeRange::NAMES.join(", "))]
pub struct UnknownTimeRange;

/// So much of an entry's text is told in lists, in characters.
pub const MAX_ENTRY_CONTENT: u16 = 2_000;

impl BookKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Invoice, Self::Bill, Self::Payment];

    /// The kind of its documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::Bill => "bill",
            Self::Payment => "payment",
        }
    }
}

impl Party {
    /// What their totals are made of.
    #[must_use]
    pub const fn kind(self) -> BookKind {
        match self {
            Self::Customers => BookKind::Invoice,
            Self::Vendors => BookKind::Bill,
        }
    }
}

impl BookTotals {
    /// Those of a kind.
    #[must_use]
    pub const fn of(&self, kind: BookKind) -> KindTotals {
        match kind {
            BookKind::Invoice => self.invoices,
            BookKind::Bill => self.bills,
            BookKind::Payment => self.payments,
        }
    }

    /// The same, to be changed.
    pub const fn of_mut(&mut self, kind: BookKind) -> &mut KindTotals {
        match kind {
            BookKind::Invoice => &mut self.invoices,
            BookKind::Bill => &mut self.bills,
            BookKind::Payment => &mut self.payments,
        }
    }
}

impl EntryCursor {
    /// The place of an entry.
    #[must_use]
    pub const fn of(entry: &BookEntry) -> Self {
        Self { day: entry.day, id: entry.id }
    }
}

impl fmt::Display for EntryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.day {
            Some(day) => write!(f, "{day}.{}", self.id),
            None => write!(f, ".{}", self.id),
        }
    }
}

impl FromStr for EntryCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (day, id) = text.split_once('.').ok_or(InvalidCursor)?;
        let form = format_description!("[year]-[month]-[day]");
        let day = (!day.is_empty()).then(|| Date::parse(day, form)).transpose().map_err(|_| InvalidCursor)?;
        Ok(Self { day, id: DocumentId::new(id.parse().map_err(|_| InvalidCursor)?) })
    }
}

impl TimeRange {
    /// How they are called.
    pub const NAMES: [&'static str; 8] = ["7d", "30d", "90d", "365d", "month", "quarter", "year", "all"];

    /// Its days, if this is today.
    #[must_use]
    pub fn period(self, today: Date) -> Period {
        let since = |month: Month| {
            // Every month has a first day.
            let first = Date::from_calendar_date(today.year(), month, 1).unwrap_or(today);
            Period { first: Some(first), last: Some(today) }
        };
        match self {
            Self::Days(days) => Period::until(today, days),
            Self::Month => since(today.month()),
            Self::Quarter => since(match today.month() {
                Month::January | Month::February | Month::March => Month::January,
                Month::April | Month::May | Month::June => Month::April,
                Month::July | Month::August | Month::September => Month::July,
                Month::October | Month::November | Month::December => Month::October,
            }),
            Self::Year => since(Month::January),
            Self::All => Period::ALL,
        }
    }
}

impl Default for TimeRange {
    fn default() -> Self {
        Self::Days(Days::THIRTY)
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => write!(f, "{}d", days.get()),
            Self::Month => f.write_str("month"),
            Self::Quarter => f.write_str("quarter"),
            Self::Year => f.write_str("year"),
            Self::All => f.write_str("all"),
        }
    }
}

impl FromStr for TimeRange {
    type Err = UnknownTimeRange;

    fn from_str(text: &str) -> Result<Self, UnknownTimeRange> {
        let days = |days| Days::new(days).map(Self::Days).map_err(|_| UnknownTimeRange);
        match text {
            "7d" => days(7),
            "30d" => days(30),
            "90d" => days(90),
            "365d" => days(365),
            "month" => Ok(Self::Month),
            "quarter" => Ok(Self::Quarter),
            "year" => Ok(Self::Year),
            "all" => Ok(Self::All),
            _ => Err(UnknownTimeRange),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::date;

    use super::*;

    #[test]
    fn a_time_range_is_written_as_it_is_read() {
        for name in TimeRange::NAMES {
            assert_eq!(name.parse::<TimeRange>().map(|range| range.to_string()), Ok(name.to_owned()));
        }
        for wrong in ["", "30", "1d", "0d", "Month", "week"] {
            assert_eq!(wrong.parse::<TimeRange>(), Err(UnknownTimeRange), "{wrong}");
        }
        assert_eq!(TimeRange::default().to_string(), "30d");
    }

    #[rstest]
    #[case("7d", date!(2026 - 02 - 24))]
    #[case("30d", date!(2026 - 02 - 01))]
    #[case("month", date!(2026 - 03 - 01))]
    #[case("quarter", date!(2026 - 01 - 01))]
    #[case("year", date!(2026 - 01 - 01))]
    fn a_time_range_ends_today(#[case] name: &str, #[case] first: Date) {
        let today = date!(2026 - 03 - 02);
        let range: TimeRange = name.parse().expect("a name");

        assert_eq!(range.period(today), Period { first: Some(first), last: Some(today) });
    }

    #[test]
    fn the_last_quarter_begins_in_october() {
        assert_eq!(TimeRange::Quarter.period(date!(2025 - 12 - 31)).first, Some(date!(2025 - 10 - 01)));
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for day in [Some(date!(2026 - 03 - 02)), None] {
            let cursor = EntryCursor { day, id: DocumentId::new(7) };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for wrong in ["", "7", "2026-02-30.7", "2026-03-02.", "today.7", "2026-03-02.x"] {
            assert_eq!(wrong.parse::<EntryCursor>(), Err(InvalidCursor), "{wrong}");
        }
    }
}
