//! Both models by examples.

mod payload;

use rstest::rstest;
use serde_json::{Value, json};
use time::macros::datetime;

use crate::content_source::Wanted;
use crate::model::{DocumentKind, MAX_CONTENT_CHARS, MessageKey, SourceName};
use crate::normalise::tests::{account, with};
use crate::normalise::{Account, AttachedContent, SetAside, ToldDocument};
use crate::normalise::{gmail_email, gmail_message};
use crate::testing::NOON;

type Normalise = fn(&Value, &Account) -> Result<ToldDocument, SetAside>;

fn read_email(record: &Value) -> ToldDocument {
    gmail_email(record, &account()).unwrap()
}

fn read_message(record: &Value) -> ToldDocument {
    gmail_message(record, &account()).unwrap()
}

fn an_email() -> Value {
    json!({
        "id": "m1",
        "threadId": "t1",
        "sender": "Nils Dahl <nils@example.org>",
        "recipients": "\"Berg, Nora\" <nora@example.com>, ida@example.com",
        "date": "Mon, 2 Mar 2026 13:00:00 +0100",
        "subject": "Offer 12",
        "body": "Dear Nora,\r\n\r\nhere it is.\r\n",
        "attachments": [{
            "filename": "offer-12.pdf", "mimeType": "application/pdf", "size": 52_000, "attachmentId": "a1",
        }],
        "_nango_metadata": { "last_action": "ADDED", "cursor": "c1" },
    })
}

fn a_header(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}

fn a_message() -> Value {
    json!({
        "id": "m1",
        "threadId": "t1",
        "labelIds": ["INBOX", "IMPORTANT"],
        "snippet": "Dear Nora, it&#39;s here",
        "internalDate": "1772452805000",
        "sizeEstimate": 70_000,
        "historyId": "99",
        "payload": {
            "partId": "",
            "mimeType": "multipart/mixed",
            "filename": "",
            "headers": [
                a_header("from", "Nils Dahl <nils@example.org>"),
                a_header("To", "\"Berg, Nora\" <nora@example.com>"),
                a_header("to", "ida@example.com"),
                a_header("CC", "Sales: kim@example.com, lea@example.com;"),
                a_header("Subject", "=?utf-8?Q?Angebot_f=C3=BCr_Nora?="),
                a_header("Date", "Mon, 2 Mar 2026 13:00:00 +0100"),
                a_header("Message-Id", "<offer-12@example.org>"),
            ],
            "body": { "size": 0 },
            "parts": [
                { "partId": "0", "mimeType": "text/plain", "filename": "", "headers": [], "body": { "size": 30 } },
                a_file_part("1", "application/pdf", "offer-12.pdf", "attachment; filename=offer-12.pdf", 52_000),
            ],
        },
        "_nango_metadata": { "last_action": "ADDED", "cursor": "c1" },
    })
}

fn a_file_part(id: &str, mime_type: &str, name: &str, disposition: &str, size: u64) -> Value {
    json!({
        "partId": id,
        "mimeType": mime_type,
        "filename": name,
        "headers": [a_header("Content-Disposition", disposition)],
        "body": { "attachmentId": format!("a{id}"), "size": size },
    })
}

#[test]
fn an_email_becomes_a_document() {
    let record = read_email(&an_email());

    let message = &record.draft;
    assert_eq!(message.key.source, SourceName::new("gmail"));
    assert_eq!((message.key.source_account.as_str(), message.key.source_id.as_str()), ("nora@example.com", "m1"));
    assert_eq!(message.kind, DocumentKind::EMAIL);
    assert_eq!(message.title, "Offer 12");
    assert_eq!(message.created_at, Some(NOON));
    assert_eq!((message.content_incomplete, message.raw.as_ref()), (false, None));
    assert_eq!(
        Value::from(message.metadata.clone()),
        json!({
            "sender_name": "Nils Dahl",
            "sender_address": "nils@example.org",
            "to_addresses": ["nora@example.com", "ida@example.com"],
            "thread_id": "t1",
            "has_attachments": true,
        })
    );
    let document = record.draft.finish();
    assert_eq!(document.content, "Dear Nora,\n\nhere it is.");
    assert!(document.message_key.unwrap().as_str().starts_with("sha256:"));
}

