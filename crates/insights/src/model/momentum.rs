//! How threads get on. Formulas and thresholds stand in `docs/insights.md`, "Threads".

use time::Date;

use super::change_percent;

/// How often a thread was touched in two periods of equal length, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touches {
    /// In the period that ends today.
    pub now: u64,
    /// In the one before.
    pub before: u64,
    /// The last day.
    pub last: Date,
}

/// Whether anybody still writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadStatus {
    /// Somebody wrote in the last three days.
    Active,
    /// In the last seven.
    Cooling,
    /// In the last fourteen.
    Stalled,
    /// Longer ago.
    Cold,
}

/// Whether more is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// More than before.
    Up,
    /// As much.
    Steady,
    /// Less.
    Down,
}

impl Touches {
    /// How many days ago the last one was; 0 where its clock was ahead.
    #[must_use]
    pub fn days_since(&self, today: Date) -> u64 {
        (today - self.last).whole_days().try_into().unwrap_or(0)
    }

    /// Whether anybody still writes.
    #[must_use]
    pub fn status(&self, today: Date) -> ThreadStatus {
        match self.days_since(today) {
            0..=3 => ThreadStatus::Active,
            4..=7 => ThreadStatus::Cooling,
            8..=14 => ThreadStatus::Stalled,
            _ => ThreadStatus::Cold,
        }
    }

    /// Whether more is written.
    #[must_use]
    pub fn trend(&self) -> Trend {
        match self.now.cmp(&self.before) {
            std::cmp::Ordering::Greater => Trend::Up,
            std::cmp::Ordering::Equal => Trend::Steady,
            std::cmp::Ordering::Less => Trend::Down,
        }
    }

    /// By how much, in percent; see [`change_percent`].
    #[must_use]
    pub fn velocity_percent(&self) -> Option<f64> {
        change_percent(self.now, self.before)
    }
}

impl ThreadStatus {
    /// As clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Cooling => "cooling",
            Self::Stalled => "stalled",
            Self::Cold => "cold",
        }
    }
}

impl Trend {
    /// As clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Steady => "steady",
            Self::Down => "down",
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::date;

    use super::*;

    #[rstest]
    #[case(date!(2026 - 03 - 03), 0, "active")]
    #[case(date!(2026 - 03 - 02), 0, "active")]
    #[case(date!(2026 - 02 - 27), 3, "active")]
    #[case(date!(2026 - 02 - 26), 4, "cooling")]
    #[case(date!(2026 - 02 - 23), 7, "cooling")]
    #[case(date!(2026 - 02 - 22), 8, "stalled")]
    #[case(date!(2026 - 02 - 16), 14, "stalled")]
    #[case(date!(2026 - 02 - 15), 15, "cold")]
    #[case(date!(2025 - 12 - 31), 61, "cold")]
    fn a_thread_cools_with_the_days_since_somebody_wrote(#[case] last: Date, #[case] days: u64, #[case] status: &str) {
        let today = date!(2026 - 03 - 02);
        let touches = Touches { now: 1, before: 1, last };

        assert_eq!((touches.days_since(today), touches.status(today).name()), (days, status));
    }

    #[rstest]
    #[case(3, 1, "up", Some(200.0))]
    #[case(1, 0, "up", None)]
    #[case(2, 2, "steady", Some(0.0))]
    #[case(0, 4, "down", Some(-100.0))]
    fn a_trend_is_against_the_period_before(
        #[case] now: u64,
        #[case] before: u64,
        #[case] trend: &str,
        #[case] velocity: Option<f64>,
    ) {
        let touches = Touches { now, before, last: date!(2026 - 03 - 02) };

        assert_eq!((touches.trend().name(), touches.velocity_percent()), (trend, velocity));
    }
}
