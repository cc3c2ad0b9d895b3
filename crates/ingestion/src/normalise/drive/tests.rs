//! Both models by examples.

use rstest::rstest;
use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use crate::normalise::tests::{account, document, with};
use crate::testing::NOON;

fn read(record: &Value) -> ToldDocument {
    document(drive_file(record, &account()).unwrap())
}

/// As the model `File` has it.
fn a_file() -> Value {
    json!({
        "id": "1abc",
        "name": "Plan.pdf",
        "mimeType": "application/pdf",
        "webViewLink": "https://drive.google.com/file/d/1abc/view",
        "parents": ["folder-1"],
        "createdTime": "2026-03-02T12:00:00.000Z",
        "modifiedTime": "2026-03-03T12:00:00.000Z",
        "size": "52000",
        "driveId": "drive-1",
        "trashed": false,
        "owners": [{ "emailAddress": "Nora@example.com", "displayName": "Nora Berg" }],
        "_nango_metadata": { "last_action": "ADDED" },
    })
}

/// As the model `DriveFile` has it.
fn an_older_file() -> Value {
    let mut file = with(a_file(), json!({ "size": 52_000 }));
    file.as_object_mut().unwrap().remove("driveId");
    file
}

#[rstest]
#[case::of_the_older_model(an_older_file(), None)]
#[case::of_the_current_one(a_file(), Some(&json!("drive-1")))]
fn a_file_becomes_a_document_whose_text_is_to_be_fetched(#[case] record: Value, #[case] drive: Option<&Value>) {
    let told = read(&record);

    assert_eq!(told.missing, Some(Wanted::DriveFile { id: "1abc".to_owned() }));
    let draft = &told.draft;
    assert_eq!((draft.key.source.as_str(), draft.key.source_id.as_str()), ("google_drive", "1abc"));
    assert_eq!((draft.kind.as_str(), draft.title.as_str()), ("file", "Plan.pdf"));
    assert_eq!((draft.content.as_str(), draft.content_incomplete), ("", true));
    assert_eq!((draft.mime_type.as_deref(), draft.file_size_bytes), (Some("application/pdf"), Some(52_000)));
    assert_eq!(draft.file_url.as_deref(), Some("https://drive.google.com/file/d/1abc/view"));
    assert_eq!((draft.created_at, draft.modified_at), (Some(NOON), Some(datetime!(2026-03-03 12:00 UTC))));
    assert_eq!(draft.metadata.get("drive_id"), drive);
    let mut metadata = draft.metadata.clone();
    metadata.remove("drive_id");
    assert_eq!(
        Value::from(metadata),
        json!({
            "web_view_link": "https://drive.google.com/file/d/1abc/view",
            "parents": ["folder-1"],
            "owner_email": "nora@example.com",
            "owner_name": "Nora Berg",
        })
    );
}

#[rstest]
#[case::document("document", "googledoc", Some("text/plain"))]
#[case::sheet("spreadsheet", "googlesheet", Some("text/csv"))]
#[case::slides("presentation", "googleslide", Some("text/plain"))]
#[case::form("form", "file", None)]
#[case::drawing("drawing", "file", None)]
fn what_is_googles_own_is_exported(#[case] what: &str, #[case] kind: &str, #[case] export: Option<&'static str>) {
    let told = read(&with(a_file(), json!({ "mimeType": format!("application/vnd.google-apps.{what}") })));

    let wanted = export.map(|mime_type| Wanted::DriveExport { id: "1abc".to_owned(), mime_type });
    assert_eq!(told.draft.kind.as_str(), kind);
    assert_eq!(told.draft.content_incomplete, wanted.is_some());
    assert_eq!(told.missing, wanted);
}

