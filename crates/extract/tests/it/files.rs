//! Files, written byte by byte.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A zip of these members.
pub(crate) fn zip<'a>(members: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// An Office file whose main part has this name and this type, with these other parts; relations by part.
pub(crate) fn office(main: &str, content_type: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let types = format!(
        r#"<?xml version="1.0"?><Types><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/{main}" ContentType="application/vnd.openxmlformats-officedocument.{content_type}.main+xml"/></Types>"#
    );
    let relations = relations(&[("rId1", "officeDocument", main)]);
    let mut members = vec![("[Content_Types].xml", types.as_bytes()), ("_rels/.rels", relations.as_bytes())];
    members.extend(parts.iter().map(|(name, text)| (*name, text.as_bytes())));
    zip(members)
}

/// Relations: id, what for, and to which part.
pub(crate) fn relations(all: &[(&str, &str, &str)]) -> String {
    let mut xml = r#"<?xml version="1.0"?><Relationships>"#.to_owned();
    for (id, kind, target) in all {
        let kind = format!("http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}");
        write!(xml, r#"<Relationship Id="{id}" Type="{kind}" Target="{target}"/>"#).unwrap();
    }
    xml + "</Relationships>"
}

/// A Word file with this body.
pub(crate) fn docx(body: &str) -> Vec<u8> {
    docx_with(body, &[])
}

/// The same with further parts, where `word/_rels/document.xml.rels` tells of them.
pub(crate) fn docx_with(body: &str, further: &[(&str, &str)]) -> Vec<u8> {
    let document = format!(r#"<?xml version="1.0"?><w:document xmlns:w="w"><w:body>{body}</w:body></w:document>"#);
    let parts = [&[("word/document.xml", document.as_str())], further].concat();
    office("word/document.xml", "wordprocessingml.document", &parts)
}

/// A paragraph of a Word file.
pub(crate) fn paragraph(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

/// An Excel file with these sheets (name and rows), this content of the shared strings and of the styles.
pub(crate) fn xlsx(sheets: &[(&str, &str)], strings: &str, styles: &str) -> Vec<u8> {
    let mut workbook = r#"<workbook xmlns:r="r"><sheets>"#.to_owned();
    let mut parts = Vec::new();
    for (at, (name, rows)) in sheets.iter().enumerate() {
        write!(workbook, r#"<sheet name="{name}" sheetId="{at}" r:id="rId{at}"/>"#).unwrap();
        parts.push((
            format!("xl/worksheets/sheet{at}.xml"),
            format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        ));
    }
    workbook.push_str("</sheets></workbook>");
    let targets: Vec<_> =
        (0..sheets.len()).map(|at| (format!("rId{at}"), format!("worksheets/sheet{at}.xml"))).collect();
    let mut all: Vec<_> = targets.iter().map(|(id, target)| (id.as_str(), "worksheet", target.as_str())).collect();
    all.extend([("rIdS", "sharedStrings", "/xl/sharedStrings.xml"), ("rIdF", "styles", "styles.xml")]);
    parts.push(("xl/_rels/workbook.xml.rels".to_owned(), relations(&all)));
    parts.push(("xl/sharedStrings.xml".to_owned(), format!("<sst>{strings}</sst>")));
    parts.push(("xl/styles.xml".to_owned(), format!("<styleSheet>{styles}</styleSheet>")));
    parts.push(("xl/workbook.xml".to_owned(), workbook));
    let parts: Vec<_> = parts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    office("xl/workbook.xml", "spreadsheetml.sheet", &parts)
}

/// A PDF of these objects, the first of which is the catalog; each is what stands between `obj` and `endobj`.
pub(crate) fn pdf_of(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        pdf.extend(format!("{} 0 obj\n", at + 1).bytes());
        pdf.extend(object);
        pdf.extend(b"\nendobj\n");
    }
    let start = pdf.len();
    pdf.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        pdf.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    pdf.extend(format!("trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n").bytes());
    pdf
}

/// A stream, with this in its dictionary.
pub(crate) fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let mut object = format!("<< /Length {} {dictionary} >>\nstream\n", bytes.len()).into_bytes();
    object.extend(bytes);
    object.extend(b"\nendstream");
    object
}

/// A PDF whose pages have these contents, in Helvetica by the name of `/F`.
pub(crate) fn pdf(pages: &[&str]) -> Vec<u8> {
    pdf_with(pages, "")
}

/// The same with this in the trailer.
pub(crate) fn pdf_with(pages: &[&str], trailer: &str) -> Vec<u8> {
    let kids: Vec<_> = (0..pages.len()).map(|at| format!("{} 0 R", 4 + 2 * at)).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Count {} /Kids [{}] >>", pages.len(), kids.join(" ")).into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
    ];
    for (at, content) in pages.iter().enumerate() {
        let page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> /Contents {} 0 R >>",
            5 + 2 * at
        );
        objects.push(page.into_bytes());
        objects.push(stream("", content.as_bytes()));
    }
    pdf_of(&objects, trailer)
}

/// A page with these lines, one below the other.
pub(crate) fn lines(lines: &[&str]) -> String {
    let mut content = "BT /F 12 Tf 14 TL 72 770 Td".to_owned();
    for line in lines {
        write!(content, " ({line}) Tj T*").unwrap();
    }
    content + " ET"
}

/// A compound file with these names in its directory.
pub(crate) fn ole(names: &[&str]) -> Vec<u8> {
    let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    bytes.resize(512, 0);
    for name in names {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        entry.resize(128, 0);
        bytes.extend(entry);
    }
    bytes.resize(4096, 0);
    bytes
}

/// So many multiparts within each other, and a text in the innermost.
pub(crate) fn nested_parts(depth: usize) -> Vec<u8> {
    let mut message = "From: nora@example.com\r\nMIME-Version: 1.0\r\n".to_owned();
    for level in 0..depth {
        write!(message, "Content-Type: multipart/mixed; boundary=\"b{level}\"\r\n\r\n--b{level}\r\n").unwrap();
    }
    message.push_str("Content-Type: text/plain\r\n\r\ndeep\r\n");
    for level in (0..depth).rev() {
        write!(message, "--b{level}--\r\n").unwrap();
    }
    message.into_bytes()
}

/// So many messages within each other.
pub(crate) fn nested_messages(depth: usize) -> Vec<u8> {
    let mut message = "From: nora@example.com\r\nMIME-Version: 1.0\r\n".to_owned();
    message.push_str(&"Content-Type: message/rfc822\r\n\r\n".repeat(depth));
    message.push_str("Content-Type: text/plain\r\n\r\ndeep\r\n");
    message.into_bytes()
}
