//! Amounts of money as JSON numbers.

use std::borrow::Cow;

use cortex_insights::model::Money;
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An amount, written as a JSON number with at most two decimals. What has up to fifteen digits is read as it was written
/// by every reader that takes numbers for binary ones (RFC 8259, section 6); of more digits none does better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MoneyBody(pub(super) Money);

impl Serialize for MoneyBody {
    #[expect(
        clippy::cast_precision_loss,
        reason = "the closest binary number is written by the fewest digits that tell it"
    )]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cents = self.0.cents();
        match i64::try_from(cents / 100) {
            Ok(units) if cents % 100 == 0 => serializer.serialize_i64(units),
            _ => serializer.serialize_f64(cents as f64 / 100.0),
        }
    }
}

impl ToSchema for MoneyBody {
    fn name() -> Cow<'static, str> {
        "Money".into()
    }
}

impl PartialSchema for MoneyBody {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some("A decimal number with at most two decimals."))
            .into()
    }
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self(money)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0", "0")]
    #[case("-0.01", "-0.01")]
    #[case("0.1", "0.1")]
    #[case("980.50", "980.5")]
    #[case("2310.00", "2310")]
    #[case("1.15", "1.15")]
    #[case("4.35", "4.35")]
    #[case("9999999999999.99", "9999999999999.99")]
    #[case("-9007199254740993.00", "-9007199254740993")]
    fn it_is_written_as_the_number_that_it_is(#[case] text: &str, #[case] written: &str) {
        let money: Money = text.parse().unwrap();

        assert_eq!(serde_json::to_string(&MoneyBody(money)).unwrap(), written);
    }

    #[test]
    fn every_cent_up_to_a_thousand_is_written_as_it_is() {
        for cents in 0..100_000 {
            let money = Money::of_cents(cents);
            let written = serde_json::to_string(&MoneyBody(money)).unwrap();
            assert_eq!(written.parse::<Money>(), Ok(money), "{written}");
            assert!(money.to_string().starts_with(&written), "{written}");
        }
    }
}
