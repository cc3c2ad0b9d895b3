//! Keys that were tried too often, remembered for a moment.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

/// What was tried too often a moment ago need not be counted again: anybody can knock as often as he likes, and each count
/// is a write to one row that all of his attempts share. Only a moment, because an operator may open a key before its time.
#[derive(Debug, Default)]
pub(crate) struct ClosedKeys {
    keys: Mutex<HashMap<String, Closed>>,
}

#[derive(Debug)]
struct Closed {
    /// When its window ends.
    opens_at: OffsetDateTime,
    /// Until when that is taken for granted.
    known_until: OffsetDateTime,
}

const MOMENT: Duration = Duration::from_secs(2);

/// So many keys are remembered. Beyond that all are forgotten, which costs one count each.
const MOST: usize = 10_000;

impl ClosedKeys {
    /// Remembers that a key is closed for so long from now.
    pub(crate) fn note(&self, key: &str, now: OffsetDateTime, opens_in: Duration) {
        let mut keys = self.keys();
        if keys.len() >= MOST {
            keys.clear();
        }
        let closed = Closed { opens_at: now + opens_in, known_until: now + opens_in.min(MOMENT) };
        keys.insert(key.to_owned(), closed);
    }

    /// How long the key is still closed, if that is known.
    pub(crate) fn rest_of(&self, key: &str, now: OffsetDateTime) -> Option<Duration> {
        let keys = self.keys();
        let closed = keys.get(key).filter(|closed| now < closed.known_until)?;
        (closed.opens_at - now).try_into().ok()
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<String, Closed>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOON;

    #[test]
    fn a_key_is_known_to_be_closed_for_a_moment() {
        let keys = ClosedKeys::default();
        keys.note("login", NOON, Duration::from_mins(15));

        assert_eq!(keys.rest_of("login", NOON + Duration::from_secs(1)), Some(Duration::from_secs(15 * 60 - 1)));
        assert_eq!(keys.rest_of("another", NOON), None);
        assert_eq!(keys.rest_of("login", NOON + MOMENT), None);
    }

    #[test]
    fn it_is_not_known_beyond_its_window() {
        let keys = ClosedKeys::default();
        keys.note("login", NOON, Duration::from_secs(1));

        assert_eq!(keys.rest_of("login", NOON + Duration::from_secs(1)), None);
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let keys = ClosedKeys::default();
        for number in 0..=MOST {
            keys.note(&number.to_string(), NOON, MOMENT);
        }

        assert_eq!(keys.keys().len(), 1);
    }
}
