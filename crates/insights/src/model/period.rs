//! Days of the calendar of UTC.

use thiserror::Error;
use time::{Date, Duration, OffsetDateTime, Time};

/// So many days, 1 to 365.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u16);

/// There are too few days, or too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("days may be 1 to 365")]
pub struct DaysOutOfRange;

/// From a day to another one, both with all of it. Without a first day it has no beginning, without a last one no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub first: Option<Date>,
    /// The last day.
    pub last: Option<Date>,
}

/// Days in a row, both ends with all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first day.
    pub first: Date,
    /// The last day, not before the first.
    pub last: Date,
}

impl Days {
    /// A month, as dashboards have it.
    pub const THIRTY: Self = Self(30);

    /// So many.
    pub const fn new(days: u16) -> Result<Self, DaysOutOfRange> {
        if days >= 1 && days <= 365 { Ok(Self(days)) } else { Err(DaysOutOfRange) }
    }

    /// How many.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The first of so many days that end with this one.
    #[must_use]
    pub fn first_until(self, last: Date) -> Date {
        last.saturating_sub(Duration::days(i64::from(self.0) - 1))
    }
}

impl Period {
    /// All days, and what is of no day.
    pub const ALL: Self = Self { first: None, last: None };

    /// So many days, of which this is the last.
    #[must_use]
    pub fn until(last: Date, days: Days) -> Self {
        Self { first: Some(days.first_until(last)), last: Some(last) }
    }

    /// Whether it holds what is of this day, or of none.
    #[must_use]
    pub fn holds(self, day: Option<Date>) -> bool {
        match day {
            Some(day) => self.first.is_none_or(|first| day >= first) && self.last.is_none_or(|last| day <= last),
            None => self == Self::ALL,
        }
    }
}

impl Stretch {
    /// So many days, of which this is the last.
    #[must_use]
    pub fn until(last: Date, days: Days) -> Self {
        Self { first: days.first_until(last), last }
    }

    /// When it begins.
    #[must_use]
    pub fn begins_at(self) -> OffsetDateTime {
        self.first.with_time(Time::MIDNIGHT).assume_utc()
    }

    /// When it is over: the first moment after it.
    #[must_use]
    pub fn ends_at(self) -> OffsetDateTime {
        self.last.with_time(Time::MIDNIGHT).assume_utc().saturating_add(Duration::DAY)
    }

    /// As many days just before it.
    #[must_use]
    pub fn previous(self) -> Self {
        let last = self.first.saturating_sub(Duration::DAY);
        Self { first: last.saturating_sub(self.last - self.first), last }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn days_are_at_least_one_and_at_most_a_year() {
        assert_eq!(Days::new(1).map(Days::get), Ok(1));
        assert_eq!(Days::new(365).map(Days::get), Ok(365));
        for wrong in [0, 366, u16::MAX] {
            assert_eq!(Days::new(wrong), Err(DaysOutOfRange));
        }
    }

    #[test]
    fn a_period_of_days_ends_with_its_last_day_and_has_so_many() {
        let period = |days| Period::until(date!(2026 - 01 - 02), Days::new(days).expect("days"));

        assert_eq!(period(1).first, Some(date!(2026 - 01 - 02)));
        assert_eq!(period(3).first, Some(date!(2025 - 12 - 31)));
        assert_eq!(period(365).first, Some(date!(2025 - 01 - 03)));
    }

    #[test]
    fn a_stretch_has_all_of_its_days_and_as_many_stand_before_it() {
        let stretch = Stretch::until(date!(2026 - 01 - 02), Days::new(7).expect("days"));

        assert_eq!(stretch.begins_at(), datetime!(2025-12-27 00:00 UTC));
        assert_eq!(stretch.ends_at(), datetime!(2026-01-03 00:00 UTC));
        assert_eq!(stretch.previous(), Stretch { first: date!(2025 - 12 - 20), last: date!(2025 - 12 - 26) });
    }

    #[test]
    fn both_ends_belong_to_a_period_and_what_has_no_day_to_all_of_time_only() {
        let period = Period::until(date!(2026 - 01 - 02), Days::new(2).expect("days"));

        assert!(period.holds(Some(date!(2026 - 01 - 01))) && period.holds(Some(date!(2026 - 01 - 02))));
        assert!(!period.holds(Some(date!(2025 - 12 - 31))) && !period.holds(Some(date!(2026 - 01 - 03))));
        assert!(!period.holds(None) && Period::ALL.holds(None));
    }
}
