//! Changes in percent.

/// By how many percent something changed, to a tenth. Nothing that stays nothing did not change; what was nothing before
/// grew by no percentage. See "Changes" in `docs/insights.md`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of documents are far below where binary numbers lose a tenth")]
pub fn change_percent(now: u64, before: u64) -> Option<f64> {
    match (now, before) {
        (0, 0) => Some(0.0),
        (_, 0) => None,
        (now, before) => {
            let change = (now as f64 - before as f64) / before as f64 * 100.0;
            Some((change * 10.0).round() / 10.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing(0, 0, Some(0.0))]
    #[case::from_nothing(3, 0, None)]
    #[case::to_nothing(0, 3, Some(-100.0))]
    #[case::the_same(3, 3, Some(0.0))]
    #[case::twice(6, 3, Some(100.0))]
    #[case::a_third(4, 3, Some(33.3))]
    #[case::a_third_less(2, 3, Some(-33.3))]
    fn a_change_is_told_in_percent_of_what_was(#[case] now: u64, #[case] before: u64, #[case] percent: Option<f64>) {
        assert_eq!(change_percent(now, before), percent);
    }
}
