//! Periods of jobs of the company, and when a new one begins by itself.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use thiserror::Error;
use time::{OffsetDateTime, Time, UtcOffset};

/// What a job of the company is about, in a word of whoever asks for it: `2026-11-28`, or `backfill`. One job of a kind
/// and period waits or runs at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(String);

/// The text is no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a period of 1 to 40 characters, none of them a control character")]
pub struct InvalidPeriod;

/// When jobs of a kind are made by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// Every day at this time, in UTC. Its periods are dates.
    DailyAt(Time),
    /// Every so many minutes since the beginning of 1970. Its periods are the moments at which they begin.
    EveryMinutes(NonZeroU16),
}

impl Period {
    /// Longest one, in characters.
    pub const MAX_CHARS: usize = 40;

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let fits = (1..=Self::MAX_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidPeriod) }
    }
}

impl Cadence {
    /// The period that began last: `2026-11-28` or `2026-11-28T14:30Z`.
    #[must_use]
    pub fn period(self, now: OffsetDateTime) -> Period {
        let now = now.to_offset(UtcOffset::UTC);
        match self {
            Self::DailyAt(time) => Period(now.saturating_sub(time - Time::MIDNIGHT).date().to_string()),
            Self::EveryMinutes(minutes) => {
                let seconds = i64::from(minutes.get()) * 60;
                let begun = now - time::Duration::seconds(now.unix_timestamp().rem_euclid(seconds));
                Period(format!("{}T{:02}:{:02}Z", begun.date(), begun.hour(), begun.minute()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::{datetime, time};

    use super::*;

    #[rstest]
    #[case::date("2026-11-28", true)]
    #[case::word("backfill", true)]
    #[case::longest(&"ü".repeat(40), true)]
    #[case::too_long(&"x".repeat(41), false)]
    #[case::empty("", false)]
    #[case::nul("a\0b", false)]
    #[case::line("a\nb", false)]
    fn a_period_is_a_short_text(#[case] text: &str, #[case] is_one: bool) {
        let period = text.parse::<Period>();

        assert_eq!(
            period.map(|period| period.to_string()),
            if is_one { Ok(text.to_owned()) } else { Err(InvalidPeriod) }
        );
    }

    const AT_TWO: Cadence = Cadence::DailyAt(time!(2:00));

    const fn every(minutes: u16) -> Cadence {
        Cadence::EveryMinutes(NonZeroU16::new(minutes).unwrap())
    }

    #[rstest]
    #[case::before_its_time(AT_TWO, datetime!(2026-11-28 01:59:59 UTC), "2026-11-27")]
    #[case::at_its_time(AT_TWO, datetime!(2026-11-28 02:00 UTC), "2026-11-28")]
    #[case::before_midnight(AT_TWO, datetime!(2026-11-28 23:59:59 UTC), "2026-11-28")]
    #[case::elsewhere(AT_TWO, datetime!(2026-11-28 03:30 +02:00), "2026-11-27")]
    #[case::at_midnight(Cadence::DailyAt(Time::MIDNIGHT), datetime!(2026-11-28 00:00 UTC), "2026-11-28")]
    #[case::minutes(every(15), datetime!(2026-11-28 14:44:59 UTC), "2026-11-28T14:30Z")]
    #[case::minutes_that_begin(every(15), datetime!(2026-11-28 14:45 UTC), "2026-11-28T14:45Z")]
    #[case::minutes_elsewhere(every(60), datetime!(2026-11-29 00:10 +05:30), "2026-11-28T18:00Z")]
    #[case::before_1970(every(60), datetime!(1969-12-31 23:30 UTC), "1969-12-31T23:00Z")]
    fn a_period_is_called_by_when_it_began(
        #[case] cadence: Cadence,
        #[case] now: OffsetDateTime,
        #[case] expected: &str,
    ) {
        assert_eq!(cadence.period(now).as_str(), expected);
    }
}
