//! What rose against the previous period: log-odds with a stated prior. The formula stands in `docs/insights.md`,
//! "Trends".

use serde::{Deserialize, Serialize};

/// How often something was seen in two periods, among how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrences {
    /// In this period.
    pub now: u64,
    /// In the one before.
    pub before: u64,
}

/// So many sightings count as known of each period beforehand, shared out as both periods together are. It keeps what was
/// seen once from standing above what was seen a hundred times.
const PRIOR_WEIGHT: f64 = 100.0;

/// By how many standard deviations something is more frequent now than before, among all that was seen: the log-odds ratio
/// with an informative Dirichlet prior (Monroe, Colaresi and Quinn, 2008, "Fightin' Words", equations 16 and 22). Above 0 it
/// rose; 0 where nothing was seen at all.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of documents are far below what a binary number tells exactly")]
pub fn log_odds(one: Occurrences, all: Occurrences) -> f64 {
    let seen = (one.now + one.before) as f64;
    let everything = (all.now + all.before) as f64;
    if seen == 0.0 || everything == 0.0 {
        return 0.0;
    }
    let prior = PRIOR_WEIGHT * seen / everything;
    let odds = |count: u64, total: u64| {
        let count = count as f64 + prior;
        // Where nothing else was seen there is nothing to compare with: as if one thing had been.
        let rest = (total as f64 + PRIOR_WEIGHT - count).max(1.0);
        (count / rest).ln()
    };
    let difference = odds(one.now, all.now) - odds(one.before, all.before);
    let variance = 1.0 / (one.now as f64 + prior) + 1.0 / (one.before as f64 + prior);
    difference / variance.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Occurrences = Occurrences { now: 1_000, before: 1_000 };

    fn score(now: u64, before: u64) -> f64 {
        log_odds(Occurrences { now, before }, ALL)
    }

    #[test]
    fn what_rose_is_above_zero_and_what_fell_below() {
        assert!(score(20, 10) > 0.0 && score(10, 20) < 0.0);
        assert!(score(10, 10).abs() < 1e-12);
        assert!((score(20, 10) + score(10, 20)).abs() < 1e-12);
    }

    #[test]
    fn what_was_seen_often_stands_above_what_was_seen_once() {
        assert!(score(40, 20) > score(4, 2));
        assert!(score(40, 20) > score(1, 0));
        assert!(score(10, 0) > score(1, 0));
    }

    #[test]
    fn a_period_with_more_of_everything_raises_nothing() {
        let all = Occurrences { now: 2_000, before: 1_000 };

        assert!(log_odds(Occurrences { now: 20, before: 10 }, all).abs() < 0.2);
        assert!(log_odds(Occurrences { now: 10, before: 10 }, all) < 0.0);
    }

    #[test]
    fn nothing_and_the_only_thing_have_a_score_that_is_a_number() {
        assert_eq!(score(0, 0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(log_odds(Occurrences::default(), Occurrences::default()).to_bits(), 0.0_f64.to_bits());
        for only in [Occurrences { now: 5, before: 0 }, Occurrences { now: 5, before: 5 }] {
            assert!(log_odds(only, only).is_finite());
        }
    }

    /// By hand: the prior is 100 * 30 / 2000 = 1.5, so that the odds are 21.5 / 1078.5 and 11.5 / 1088.5.
    #[test]
    fn a_score_is_what_one_computes_by_hand() {
        let difference = (21.5_f64 / 1_078.5).ln() - (11.5_f64 / 1_088.5).ln();
        let expected = difference / (1.0 / 21.5_f64 + 1.0 / 11.5).sqrt();

        assert!((score(20, 10) - expected).abs() < 1e-12);
        assert!((expected - 1.737).abs() < 0.001, "{expected}");
    }
}
