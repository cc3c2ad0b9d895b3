//! Web pages.

use cortex_ingestion::model::{Extracted, FileType};
use cortex_ingestion::normalise::{html_title, html_to_text};
use cortex_ingestion::ports::ExtractError;
use encoding_rs::{Encoding, UTF_8};

use crate::charset;

/// Within which a page says how its characters are written, in bytes.
const HEAD: usize = 4 << 10;

/// What is seen of the page.
pub(crate) fn read(bytes: &[u8], encoding: &'static Encoding) -> Result<Extracted, ExtractError> {
    // What is UTF-8 by its bytes is that, whatever the page says.
    let encoding = if encoding == UTF_8 { encoding } else { declared(bytes).unwrap_or(encoding) };
    let html = charset::decode(bytes, encoding);
    let text = html_to_text(&html);
    if text.trim().is_empty() {
        return Err(ExtractError::WithoutText);
    }
    Ok(Extracted { file_type: FileType::Html, title: html_title(&html), text, mail: None, parts: Vec::new() })
}

/// The encoding that stands in `<meta charset="…">` or `content="text/html; charset=…"`.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes[..bytes.len().min(HEAD)].to_ascii_lowercase();
    let word = b"charset=";
    let at = head.windows(word.len()).position(|window| window == word)? + word.len();
    let rest = &head[at..];
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|b| !b.is_ascii_alphanumeric() && !b"-_:.".contains(b)).unwrap_or(rest.len());
    charset::labelled(&rest[..end])
}
