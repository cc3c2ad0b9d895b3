//! What is kept of a record until all of it is had.

use serde_json::{Map, Value};

use crate::model::scrub;

/// Fields in which texts and bytes stand, at any depth: of messages of Gmail and Graph, and of the older models.
const TEXTS: [&str; 5] = ["body", "content", "contentBytes", "data", "uniqueBody"];

/// The record without its texts, which are in its document or come again. Beginnings of them stay: they are the content of
/// its document until then.
pub(super) fn without_texts(record: Value) -> Value {
    let mut record = scrub(record);
    let mut rest = vec![&mut record];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(fields) => {
                drop_texts(fields);
                rest.extend(fields.values_mut());
            }
            Value::Array(items) => rest.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    record
}

fn drop_texts(fields: &mut Map<String, Value>) {
    for name in TEXTS {
        if fields.get(name).is_some_and(Value::is_string) {
            fields.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_go_and_all_else_stays() {
        let record = json!({
            "id": "1", "snippet": "Dear", "body": "Dear all\0",
            "attachments": [{ "attachmentId": "a\0", "contentBytes": "AAAA", "size": 3 }],
            "payload": { "parts": [{ "body": { "size": 9, "data": "RGVhciBhbGw", "attachmentId": "b" } }] },
        });

        let expected = json!({
            "id": "1", "snippet": "Dear",
            "attachments": [{ "attachmentId": "a", "size": 3 }],
            "payload": { "parts": [{ "body": { "size": 9, "attachmentId": "b" } }] },
        });
        assert_eq!(without_texts(record), expected);
    }

    #[test]
    fn the_body_of_a_message_of_graph_goes() {
        let record = json!({ "id": "1", "body": { "contentType": "html", "content": "<p>Dear all" } });

        assert_eq!(without_texts(record), json!({ "id": "1", "body": { "contentType": "html" } }));
    }
}
