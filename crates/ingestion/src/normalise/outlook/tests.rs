//! Both models by examples.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rstest::rstest;
use serde_json::{Value, json};
use time::macros::datetime;

use crate::content_source::Wanted;
use crate::model::{DocumentKind, MAX_CONTENT_CHARS, MessageKey, SourceName};
use crate::normalise::tests::{account, with};
use crate::normalise::{Account, AttachedContent, SetAside, ToldDocument, outlook_email, outlook_message};
use crate::testing::NOON;

type Normalise = fn(&Value, &Account) -> Result<ToldDocument, SetAside>;

fn read_email(record: &Value) -> ToldDocument {
    outlook_email(record, &account()).unwrap()
}

fn read_message(record: &Value) -> ToldDocument {
    outlook_message(record, &account()).unwrap()
}

fn an_email() -> Value {
    json!({
        "id": "AAMk1",
        "threadId": "conversation-1",
        "userId": "user-7",
        "sender": "nils@example.org",
        "recipients": "\"Berg, Nora\" <nora@example.com>, Ida@example.com",
        "date": "2026-03-02T12:00:00Z",
        "subject": "Offer 12",
        "body": "<html><body><p>Dear Nora,</p><p>here it is.</p></body></html>",
        "attachments": [{
            "filename": "offer-12.pdf", "mimeType": "application/pdf", "size": 52_000, "attachmentId": "a1",
            "userId": "user-7", "isInline": false,
        }],
        "_nango_metadata": { "last_action": "ADDED" },
    })
}

fn somebody(name: &str, address: &str) -> Value {
    json!({ "emailAddress": { "name": name, "address": address } })
}

fn a_message() -> Value {
    json!({
        "id": "AAMk1",
        "conversationId": "conversation-1",
        "subject": "Offer 12",
        "from": somebody("Nils Dahl", "Nils@example.org"),
        "sender": somebody("Office of Nils", "office@example.org"),
        "toRecipients": [somebody("Berg, Nora", "nora@example.com"), somebody("ida@example.com", "ida@example.com")],
        "ccRecipients": [somebody("Nora", "NORA@example.com"), somebody("Kim", "kim@example.com")],
        "bodyPreview": "Dear Nora,\r\n\r\nhere & now",
        "sentDateTime": "2026-03-02T12:00:00Z",
        "receivedDateTime": "2026-03-02T12:00:05Z",
        "internetMessageId": "<offer-12@example.org>",
        "hasAttachments": true,
        "isRead": true,
        "isDraft": false,
        "importance": "normal",
        "folderId": "inbox",
        "webLink": "https://outlook.example.com/AAMk1",
        "_nango_metadata": { "last_action": "ADDED" },
    })
}

fn a_file() -> Value {
    json!({
        "@odata.type": "#microsoft.graph.fileAttachment",
        "id": "a1",
        "name": "offer-12.pdf",
        "contentType": "application/pdf",
        "size": 52_000,
        "isInline": false,
        "contentId": null,
    })
}

/// As Graph answers when the message is fetched.
fn a_fetched_message() -> Value {
    with(
        a_message(),
        json!({
            "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('u')/messages/$entity",
            "body": { "contentType": "html", "content": "<p>Dear Nora,</p><p>here &amp; now it is.</p>" },
            "attachments": [a_file()],
        }),
    )
}

#[test]
fn an_email_becomes_a_document() {
    let told = read_email(&an_email());

    assert_eq!((told.missing.as_ref(), told.draft.raw.as_ref()), (None, None));
    assert_eq!(told.draft.key.source, SourceName::new("outlook"));
    assert_eq!(
        (told.draft.key.source_account.as_str(), told.draft.key.source_id.as_str()),
        ("nora@example.com", "AAMk1")
    );
    assert_eq!((&told.draft.kind, told.draft.title.as_str()), (&DocumentKind::EMAIL, "Offer 12"));
    assert_eq!(told.draft.created_at, Some(NOON));
    assert_eq!(
        Value::from(told.draft.metadata.clone()),
        json!({
            "sender_address": "nils@example.org",
            "to_addresses": ["nora@example.com", "ida@example.com"],
            "thread_id": "conversation-1",
            "has_attachments": true,
        })
    );
    let document = told.draft.finish();
    assert_eq!((document.content.as_str(), document.content_incomplete), ("Dear Nora,\n\nhere it is.", false));
    assert!(document.message_key.unwrap().as_str().starts_with("sha256:"));
}

