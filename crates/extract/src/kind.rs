//! What a file is, by its bytes.

use cortex_ingestion::model::FileType;
use encoding_rs::Encoding;

use crate::charset;

/// What the first bytes tell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Pdf,
    /// One of the Office formats, or something else in a zip.
    Zip,
    /// Office before 2007, or an encrypted file of today's.
    Ole,
    Message,
    Page(&'static Encoding),
    /// Plain text, Markdown or a table.
    Plain(FileType, &'static Encoding),
    /// Something that is not read, with its media type.
    Other(&'static str),
}

/// Files that are known by how they begin, and not read.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\0\0\x01\0", "image/x-icon"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\0asm", "application/wasm"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"OggS", "application/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"!BDN", "application/vnd.ms-outlook-pst"),
    (b"\0\x01\0\0\0", "font/ttf"),
    (b"OTTO\0", "font/otf"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"BM", "image/bmp"),
];

/// Files of text that are known by how they begin, and not read: what they say is not what stands there.
const MARKED: &[(&str, &str)] = &[
    ("{\\rtf", "application/rtf"),
    ("%!ps", "application/postscript"),
    ("<svg", "image/svg+xml"),
    ("begin:vcard", "text/vcard"),
];

/// How pages begin, and fragments of them.
const PAGES: &[&str] = &["<!doctype html", "<html", "<head>", "<head ", "<body>", "<body "];

const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
const OCTETS: &str = "application/octet-stream";

/// How far into a file that is no text its signature may stand, in bytes.
const PDF_WITHIN: usize = 1024;
/// How much of a text is looked at, in bytes.
const START: usize = 64 << 10;

impl Kind {
    pub(crate) fn of(bytes: &[u8], extension: Option<&str>) -> Self {
        if bytes.trim_ascii_start().starts_with(b"%PDF-") {
            return Self::Pdf;
        }
        if [&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK\x07\x08"].iter().any(|start| bytes.starts_with(start)) {
            return Self::Zip;
        }
        if bytes.starts_with(OLE) {
            return Self::Ole;
        }
        let encoding = charset::of(bytes);
        if charset::is_binary(bytes, encoding) {
            let start = &bytes[..bytes.len().min(PDF_WITHIN)];
            if start.windows(5).any(|window| window == b"%PDF-") {
                return Self::Pdf;
            }
            return Self::Other(media_type(bytes));
        }
        Self::of_text(bytes, encoding, extension)
    }

    fn of_text(bytes: &[u8], encoding: &'static Encoding, extension: Option<&str>) -> Self {
        let start = charset::decode(&bytes[..bytes.len().min(START)], encoding);
        let start = start.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if is_message(start, extension) {
            return Self::Message;
        }
        let first: String = beginning(start).chars().take(64).collect::<String>().to_ascii_lowercase();
        if let Some((_, found)) = MARKED.iter().find(|(mark, _)| first.starts_with(mark)) {
            return Self::Other(found);
        }
        if start.starts_with("From ") && is_message(start.split_once('\n').map_or("", |(_, rest)| rest), None) {
            return Self::Other("application/mbox");
        }
        let is_page = PAGES.iter().any(|mark| first.starts_with(mark));
        match extension {
            _ if is_page => Self::Page(encoding),
            Some("html" | "htm" | "xhtml") => Self::Page(encoding),
            Some("md" | "markdown" | "mdown" | "mkd") => Self::Plain(FileType::Markdown, encoding),
            Some("csv" | "tsv") => Self::Plain(FileType::Csv, encoding),
            Some(_) | None => Self::Plain(FileType::Text, encoding),
        }
    }
}

fn media_type(bytes: &[u8]) -> &'static str {
    if let Some((_, found)) = SIGNATURES.iter().find(|(start, _)| bytes.starts_with(start)) {
        return found;
    }
    match (bytes.get(..4), bytes.get(4..8), bytes.get(8..12)) {
        (Some(b"RIFF"), _, Some(b"WEBP")) => "image/webp",
        (Some(b"RIFF"), _, Some(b"WAVE")) => "audio/wav",
        (Some(b"RIFF"), _, Some(b"AVI ")) => "video/x-msvideo",
        (_, Some(b"ftyp"), Some(b"heic" | b"heix" | b"mif1")) => "image/heic",
        (_, Some(b"ftyp"), Some(b"avif")) => "image/avif",
        (_, Some(b"ftyp"), Some(b"M4A ")) => "audio/mp4",
        (_, Some(b"ftyp"), Some(b"qt  ")) => "video/quicktime",
        (_, Some(b"ftyp"), Some(_)) => "video/mp4",
        _ if bytes.get(257..262) == Some(b"ustar") => "application/x-tar",
        _ => OCTETS,
    }
}

/// What stands behind the declaration and the comments that markup may begin with.
fn beginning(mut text: &str) -> &str {
    loop {
        let rest = match text {
            _ if text.starts_with("<?xml") => text.split_once("?>"),
            _ if text.starts_with("<!--") => text.split_once("-->"),
            _ => None,
        };
        match rest {
            Some((_, rest)) => text = rest.trim_start(),
            None => return text,
        }
    }
}

/// Whether it begins with the header of a message. Of a file that is named as one a single field is enough; any other
/// has to have what only a machine writes, as people begin notes with `From:` and `Subject:`.
fn is_message(text: &str, extension: Option<&str>) -> bool {
    let (mut machines, mut peoples) = (0, 0);
    for line in text.lines().take(200) {
        if line.trim().is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else { return false };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return false;
        }
        match name.to_ascii_lowercase().as_str() {
            "received" | "return-path" | "message-id" | "mime-version" | "dkim-signature" | "delivered-to" => {
                machines += 1;
            }
            "from" | "to" | "subject" | "date" => peoples += 1,
            _ => {}
        }
    }
    match extension {
        Some("eml") => machines + peoples > 0,
        _ => machines > 0 && peoples > 0,
    }
}
