//! What holds for every model, whatever the broker hands over.

use cortex_kernel::Provider;
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};

use crate::model::{DocumentDraft, DocumentKey, MAX_CONTENT_CHARS};
use crate::normalise::tests::account;
use crate::normalise::{AttachedContent, Told, ToldDocument};
use crate::readers::{Reader, models_of};

/// Fields that the models know, so that arbitrary values land where they are read.
const FIELDS: [&str; 75] = [
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
    "contentBytes",
    "isDraft",
    "from",
    "emailAddress",
    "address",
    "toRecipients",
    "ccRecipients",
    "receivedDateTime",
    "sentDateTime",
    "conversationId",
    "internetMessageId",
    "hasAttachments",
    "bodyPreview",
    "contentType",
    "content",
    "@odata.type",
    "trashed",
    "webViewLink",
    "parents",
    "createdTime",
    "modifiedTime",
    "driveId",
    "owners",
    "displayName",
    "docNumber",
    "customerName",
    "vendor_name",
    "totalAmt",
    "total_amt_cents",
    "total",
    "amount",
    "balance",
    "balance_cents",
    "transactionDate",
    "due_date",
    "createdAt",
    "updated_at",
    "lines",
    "items",
    "description",
    "itemName",
    "detailType",
    "linkedTransactions",
    "txnId",
    "type",
    "billing_city",
    "bill_address",
    "line1",
    "email",
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
        "true",
        "2026-03-02",
        "T",
        "Z",
        "12.50",
        "1,234",
        ".",
        "-",
        "e9",
        "application/vnd.google-apps.",
        "document",
        "folder",
        "#microsoft.graph.itemAttachment",
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
        record["isDraft"] = json!(false);
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

fn readers() -> impl Iterator<Item = Reader> {
    let models =
        Provider::ALL.into_iter().flat_map(|provider| models_of(provider).iter().map(move |model| (provider, *model)));
    models.map(|(provider, model)| Reader::of(provider, model).expect("a reader"))
}

fn assert_fit_key(key: &DocumentKey) {
    assert!(!key.source_id.is_empty() && !key.source_id.contains('\0'));
    assert!(key.source_id.len() < 2_704, "an index refuses it");
}

fn assert_fit_draft(draft: DocumentDraft) {
    let years = [draft.created_at, draft.modified_at].map(|moment| moment.map_or(2026, time::OffsetDateTime::year));
    assert!(years.iter().all(|year| (1970..=9_999).contains(year)), "{years:?}");
    assert!(draft.file_size_bytes.is_none_or(|size| size >= 0));
    let document = draft.finish();
    let texts = json!([document.title, document.content, document.metadata, document.raw, document.mime_type]);
    assert!(!holds_nul(&texts), "{texts}");
    assert!(document.title.chars().count() <= 1_000);
    assert!(document.content.chars().count() <= MAX_CONTENT_CHARS);
    assert_fit_key(&document.key);
    assert!(document.message_key.is_none_or(|key| key.as_str().len() < 2_704), "an index refuses it");
}

/// What is told can be stored, says truly whether text is missing, and belongs together.
fn assert_fit(told: ToldDocument) {
    assert_eq!(told.missing.is_some(), told.draft.content_incomplete);
    for attachment in told.attachments {
        assert_eq!(attachment.draft.parent.as_ref(), Some(&told.draft.key));
        if let AttachedContent::Here(bytes) = attachment.content {
            assert_eq!(attachment.draft.file_size_bytes, i64::try_from(bytes.len()).ok());
        }
        assert_fit_draft(attachment.draft);
    }
    assert_fit_draft(told.draft);
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_json_is_told_or_has_a_reason_why_not(json in any_json()) {
        for reader in readers() {
            match reader.read(&json, &account()) {
                Ok(Told::Document(told)) => assert_fit(*told),
                Ok(Told::Gone(key)) => assert_fit_key(&key),
                Ok(Told::Unwanted) => assert!(json["id"].is_string() || json["id"].is_number()),
                Err(reason) => assert!(!reason.name().is_empty()),
            }
        }
    }

    #[test]
    fn any_record_with_an_id_is_told_by_the_key_that_it_vanishes_by(record in a_record()) {
        for reader in readers() {
            let told = reader.read(&record, &account()).expect("it has an id");
            let key = match &told {
                Told::Document(told) => Some(told.draft.key.clone()),
                Told::Gone(key) => Some(key.clone()),
                Told::Unwanted => None,
            };
            let vanished = reader.key("m1", &account());
            assert!(key.is_none() || key == vanished, "{key:?} {vanished:?}");
            if let Told::Document(told) = told {
                assert_fit(*told);
            }
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 16, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_text_of_any_length_ends_in_a_document(text in any_text(), times in 1_usize..2_000) {
        let text = text.repeat(times);
        let somebody = json!({ "emailAddress": { "name": text, "address": text } });
        let record = json!({
            "id": "m1", "subject": text, "sender": text, "date": text, "body": text,
            "bodyPreview": text, "from": somebody, "toRecipients": [somebody], "receivedDateTime": text,
            "name": text, "mimeType": "text/plain", "modifiedTime": text,
            "displayName": text, "docNumber": text, "customerName": text, "totalAmt": text, "dueDate": text,
            "lines": [{ "description": text, "amount": text }],
        });
        for reader in readers() {
            match reader.read(&record, &account()) {
                Ok(Told::Document(told)) => assert_fit(*told),
                other => panic!("expected a document, got {other:?}"),
            }
        }
    }
}
