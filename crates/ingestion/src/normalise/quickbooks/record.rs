//! Fields of either generation.

use serde_json::Value;
use time::{Date, OffsetDateTime};

use crate::normalise::date::{day, moment};
use crate::normalise::fields::{line, text};
use crate::normalise::money::Amount;

/// A record, or a part of one, whose fields are asked for by their names in camel case.
#[derive(Clone, Copy)]
pub(super) struct Record<'a>(&'a Value);

impl<'a> Record<'a> {
    pub(super) fn new(record: &'a Value) -> Self {
        Self(record)
    }

    /// The first text under one of these names, in one line.
    pub(super) fn line(self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.find(name, line))
    }

    /// The first amount under one of these names, or under one of them with `Cents` behind it: an amount is told in
    /// cents where its name says so, and in units elsewhere.
    pub(super) fn amount(self, names: &[&str]) -> Option<Amount> {
        names.iter().find_map(|name| {
            let in_cents = || self.find(&format!("{name}Cents"), Amount::in_cents);
            self.find(name, Amount::in_units).or_else(in_cents)
        })
    }

    /// The first day under one of these names.
    pub(super) fn day(self, names: &[&str]) -> Option<Date> {
        names.iter().find_map(|name| self.find(name, |value| day(&text(value)?)))
    }

    /// The moment under this name; the beginning of a day where only that is told.
    pub(super) fn moment(self, name: &str) -> Option<OffsetDateTime> {
        let read = |text: &str| moment(text).or_else(|| Some(day(text)?.midnight().assume_utc()));
        self.find(name, |value| read(&text(value)?))
    }

    /// What is listed under the first of these names that has a list.
    pub(super) fn list(self, names: &[&str]) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let list = names.iter().find_map(|name| self.find(name, Value::as_array));
        list.into_iter().flatten().map(Record)
    }

    /// The fields below this name; none of them where there are none.
    pub(super) fn below(self, name: &str) -> Self {
        Self(self.find(name, |value| value.is_object().then_some(value)).unwrap_or(&Value::Null))
    }

    /// What `read` makes of the field of this name, in either spelling.
    fn find<T>(self, name: &str, read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        read(&self.0[name]).or_else(|| read(&self.0[snake_case(name)]))
    }
}

fn snake_case(camel_case: &str) -> String {
    let mut snake_case = String::with_capacity(camel_case.len() + 4);
    for c in camel_case.chars() {
        if c.is_ascii_uppercase() {
            snake_case.push('_');
        }
        snake_case.push(c.to_ascii_lowercase());
    }
    snake_case
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::current(json!({ "totalAmt": 12.5 }))]
    #[case::older(json!({ "total_amt": "12.5" }))]
    #[case::older_in_cents(json!({ "total_amt_cents": 1250 }))]
    #[case::current_in_cents(json!({ "totalAmtCents": "1250" }))]
    #[case::under_another_name(json!({ "total": 12.5 }))]
    #[case::after_what_cannot_be_read(json!({ "totalAmt": "unknown", "total_amt": null, "total_amt_cents": 1250 }))]
    fn an_amount_is_found_under_each_of_its_names(#[case] record: Value) {
        assert_eq!(Record(&record).amount(&["totalAmt", "total"]).unwrap().to_string(), "12.50");
    }

    #[test]
    fn what_lies_deeper_is_found_in_either_spelling() {
        let record = json!({ "bill_address": { "postal_code": "EH6" } });

        assert_eq!(Record(&record).below("billAddress").line(&["postalCode"]), Some("EH6".to_owned()));
        assert_eq!(Record(&record).below("shipAddress").line(&["postalCode"]), None);
    }
}
