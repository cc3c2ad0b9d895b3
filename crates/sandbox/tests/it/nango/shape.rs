//! Compares an answer with a shape: which keys, which types, which fixed values.
//!
//! A shape is JSON. `"=text"` is exactly that text; `"string"`, `"number"`, `"bool"`, `"object"`, `"list"`, `"any"` a
//! type; `"uuid"`, `"hex64"`, `"zulu"` (a date ending in `Z`), `"offset"` (one ending in `+00:00`) a format; a `?` at
//! the end of these also lets null pass. A number, a boolean and null are themselves. An object has exactly the keys
//! named; one whose name ends in `?` may be missing. A list of one shape is a list of such elements (of exactly one for
//! an exact text), of several shapes a list of exactly these; `["empty"]` is an empty list.

use serde_json::Value;

/// Nothing, or the first place where the answer has another shape.
pub(crate) fn compare(shape: &Value, found: &Value) -> Result<(), String> {
    at("", shape, found)
}

/// Panics with the case's name where the answer has another shape.
pub(crate) fn assert_shape(name: &str, expected: &Value, found: &Value) {
    if let Err(difference) = compare(expected, found) {
        panic!("{name}: {difference}\n{found}");
    }
}

fn at(path: &str, shape: &Value, found: &Value) -> Result<(), String> {
    let wrong = |expected: &str| Err(format!("at '{path}': expected {expected}, found {found}"));
    match shape {
        Value::String(word) => {
            if fits(word, found) {
                Ok(())
            } else {
                wrong(word)
            }
        }
        Value::Object(fields) => {
            let Some(own) = found.as_object() else { return wrong("an object") };
            for (name, inner) in fields {
                let key = name.trim_end_matches('?');
                match own.get(key) {
                    Some(value) => at(&format!("{path}/{key}"), inner, value)?,
                    None if name.ends_with('?') => {}
                    None => return wrong(&format!("the key {key}")),
                }
            }
            let known = |key: &String| fields.contains_key(key) || fields.contains_key(&format!("{key}?"));
            match own.keys().find(|key| !known(key)) {
                Some(key) => wrong(&format!("no key {key}")),
                None => Ok(()),
            }
        }
        Value::Array(shapes) => {
            let Some(items) = found.as_array() else { return wrong("a list") };
            match shapes.as_slice() {
                [Value::String(word)] if word == "empty" => {
                    if items.is_empty() {
                        Ok(())
                    } else {
                        wrong("an empty list")
                    }
                }
                [Value::String(word)] if word.starts_with('=') && items.len() != 1 => wrong("a list of one element"),
                [one] => {
                    items.iter().enumerate().try_for_each(|(place, item)| at(&format!("{path}/{place}"), one, item))
                }
                many if many.len() == items.len() => many
                    .iter()
                    .zip(items)
                    .enumerate()
                    .try_for_each(|(place, (shape, item))| at(&format!("{path}/{place}"), shape, item)),
                many => wrong(&format!("{} elements", many.len())),
            }
        }
        exact => {
            if exact == found {
                Ok(())
            } else {
                wrong(&exact.to_string())
            }
        }
    }
}

fn fits(word: &str, found: &Value) -> bool {
    if let Some(kind) = word.strip_suffix('?') {
        return found.is_null() || fits(kind, found);
    }
    if let Some(exact) = word.strip_prefix('=') {
        return found == exact;
    }
    let text = found.as_str();
    match word {
        "any" => true,
        "string" => found.is_string(),
        "number" => found.is_number(),
        "bool" => found.is_boolean(),
        "object" => found.is_object(),
        "list" => found.is_array(),
        "uuid" => text.is_some_and(|text| uuid::Uuid::parse_str(text).is_ok()),
        "hex64" => text.is_some_and(|text| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())),
        "zulu" => text.is_some_and(|text| is_date(text) && text.ends_with('Z')),
        "offset" => text.is_some_and(|text| is_date(text) && text.ends_with("+00:00")),
        unknown => panic!("the shape has an unknown word: {unknown}"),
    }
}

fn is_date(text: &str) -> bool {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).is_ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::compare;

    #[rstest]
    #[case::same(json!({"a": "string", "b?": "number"}), json!({"a": "x"}), true)]
    #[case::missing(json!({"a": "string"}), json!({}), false)]
    #[case::extra(json!({"a": "string"}), json!({"a": "x", "c": 1}), false)]
    #[case::other_type(json!({"a": "string"}), json!({"a": 1}), false)]
    #[case::null_allowed(json!(["zulu?"]), json!(["2026-11-21T19:00:00.000Z", null]), true)]
    #[case::other_format(json!("zulu"), json!("2026-11-21T19:00:00.000+00:00"), false)]
    #[case::exact(json!("=x"), json!("y"), false)]
    #[case::exact_list(json!(["=a", "=b"]), json!(["a"]), false)]
    #[case::exact_list_of_one(json!(["=a"]), json!([]), false)]
    #[case::empty_list(json!(["empty"]), json!([1]), false)]
    #[case::number_is_itself(json!({"n": 2}), json!({"n": 3}), false)]
    fn a_shape_fits_or_not(#[case] shape: Value, #[case] found: Value, #[case] fits: bool) {
        assert_eq!(compare(&shape, &found).is_ok(), fits);
    }

    #[test]
    fn the_place_of_a_difference_is_named() {
        let error = compare(&json!({"a": [{"b": "number"}]}), &json!({"a": [{"b": 1}, {"b": "x"}]})).unwrap_err();
        assert!(error.starts_with("at '/a/1/b'"), "{error}");
    }
}
