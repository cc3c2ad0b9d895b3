//! Amounts of money in hundredths.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// An amount in hundredths of units of some currency. Sums are made in SQL over `numeric` and only told by it, so that it
/// never goes through a binary number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i128);

/// The text is no decimal number, or one with more than 30 digits before the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an amount of money")]
pub struct InvalidMoney;

/// Far more than sums of amounts of 24 digits come to, and few enough that no arithmetic overflows.
const MOST_DIGITS: usize = 30;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many hundredths.
    #[must_use]
    pub const fn of_cents(cents: i128) -> Self {
        Self(cents)
    }

    /// How many hundredths it is.
    #[must_use]
    pub const fn cents(self) -> i128 {
        self.0
    }
}

impl FromStr for Money {
    type Err = InvalidMoney;

    /// Reads a decimal number. What lies beyond hundredths is rounded as `round(x, 2)` rounds: half away from zero.
    fn from_str(text: &str) -> Result<Self, InvalidMoney> {
        let (is_negative, number) = text.strip_prefix('-').map_or((false, text), |number| (true, number));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(fraction) || whole.trim_start_matches('0').len() > MOST_DIGITS {
            return Err(InvalidMoney);
        }
        let digit = |place: usize| fraction.as_bytes().get(place).map_or(0, |digit| i128::from(digit - b'0'));
        let units: i128 = whole.parse().map_err(|_| InvalidMoney)?;
        let cents = units * 100 + digit(0) * 10 + digit(1) + i128::from(digit(2) >= 5);
        Ok(Self(if is_negative { -cents } else { cents }))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Serialize for Money {
    /// As text, so that it never goes through a binary number.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0", 0)]
    #[case("12", 1_200)]
    #[case("12.5", 1_250)]
    #[case("12.345", 1_235)]
    #[case("-12.345", -1_235)]
    #[case("12.344999", 1_234)]
    #[case("0.004", 0)]
    #[case("-0.004", 0)]
    #[case("0.999", 100)]
    #[case("-12345678901234567890.005", -1_234_567_890_123_456_789_001)]
    fn a_decimal_number_is_read_exactly_and_rounded_half_away_from_zero(#[case] text: &str, #[case] cents: i128) {
        assert_eq!(text.parse(), Ok(Money::of_cents(cents)));
    }

    #[rstest]
    fn what_is_no_decimal_number_is_refused(
        #[values("", "-", ".", "1.", ".5", "+1", "1e3", "NaN", "1,5", " 1", "--1", "1234567890123456789012345678901")]
        text: &str,
    ) {
        assert_eq!(text.parse::<Money>(), Err(InvalidMoney), "{text}");
    }

    #[test]
    fn it_is_written_with_two_decimals() {
        for (cents, text) in [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-1_250, "-12.50"), (98_050, "980.50")] {
            assert_eq!(Money::of_cents(cents).to_string(), text);
        }
    }

    #[test]
    fn ten_cents_are_ten_cents_however_often_they_are_added() {
        let sum = (0..1_000).fold(Money::ZERO, |sum, _| sum + Money::of_cents(10));

        assert_eq!(sum - Money::of_cents(1), Money::of_cents(9_999));
    }
}
