//! The time of the stand-ins: the machine's, plus whatever a test has put on top.
//!
//! Every expiry, back-off and rate limit window of the stand-ins reads this clock, so a test lets half an hour pass
//! by [`Clock::advance`]. What waits for a socket (webhook time-outs, retries) waits in real time and is configured.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// A clock that only ever goes forward; clones show the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead_micros: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The present moment, UTC, in whole microseconds.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        #[expect(clippy::disallowed_methods, reason = "the stand-ins are the edge: they own their time")]
        let machine = OffsetDateTime::now_utc();
        let ahead = time::Duration::microseconds(self.ahead_micros.load(Ordering::Relaxed));
        let now = machine + ahead;
        now.replace_microsecond(now.microsecond()).unwrap_or(now)
    }

    /// Lets `by` pass at once.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX / 2);
        self.ahead_micros.fetch_add(micros, Ordering::Relaxed);
    }
}

/// `2026-11-21T19:38:03.033Z`.
pub(crate) fn millis_z(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC)
        .format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"))
        .expect("a date of the present formats")
}

/// `2026-11-21T19:38:03.033+00:00`.
pub(crate) fn millis_offset(at: OffsetDateTime) -> String {
    let mut text = millis_z(at);
    text.pop();
    text + "+00:00"
}

/// Microseconds with trailing zeros cut, and none at all for a whole second: `2026-11-21T19:44:44.50214+00:00`.
pub(crate) fn micros_offset(at: OffsetDateTime) -> String {
    let text = at
        .to_offset(UtcOffset::UTC)
        .format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]"))
        .expect("a date of the present formats");
    let cut = text.trim_end_matches('0').trim_end_matches('.');
    format!("{cut}+00:00")
}

/// Reads what [`micros_offset`] and [`millis_z`] write.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn trailing_zeros_of_microseconds_are_cut() {
        assert_eq!(micros_offset(datetime!(2026-11-21 19:44:44.502140 UTC)), "2026-11-21T19:44:44.50214+00:00");
        assert_eq!(micros_offset(datetime!(2026-11-21 19:44:40 UTC)), "2026-11-21T19:44:40+00:00");
    }

    #[test]
    fn what_is_written_can_be_read_back() {
        let at = datetime!(2026-11-21 19:44:44.502147 UTC);
        assert_eq!(parse(&micros_offset(at)), Some(at));
        assert_eq!(millis_offset(at), "2026-11-21T19:44:44.502+00:00");
    }

    #[test]
    fn advanced_clocks_show_the_same_time() {
        let clock = Clock::new();
        let other = clock.clone();
        let before = other.now();
        clock.advance(Duration::from_mins(30));
        assert!(other.now() - before >= time::Duration::minutes(30));
    }
}
