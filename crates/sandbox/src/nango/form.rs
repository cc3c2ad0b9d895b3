//! Checks of bodies, queries and headers: everything that is wrong is reported at once, unknown names are refused.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::{ApiError, Issue};

/// An object under examination.
#[derive(Debug)]
pub(super) struct Form<'a> {
    fields: &'a Map<String, Value>,
    path: Vec<String>,
    known: BTreeSet<&'static str>,
    open: bool,
    pub(super) issues: Vec<Issue>,
}

impl<'a> Form<'a> {
    /// Starts with a body, which has to be an object.
    pub(super) fn of_body(body: Option<&'a Value>) -> Result<Self, ApiError> {
        match body {
            Some(Value::Object(fields)) => Ok(Self::new(fields, Vec::new())),
            other => Err(ApiError::invalid("invalid_body", &[wrong_type("object", other, Vec::new())])),
        }
    }

    pub(super) fn new(fields: &'a Map<String, Value>, path: Vec<String>) -> Self {
        Self { fields, path, known: BTreeSet::new(), open: false, issues: Vec::new() }
    }

    /// Accepts names that nobody asked for.
    pub(super) fn allow_unknown(&mut self) {
        self.open = true;
    }

    pub(super) fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.insert(name);
        self.fields.get(name)
    }

    pub(super) fn string(&mut self, name: &'static str) -> Option<&'a str> {
        match self.get(name)? {
            Value::String(text) => Some(text),
            other => {
                self.wrong(name, "string", Some(other));
                None
            }
        }
    }

    /// A string that has to be there; empty when it is not, with an issue.
    pub(super) fn required(&mut self, name: &'static str) -> &'a str {
        if let Some(Value::String(text)) = self.get(name) {
            return text;
        }
        let found = self.fields.get(name);
        self.wrong(name, "string", found);
        ""
    }

    pub(super) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(value) => Some(*value),
            other => {
                self.wrong(name, "boolean", Some(other));
                None
            }
        }
    }

    pub(super) fn object(&mut self, name: &'static str) -> Option<&'a Map<String, Value>> {
        match self.get(name)? {
            Value::Object(fields) => Some(fields),
            other => {
                self.wrong(name, "object", Some(other));
                None
            }
        }
    }

    pub(super) fn array(&mut self, name: &'static str) -> Option<&'a Vec<Value>> {
        match self.get(name)? {
            Value::Array(items) => Some(items),
            other => {
                self.wrong(name, "array", Some(other));
                None
            }
        }
    }

    /// A form of the object under `name`; give it back with [`Form::absorb`].
    pub(super) fn nested(&mut self, name: &'static str) -> Option<Form<'a>> {
        let path = self.path_of(name);
        self.object(name).map(|fields| Form::new(fields, path))
    }

    pub(super) fn absorb(&mut self, nested: Form<'_>) {
        self.issues.extend(nested.into_issues());
    }

    pub(super) fn issue(&mut self, code: &'static str, message: impl Into<String>, name: &str) {
        let path = self.path_of(name);
        self.issues.push(Issue { code, message: message.into(), path });
    }

    pub(super) fn issue_at(&mut self, code: &'static str, message: impl Into<String>, path: &[&str]) {
        let path = self.path.iter().cloned().chain(path.iter().map(|step| (*step).to_owned())).collect();
        self.issues.push(Issue { code, message: message.into(), path });
    }

    pub(super) fn wrong(&mut self, name: &str, expected: &str, found: Option<&Value>) {
        let path = self.path_of(name);
        self.issues.push(wrong_type(expected, found, path));
    }

    /// Nothing was wrong, or the error with everything that was.
    pub(super) fn finish(self, code: &str) -> Result<(), ApiError> {
        let issues = self.into_issues();
        if issues.is_empty() { Ok(()) } else { Err(ApiError::invalid(code, &issues)) }
    }

    pub(super) fn finish_body(self) -> Result<(), ApiError> {
        self.finish("invalid_body")
    }

    fn into_issues(mut self) -> Vec<Issue> {
        let unknown: Vec<String> = self
            .fields
            .keys()
            .filter(|key| !self.open && !self.known.contains(key.as_str()))
            .map(|key| format!("\"{key}\""))
            .collect();
        if !unknown.is_empty() {
            let message = format!("Keys that are not known here: {}", unknown.join(", "));
            self.issues.push(Issue { code: "unrecognized_keys", message, path: self.path });
        }
        self.issues
    }

    fn path_of(&self, name: &str) -> Vec<String> {
        self.path.iter().cloned().chain([name.to_owned()]).collect()
    }
}

/// A query string as an object: a name that comes several times holds a list.
pub(super) fn query_object(query: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = Value::String(value.into_owned());
        match fields.get_mut(name.as_ref()) {
            None => {
                fields.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    fields
}

/// The endpoint takes no query at all.
pub(super) fn no_query(query: &str) -> Result<(), ApiError> {
    Form::new(&query_object(query), Vec::new()).finish("invalid_query_params")
}

/// A whole number within bounds, both inclusive, that comes as text.
pub(super) fn number(form: &mut Form<'_>, name: &'static str, least: i64, most: i64) -> Option<i64> {
    let text = form.string(name)?;
    let Ok(number) = text.parse::<i64>() else {
        form.issue("invalid_type", "A number is expected", name);
        return None;
    };
    if number < least {
        form.issue("too_small", format!("Too small, the least is {least}"), name);
    } else if number > most {
        form.issue("too_big", format!("Too big, the most is {most}"), name);
    }
    Some(number)
}

/// A switch of a query: `true`, `1`, `yes`, … or `false`, `0`, `no`, …
pub(super) fn flag(form: &mut Form<'_>, name: &'static str) -> Option<bool> {
    let text = form.string(name)?;
    match text.to_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "y" | "enabled" => Some(true),
        "false" | "0" | "no" | "off" | "n" | "disabled" => Some(false),
        _ => {
            form.issue("invalid_value", "Neither a yes nor a no", name);
            None
        }
    }
}

fn wrong_type(expected: &str, found: Option<&Value>, path: Vec<String>) -> Issue {
    let found = match found {
        None => "nothing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    };
    Issue { code: "invalid_type", message: format!("Expected {expected}, found {found}"), path }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_that_is_wrong_is_reported_at_once() {
        let body = json!({ "a": 1, "inner": { "x": true, "more": 1 }, "extra": 0 });
        let mut form = Form::of_body(Some(&body)).unwrap();
        form.string("a");
        form.required("b");
        let mut inner = form.nested("inner").unwrap();
        inner.boolean("x");
        form.absorb(inner);
        let issues = form.into_issues();
        let found: Vec<(&str, String)> = issues.iter().map(|issue| (issue.code, issue.path.join("."))).collect();
        let expected =
            [("invalid_type", "a"), ("invalid_type", "b"), ("unrecognized_keys", "inner"), ("unrecognized_keys", "")];
        assert_eq!(found, expected.map(|(code, path)| (code, path.to_owned())));
    }

    #[test]
    fn a_repeated_query_name_becomes_a_list() {
        let fields = query_object("ids=a&ids=b%20c&model=Email");
        assert_eq!(Value::Object(fields), json!({ "ids": ["a", "b c"], "model": "Email" }));
    }
}
