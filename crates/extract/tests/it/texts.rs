//! Plain text, Markdown, tables, pages, and what is none of it.

use cortex_ingestion::model::FileType;
use rstest::rstest;

use crate::files::{docx, ole, paragraph, pdf, zip};
use crate::{extract, refusal, text_of};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0\x40\0\0\0";

#[rstest]
#[case::text("txt", FileType::Text)]
#[case::markdown("md", FileType::Markdown)]
#[case::table("csv", FileType::Csv)]
#[case::page("html", FileType::Html)]
#[case::unknown("dat", FileType::Text)]
fn where_bytes_leave_a_choice_the_name_decides(#[case] extension: &str, #[case] expected: FileType) {
    let extracted = extract("pump,price\nseal,4\n", Some(extension)).unwrap();

    assert_eq!(extracted.file_type, expected);
    assert!(extracted.text.starts_with("pump,price") && extracted.text.ends_with("seal,4"), "{}", extracted.text);
}

#[rstest]
#[case("txt")]
#[case("csv")]
#[case("pdf")]
#[case("docx")]
fn where_bytes_leave_none_the_name_counts_nothing(#[case] extension: &str) {
    let files = [
        (pdf(&["BT /F 12 Tf 72 770 Td (seal) Tj ET"]), FileType::Pdf),
        (docx(&paragraph("seal")), FileType::Docx),
        (b"<!DOCTYPE html><p>seal".to_vec(), FileType::Html),
        (b"Message-ID: <1@example.com>\nFrom: nora@example.com\n\nseal".to_vec(), FileType::Eml),
    ];
    for (bytes, expected) in files {
        let extracted = extract(bytes, Some(extension)).unwrap();
        assert_eq!((extracted.file_type, extracted.text.as_str()), (expected, "seal"));
    }
}

#[rstest]
#[case::picture(PNG, "image/png")]
#[case::program(EXE, "application/vnd.microsoft.portable-executable")]
#[case::gzip(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x04\0\x43\xbe\xb7\xe8\x01\0\0\0", "application/gzip")]
#[case::noise(&[0, 1, 2, 3, 250, 251, 252, 0, 0, 7], "application/octet-stream")]
#[case::rich_text(b"{\\rtf1\\ansi seal}", "application/rtf")]
#[case::drawing(b"<?xml version=\"1.0\"?><!-- x --><svg><text>seal</text></svg>", "image/svg+xml")]
#[case::mailbox(b"From nora@example.com\nReceived: by x\nFrom: nora@example.com\n\nseal", "application/mbox")]
fn what_is_not_read_is_told_by_what_it_is(#[case] bytes: &[u8], #[case] found: &str) {
    for extension in [None, Some("pdf"), Some("txt"), Some("docx")] {
        let error = extract(bytes, extension).unwrap_err();
        assert_eq!(error.to_string(), format!("files of this kind ({found}) are not read"));
    }
}

#[test]
fn zips_and_old_office_files_are_told_by_what_is_in_them() {
    let files = [
        (zip([("a.txt", &b"seal"[..])]), "application/zip"),
        (zip([("a.zip", zip([("b.txt", &b"seal"[..])]).as_slice())]), "application/zip"),
        (
            zip([("mimetype", &b"application/vnd.oasis.opendocument.text"[..])]),
            "application/vnd.oasis.opendocument.text",
        ),
        (zip([("mimetype", &b"<script>/x"[..])]), "application/zip"),
        (ole(&["Root Entry", "WordDocument"]), "application/msword"),
        (ole(&["Root Entry", "Workbook"]), "application/vnd.ms-excel"),
        (ole(&["Root Entry", "Something"]), "application/x-ole-storage"),
    ];
    for (bytes, found) in files {
        let error = extract(bytes, Some("docx")).unwrap_err();
        assert_eq!(error.to_string(), format!("files of this kind ({found}) are not read"));
    }
}

#[rstest]
#[case::utf_8("Rohrschlüssel – ölig".as_bytes(), "Rohrschlüssel – ölig")]
#[case::utf_8_with_mark(b"\xef\xbb\xbfR\xc3\xb6hre", "Röhre")]
#[case::utf_8_cut_within_a_character("Röhre und Schlüssel ü".as_bytes().split_last().unwrap().1, "Röhre und Schlüssel \u{fffd}")]
#[case::utf_16_little(b"\xff\xfeR\0\xf6\0h\0r\0e\0", "Röhre")]
#[case::utf_16_big(b"\xfe\xff\0R\0\xf6\0h\0r\0e", "Röhre")]
#[case::utf_16_without_mark(b"R\0\xf6\0h\0r\0e\0 \0a\0u\0s\0", "Röhre aus")]
#[case::latin_1(
    b"Die R\xf6hre ist undicht, der Schl\xfcssel pa\xdft nicht.",
    "Die Röhre ist undicht, der Schlüssel paßt nicht."
)]
#[case::shift_jis(
    b"\x83\x7c\x83\x93\x83\x76\x82\xcc\x8f\x43\x97\x9d\x82\xf0\x82\xa8\x8a\xe8\x82\xa2\x82\xb5\x82\xdc\x82\xb7",
    "ポンプの修理をお願いします"
)]
fn characters_are_read_however_they_are_written(#[case] bytes: &[u8], #[case] expected: &str) {
    assert_eq!(text_of(FileType::Text, bytes), expected);
}

#[test]
fn a_page_may_say_how_its_characters_are_written() {
    let page = b"<html><head><meta charset=\"windows-1251\"><title>\xcd\xe0\xf1\xee\xf1</title></head><body><p>\xcf\xf0\xe8\xe2\xe5\xf2";

    let extracted = extract(&page[..], None).unwrap();

    assert_eq!((extracted.title.as_deref(), extracted.text.as_str()), (Some("Насос"), "Привет"));
}

#[rstest]
#[case::nothing(b"", None)]
#[case::blanks(b" \r\n\t ", Some("md"))]
#[case::byte_order_mark(b"\xef\xbb\xbf", Some("csv"))]
#[case::page(b"<!DOCTYPE html><html><head><title>x</title></head><body>&nbsp;</body></html>", None)]
fn what_is_blank_has_no_text(#[case] bytes: &[u8], #[case] extension: Option<&str>) {
    assert_eq!(refusal(bytes, extension), "file_without_text");
}

#[test]
fn of_a_long_text_a_little_more_is_read_than_is_kept() {
    let text = text_of(FileType::Text, "seals and pumps\n".repeat(100_000));

    let chars = text.chars().count();
    assert!(chars > cortex_ingestion::model::MAX_CONTENT_CHARS, "{chars}");
    assert!(chars < cortex_ingestion::model::MAX_CONTENT_CHARS + 10, "{chars}");
}

#[test]
fn notes_that_look_a_little_like_a_message_are_notes() {
    for note in ["From: Nora\nSubject: seals\n\ntext", "Message-ID: that is what we need\n\ntext", "a:b\nReceived: x"] {
        assert_eq!(text_of(FileType::Text, note), note);
    }
    assert_eq!(extract("Subject: seals\n\ntext", Some("eml")).unwrap().file_type, FileType::Eml);
}
