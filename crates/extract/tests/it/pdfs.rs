//! PDF.

use cortex_ingestion::model::FileType;

use crate::files::{lines, pdf, pdf_of, pdf_with, stream};
use crate::{extract, refusal, text_of};

#[test]
fn pages_are_read_line_by_line() {
    let first = lines(&["Offer 17", "Dear Nora,", "", "", "the seals cost 4 \\200."]);
    let second = "BT /F 12 Tf 72 770 Td [(P) 20 (ump) -300 (station)] TJ 200 0 Td (right) Tj ET";

    assert_eq!(
        text_of(FileType::Pdf, pdf(&[&first, second])),
        "Offer 17\nDear Nora,\n\nthe seals cost 4 €.\n\nPump station right"
    );
}

#[test]
fn a_page_that_is_turned_reads_like_any_other() {
    let turned = "BT /F 12 Tf 0 1 -1 0 300 72 Tm (upright) Tj 0 -14 Td (text) Tj ET";

    assert_eq!(text_of(FileType::Pdf, pdf(&[turned])), "upright\ntext");
}

#[test]
fn letters_that_are_filled_and_drawn_around_come_once() {
    assert_eq!(text_of(FileType::Pdf, pdf(&["BT /F 12 Tf 2 Tr 72 770 Td (bold) Tj ( words) Tj ET"])), "bold words");
}

#[test]
fn text_that_only_machines_see_is_read_as_behind_scanned_pages() {
    assert_eq!(text_of(FileType::Pdf, pdf(&["BT 3 Tr /F 12 Tf 72 770 Td (scanned) Tj ET"])), "scanned");
}

#[test]
fn a_title_is_told() {
    for (title, expected) in [("(The offer)", "The offer"), ("<FEFF00D6006C>", "Öl")] {
        let mut bytes = pdf_with(&[&lines(&["text"])], "/Info 6 0 R");
        let at = bytes.windows(5).position(|window| window == b"xref\n").unwrap();
        bytes.splice(at..at, format!("6 0 obj\n<< /Title {title} >>\nendobj\n").bytes());
        assert_eq!(extract(bytes, None).unwrap().title.as_deref(), Some(expected));
    }
}

#[test]
fn pages_without_text_have_none() {
    assert_eq!(refusal(pdf(&["0 0 100 100 re f"]), None), "file_without_text");
}

#[test]
fn a_file_with_a_password_is_encrypted() {
    let entry = format!(
        "/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <{0}> /U <{0}> >> /ID [<{1}> <{1}>]",
        "41".repeat(32),
        "42".repeat(16)
    );

    assert_eq!(refusal(pdf_with(&[&lines(&["secret"])], &entry), None), "file_encrypted");
}

#[test]
fn what_is_cut_off_is_broken_or_what_is_left_of_it() {
    let whole = pdf(&[&lines(&["first"]), &lines(&["second"])]);
    assert_eq!(refusal(&whole[..60], None), "file_broken");
    assert_eq!(refusal("%PDF-1.7\n", None), "file_broken");
    let cut = extract(&whole[..whole.len() - 200], None);
    assert!(cut.as_ref().map_or(true, |cut| cut.text.contains("first")), "{cut:?}");
}

#[test]
fn loops_end() {
    let page = |more: &str| format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {more} >>").into_bytes();
    let catalog = b"<< /Type /Catalog /Pages 2 0 R >>".to_vec();
    let font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec();
    let draws_itself = stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 100 100] /Resources << /XObject << /X 4 0 R >> /Font << /F 5 0 R >> >>",
        b"BT /F 12 Tf (again ) Tj ET /X Do /X Do",
    );
    let files = [
        pdf_of(&[catalog.clone(), b"<< /Type /Pages /Count 1 /Kids [2 0 R 2 0 R] >>".to_vec()], ""),
        pdf_of(&[catalog.clone(), b"2 0 R".to_vec()], ""),
        pdf_of(
            &[catalog.clone(), b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>".to_vec(), page("/Contents 3 0 R")],
            "/Prev 9",
        ),
        pdf_of(
            &[
                catalog,
                b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>".to_vec(),
                page("/Contents 6 0 R /Resources << /XObject << /X 4 0 R >> >>"),
                draws_itself,
                font,
                stream("", b"/X Do"),
            ],
            "",
        ),
    ];
    for bytes in files {
        // Any end will do.
        let _ = extract(bytes, None);
    }
}