#[test]
fn a_message_becomes_a_document_whose_text_is_to_be_fetched() {
    let record = read_message(&a_message());

    let message = &record.draft;
    assert_eq!((message.key.source_account.as_str(), message.key.source_id.as_str()), ("nora@example.com", "m1"));
    assert_eq!(message.title, "Angebot für Nora");
    assert_eq!((message.content.as_str(), message.content_incomplete), ("Dear Nora, it's here", true));
    assert_eq!(message.created_at, Some(datetime!(2026-03-02 12:00:05 UTC)));
    assert_eq!(
        Value::from(message.metadata.clone()),
        json!({
            "sender_name": "Nils Dahl",
            "sender_address": "nils@example.org",
            "to_addresses": ["nora@example.com", "ida@example.com"],
            "cc_addresses": ["kim@example.com", "lea@example.com"],
            "thread_id": "t1",
            "message_id": "offer-12@example.org",
            "labels": ["INBOX", "IMPORTANT"],
            "has_attachments": true,
        })
    );
    let document = record.draft.finish();
    assert_eq!(document.message_key, Some(MessageKey::new("id:offer-12@example.org")));
    assert_eq!(document.metadata.get("content_incomplete"), Some(&json!(true)));
}

#[rstest]
#[case::of_an_email(read_email(&an_email()))]
#[case::of_a_message(read_message(&a_message()))]
fn a_file_becomes_a_document_of_its_own(#[case] record: ToldDocument) {
    let [file] = record.attachments.as_slice() else { panic!("{:?}", record.attachments) };

    let wanted = Wanted::GmailAttachment { message_id: "m1".to_owned(), id: "a1".to_owned() };
    assert_eq!(file.content, AttachedContent::Missing(wanted));
    let draft = &file.draft;
    assert_eq!((draft.key.source_account.as_str(), draft.key.source_id.as_str()), ("nora@example.com", "m1_a1"));
    assert_eq!((draft.kind.as_str(), draft.title.as_str()), ("attachment", "offer-12.pdf"));
    assert_eq!((draft.mime_type.as_deref(), draft.file_size_bytes), (Some("application/pdf"), Some(52_000)));
    assert_eq!((draft.content.as_str(), draft.content_incomplete), ("", true));
    assert_eq!(draft.created_at, record.draft.created_at);
}

#[test]
fn both_models_tell_the_same_message_by_one_key() {
    let id = json!({ "messageId": "offer-12@example.org" });

    let key = |record: ToldDocument| record.draft.finish().message_key;

    assert_eq!(key(read_email(&with(an_email(), id))), key(read_message(&a_message())));
}

#[rstest]
#[case::nothing(Value::Null, SetAside::NotAnObject)]
#[case::text(json!("m1"), SetAside::NotAnObject)]
#[case::no_id(json!({ "subject": "Offer" }), SetAside::WithoutId)]
#[case::draft(json!({ "id": "m1", "labelIds": ["DRAFT"] }), SetAside::Draft)]
fn what_cannot_be_taken_in_says_why(
    #[values(gmail_email, gmail_message)] normalise: Normalise,
    #[case] record: Value,
    #[case] reason: SetAside,
) {
    assert_eq!(normalise(&record, &account()), Err(reason));
}

#[rstest]
fn a_record_with_only_an_id_is_an_empty_document(#[values(gmail_email, gmail_message)] normalise: Normalise) {
    let record = normalise(&json!({ "id": "m1" }), &account()).unwrap();

    let document = record.draft.finish();
    assert_eq!((document.title.as_str(), document.content.as_str()), ("", ""));
    assert_eq!((document.created_at, document.message_key), (None, None));
    assert_eq!(document.metadata.get("has_attachments"), Some(&json!(false)));
    assert!(record.attachments.is_empty());
}

#[rstest]
fn what_lies_in_spam_or_trash_is_taken_in(
    #[values(gmail_email, gmail_message)] normalise: Normalise,
    #[values("SPAM", "TRASH")] label: &str,
) {
    let record = normalise(&json!({ "id": "m1", "labelIds": [label] }), &account()).unwrap();

    assert_eq!(record.draft.metadata.get("labels"), Some(&json!([label])));
}

#[rstest]
#[case::html(json!("<p>Dear Nora,</p><p>here &amp; now</p>"), "Dear Nora,\n\nhere & now")]
#[case::address_in_text(json!("Write to <nora@example.com>"), "Write to <nora@example.com>")]
#[case::nul(json!("1\0 2.000"), "1 2.000")]
#[case::empty(json!(""), "")]
#[case::blank(json!(" \r\n "), "")]
#[case::nothing(Value::Null, "")]
#[case::html_without_text(json!("<div><br></div>"), "")]
#[case::another_type(json!({ "text": "x" }), "")]
fn the_body_of_an_email_becomes_its_text(#[case] body: Value, #[case] text: &str) {
    let document = read_email(&with(an_email(), json!({ "body": body }))).draft.finish();

    assert_eq!((document.content.as_str(), document.content_incomplete), (text, false));
}

