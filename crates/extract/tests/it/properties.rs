//! Whatever bytes there are, they are a text or a reason.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cortex_ingestion::model::Extracted;
use cortex_ingestion::ports::ExtractError;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::extract;
use crate::files::{docx, lines, paragraph, pdf, xlsx};

const EXTENSIONS: [Option<&str>; 7] =
    [None, Some("pdf"), Some("csv"), Some("html"), Some("eml"), Some("md"), Some("docx")];

fn starts() -> Vec<Vec<u8>> {
    let starts: [&[u8]; 9] = [
        b"",
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"<html>",
        b"\xff\xfe",
        b"\xfe\xff",
        b"MZ",
        b"From: a@b.c\nMessage-ID: x\n",
    ];
    starts.map(<[u8]>::to_vec).to_vec()
}

fn wholes() -> Vec<Vec<u8>> {
    vec![
        pdf(&[&lines(&["one", "two"])]),
        docx(&paragraph("seal")),
        xlsx(&[("Prices", "<row><c r=\"B1\" s=\"1\"><v>46082</v></c></row>")], "<si><t>x</t></si>", "<cellXfs><xf numFmtId=\"14\"/></cellXfs>"),
        b"Message-ID: <1@x>\nFrom: a@b.c\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: a/b\n\ny\n--b--\n".to_vec(),
    ]
}

fn check(outcome: &Result<Extracted, ExtractError>) {
    match outcome {
        Ok(extracted) => assert!(!extracted.text.trim().is_empty()),
        Err(ExtractError::Unavailable(_)) => panic!("nothing was away"),
        Err(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_a_text_or_a_reason(
        start in select(starts()),
        rest in vec(any::<u8>(), 0..600),
        extension in select(EXTENSIONS.to_vec()),
    ) {
        check(&extract([start, rest].concat(), extension));
    }

    #[test]
    fn any_text_is_read_as_it_is(text in "[a-zA-ZäöüßéА-я]{1,20}( [a-zäöü]{1,9}){0,20}") {
        prop_assert_eq!(extract(text.as_bytes(), None).unwrap().text, text);
    }

    #[test]
    fn a_file_with_wrong_bytes_is_a_text_or_a_reason(
        mut bytes in select(wholes()),
        wrong in vec((any::<Index>(), any::<u8>()), 1..12),
    ) {
        for (at, byte) in wrong {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // A parser that panics ends its process, and the file is called broken.
        if let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| extract(bytes, None))) {
            check(&outcome);
        }
    }
}
