//! Files of every kind, well-meant and hostile, and the process that reads them.

#![expect(clippy::unwrap_used, reason = "what goes wrong while a test prepares fails that test")]

mod files;
mod hostile;
mod messages;
mod office;
mod pdfs;
mod process;
mod properties;
mod texts;

use bytes::Bytes;
use cortex_ingestion::model::{Extracted, FileType};
use cortex_ingestion::ports::ExtractError;

/// What this process makes of the bytes.
fn extract(bytes: impl Into<Vec<u8>>, extension: Option<&str>) -> Result<Extracted, ExtractError> {
    cortex_extract::extract(Bytes::from(bytes.into()), extension)
}

/// The text of a file of this type.
#[track_caller]
fn text_of(file_type: FileType, bytes: impl Into<Vec<u8>>) -> String {
    let extracted = extract(bytes, None).unwrap();
    assert_eq!(extracted.file_type, file_type);
    extracted.text
}

/// The stable word for why it is not read.
#[track_caller]
fn refusal(bytes: impl Into<Vec<u8>>, extension: Option<&str>) -> &'static str {
    extract(bytes, extension).unwrap_err().code()
}