#[rstest]
#[case::pdf("application/pdf", "x", true)]
#[case::docx("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "x", true)]
#[case::text("text/plain; charset=utf-8", "x", true)]
#[case::markdown("text/markdown", "x", true)]
#[case::upper_case("TEXT/CSV", "x", true)]
#[case::message("message/rfc822", "x", true)]
#[case::json("application/json", "x", true)]
#[case::some_xml("application/atom+xml", "x", true)]
#[case::told_by_its_name("application/octet-stream", "Plan.PDF", true)]
#[case::told_by_nothing("application/octet-stream", "Plan", false)]
#[case::of_no_type("", "notes.txt", true)]
#[case::named_like_a_text("image/png", "x.txt", false)]
#[case::drawing("image/svg+xml", "x.svg", false)]
#[case::video("video/mp4", "x.mp4", false)]
#[case::archive("application/zip", "x.zip", false)]
#[case::old_word("application/msword", "x.doc", false)]
fn only_what_may_have_text_is_fetched(#[case] mime_type: &str, #[case] name: &str, #[case] has_text: bool) {
    let told = read(&with(a_file(), json!({ "mimeType": mime_type, "name": name })));

    assert_eq!((told.missing.is_some(), told.draft.content_incomplete), (has_text, has_text));
}

#[rstest]
#[case::zero(json!("0"), false)]
#[case::zero_as_a_number(json!(0), false)]
#[case::unknown(Value::Null, true)]
fn of_an_empty_file_nothing_is_missing(#[case] size: Value, #[case] is_missing: bool) {
    assert_eq!(read(&with(a_file(), json!({ "size": size }))).missing.is_some(), is_missing);
}

#[rstest]
#[case::folder(json!({ "mimeType": "application/vnd.google-apps.folder" }))]
#[case::shortcut(json!({ "mimeType": "application/vnd.google-apps.shortcut" }))]
#[case::picture_without_a_name(json!({ "mimeType": "image/png", "name": " \u{0}" }))]
#[case::nothing_but_an_id(json!({ "mimeType": null, "name": null }))]
fn what_nobody_looks_for_is_not_wanted(#[case] fields: Value) {
    assert_eq!(drive_file(&with(a_file(), fields), &account()), Ok(Told::Unwanted));
}

#[test]
fn a_text_without_a_name_is_found_by_what_it_says() {
    let told = read(&with(a_file(), json!({ "name": null })));

    assert_eq!((told.draft.title.as_str(), told.missing.is_some()), ("", true));
}

#[rstest]
#[case::file(json!({}))]
#[case::folder(json!({ "mimeType": "application/vnd.google-apps.folder" }))]
#[case::in_words(json!({ "trashed": "true" }))]
fn what_lies_in_the_bin_is_gone(#[case] fields: Value) {
    let told = drive_file(&with(with(a_file(), json!({ "trashed": true })), fields), &account());

    assert_eq!(told, Ok(Told::Gone(key_of(Provider::GoogleDrive, "", &a_file(), &account()).unwrap())));
}

#[rstest]
#[case::nothing(Value::Null, SetAside::NotAnObject)]
#[case::no_id(json!({ "name": "Plan", "trashed": true }), SetAside::WithoutId)]
#[case::long_id(json!({ "id": "x".repeat(1_001) }), SetAside::IdTooLong)]
fn what_cannot_be_taken_in_says_why(#[case] record: Value, #[case] reason: SetAside) {
    assert_eq!(drive_file(&record, &account()), Err(reason));
}

#[test]
fn what_is_of_another_type_than_it_should_be_is_left_out() {
    let odd = json!({
        "mimeType": ["application/pdf"], "parents": "folder-1", "createdTime": 7, "modifiedTime": "lately", "size": -5,
        "owners": "Nora", "webViewLink": {}, "driveId": null, "trashed": "no",
    });

    let told = read(&with(a_file(), odd));

    assert_eq!((told.draft.title.as_str(), told.draft.mime_type.as_deref()), ("Plan.pdf", None));
    assert_eq!((told.draft.created_at, told.draft.modified_at, told.draft.file_size_bytes), (None, None, None));
    assert!(told.draft.metadata.is_empty(), "{:?}", told.draft.metadata);
}

#[test]
fn a_file_is_kept_as_it_came_so_that_it_can_be_fetched_again() {
    let raw = read(&a_file()).draft.raw.unwrap();

    assert_eq!(raw.get("_nango_metadata"), None);
    assert_eq!(read(&raw), read(&a_file()));
}