#[test]
fn a_message_becomes_a_document_whose_text_is_to_be_fetched() {
    let told = read_message(&a_message());

    assert_eq!(told.missing, Some(Wanted::OutlookMessage { id: "AAMk1".to_owned() }));
    assert_eq!((told.draft.content.as_str(), told.draft.content_incomplete), ("Dear Nora,\r\n\r\nhere & now", true));
    assert_eq!(told.draft.created_at, Some(datetime!(2026-03-02 12:00:05 UTC)));
    assert_eq!(told.draft.file_url.as_deref(), Some("https://outlook.example.com/AAMk1"));
    assert_eq!(
        Value::from(told.draft.metadata.clone()),
        json!({
            "sender_name": "Nils Dahl",
            "sender_address": "nils@example.org",
            "to_addresses": ["nora@example.com", "ida@example.com"],
            "cc_addresses": ["nora@example.com", "kim@example.com"],
            "thread_id": "conversation-1",
            "message_id": "offer-12@example.org",
            "web_link": "https://outlook.example.com/AAMk1",
            "has_attachments": true,
        })
    );
    assert!(told.attachments.is_empty());
    assert_eq!(told.draft.finish().message_key, Some(MessageKey::new("id:offer-12@example.org")));
}

#[test]
fn what_is_fetched_of_a_message_is_the_same_document_with_its_text_and_its_files() {
    let (record, fetched) = (read_message(&a_message()), read_message(&a_fetched_message()));

    assert_eq!((fetched.missing.as_ref(), fetched.draft.content_incomplete), (None, false));
    assert_eq!(fetched.draft.content, "Dear Nora,\n\nhere & now it is.");
    assert_eq!((&fetched.draft.key, &fetched.draft.metadata), (&record.draft.key, &record.draft.metadata));
    assert_eq!(fetched.attachments.len(), 1);
}

#[rstest]
#[case::of_an_email(read_email(&an_email()))]
#[case::of_a_message(read_message(&a_fetched_message()))]
fn a_file_becomes_a_document_of_its_own(#[case] told: ToldDocument) {
    let [file] = told.attachments.as_slice() else { panic!("{:?}", told.attachments) };

    let wanted = Wanted::OutlookAttachment { message_id: "AAMk1".to_owned(), id: "a1".to_owned() };
    assert_eq!(file.content, AttachedContent::Missing(wanted));
    assert_eq!(file.draft.key.source_id, "AAMk1_a1");
    assert_eq!((file.draft.kind.as_str(), file.draft.title.as_str()), ("attachment", "offer-12.pdf"));
    assert_eq!((file.draft.mime_type.as_deref(), file.draft.file_size_bytes), (Some("application/pdf"), Some(52_000)));
    assert_eq!(file.draft.parent.as_ref(), Some(&told.draft.key));
}

#[rstest]
#[case::of_an_email(read_email(&with(an_email(), json!({ "attachments": [with(
    an_email()["attachments"][0].clone(), json!({ "contentBytes": BASE64_STANDARD.encode("of the file") })
)] }))))]
#[case::of_a_message(read_message(&with(a_fetched_message(), json!({ "attachments": [with(
    a_file(), json!({ "contentBytes": BASE64_STANDARD.encode("of the file") })
)] }))))]
fn bytes_that_are_there_need_not_be_fetched(#[case] told: ToldDocument) {
    let [file] = told.attachments.as_slice() else { panic!("{:?}", told.attachments) };

    assert_eq!(file.content, AttachedContent::Here("of the file".into()));
    assert_eq!(file.draft.file_size_bytes, Some(11));
    if let Some(raw) = told.draft.raw {
        assert_eq!(raw["attachments"][0].get("contentBytes"), None);
    }
}

