//! Texts that are written as they are read.

use cortex_ingestion::model::{Extracted, FileType};
use cortex_ingestion::ports::ExtractError;
use encoding_rs::Encoding;

use crate::charset;

/// Plain text, Markdown and tables in text alike: people read them as they stand there.
pub(crate) fn read(bytes: &[u8], file_type: FileType, encoding: &'static Encoding) -> Result<Extracted, ExtractError> {
    let text = charset::gather(bytes, encoding).finish().ok_or(ExtractError::WithoutText)?;
    Ok(Extracted { file_type, title: None, text, mail: None, parts: Vec::new() })
}
