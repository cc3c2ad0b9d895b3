//! Texts and files in the tree of parts of a `Message`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE};
use rstest::rstest;
use serde_json::{Value, json};

use super::{a_file_part, a_header, a_message, read_message};
use crate::normalise::AttachedContent;
use crate::normalise::tests::with;

#[rstest]
#[case::one_part(a_text_part("text/plain", "Grüße"), "Grüße")]
#[case::html(a_text_part("text/html", "<p>one<br>two"), "one\ntwo")]
#[case::alternatives(multipart(&[a_text_part("text/plain", "plain"), a_text_part("text/html", "<p>html")]), "plain")]
#[case::empty_plain_one(multipart(&[a_text_part("text/plain", " \r\n"), a_text_part("text/html", "<p>html")]), "html")]
#[case::plain_one_is_enough(
    multipart(&[a_text_part("text/plain", "plain"), json!({ "mimeType": "text/html", "body": { "size": 9 } })]),
    "plain"
)]
#[case::nested(multipart(&[multipart(&[a_text_part("text/plain", "one")]), a_text_part("text/plain", "two")]), "one\ntwo")]
#[case::text_file(
    multipart(&[a_text_part("text/plain", "text"), with(a_text_part("text/plain", "file"), json!({ "filename": "x.txt" }))]),
    "text"
)]
#[case::no_padding(json!({ "mimeType": "text/plain", "body": { "data": "YQ" } }), "a")]
#[case::other_alphabet(json!({ "mimeType": "text/plain", "body": { "data": STANDARD_NO_PAD.encode("ÿ?>~ÿ") } }), "ÿ?>~ÿ")]
#[case::empty(json!({ "mimeType": "text/plain", "body": { "size": 0 } }), "")]
#[case::only_a_file(multipart(&[a_file_part("1", "application/pdf", "x.pdf", "attachment", 9)]), "")]
fn a_payload_with_its_texts_is_the_whole_text(#[case] payload: Value, #[case] text: &str) {
    let document = read_message(&a_message_of(payload)).draft.finish();

    assert_eq!((document.content.as_str(), document.content_incomplete), (text, false));
}

#[rstest]
#[case::size_only(json!({ "mimeType": "text/plain", "body": { "size": 9 } }))]
#[case::to_be_fetched(json!({ "mimeType": "text/html", "body": { "attachmentId": "a0", "size": 9 } }))]
#[case::no_parts(json!({ "mimeType": "multipart/alternative" }))]
#[case::one_of_two(multipart(&[a_text_part("text/plain", "one"), json!({ "mimeType": "text/plain", "body": { "size": 9 } })]))]
#[case::broken_data(json!({ "mimeType": "text/plain", "body": { "size": 9, "data": "a" } }))]
fn a_payload_without_all_its_texts_leaves_the_beginning(#[case] payload: Value) {
    let message = read_message(&a_message_of(payload)).draft;

    assert_eq!((message.content.as_str(), message.content_incomplete), ("Dear Nora, it's here", true));
}

#[rstest]
#[case::utf_8(b"Gr\xc3\xbc\xc3\x9fe", "iso-8859-1", "Grüße")]
#[case::as_told(b"Gr\xfc\xdfe", "iso-8859-1", "Grüße")]
#[case::windows(b"\x93quoted\x94", "windows-1252", "“quoted”")]
#[case::by_escapes(b"\x1b$B%F%9%H\x1b(B", "ISO-2022-JP", "テスト")]
#[case::unknown(b"Gr\xfce", "x-unknown", "Gr\u{fffd}e")]
fn a_text_of_any_charset_is_read(#[case] bytes: &[u8], #[case] charset: &str, #[case] text: &str) {
    let mut record = a_message();
    record["payload"] = json!({
        "mimeType": "text/plain",
        "headers": [a_header("content-type", &format!("text/plain; charset=\"{charset}\""))],
        "body": { "size": bytes.len(), "data": URL_SAFE.encode(bytes) },
    });

    assert_eq!(read_message(&record).draft.content, text);
}

#[test]
fn an_attached_mail_is_a_file_and_not_taken_apart() {
    let inner = with(
        a_file_part("1", "message/rfc822", "forwarded.eml", "attachment", 4_000),
        json!({ "parts": [a_text_part("text/plain", "of the attached mail")] }),
    );

    let record = read_message(&a_message_of(multipart(&[a_text_part("text/plain", "text"), inner])));

    assert_eq!(record.draft.content, "text");
    assert_eq!(record.attachments.len(), 1);
}

#[rstest]
#[case::document("application/pdf", "attachment", 9, true)]
#[case::logo("image/png", "inline; filename=logo.png", 9_000, false)]
#[case::photo("image/png", "inline; filename=photo.png", 90_000, true)]
#[case::small_picture_beside_the_text("image/png", "attachment; filename=stamp.png", 9_000, true)]
fn small_images_within_the_text_are_no_documents(
    #[case] mime_type: &str,
    #[case] disposition: &str,
    #[case] size: u64,
    #[case] is_kept: bool,
) {
    let mut part = a_file_part("1", mime_type, "name", disposition, size);
    part["headers"].as_array_mut().unwrap().push(a_header("Content-Id", "<image1>"));

    let record = read_message(&a_message_of(multipart(&[part])));

    assert_eq!(record.attachments.len(), usize::from(is_kept));
    assert_eq!(record.draft.metadata["has_attachments"], json!(is_kept));
}

#[test]
fn a_file_whose_data_is_in_the_payload_need_not_be_fetched() {
    let part = with(
        a_text_part("text/csv", "a;b"),
        json!({ "partId": "1", "filename": "x.csv", "headers": [a_header("Content-Disposition", "attachment")] }),
    );

    let record = read_message(&a_message_of(multipart(&[part])));

    let [file] = record.attachments.as_slice() else { panic!("{:?}", record.attachments) };
    assert_eq!(file.content, AttachedContent::Here("a;b".into()));
    assert_eq!((file.draft.key.source_id.as_str(), file.draft.file_size_bytes), ("m1_1", Some(3)));
    assert_eq!(record.draft.raw.unwrap()["payload"]["parts"][0]["body"], json!({ "size": 3 }));
}

#[test]
fn a_message_is_kept_as_it_came_without_its_texts() {
    let raw = read_message(&a_message_of(multipart(&[a_text_part("text/plain", "text")]))).draft.raw.unwrap();

    assert_eq!(raw["payload"]["headers"][6]["value"], json!("<offer-12@example.org>"));
    assert_eq!(raw["payload"]["parts"][0]["body"], json!({ "size": 4 }));
    assert_eq!(raw.get("_nango_metadata"), None);
}

fn a_text_part(mime_type: &str, text: &str) -> Value {
    json!({ "mimeType": mime_type, "filename": "", "body": { "size": text.len(), "data": URL_SAFE.encode(text) } })
}

/// [`a_message`] with another tree of parts below the same headers.
fn a_message_of(payload: Value) -> Value {
    let mut record = a_message();
    let headers = record["payload"]["headers"].take();
    record["payload"] = with(payload, json!({ "headers": headers }));
    record
}

fn multipart(parts: &[Value]) -> Value {
    json!({ "mimeType": "multipart/mixed", "body": { "size": 0 }, "parts": parts })
}
