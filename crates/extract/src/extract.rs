//! Bytes become text.

use bytes::Bytes;
use cortex_ingestion::model::Extracted;
use cortex_ingestion::ports::ExtractError;

use crate::kind::Kind;
use crate::{message, ole, ooxml, page, pdf, plain};

/// The text of a file. What it is its bytes say; the extension of its name, in lower case and without the dot, decides
/// where they leave a choice.
///
/// This is what the reading process does: it takes what memory and time the file makes it take, and a hostile one may
/// end the process.
pub fn extract(bytes: Bytes, extension: Option<&str>) -> Result<Extracted, ExtractError> {
    match Kind::of(&bytes, extension) {
        Kind::Pdf => pdf::read(bytes),
        Kind::Zip => ooxml::read(&bytes),
        Kind::Ole => Err(ole::complaint(&bytes)),
        Kind::Message => message::read(&bytes),
        Kind::Page(encoding) => page::read(&bytes, encoding),
        Kind::Plain(file_type, encoding) => plain::read(&bytes, file_type, encoding),
        Kind::Other(found) => Err(ExtractError::Unsupported { found: found.to_owned() }),
    }
}
