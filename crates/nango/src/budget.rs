//! How much of Nango's rate limit is used up for what nobody waits for.
//!
//! The limit is one for the whole Nango account, whoever uses it: other deployments too, and other processes of this
//! one. So it is not our calls that are counted but what each answer says of everybody's, and to that are added those of
//! our own that have not been answered yet. Background work stops at a share of the limit, and the rest is for people.
//!
//! What is refused here costs no call, and lasts no longer than the window does. Where Nango says nothing of a limit,
//! nothing is refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cortex_kernel::Clock;
use reqwest::header::HeaderMap;
use time::OffsetDateTime;

use crate::error::NangoError;

/// The headers of an answer, of any status.
const LIMIT: &str = "x-ratelimit-limit";
const REMAINING: &str = "x-ratelimit-remaining";
const RESET: &str = "x-ratelimit-reset";

/// Nango's window, which begins with its first call. No answer stands for longer, whatever it says.
const WINDOW: Duration = Duration::from_mins(1);

/// Shortest wait that is told, so that nobody asks over and over.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Nango tells the end of the window in whole seconds and rounds down: the window lasts up to one longer, and two
/// answers of the same window may differ by one.
const ROUNDING: time::Duration = time::Duration::SECOND;

/// Who waits for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// A person, or what a person has done: it always goes.
    Person,
    /// Nobody: it goes while everybody's calls are below the share.
    Background,
    /// Nobody, and it comes again by itself: it goes while everybody's calls are below half of the share.
    Walk,
}

/// What is known of the limit. The clones of a client have one between them.
pub(crate) struct Budget {
    share: f64,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// A call on its way. It counts until it is dropped: answered, failed or given up. Whether one that failed counted at
/// Nango, the next answer says.
pub(crate) struct Begun<'a> {
    budget: &'a Budget,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// As the answers tell it. One that is over still tells the limit.
    window: Option<Window>,
    /// Calls of ours that have begun. Nango may have counted them already; then we stop a little early.
    in_flight: u32,
    /// Nango said that it takes nothing before.
    held_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    limit: u32,
    used: u32,
    /// Its end on Nango's clock, which tells one window from another.
    reset: OffsetDateTime,
    /// Its end on ours.
    ends: Instant,
}

/// What one answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    limit: u32,
    used: u32,
    reset: OffsetDateTime,
}

impl Budget {
    /// Background work may use `share`, above 0 and up to 1, of the limit. The clock is compared with Nango's: one that
    /// is slow holds work back for up to a whole window, one that is fast lets it go before the window is over, until
    /// Nango itself refuses it.
    pub(crate) fn new(share: f64, clock: Arc<dyn Clock>) -> Self {
        Self { share, clock, state: Mutex::default() }
    }

    /// Begins a call, or says how long it has to wait.
    pub(crate) fn begin(&self, urgency: Urgency) -> Result<Begun<'_>, NangoError> {
        let mut state = self.state();
        if let Some(wait) = state.wait(urgency, self.share, Instant::now()) {
            return Err(NangoError::Throttled { retry_after: Some(wait) });
        }
        state.in_flight = state.in_flight.saturating_add(1);
        Ok(Begun { budget: self })
    }

    /// Nango asked to wait: until then nothing goes that nobody waits for.
    pub(crate) fn hold(&self, wait: Duration) {
        let mut state = self.state();
        state.held_until = state.held_until.max(Some(Instant::now() + wait));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Begun<'_> {
    /// Takes in what the answer says. One that says nothing of the limit, or what makes no sense, changes nothing.
    pub(crate) fn answered(self, headers: &HeaderMap) {
        if let Some(told) = Told::read(headers) {
            let left = told.left(self.budget.clock.now());
            self.budget.state().note(told, Instant::now(), left);
        }
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        state.in_flight = state.in_flight.saturating_sub(1);
    }
}

impl State {
    /// How long a call has to wait; none where it may go.
    fn wait(&self, urgency: Urgency, share: f64, now: Instant) -> Option<Duration> {
        let share = match urgency {
            Urgency::Person => return None,
            Urgency::Background => share,
            Urgency::Walk => share / 2.0,
        };
        let held_until = self.held_until.filter(|until| *until > now);
        let spent_until = self.window.filter(|window| {
            let used = window.used_at(now).saturating_add(self.in_flight);
            f64::from(used) >= share * f64::from(window.limit)
        });
        let until = held_until.max(spent_until.map(|window| window.ends))?;
        Some(until.saturating_duration_since(now).clamp(SHORTEST_WAIT, WINDOW))
    }

    /// Takes in what an answer says, whose window has `left` to go. Answers may come in another order than they were
    /// made in: within a window the highest count holds, and an earlier window says nothing of the present one.
    fn note(&mut self, told: Told, now: Instant, left: Duration) {
        let Told { limit, used, reset } = told;
        let fresh = Window { limit, used, reset, ends: now + left };
        self.window = Some(match self.window {
            // Its end does not move: else a window whose end is cut short would never be over.
            Some(known) if (reset - known.reset).abs() <= ROUNDING => {
                Window { limit, used: used.max(known.used), ends: known.ends.min(fresh.ends), ..known }
            }
            Some(known) if reset < known.reset && now < known.ends => known,
            _ => fresh,
        });
    }
}

