//! The rate limit: so many calls in a minute that begins with the first call.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

const WINDOW: Duration = Duration::seconds(60);

#[derive(Debug)]
pub(super) struct RateLimiter {
    limit: Mutex<u32>,
    windows: Mutex<BTreeMap<String, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began: OffsetDateTime,
    calls: u32,
}

/// Where an account stands after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Seconds since 1970.
    pub(super) reset: i64,
    /// Seconds to wait, when the call was one too many.
    pub(super) retry_after: Option<u64>,
}

impl RateLimiter {
    pub(super) fn new(limit: u32) -> Self {
        Self { limit: Mutex::new(limit), windows: Mutex::default() }
    }

    /// Changes the limit for everyone and forgets all calls so far; 0 = no limit.
    pub(super) fn set(&self, limit: u32) {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner) = limit;
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Counts a call; `None` when there is no limit.
    pub(super) fn count(&self, account: &str, now: OffsetDateTime) -> Option<Standing> {
        let limit = *self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        if limit == 0 {
            return None;
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(account.to_owned()).or_insert(Window { began: now, calls: 0 });
        if now >= window.began + WINDOW {
            *window = Window { began: now, calls: 0 };
        }
        window.calls = window.calls.saturating_add(1);
        let left = window.began + WINDOW - now;
        let retry_after = (window.calls > limit).then(|| left.whole_seconds().unsigned_abs().max(1));
        let reset = (window.began + WINDOW).unix_timestamp();
        Some(Standing { limit, remaining: limit.saturating_sub(window.calls), reset, retry_after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_begins_with_the_first_call_and_is_the_accounts() {
        let limiter = RateLimiter::new(2);
        let start = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(limiter.count("a", start).unwrap().remaining, 1);
        assert_eq!(limiter.count("a", start).unwrap().retry_after, None);
        let over = limiter.count("a", start + Duration::seconds(20)).unwrap();
        assert_eq!((over.remaining, over.retry_after, over.reset), (0, Some(40), 60));
        assert_eq!(limiter.count("b", start).unwrap().remaining, 1);
        assert_eq!(limiter.count("a", start + WINDOW).unwrap().remaining, 1);
    }

    #[test]
    fn zero_is_no_limit() {
        assert_eq!(RateLimiter::new(0).count("a", OffsetDateTime::UNIX_EPOCH), None);
    }
}