#[rstest]
#[case::nothing(Value::Null, SetAside::NotAnObject)]
#[case::no_id(json!({ "subject": "Offer" }), SetAside::WithoutId)]
#[case::draft(json!({ "id": "AAMk1", "isDraft": true }), SetAside::Draft)]
#[case::draft_in_words(json!({ "id": "AAMk1", "isDraft": "True" }), SetAside::Draft)]
fn what_cannot_be_taken_in_says_why(
    #[values(outlook_email, outlook_message)] normalise: Normalise,
    #[case] record: Value,
    #[case] reason: SetAside,
) {
    assert_eq!(normalise(&record, &account()), Err(reason));
}

#[rstest]
fn a_record_with_only_an_id_is_an_empty_document(
    #[values(outlook_email, outlook_message)] normalise: Normalise,
    #[values(json!({}), json!({
        "subject": [], "from": "x", "sender": 5, "toRecipients": "x", "body": [], "attachments": {}, "date": {},
        "receivedDateTime": 7, "conversationId": true, "hasAttachments": "many",
    }))]
    other: Value,
) {
    let told = normalise(&with(json!({ "id": "AAMk1" }), other), &account()).unwrap();

    let document = told.draft.finish();
    assert_eq!((document.title.as_str(), document.content.as_str()), ("", ""));
    assert_eq!((document.created_at, document.message_key), (None, None));
    assert_eq!(document.metadata["has_attachments"], json!(false));
}

#[rstest]
#[case::from(json!({}), Some("Nils Dahl"), Some("nils@example.org"))]
#[case::no_from(json!({ "from": null }), Some("Office of Nils"), Some("office@example.org"))]
#[case::name_that_is_the_address(json!({ "from": somebody("Nils@example.org", "nils@example.org") }), None, Some("nils@example.org"))]
#[case::address_of_exchange(json!({ "from": somebody("Nils", "/O=EXAMPLE/OU=X/CN=NILS") }), Some("Nils"), None)]
#[case::nobody(json!({ "from": {}, "sender": {} }), None, None)]
fn a_message_is_from_who_wrote_it(#[case] fields: Value, #[case] name: Option<&str>, #[case] address: Option<&str>) {
    let metadata = read_message(&with(a_message(), fields)).draft.metadata;

    assert_eq!(metadata.get("sender_name").and_then(Value::as_str), name);
    assert_eq!(metadata.get("sender_address").and_then(Value::as_str), address);
}

#[rstest]
#[case::received(json!({}), Some(datetime!(2026-03-02 12:00:05 UTC)))]
#[case::only_sent(json!({ "receivedDateTime": null }), Some(NOON))]
#[case::unreadable(json!({ "receivedDateTime": "lately", "sentDateTime": "" }), None)]
fn a_message_is_as_old_as_its_arrival(#[case] fields: Value, #[case] date: Option<time::OffsetDateTime>) {
    assert_eq!(read_message(&with(a_message(), fields)).draft.created_at, date);
}

#[rstest]
#[case::html(json!({ "contentType": "html", "content": "<p>one<br>two" }), "one\ntwo")]
#[case::text(json!({ "contentType": "Text", "content": "<p> is a tag" }), "<p> is a tag")]
#[case::not_said(json!({ "content": "<p>one</p>" }), "one")]
#[case::empty(json!({ "contentType": "text", "content": "" }), "")]
#[case::nul(json!({ "contentType": "text", "content": "1\u{0} 2.000" }), "1 2.000")]
fn a_body_is_the_whole_text(#[case] body: Value, #[case] text: &str) {
    let told = read_message(&with(a_message(), json!({ "body": body })));

    assert_eq!(told.missing, None);
    let document = told.draft.finish();
    assert_eq!((document.content.as_str(), document.content_incomplete), (text, false));
}

