//! How long to wait before the next try.

use std::time::Duration;

/// Waits that double from try to try, up to a limit, and are spread so that jobs which failed together do not come back
/// together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOff {
    /// The wait after the first failure, before spreading.
    pub first: Duration,
    /// The longest wait, before spreading.
    pub longest: Duration,
}

/// Where the spread comes from: a number from 0 up to, not including, 1, evenly distributed.
pub type Jitter = dyn Fn() -> f64 + Send + Sync;

impl BackOff {
    /// The wait after `attempt` (from 1) failed. `jitter`, from 0 to 1, chooses between half of the full wait and all of
    /// it: never nothing, as the remote side needs the rest.
    #[must_use]
    pub fn wait(&self, attempt: u32, jitter: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let full = self.first.saturating_mul(1 << doublings).min(self.longest);
        full.mul_f64(spread(jitter))
    }
}

/// Which part of the full wait is waited: from half of it to all of it, as `jitter` from 0 to 1 chooses.
pub(crate) fn spread(jitter: f64) -> f64 {
    0.5 + 0.5 * jitter.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const BACK_OFF: BackOff = BackOff { first: Duration::from_secs(10), longest: Duration::from_mins(10) };

    #[rstest]
    #[case(1, 1.0, 10)]
    #[case(2, 1.0, 20)]
    #[case(3, 1.0, 40)]
    #[case(7, 1.0, 600)]
    #[case(u32::MAX, 1.0, 600)]
    #[case(0, 1.0, 10)]
    #[case(1, 0.0, 5)]
    #[case(2, 0.5, 15)]
    #[case(1, -3.0, 5)]
    #[case(1, 7.0, 10)]
    fn waits_double_up_to_a_limit_and_are_spread_over_their_upper_half(
        #[case] attempt: u32,
        #[case] jitter: f64,
        #[case] seconds: u64,
    ) {
        assert_eq!(BACK_OFF.wait(attempt, jitter), Duration::from_secs(seconds));
    }
}
