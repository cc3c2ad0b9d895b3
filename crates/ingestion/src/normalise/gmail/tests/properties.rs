//! What holds for both models, whatever the broker hands over.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};

use super::account;
use crate::model::{DocumentDraft, MAX_CONTENT_CHARS};
use crate::normalise::ToldDocument;
use crate::normalise::{gmail_email, gmail_message};

/// Fields that the models know, so that arbitrary values land where they are read.
const FIELDS: [&str; 26] = [
    "id",
    "threadId",
    "sender",
    "recipients",
    "date",
    "subject",
    "body",
    "attachments",
    "filename",
    "mimeType",
    "size",
    "attachmentId",
    "isInline",
    "labelIds",
    "snippet",
    "internalDate",
    "payload",
    "headers",
    "name",
    "value",
    "parts",
    "partId",
    "data",
    "messageId",
    "cc",
    "webLink",
];

/// Texts as they come, and texts that mean something to one of the parsers.
fn any_text() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec![
        "a",
        "1",
        "02",
        "2026",
        "Mar",
        "+0100",
        "GMT",
        "12:00",
        ":",
        ";",
        ",",
        "<",
        ">",
        "\"",
        "\\",
        "(",
        ")",
        "@",
        "=?",
        "?=",
        "utf-8",
        "?Q?",
        "?B?",
        "\0",
        "\r\n",
        " ",
        "\u{a0}",
        "ä",
        "&amp;",
        "&#0;",
        "<p>",
        "</p>",
        "<div",
        "style=",
        "display:none",
        "<script>",
        "<!--",
        "-->",
        "<pre>",
        "<!DOCTYPE",
        "text/plain",
        "text/html",
        "multipart/mixed",
        "image/png",
        "Subject",
        "From",
        "To",
        "Content-Type",
        "charset=",
        "inline",
        "DRAFT",
        "YWFh",
    ]);
    prop_oneof![
        1 => any::<String>(),
        3 => proptest::collection::vec(word, 0..20).prop_map(|words| words.concat()),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 80, 8, |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            2 => an_object(inner),
        ]
    })
}

fn an_object(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let name = prop_oneof![9 => proptest::sample::select(FIELDS.to_vec()).prop_map(str::to_owned), 1 => any_text()];
    proptest::collection::hash_map(name, values, 0..10).prop_map(|fields| Value::from(Map::from_iter(fields)))
}

/// A record that is known by its id, whatever else stands in it.
fn a_record() -> impl Strategy<Value = Value> {
    an_object(any_json()).prop_map(|mut record| {
        record["id"] = json!("m1");
        record["labelIds"] = json!([]);
        record
    })
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn assert_fit(draft: DocumentDraft) {
    let document = draft.finish();
    let texts = json!([document.title, document.content, document.metadata, document.raw, document.mime_type]);
    assert!(!holds_nul(&texts), "{texts}");
    assert!(document.content.chars().count() <= MAX_CONTENT_CHARS);
    assert!(!document.key.source_id.is_empty());
    assert!(document.key.source_id.len() < 2_704, "an index refuses it");
    assert!(document.message_key.is_none_or(|key| key.as_str().len() < 2_704), "an index refuses it");
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_json_gives_a_document_or_a_reason(json in any_json()) {
        for normalise in [gmail_email, gmail_message] {
            if let Ok(record) = normalise(&json, &account()) {
                assert_fit(record.draft);
            }
        }
    }

    #[test]
    fn any_record_with_an_id_gives_a_document_that_can_be_stored(record in a_record()) {
        for normalise in [gmail_email, gmail_message] {
            let ToldDocument { draft, attachments, .. } = normalise(&record, &account()).expect("a document");
            assert_eq!(draft.key.source_id, "m1");
            assert_fit(draft);
            for attachment in attachments {
                assert_fit(attachment.draft);
            }
        }
    }

}

proptest! {
    #![proptest_config(Config { cases: 32, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_text_of_any_length_ends_in_a_document(text in any_text(), times in 1_usize..4_000) {
        let text = text.repeat(times);
        let fields = json!({ "id": "m1", "subject": text, "sender": text, "date": text, "body": text });
        assert_fit(gmail_email(&fields, &account()).expect("a document").draft);
    }
}
