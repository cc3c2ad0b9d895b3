//! Fields of records, whatever stands in them.

use serde_json::Value;

use super::SetAside;

/// The longest id that is taken, in bytes. Providers' ids have some hundred at most; two of them and a separator still
/// fit into an index of the database, which refuses entries of 2,704 bytes and more.
pub(super) const MAX_ID_BYTES: usize = 1_000;

/// The longest title in characters. No header line of a mail is longer, and an index for searching takes a text of some
/// length only.
const MAX_TITLE_CHARS: usize = 1_000;

/// The id of a record.
pub(super) fn record_id(record: &Value) -> Result<String, SetAside> {
    if !record.is_object() {
        return Err(SetAside::NotAnObject);
    }
    let id = line(&record["id"]).ok_or(SetAside::WithoutId)?;
    if id.len() > MAX_ID_BYTES { Err(SetAside::IdTooLong) } else { Ok(id) }
}

/// An id of something else than the record; none where it is absent or too long.
pub(super) fn id(value: &Value) -> Option<String> {
    line(value).filter(|id| id.len() <= MAX_ID_BYTES)
}

/// A text; numbers count as texts, since generations of a model differ in that.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text in one line; none where nothing is in it.
pub(super) fn line(value: &Value) -> Option<String> {
    text(value).map(|text| in_one_line(&text)).filter(|line| !line.is_empty())
}

/// The lines of a list; none where there is no list.
pub(super) fn lines(value: &Value) -> Option<Vec<String>> {
    Some(value.as_array()?.iter().filter_map(line).collect())
}

/// A title in the length that one has.
pub(super) fn title(text: &str) -> String {
    text.chars().take(MAX_TITLE_CHARS).collect()
}

/// A whole number that is not negative, as a number or as a text.
pub(super) fn whole_number(value: &Value) -> Option<i64> {
    text(value)?.trim().parse().ok().filter(|number| *number >= 0)
}

/// Whether it says yes.
pub(super) fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| line(value).is_some_and(|word| word.eq_ignore_ascii_case("true")))
}

/// The record without what the broker added to it.
pub(super) fn without_brokers_part(record: &Value) -> Value {
    let mut record = record.clone();
    if let Some(fields) = record.as_object_mut() {
        fields.remove("_nango_metadata");
    }
    record
}

/// The text without NUL and with single spaces for white space and other control characters.
pub(super) fn in_one_line(text: &str) -> String {
    let text = text.replace('\0', "");
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::text(json!({"id": "18c2"}), Ok("18c2"))]
    #[case::number(json!({"id": 7}), Ok("7"))]
    #[case::padded(json!({"id": " 18c2\n\0"}), Ok("18c2"))]
    #[case::the_longest(json!({"id": "x".repeat(MAX_ID_BYTES)}), Ok(&*"x".repeat(MAX_ID_BYTES)))]
    #[case::too_long(json!({"id": "x".repeat(MAX_ID_BYTES + 1)}), Err(SetAside::IdTooLong))]
    #[case::absent(json!({}), Err(SetAside::WithoutId))]
    #[case::null(json!({"id": null}), Err(SetAside::WithoutId))]
    #[case::blank(json!({"id": " \0"}), Err(SetAside::WithoutId))]
    #[case::of_another_type(json!({"id": ["18c2"]}), Err(SetAside::WithoutId))]
    #[case::no_object(json!(["18c2"]), Err(SetAside::NotAnObject))]
    #[case::nothing(Value::Null, Err(SetAside::NotAnObject))]
    fn a_record_is_known_by_its_id(#[case] record: Value, #[case] id: Result<&str, SetAside>) {
        assert_eq!(record_id(&record).as_deref(), id.as_ref().copied());
    }

    #[rstest]
    #[case::number(json!(2048), Some(2048))]
    #[case::text(json!("2048"), Some(2048))]
    #[case::negative(json!(-1), None)]
    #[case::fraction(json!(1.5), None)]
    #[case::too_large(json!(u64::MAX), None)]
    #[case::words(json!("many"), None)]
    #[case::absent(Value::Null, None)]
    fn a_size_is_a_number_or_a_text(#[case] value: Value, #[case] number: Option<i64>) {
        assert_eq!(whole_number(&value), number);
    }

    #[test]
    fn a_title_ends_somewhere() {
        assert_eq!(title("Offer"), "Offer");
        assert_eq!(title(&"ä".repeat(1_001)), "ä".repeat(1_000));
    }

    #[test]
    fn one_line_has_single_spaces_and_no_control_characters() {
        assert_eq!(in_one_line(" a\0b\r\n\tc\u{7f}\u{a0} d "), "ab c d");
    }
}
