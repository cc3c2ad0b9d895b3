//! Days, weeks and months, as they are summed up.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use time::macros::format_description;
use time::{Date, Duration, Month};

use super::{Stretch, Week};

/// How long a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpanKind {
    /// A day.
    Day,
    /// A week, from Monday.
    Week,
    /// A month.
    Month,
}

/// A day, a week or a month of the calendar of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    kind: SpanKind,
    first: Date,
}

/// The text names no span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a span, like weekly:2026-03-02")]
pub struct InvalidSpan;

/// The text names no kind of span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected daily, weekly or monthly")]
pub struct UnknownSpanKind;

impl SpanKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// As clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "daily",
            Self::Week => "weekly",
            Self::Month => "monthly",
        }
    }

    /// As sentences call it.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl FromStr for SpanKind {
    type Err = UnknownSpanKind;

    fn from_str(text: &str) -> Result<Self, UnknownSpanKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownSpanKind)
    }
}

impl fmt::Display for SpanKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Span {
    /// The one that this day is in.
    #[must_use]
    pub fn of(kind: SpanKind, day: Date) -> Self {
        let first = match kind {
            SpanKind::Day => day,
            SpanKind::Week => Week::of(day).begins_at().date(),
            SpanKind::Month => day.saturating_sub(Duration::days(i64::from(day.day()) - 1)),
        };
        Self { kind, first }
    }

    /// How long it is.
    #[must_use]
    pub const fn kind(self) -> SpanKind {
        self.kind
    }

    /// Its first day.
    #[must_use]
    pub const fn first(self) -> Date {
        self.first
    }

    /// Its days.
    #[must_use]
    pub fn stretch(self) -> Stretch {
        let days = match self.kind {
            SpanKind::Day => 1,
            SpanKind::Week => 7,
            SpanKind::Month => i64::from(self.first.month().length(self.first.year())),
        };
        Stretch { first: self.first, last: self.first.saturating_add(Duration::days(days - 1)) }
    }

    /// The one before it.
    #[must_use]
    pub fn previous(self) -> Self {
        Self::of(self.kind, self.first.saturating_sub(Duration::DAY))
    }

    /// In words: `2026-03-02`, `the week from 2026-03-02`, `March 2026`.
    #[must_use]
    pub fn in_words(self) -> String {
        match self.kind {
            SpanKind::Day => self.first.to_string(),
            SpanKind::Week => format!("the week from {}", self.first),
            SpanKind::Month => {
                let month: Month = self.first.month();
                format!("{month} {}", self.first.year())
            }
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.first)
    }
}

impl FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, InvalidSpan> {
        let (kind, day) = text.split_once(':').ok_or(InvalidSpan)?;
        let day = Date::parse(day, format_description!("[year]-[month]-[day]")).map_err(|_| InvalidSpan)?;
        Ok(Self::of(kind.parse().map_err(|_| InvalidSpan)?, day))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::date;

    use super::*;

    #[rstest]
    #[case(SpanKind::Day, date!(2026 - 01 - 01), date!(2026 - 01 - 01), date!(2026 - 01 - 01), date!(2025 - 12 - 31))]
    #[case(SpanKind::Week, date!(2026 - 01 - 01), date!(2025 - 12 - 29), date!(2026 - 01 - 04), date!(2025 - 12 - 22))]
    #[case(SpanKind::Week, date!(2025 - 12 - 29), date!(2025 - 12 - 29), date!(2026 - 01 - 04), date!(2025 - 12 - 22))]
    #[case(SpanKind::Month, date!(2024 - 02 - 29), date!(2024 - 02 - 01), date!(2024 - 02 - 29), date!(2024 - 01 - 01))]
    #[case(SpanKind::Month, date!(2026 - 03 - 31), date!(2026 - 03 - 01), date!(2026 - 03 - 31), date!(2026 - 02 - 01))]
    fn a_day_is_in_one_span_of_each_kind(
        #[case] kind: SpanKind,
        #[case] day: Date,
        #[case] first: Date,
        #[case] last: Date,
        #[case] before: Date,
    ) {
        let span = Span::of(kind, day);

        assert_eq!((span.kind(), span.first(), span.stretch()), (kind, first, Stretch { first, last }));
        assert_eq!(span.previous().first(), before);
    }

    #[test]
    fn a_span_is_told_by_its_text() {
        for kind in SpanKind::ALL {
            let span = Span::of(kind, date!(2026 - 03 - 04));
            assert_eq!(span.to_string().parse(), Ok(span));
        }
        for wrong in ["", "daily", "daily:", "day:2026-03-02", "daily:2026-02-30", "daily:2026-03-02:x"] {
            assert_eq!(wrong.parse::<Span>(), Err(InvalidSpan), "{wrong}");
        }
    }

    #[test]
    fn kinds_are_told_by_their_names() {
        for kind in SpanKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!("day".parse::<SpanKind>(), Err(UnknownSpanKind));
    }

    #[test]
    fn a_span_is_called_what_people_call_it() {
        let words = SpanKind::ALL.map(|kind| Span::of(kind, date!(2026 - 03 - 04)).in_words());

        assert_eq!(words, ["2026-03-04", "the week from 2026-03-02", "March 2026"]);
    }
}
