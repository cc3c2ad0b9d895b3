//! Files that were made to do harm. What only a process of its own survives is with the binary's tests.

use cortex_ingestion::model::FileType;

use crate::files::{docx, docx_with, nested_messages, nested_parts, office, paragraph, xlsx, zip};
use crate::{extract, refusal, text_of};

const MIB: usize = 1 << 20;

#[test]
fn what_unpacks_to_too_much_is_left() {
    let spaces = " ".repeat(130 * MIB);
    for bytes in [
        docx(&paragraph(&spaces)),
        docx(&format!("<w:p w:x=\"{spaces}\"/>")),
        xlsx(&[("Bomb", "<row><c t=\"s\"><v>0</v></c></row>")], &format!("<si><t>{spaces}</t></si>"), ""),
    ] {
        assert!(bytes.len() < MIB, "it would not be one");
        assert_eq!(refusal(bytes, None), "file_expands_too_much");
    }
    let strings = "<si><t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</t></si>".repeat(MIB);
    assert_eq!(refusal(xlsx(&[("Bomb", "<row/>")], &strings, ""), None), "file_expands_too_much");
}

#[test]
fn a_bomb_that_nobody_lights_does_nothing() {
    let spaces = " ".repeat(130 * MIB);

    assert_eq!(text_of(FileType::Docx, docx_with(&paragraph("seal"), &[("word/media/image1.png", &spaces)])), "seal");
    let long = paragraph(&"pumps ".repeat(100)).repeat(200 * 1024);
    assert!(text_of(FileType::Docx, docx(&long)).len() > 100_000, "there is enough of it before there is too much");
}

#[test]
fn a_zip_that_lies_about_sizes_gains_nothing() {
    let mut bytes = docx(&paragraph(&" ".repeat(130 * MIB)));
    for (mark, at) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        let places: Vec<_> =
            bytes.windows(4).enumerate().filter(|(_, window)| window == mark).map(|(at, _)| at).collect();
        for place in places {
            bytes[place + at..place + at + 4].copy_from_slice(&10_u32.to_le_bytes());
        }
    }

    let code = refusal(bytes, None);

    assert!(["file_expands_too_much", "file_broken"].contains(&code), "{code}");
}

#[test]
fn members_without_number_are_too_many() {
    let names: Vec<_> = (0..10_001).map(|at| at.to_string()).collect();

    assert_eq!(refusal(zip(names.iter().map(|name| (name.as_str(), &b""[..]))), None), "file_expands_too_much");
}

#[test]
fn entities_are_not_multiplied() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE w [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><w:document><w:t>&b;</w:t></w:document>";
    let outside = "<!DOCTYPE w [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><w:document><w:t>&a;</w:t></w:document>";
    for document in [bomb, outside] {
        let bytes = office("word/document.xml", "wordprocessingml.document", &[("word/document.xml", document)]);
        assert_eq!(refusal(bytes, None), "file_expands_too_much");
    }
    assert_eq!(text_of(FileType::Docx, docx(&paragraph("a&nobody;b &#228;"))), "ab ä");
}

#[test]
fn depth_is_limited() {
    let deep = format!("{}{}{}", "<w:x>".repeat(100_000), paragraph("deep"), "</w:x>".repeat(100_000));
    assert_eq!(refusal(docx(&deep), None), "file_too_deep");
    assert_eq!(refusal(nested_parts(100), None), "file_too_deep");
    assert_eq!(refusal(nested_messages(10_000), None), "file_too_deep");
    assert_eq!(text_of(FileType::Eml, nested_parts(10)), "deep");
}

#[test]
fn depth_in_a_page_costs_nothing() {
    let page = format!("<!DOCTYPE html>{}deep", "<div><table><td>".repeat(100_000));

    assert_eq!(text_of(FileType::Html, page), "deep");
}

#[test]
fn a_message_with_files_without_number_has_too_many() {
    let part = "--b\nContent-Type: image/png\n\nx\n".repeat(501);
    let message = format!(
        "Message-ID: <1@example.com>\nFrom: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n{part}--b--\n"
    );

    assert_eq!(refusal(message, None), "file_expands_too_much");
}

#[test]
fn an_encrypted_member_is_encrypted() {
    let mut bytes = docx(&paragraph("seal"));
    // The flag of every member, in both of its headers.
    for (mark, at) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let places: Vec<_> =
            bytes.windows(4).enumerate().filter(|(_, window)| window == mark).map(|(at, _)| at).collect();
        places.into_iter().for_each(|place| bytes[place + at] |= 1);
    }

    assert!(extract(bytes, None).is_err_and(|error| error.code() == "file_encrypted"));
}
