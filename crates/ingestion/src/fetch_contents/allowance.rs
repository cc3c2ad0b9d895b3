//! How much may be fetched for one page.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cortex_kernel::Clock;
use time::OffsetDateTime;

use super::FIRST_WAIT;

/// Calls for one page. A message counts one, and each of its files another one.
pub(super) const MOST_CALLS: u32 = 400;

/// How long a page may take before the rest of it is left to a job of its own. Calls that are on their way go on.
pub(super) const LONGEST: time::Duration = time::Duration::minutes(2);

/// Bytes of text that a page keeps in memory until it is committed.
pub(super) const MOST_TEXT: usize = 16 * 1024 * 1024;

/// Calls in a row that may go wrong before nothing more is asked for the page: who is away stays away for a while.
pub(super) const MOST_IN_VAIN: u32 = 8;

/// What may still be asked for a page.
pub(super) struct Allowance<'a> {
    may_go_on: &'a (dyn Fn() -> bool + Send + Sync),
    clock: &'a dyn Clock,
    until: OffsetDateTime,
    state: Mutex<State>,
}

/// Something is not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delay {
    /// The stable word for why.
    pub(super) reason: &'static str,
    /// How long to wait; none where that follows from the attempts.
    pub(super) wait: Option<Duration>,
    /// Whether it was asked for, in vain.
    pub(super) is_attempt: bool,
}

#[derive(Default)]
struct State {
    calls: u32,
    /// In a row.
    in_vain: u32,
    text: usize,
    /// Somebody asked us to wait so long.
    held: Option<Duration>,
}

impl<'a> Allowance<'a> {
    /// For a page that begins now.
    pub(super) fn new(clock: &'a dyn Clock, may_go_on: &'a (dyn Fn() -> bool + Send + Sync)) -> Self {
        Self { may_go_on, clock, until: clock.now().saturating_add(LONGEST), state: Mutex::default() }
    }

    /// Takes leave for one call.
    pub(super) fn take(&self) -> Result<(), Delay> {
        let untried = |reason, wait| Err(Delay { reason, wait: Some(wait), is_attempt: false });
        let mut state = self.state();
        if let Some(wait) = state.held {
            return untried("throttled", wait);
        }
        if state.in_vain >= MOST_IN_VAIN {
            return untried("unavailable", FIRST_WAIT);
        }
        let is_used_up = state.calls >= MOST_CALLS || state.text >= MOST_TEXT || self.clock.now() >= self.until;
        if is_used_up || !(self.may_go_on)() {
            return untried("not_yet", Duration::ZERO);
        }
        state.calls += 1;
        Ok(())
    }

    /// A call went through.
    pub(super) fn went_through(&self) {
        self.state().in_vain = 0;
    }

    /// A call was in vain.
    pub(super) fn was_in_vain(&self) {
        self.state().in_vain += 1;
    }

    /// Somebody asks us to wait: nothing more is asked for this page.
    pub(super) fn hold(&self, wait: Duration) {
        let mut state = self.state();
        state.held = state.held.max(Some(wait));
    }

    /// So many bytes of text are kept.
    pub(super) fn keep(&self, bytes: usize) {
        let mut state = self.state();
        state.text = state.text.saturating_add(bytes);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::testing::NOON;

    fn refused(allowance: &Allowance<'_>) -> Option<(&'static str, Option<Duration>)> {
        let delay = allowance.take().err()?;
        assert!(!delay.is_attempt, "nothing was asked");
        Some((delay.reason, delay.wait))
    }

    #[test]
    fn a_page_has_so_many_calls() {
        let allowance = Allowance::new(&|| NOON, &|| true);

        let allowed = (0..2 * MOST_CALLS).filter(|_| allowance.take().is_ok()).count();

        assert_eq!(allowed, MOST_CALLS as usize);
        assert_eq!(refused(&allowance), Some(("not_yet", Some(Duration::ZERO))));
    }

    #[test]
    fn a_page_has_so_much_time() {
        let now = Mutex::new(NOON);
        let clock = || *now.lock().unwrap();
        let allowance = Allowance::new(&clock, &|| true);
        *now.lock().unwrap() = NOON + LONGEST - time::Duration::SECOND;
        assert_eq!(refused(&allowance), None);

        *now.lock().unwrap() = NOON + LONGEST;

        assert_eq!(refused(&allowance), Some(("not_yet", Some(Duration::ZERO))));
    }

    #[test]
    fn a_page_has_room_for_so_much_text() {
        let allowance = Allowance::new(&|| NOON, &|| true);
        allowance.keep(MOST_TEXT - 1);
        assert_eq!(refused(&allowance), None);

        allowance.keep(1);

        assert_eq!(refused(&allowance), Some(("not_yet", Some(Duration::ZERO))));
    }

    #[test]
    fn once_it_may_not_go_on_nothing_more_is_asked() {
        let goes_on = AtomicBool::new(true);
        let may_go_on = || goes_on.load(Ordering::Relaxed);
        let allowance = Allowance::new(&|| NOON, &may_go_on);
        assert_eq!(refused(&allowance), None);

        goes_on.store(false, Ordering::Relaxed);

        assert_eq!(refused(&allowance), Some(("not_yet", Some(Duration::ZERO))));
    }

    #[test]
    fn who_asks_us_to_wait_is_asked_no_more() {
        let allowance = Allowance::new(&|| NOON, &|| true);

        allowance.hold(Duration::from_secs(9));
        allowance.hold(Duration::from_secs(7));

        assert_eq!(refused(&allowance), Some(("throttled", Some(Duration::from_secs(9)))));
    }

    #[test]
    fn who_fails_again_and_again_is_asked_no_more() {
        let allowance = Allowance::new(&|| NOON, &|| true);
        let fail = |times| (0..times).for_each(|_| allowance.was_in_vain());
        fail(MOST_IN_VAIN - 1);
        allowance.went_through();
        fail(MOST_IN_VAIN - 1);
        assert_eq!(refused(&allowance), None);

        fail(1);

        assert_eq!(refused(&allowance), Some(("unavailable", Some(FIRST_WAIT))));
    }
}