#[rstest]
#[case::absent(Value::Null)]
#[case::no_content(json!({ "contentType": "html" }))]
#[case::another_type(json!({ "contentType": "html", "content": 5 }))]
fn without_a_body_the_beginning_is_there(#[case] body: Value) {
    assert!(read_message(&with(a_message(), json!({ "body": body }))).draft.content_incomplete);
}

#[rstest]
#[case::of_the_longest(0, None)]
#[case::of_a_longer_one(1, Some(&json!(true)))]
fn a_long_body_is_cut_and_says_so(#[case] more: usize, #[case] truncated: Option<&Value>) {
    let text = "ä".repeat(MAX_CONTENT_CHARS + more);
    let body = json!({ "contentType": "text", "content": text });

    let documents = [
        read_email(&with(an_email(), json!({ "body": text }))).draft.finish(),
        read_message(&with(a_message(), json!({ "body": body }))).draft.finish(),
    ];

    for document in documents {
        assert_eq!(document.content.chars().count(), MAX_CONTENT_CHARS);
        assert_eq!(document.metadata.get("truncated"), truncated);
    }
}

#[rstest]
#[case::file(json!({}), true)]
#[case::small_image_beside_the_text(json!({ "contentType": "image/png", "size": 900 }), true)]
#[case::small_image_within_it(json!({ "contentType": "IMAGE/PNG", "size": 10_239, "isInline": true }), false)]
#[case::larger_image_within_it(json!({ "contentType": "image/png", "size": 10_240, "isInline": true }), true)]
#[case::item(json!({ "@odata.type": "#microsoft.graph.itemAttachment", "contentType": null }), true)]
#[case::link_to_a_file_elsewhere(json!({ "@odata.type": "#microsoft.graph.referenceAttachment" }), false)]
#[case::without_an_id(json!({ "id": null }), false)]
fn what_came_with_a_message_is_a_document_if_it_is_worth_it(#[case] fields: Value, #[case] is_kept: bool) {
    let told = read_message(&with(a_fetched_message(), json!({ "attachments": [with(a_file(), fields)] })));

    assert_eq!(told.attachments.len(), usize::from(is_kept));
}

#[test]
fn a_link_to_a_file_elsewhere_is_known_of() {
    let link = with(a_file(), json!({ "@odata.type": "#microsoft.graph.referenceAttachment" }));

    let told = read_message(&with(a_fetched_message(), json!({ "attachments": [link], "hasAttachments": false })));

    assert_eq!(told.draft.metadata["has_attachments"], json!(true));
}

#[rstest]
#[case::said_to_be_within(json!({ "isInline": true }), false)]
#[case::not_said(json!({ "isInline": null }), false)]
#[case::said_to_be_beside(json!({}), true)]
fn a_small_image_of_an_email_is_no_document(#[case] fields: Value, #[case] is_kept: bool) {
    let file = with(an_email()["attachments"][0].clone(), json!({ "mimeType": "image/png", "size": 900 }));

    let told = read_email(&with(an_email(), json!({ "attachments": [with(file, fields)] })));

    assert_eq!(told.attachments.len(), usize::from(is_kept));
    assert_eq!(told.draft.metadata["has_attachments"], json!(is_kept));
}

#[rstest]
#[case::internet(json!({ "internetMessageId": "<offer-12@example.org>" }))]
#[case::added_by_a_script(json!({ "messageId": "offer-12@example.org" }))]
fn both_models_tell_the_same_message_by_one_key(#[case] id: Value) {
    let key = |told: ToldDocument| told.draft.finish().message_key;

    assert_eq!(key(read_email(&with(an_email(), id))), key(read_message(&a_message())));
}

#[test]
fn a_message_is_kept_as_it_came_without_its_texts() {
    let raw = read_message(&a_fetched_message()).draft.raw.unwrap();

    assert_eq!((raw.get("body"), raw.get("_nango_metadata")), (None, None));
    assert_eq!((&raw["id"], &raw["importance"]), (&json!("AAMk1"), &json!("normal")));
    assert_eq!(read_message(&raw).draft.content, "Dear Nora,\r\n\r\nhere & now", "it can be fetched again from that");
}