#[rstest]
#[case::plain("ä".repeat(MAX_CONTENT_CHARS), false)]
#[case::longer("ä".repeat(MAX_CONTENT_CHARS + 1), true)]
#[case::html(format!("<p>{}</p>", "ä".repeat(MAX_CONTENT_CHARS)), false)]
#[case::longer_html(format!("<p>{}</p>", "ä".repeat(MAX_CONTENT_CHARS + 1)), true)]
#[case::much_longer_html("<p>word</p>\n".repeat(MAX_CONTENT_CHARS), true)]
fn a_long_body_is_cut_and_says_so(#[case] body: String, #[case] is_cut: bool) {
    let document = read_email(&with(an_email(), json!({ "body": body }))).draft.finish();

    assert_eq!(document.content.chars().count(), MAX_CONTENT_CHARS);
    assert_eq!(document.metadata.get("truncated"), is_cut.then_some(&json!(true)));
}

#[rstest]
#[case::unreadable(json!({ "date": "the day before yesterday" }), None)]
#[case::absent(json!({ "date": null }), None)]
#[case::iso(json!({ "date": "2026-03-02T12:00:00.000Z" }), Some(NOON))]
fn an_email_is_as_old_as_its_date_says(#[case] fields: Value, #[case] date: Option<time::OffsetDateTime>) {
    assert_eq!(read_email(&with(an_email(), fields)).draft.created_at, date);
}

#[rstest]
#[case::unreadable(json!("soon"))]
#[case::absent(Value::Null)]
fn a_message_without_its_arrival_is_as_old_as_its_header_says(#[case] arrival: Value) {
    assert_eq!(read_message(&with(a_message(), json!({ "internalDate": arrival }))).draft.created_at, Some(NOON));
}

#[test]
fn a_list_of_recipients_counts_like_one_text() {
    let recipients = json!(["Nora <nora@example.com>", "ida@example.com"]);

    let record = read_email(&with(an_email(), json!({ "recipients": recipients })));

    assert_eq!(record.draft.metadata["to_addresses"], json!(["nora@example.com", "ida@example.com"]));
}

#[test]
fn gmails_own_id_is_no_message_id() {
    let record = read_email(&with(an_email(), json!({ "messageId": "m1" })));

    assert!(!record.draft.metadata.contains_key("message_id"));
}

#[test]
fn a_link_is_told_where_the_record_has_one() {
    let link = "https://mail.example.com/m1";

    let message = read_message(&with(a_message(), json!({ "webLink": link }))).draft;

    assert_eq!((message.metadata["web_link"].as_str(), message.file_url.as_deref()), (Some(link), Some(link)));
}

#[rstest]
#[case::said_to_be_within(json!({ "isInline": true }), false)]
#[case::not_said(json!({}), false)]
#[case::said_to_be_beside(json!({ "isInline": false }), true)]
#[case::larger(json!({ "size": 10_240 }), true)]
#[case::no_image(json!({ "mimeType": "text/csv" }), true)]
fn a_small_image_of_an_email_is_no_document(#[case] fields: Value, #[case] is_kept: bool) {
    let file = json!({ "filename": "logo.png", "mimeType": "IMAGE/PNG", "size": "900", "attachmentId": "a1" });

    let record = read_email(&with(an_email(), json!({ "attachments": [with(file, fields)] })));

    assert_eq!(record.attachments.len(), usize::from(is_kept));
}

#[test]
fn a_file_without_its_id_is_known_of() {
    let record = read_email(&with(an_email(), json!({ "attachments": [{ "filename": "x.pdf", "size": 9 }] })));

    assert!(record.attachments.is_empty());
    assert_eq!(record.draft.metadata["has_attachments"], json!(true));
}

#[rstest]
#[case::url_safe("-_8", 2)]
#[case::standard("+/8=", 2)]
fn bytes_that_the_record_carries_need_not_be_fetched(#[case] bytes: &str, #[case] size: i64) {
    let file = json!({ "filename": "x.bin", "size": 9, "attachmentId": "a1", "contentBytes": bytes });

    let record = read_email(&with(an_email(), json!({ "attachments": [file] })));

    let [file] = record.attachments.as_slice() else { panic!("{:?}", record.attachments) };
    assert_eq!(file.content, AttachedContent::Here(vec![0xfb, 0xff].into()));
    assert_eq!(file.draft.file_size_bytes, Some(size));
}

#[rstest]
#[case::empty(json!(""))]
#[case::broken(json!("a"))]
#[case::another_type(json!(5))]
fn bytes_that_cannot_be_read_are_to_be_fetched(#[case] bytes: Value) {
    let file = json!({ "filename": "x.bin", "size": 9, "attachmentId": "a1", "contentBytes": bytes });

    let record = read_email(&with(an_email(), json!({ "attachments": [file] })));

    assert!(matches!(record.attachments[0].content, AttachedContent::Missing(_)), "{:?}", record.attachments);
    assert_eq!(record.attachments[0].draft.file_size_bytes, Some(9));
}
