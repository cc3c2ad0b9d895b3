//! How much there was, day by day.

use time::Date;

use super::{Money, Span, SpanKind};

/// What a day had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayFigures {
    /// Which day.
    pub day: Date,
    /// Documents that came in on it.
    pub documents: u64,
    /// Mails that were written on it.
    pub mails: u64,
    /// What the invoices of the day come to.
    pub revenue: Money,
    /// What its bills come to.
    pub expenses: Money,
    /// What its payments come to.
    pub payments: Money,
}

/// Which mails are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailsWanted {
    /// All of them.
    All,
    /// Those that one of these wrote, in small letters.
    From(Vec<String>),
    /// Those whose subject has one of these words, in small letters.
    About(Vec<String>),
}

impl DayFigures {
    /// Nothing on a day.
    #[must_use]
    pub const fn none(day: Date) -> Self {
        let nothing = Money::ZERO;
        Self { day, documents: 0, mails: 0, revenue: nothing, expenses: nothing, payments: nothing }
    }

    fn add(&mut self, other: &Self) {
        self.documents += other.documents;
        self.mails += other.mails;
        self.revenue = self.revenue + other.revenue;
        self.expenses = self.expenses + other.expenses;
        self.payments = self.payments + other.payments;
    }
}

/// The spans from the first until the last one, each with all that its days had; also those that had nothing.
#[must_use]
pub fn by_span(days: &[DayFigures], kind: SpanKind, first: Span, last: Span) -> Vec<DayFigures> {
    let mut spans = vec![DayFigures::none(last.first())];
    let mut span = last;
    while span > first {
        span = span.previous();
        spans.push(DayFigures::none(span.first()));
    }
    spans.reverse();
    for figures in days {
        let begins = Span::of(kind, figures.day).first();
        if let Ok(at) = spans.binary_search_by_key(&begins, |span| span.day) {
            spans[at].add(figures);
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn figures(day: Date, mails: u64, cents: i128) -> DayFigures {
        DayFigures { mails, revenue: Money::of_cents(cents), ..DayFigures::none(day) }
    }

    #[test]
    fn days_are_added_up_to_spans_and_none_is_left_out() {
        let days = [
            figures(date!(2025 - 12 - 28), 100, 100),
            figures(date!(2025 - 12 - 29), 1, 10),
            figures(date!(2026 - 01 - 04), 2, 20),
            figures(date!(2026 - 01 - 12), 3, 30),
        ];
        let week = |day| Span::of(SpanKind::Week, day);

        let told = by_span(&days, SpanKind::Week, week(date!(2025 - 12 - 31)), week(date!(2026 - 01 - 14)));

        let expected = [
            figures(date!(2025 - 12 - 29), 3, 30),
            figures(date!(2026 - 01 - 05), 0, 0),
            figures(date!(2026 - 01 - 12), 3, 30),
        ];
        assert_eq!(told, expected);
        assert_eq!(by_span(&[], SpanKind::Week, week(date!(2026 - 01 - 14)), week(date!(2026 - 01 - 14))).len(), 1);
    }
}
