//! Amounts of money, as records tell them: exact, whatever they come as.

use std::fmt;

use rust_decimal::Decimal;
use serde_json::{Number, Value};

/// An amount in units of some currency. It is written with two decimals, and with more where it has more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount(Decimal);

/// A number with a fraction is binary in JSON's reader: what it was written as it tells in this many digits for certain.
/// Whatever stands beyond comes from arithmetic of whoever wrote it: `0.1 + 0.2` is `0.30000000000000004`.
const CERTAIN_DIGITS: u32 = 15;

/// From here on (ten million millions) that many digits are too few for the cents.
const TOO_LARGE: Decimal = Decimal::from_parts(1_316_134_912, 2_328, 0, false, 0);

/// The longest text that is taken for an amount.
const MAX_CHARS: usize = 40;

impl Amount {
    /// The amount that a number or a text tells in units. None where it is none, or cannot be told exactly.
    pub(super) fn in_units(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => of_number(number),
            Value::String(text) => of_text(text.trim()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
        .map(Self::tidied)
    }

    /// The same, told in hundredths of units.
    pub(super) fn in_cents(value: &Value) -> Option<Self> {
        let mut units = Self::in_units(value)?.0;
        units.set_scale(units.scale() + 2).ok()?;
        Some(Self::tidied(units))
    }

    pub(super) fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    fn tidied(amount: Decimal) -> Self {
        let mut amount = amount.normalize();
        if amount.scale() < 2 {
            amount.rescale(2);
        }
        if amount.is_zero() {
            amount.set_sign_positive(true);
        }
        Self(amount)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn of_number(number: &Number) -> Option<Decimal> {
    let told = of_digits(&number.to_string())?;
    if !number.is_f64() {
        return Some(told);
    }
    let certain = told.round_sf(CERTAIN_DIGITS)?;
    (certain == told || told.abs() < TOO_LARGE).then_some(certain)
}

/// The amount of a text, with or without commas between its thousands. Where a comma may as well stand before the
/// decimals, it is no amount.
fn of_text(text: &str) -> Option<Decimal> {
    if text.len() > MAX_CHARS {
        return None;
    }
    if !text.contains(',') {
        return of_digits(text);
    }
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.trim_start_matches(['-', '+']).split(',');
    let begins_well = groups.next().is_some_and(|first| (1..=3).contains(&first.len()));
    let goes_on_well = groups.all(|group| group.len() == 3) && !decimals.contains(',');
    if begins_well && goes_on_well { of_digits(&text.replace(',', "")) } else { None }
}

fn of_digits(text: &str) -> Option<Decimal> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.'));
    if is_plain { Decimal::from_str_exact(text).ok() } else { Decimal::from_scientific(text).ok() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::whole(json!(4820), "4820.00")]
    #[case::fraction(json!(15_000.25), "15000.25")]
    #[case::one_decimal(json!(1210.5), "1210.50")]
    #[case::zero(json!(0), "0.00")]
    #[case::zero_below_nothing(json!(-0.0), "0.00")]
    #[case::negative(json!(-12.3), "-12.30")]
    #[case::noise_of_binary_sums(json!(0.1 + 0.2), "0.30")]
    #[case::noise_of_binary_products(json!(1.15 * 100.0), "115.00")]
    #[case::three_decimals(json!(1.005), "1.005")]
    #[case::largest_with_cents(json!(9_999_999_999_999.99), "9999999999999.99")]
    #[case::large_and_whole(json!(u64::MAX), "18446744073709551615.00")]
    #[case::large_and_round(json!(1e20), "100000000000000000000.00")]
    #[case::small(json!(1e-7), "0.0000001")]
    #[case::text(json!("15000.25"), "15000.25")]
    #[case::text_of_more_digits_than_a_binary_number(json!("12345678901234567890.12"), "12345678901234567890.12")]
    #[case::padded(json!(" 12.5\n"), "12.50")]
    #[case::commas(json!("1,234.50"), "1234.50")]
    #[case::many_commas(json!("-1,234,567"), "-1234567.00")]
    #[case::plus(json!("+5"), "5.00")]
    #[case::exponent(json!("1.5E3"), "1500.00")]
    #[case::trailing_zeros(json!("12.5000"), "12.50")]
    fn an_amount_is_told_exactly(#[case] value: Value, #[case] amount: &str) {
        assert_eq!(Amount::in_units(&value).unwrap().to_string(), amount);
    }

    #[rstest]
    #[case::empty(json!(""))]
    #[case::words(json!("much"))]
    #[case::of_a_currency(json!("$5"))]
    #[case::not_a_number(json!("NaN"))]
    #[case::without_end(json!("inf"))]
    #[case::comma_before_decimals(json!("12,5"))]
    #[case::points_between_thousands(json!("1.234,50"))]
    #[case::commas_anywhere(json!("1,2345"))]
    #[case::only_commas(json!(",,"))]
    #[case::two_points(json!("1.2.3"))]
    #[case::signs(json!("--5"))]
    #[case::too_large(json!(1e40))]
    #[case::too_long(json!("9".repeat(41)))]
    #[case::cents_are_lost(json!(123_456_789_012_345.67))]
    #[case::yes(json!(true))]
    #[case::list(json!([5]))]
    #[case::nothing(Value::Null)]
    fn what_cannot_be_told_exactly_is_no_amount(#[case] value: Value) {
        assert_eq!(Amount::in_units(&value), None);
    }

    #[rstest]
    #[case::number(json!(482_000), "4820.00")]
    #[case::text(json!("482000"), "4820.00")]
    #[case::one(json!(1), "0.01")]
    #[case::noise(json!(121_050.999_999_999_99), "1210.51")]
    #[case::parts_of_cents(json!(12.5), "0.125")]
    #[case::negative(json!(-250), "-2.50")]
    fn cents_are_hundredths(#[case] value: Value, #[case] amount: &str) {
        assert_eq!(Amount::in_cents(&value).unwrap().to_string(), amount);
    }

    proptest! {
        /// What a provider writes as a number with two decimals comes out with the same digits.
        #[test]
        fn a_number_with_cents_is_read_as_it_was_written(cents in -999_999_999_999_999_i64..=999_999_999_999_999) {
            let sign = if cents < 0 { "-" } else { "" };
            let written = format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100);

            let number: Value = serde_json::from_str(&written).unwrap();

            prop_assert_eq!(Amount::in_units(&number).unwrap().to_string(), written.clone());
            prop_assert_eq!(Amount::in_units(&json!(written)), Amount::in_units(&number));
            prop_assert_eq!(Amount::in_cents(&json!(cents)), Amount::in_units(&number));
        }

        #[test]
        fn any_text_is_an_amount_or_none(text in "[-+0-9.,eE ]{0,45}") {
            if let Some(amount) = Amount::in_units(&json!(text)) {
                let told = amount.to_string();
                prop_assert!(told.len() <= 60, "{}", told);
                prop_assert_eq!(Amount::in_units(&json!(told)), Some(amount));
            }
        }
    }
}
