//! Word, `PowerPoint` and Excel.

use cortex_ingestion::model::FileType;
use rstest::rstest;

use crate::files::{docx, docx_with, office, ole, paragraph, relations, xlsx};
use crate::{extract, refusal, text_of};

#[test]
fn a_document_is_read_with_its_tables_and_all_that_stands_beside_it() {
    let table = format!(
        "<w:tbl><w:tr><w:tc>{}</w:tc><w:tc>{}{}</w:tc></w:tr><w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr></w:tbl>",
        paragraph("Item"),
        paragraph("Price"),
        paragraph("in EUR"),
        paragraph("Seal"),
        paragraph("4")
    );
    let body = format!(
        "{}{table}<w:p><w:pPr><w:tabs><w:tab w:val=\"left\"/></w:tabs></w:pPr><w:r><w:t>A &amp; B</w:t><w:br/><w:t xml:space=\"preserve\"> C</w:t></w:r>\
         <w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom></w:p>\
         <w:p><mc:AlternateContent><mc:Choice><w:t>new</w:t></mc:Choice><mc:Fallback><w:t>old</w:t></mc:Fallback></mc:AlternateContent></w:p>",
        paragraph("Offer")
    );
    let relations = relations(&[
        ("rId1", "header", "header1.xml"),
        ("rId2", "header", "header2.xml"),
        ("rId3", "footnotes", "footnotes.xml"),
        ("rId4", "footer", "/word/footer1.xml"),
        ("rId5", "image", "media/image1.png"),
    ]);
    let header = format!("<w:hdr>{}</w:hdr>", paragraph("Kestrel Pumps"));
    let notes = format!(
        "<w:footnotes><w:footnote w:type=\"separator\">{}</w:footnote><w:footnote w:id=\"1\">{}</w:footnote></w:footnotes>",
        paragraph("---"),
        paragraph("As of May")
    );
    let footer = format!("<w:ftr>{}</w:ftr>", paragraph("Page"));
    let bytes = docx_with(
        &body,
        &[
            ("word/_rels/document.xml.rels", &relations),
            ("word/header1.xml", &header),
            ("word/header2.xml", &header),
            ("word/footnotes.xml", &notes),
            ("word/footer1.xml", &footer),
            (
                "docProps/core.xml",
                "<cp:coreProperties><dc:creator>N</dc:creator><dc:title>The\n offer</dc:title></cp:coreProperties>",
            ),
        ],
    );

    let extracted = extract(bytes, None).unwrap();

    assert_eq!(extracted.file_type, FileType::Docx);
    assert_eq!(extracted.title.as_deref(), Some("The offer"));
    assert_eq!(
        extracted.text,
        "Offer\nItem \tPrice in EUR\nSeal \t4\nA & B\n C\nnew\n\nAs of May\n\nKestrel Pumps\n\nPage"
    );
}

#[test]
fn slides_are_read_in_their_order_with_their_notes() {
    let slide = |text: &str| {
        format!(
            "<p:sld xmlns:a=\"a\"><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p><a:p><a:fld type=\"slidenum\"><a:t>7</a:t></a:fld></a:p></p:txBody></p:sld>"
        )
    };
    let (first, second) = (slide("Pumps"), slide("Seals"));
    let bytes = office(
        "ppt/presentation.xml",
        "presentationml.presentation",
        &[
            (
                "ppt/presentation.xml",
                "<p:presentation xmlns:r=\"r\"><p:sldIdLst><p:sldId id=\"256\" r:id=\"rId9\"/><p:sldId id=\"257\" r:id=\"rId8\"/></p:sldIdLst></p:presentation>",
            ),
            (
                "ppt/_rels/presentation.xml.rels",
                &relations(&[("rId8", "slide", "slides/slide1.xml"), ("rId9", "slide", "slides/slide2.xml")]),
            ),
            ("ppt/slides/slide1.xml", &second),
            ("ppt/slides/slide2.xml", &first),
            (
                "ppt/slides/_rels/slide2.xml.rels",
                &relations(&[("rId1", "notesSlide", "../notesSlides/notesSlide1.xml")]),
            ),
            ("ppt/notesSlides/notesSlide1.xml", &slide("Say more")),
        ],
    );

    assert_eq!(text_of(FileType::Pptx, bytes), "Pumps\n\nSay more\n\nSeals");
}

#[test]
fn sheets_are_read_with_their_names_and_what_their_cells_show() {
    let styles = "<numFmts><numFmt numFmtId=\"164\" formatCode=\"dd\\.mm\\.yyyy\"/><numFmt numFmtId=\"165\" formatCode=\"0.0&quot; days&quot;\"/></numFmts>\
                  <cellStyleXfs><xf numFmtId=\"22\"/></cellStyleXfs>\
                  <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"22\"/><xf numFmtId=\"9\"/><xf numFmtId=\"165\"/><xf numFmtId=\"20\"/></cellXfs>";
    let strings = "<si><t>Item</t></si><si><r><t>Se</t></r><r><t>al</t></r><rPh><t>x</t></rPh></si>";
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"C1\" t=\"inlineStr\"><is><t>Price\n now</t></is></c></row>\
                <row r=\"2\"><c r=\"A2\" t=\"s\"><v>1</v></c><c r=\"B2\"><f>A1*2</f><v>0.30000000000000004</v></c><c r=\"C2\" t=\"b\"><v>1</v></c></row>\
                <row r=\"4\"><c s=\"1\"><v>46082</v></c><c s=\"2\"><v>1</v></c><c s=\"3\"><v>46082.604166666664</v></c><c s=\"4\"><v>0.19</v></c><c s=\"5\"><v>12</v></c><c s=\"6\"><v>0.5</v></c><c t=\"e\"><v>#N/A</v></c><c t=\"s\"><v>99</v></c></row>";
    let bytes = xlsx(
        &[("Prices", rows), ("Empty", ""), ("More", "<row><c t=\"str\"><f>x</f><v>last</v></c></row>")],
        strings,
        styles,
    );

    assert_eq!(
        text_of(FileType::Xlsx, bytes),
        "Prices\nItem\t\tPrice now\nSeal\t0.3\tTRUE\n2026-03-01\t1900-01-01\t2026-03-01 14:30\t19%\t12\t12:00\t#N/A\n\nMore\nlast"
    );
}

#[rstest]
#[case::document(docx(&paragraph(" ")))]
#[case::sheet(xlsx(&[("Empty", "<row/>")], "", ""))]
fn what_is_empty_has_no_text(#[case] bytes: Vec<u8>) {
    assert_eq!(refusal(bytes, None), "file_without_text");
}

#[test]
fn an_encrypted_file_is_said_to_be_encrypted() {
    assert_eq!(refusal(ole(&["Root Entry", "EncryptionInfo", "EncryptedPackage"]), Some("xlsx")), "file_encrypted");
}

#[rstest]
#[case::document(docx(&paragraph("seal")))]
#[case::sheet(xlsx(&[("Prices", "<row><c><v>1</v></c></row>")], "", ""))]
fn what_is_cut_off_is_broken(#[case] bytes: Vec<u8>) {
    for end in [4, 40, bytes.len() / 2, bytes.len() - 30] {
        assert_eq!(refusal(&bytes[..end], None), "file_broken", "{end} of {} bytes", bytes.len());
    }
    assert_eq!(refusal(docx("<w:p><w:t>never ends"), None), "file_broken");
}

#[test]
fn a_part_that_is_missing_is_told() {
    let bytes = office("word/document.xml", "wordprocessingml.document", &[]);

    assert_eq!(refusal(bytes, None), "file_broken");
}