impl Window {
    /// Calls of everybody, as far as they are known. In one that is over there were none yet.
    fn used_at(&self, now: Instant) -> u32 {
        if now < self.ends { self.used } else { 0 }
    }
}

impl Told {
    fn read(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
        let limit: u32 = text(LIMIT)?.parse().ok().filter(|limit| *limit > 0)?;
        let used = limit.checked_sub(text(REMAINING)?.parse().ok()?)?;
        let reset = OffsetDateTime::from_unix_timestamp(text(RESET)?.parse().ok()?).ok()?;
        Some(Self { limit, used, reset })
    }

    /// How long its window lasts yet, from nothing to a whole one.
    fn left(&self, now: OffsetDateTime) -> Duration {
        Duration::try_from(self.reset - now + ROUNDING).unwrap_or_default().min(WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;
    use rstest::rstest;
    use time::macros::datetime;

    use super::Urgency::{Background, Person, Walk};
    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-03-02 12:00:00 UTC);
    const SHARE: f64 = 0.8;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Of 100 calls a window; this one ends in 30 seconds.
    fn window(used: u32, now: Instant) -> Window {
        Window { limit: 100, used, reset: NOON, ends: now + seconds(30) }
    }

    #[rstest]
    #[case::unused(Background, 0, 0, None)]
    #[case::below_the_share(Background, 79, 0, None)]
    #[case::at_the_share(Background, 80, 0, Some(30))]
    #[case::used_up(Background, 100, 0, Some(30))]
    #[case::below_it_with_those_on_their_way(Background, 70, 9, None)]
    #[case::at_it_with_those_on_their_way(Background, 70, 10, Some(30))]
    #[case::nothing_but_those_on_their_way(Background, 0, 80, Some(30))]
    #[case::a_walk_below_half_of_it(Walk, 39, 0, None)]
    #[case::a_walk_at_half_of_it(Walk, 40, 0, Some(30))]
    #[case::a_walk_with_those_on_their_way(Walk, 39, 1, Some(30))]
    #[case::a_person(Person, 80, 0, None)]
    #[case::a_person_at_the_limit(Person, 100, 500, None)]
    fn a_call_goes_while_everybodys_leave_it_room(
        #[case] urgency: Urgency,
        #[case] used: u32,
        #[case] in_flight: u32,
        #[case] wait: Option<u64>,
    ) {
        let now = Instant::now();
        let state = State { window: Some(window(used, now)), in_flight, held_until: None };

        assert_eq!(state.wait(urgency, SHARE, now), wait.map(seconds));
    }

    #[rstest]
    #[case::it_has_just_begun(60, 0, Some(60))]
    #[case::its_last_moment(60, 59_990, Some(1))]
    #[case::it_is_over(60, 60_000, None)]
    #[case::it_is_long_over(60, 600_000, None)]
    fn a_window_holds_back_until_it_is_over(#[case] ends: u64, #[case] millis: u64, #[case] wait: Option<u64>) {
        let begun = Instant::now();
        let window = Window { ends: begun + seconds(ends), ..window(100, begun) };
        let state = State { window: Some(window), ..State::default() };

        assert_eq!(state.wait(Background, SHARE, begun + Duration::from_millis(millis)), wait.map(seconds));
    }

    #[test]
    fn of_a_window_that_is_over_the_limit_still_binds_those_on_their_way() {
        let now = Instant::now();
        let state = State { window: Some(window(100, now)), in_flight: 80, held_until: None };

        assert_eq!(state.wait(Background, SHARE, now + WINDOW), Some(SHORTEST_WAIT));
    }

    #[rstest]
    #[case::nothing_is_known(None, 0, None)]
    #[case::until_then(None, 9, Some(9))]
    #[case::for_long(None, 600, Some(60))]
    #[case::longer_than_the_window(Some(100), 40, Some(40))]
    #[case::shorter_than_the_window(Some(100), 9, Some(30))]
    #[case::although_there_is_room(Some(0), 9, Some(9))]
    fn a_hold_lasts_as_long_as_was_asked_for(
        #[case] used: Option<u32>,
        #[case] held: u64,
        #[case] wait: Option<u64>,
        #[values(Background, Walk)] urgency: Urgency,
    ) {
        let now = Instant::now();
        let window = used.map(|used| window(used, now));
        let state = State { window, in_flight: 0, held_until: Some(now + seconds(held)) };

        assert_eq!(state.wait(urgency, SHARE, now), wait.map(seconds));
        assert_eq!(state.wait(Person, SHARE, now), None);
        assert_eq!(state.wait(urgency, SHARE, now + seconds(601)), None);
    }

    /// An answer of 50 used, 30 seconds before the end of its window, is known.
    #[rstest]
    #[case::a_later_one(60, 0, 30, (60, 30))]
    #[case::one_that_was_overtaken(40, 0, 30, (50, 30))]
    #[case::one_that_is_rounded_up(60, 1, 31, (60, 30))]
    #[case::one_that_is_rounded_down(60, -1, 29, (60, 29))]
    #[case::one_whose_end_would_move(60, 0, 60, (60, 30))]
    #[case::the_next_window(1, 60, 60, (1, 60))]
    #[case::the_window_before(90, -60, 0, (50, 30))]
    fn answers_are_put_together_by_their_window(
        #[case] used: u32,
        #[case] later: i64,
        #[case] left: u64,
        #[case] expected: (u32, u64),
    ) {
        let now = Instant::now();
        let mut state = State { window: Some(window(50, now)), ..State::default() };
        let reset = NOON + time::Duration::seconds(later);

        state.note(Told { limit: 100, used, reset }, now, seconds(left));

        let noted = state.window.unwrap();
        assert_eq!((noted.used, noted.ends - now), (expected.0, seconds(expected.1)));
    }

    /// As of a server whose clock was put back.
    #[test]
    fn an_earlier_window_is_believed_once_the_known_one_is_over() {
        let now = Instant::now();
        let mut state = State { window: Some(window(50, now)), ..State::default() };
        let reset = NOON - time::Duration::HOUR;

        state.note(Told { limit: 100, used: 90, reset }, now + WINDOW, seconds(20));

        let noted = Window { limit: 100, used: 90, reset, ends: now + WINDOW + seconds(20) };
        assert_eq!(state.window, Some(noted));
    }

    /// So nobody is held back for longer than a window by one that never ends.
    #[test]
    fn the_same_end_told_again_does_not_begin_another_window() {
        let begun = Instant::now();
        let mut state = State::default();
        let told = Told { limit: 100, used: 100, reset: NOON + time::Duration::HOUR };

        state.note(told, begun, told.left(NOON));
        assert_eq!(state.wait(Background, SHARE, begun), Some(WINDOW));
        state.note(told, begun + seconds(59), told.left(NOON));
        assert_eq!(state.wait(Background, SHARE, begun + seconds(59)), Some(SHORTEST_WAIT));
        state.note(told, begun + seconds(60), told.left(NOON));
        assert_eq!(state.wait(Background, SHARE, begun + seconds(60)), None);
    }

    fn told(limit: &str, remaining: &str, reset: &str) -> Option<Told> {
        let headers = [(LIMIT, limit), (REMAINING, remaining), (RESET, reset)];
        let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Told::read(&HeaderMap::from_iter(headers))
    }

    #[rstest]
    #[case::half_used("200", "100", 100)]
    #[case::used_up("200", "0", 200)]
    #[case::unused("200", "200", 0)]
    #[case::spaced(" 200 ", " 199 ", 1)]
    fn what_was_used_is_what_does_not_remain(#[case] limit: &str, #[case] remaining: &str, #[case] used: u32) {
        let limit_told = limit.trim().parse().unwrap();
        let expected = Told { limit: limit_told, used, reset: NOON };

        assert_eq!(told(limit, remaining, &NOON.unix_timestamp().to_string()), Some(expected));
    }

    #[rstest]
    #[case::no_limit("0", "0", "1772452800")]
    #[case::a_limit_in_words("many", "1", "1772452800")]
    #[case::an_empty_limit("", "1", "1772452800")]
    #[case::a_negative_limit("-1", "-2", "1772452800")]
    #[case::more_than_the_limit("200", "201", "1772452800")]
    #[case::less_than_nothing("200", "-1", "1772452800")]
    #[case::a_part("200", "0.5", "1772452800")]
    #[case::a_reset_in_words("200", "1", "soon")]
    #[case::a_reset_in_milliseconds("200", "1", "1772452800000")]
    #[case::a_reset_beyond_all_numbers("200", "1", "99999999999999999999")]
    fn nonsense_says_nothing(#[case] limit: &str, #[case] remaining: &str, #[case] reset: &str) {
        assert_eq!(told(limit, remaining, reset), None);
    }

    #[test]
    fn an_answer_without_a_word_of_the_limit_says_nothing() {
        assert_eq!(Told::read(&HeaderMap::new()), None);
    }

    #[rstest]
    #[case::a_whole_one(60, 60)]
    #[case::a_part(29, 30)]
    #[case::rounded_down(0, 1)]
    #[case::just_over(-1, 0)]
    #[case::long_over(-1_000_000, 0)]
    #[case::on_a_clock_that_is_ahead(100_000, 60)]
    fn a_window_lasts_from_nothing_to_a_minute(#[case] reset: i64, #[case] left: u64) {
        let told = Told { limit: 1, used: 1, reset: NOON + time::Duration::seconds(reset) };

        assert_eq!(told.left(NOON), seconds(left));
    }

    #[test]
    fn a_call_counts_until_it_is_answered_or_given_up() {
        let budget = Budget::new(SHARE, Arc::new(|| NOON));
        let one = budget.begin(Person).unwrap();
        let other = budget.begin(Background).unwrap();
        assert_eq!(budget.state().in_flight, 2);

        drop(one);
        assert_eq!(budget.state().in_flight, 1);
        other.answered(&HeaderMap::new());
        assert_eq!(budget.state().in_flight, 0);
    }
}
