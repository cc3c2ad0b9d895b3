//! What the reading process answers, as bytes: the length of a head in four bytes, the head in JSON, the text, and the
//! bytes of each part.
//!
//! Whoever reads it trusts nothing in it: a file may have taken the writer over.

use std::io::{self, Write};

use bytes::Bytes;
use cortex_ingestion::model::{Extracted, ExtractedMail, ExtractedPart, FileType};
use cortex_ingestion::ports::ExtractError;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::limits::{MAX_ADDRESSES, MAX_CHARS, MAX_HEAD_BYTES, MAX_LINE_CHARS, MAX_PART_BYTES, MAX_PARTS};

/// An answer that is none.
#[derive(Debug, Error)]
pub(crate) enum AnswerError {
    /// It ends too early, or cannot be read.
    #[error("the answer ends too early")]
    CutOff(#[source] io::Error),
    /// Its head is no head.
    #[error("the answer makes no sense")]
    Nonsense(#[source] serde_json::Error),
    /// It says what no answer says.
    #[error("the answer makes no sense: {0}")]
    Invalid(&'static str),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Head {
    Read(ReadHead),
    Failed { code: String, found: Option<String> },
}

#[derive(Serialize, Deserialize)]
struct ReadHead {
    file_type: String,
    title: Option<String>,
    text_bytes: usize,
    mail: Option<MailHead>,
    parts: Vec<PartHead>,
}

#[derive(Serialize, Deserialize)]
struct MailHead {
    sender_name: Option<String>,
    sender_address: Option<String>,
    to: Vec<String>,
    cc: Vec<String>,
    sent_at: Option<i64>,
    message_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct PartHead {
    name: Option<String>,
    mime_type: Option<String>,
    bytes: u64,
}

/// Writes it.
pub(crate) fn write(out: &mut impl Write, outcome: Result<Extracted, ExtractError>) -> io::Result<()> {
    let extracted = match outcome {
        Ok(extracted) => extracted,
        // Nothing is wrong with the file: whoever waits sees that there is no answer.
        Err(ExtractError::Unavailable(source)) => return Err(io::Error::other(source)),
        Err(ExtractError::Unsupported { found }) => {
            let code = ExtractError::Unsupported { found: String::new() }.code().to_owned();
            return write_head(out, &Head::Failed { code, found: Some(short(found)) });
        }
        Err(error) => return write_head(out, &Head::Failed { code: error.code().to_owned(), found: None }),
    };
    let head = ReadHead {
        file_type: extracted.file_type.name().to_owned(),
        title: extracted.title.map(short),
        text_bytes: extracted.text.len(),
        mail: extracted.mail.map(MailHead::of),
        parts: extracted.parts.iter().map(PartHead::of).collect(),
    };
    write_head(out, &Head::Read(head))?;
    out.write_all(extracted.text.as_bytes())?;
    for part in &extracted.parts {
        out.write_all(&part.bytes)?;
    }
    out.flush()
}

fn write_head(out: &mut impl Write, head: &Head) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let length = u32::try_from(head.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&head)
}

/// Reads it, and holds no more of it than the limits allow.
pub(crate) async fn read(
    source: &mut (impl AsyncRead + Unpin),
) -> Result<Result<Extracted, ExtractError>, AnswerError> {
    let length = source.read_u32().await.map_err(AnswerError::CutOff)?;
    if length > MAX_HEAD_BYTES {
        return Err(AnswerError::Invalid("its head is too long"));
    }
    let head = exactly(source, u64::from(length)).await?;
    let head = match serde_json::from_slice(&head).map_err(AnswerError::Nonsense)? {
        Head::Failed { code, found } => return failure(&code, found).map(Err),
        Head::Read(head) => head,
    };
    let file_type = FileType::named(&head.file_type).ok_or(AnswerError::Invalid("unknown type"))?;
    if head.text_bytes > 4 * MAX_CHARS {
        return Err(AnswerError::Invalid("its text is too long"));
    }
    let all = head.parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(part.bytes));
    if head.parts.len() > MAX_PARTS || all.is_none_or(|all| all > MAX_PART_BYTES) {
        return Err(AnswerError::Invalid("its parts are too many"));
    }
    let text = String::from_utf8(exactly(source, head.text_bytes as u64).await?)
        .map_err(|_| AnswerError::Invalid("its text is none"))?;
    if text.trim().is_empty() {
        return Err(AnswerError::Invalid("its text is blank"));
    }
    let mut parts = Vec::with_capacity(head.parts.len());
    for PartHead { name, mime_type, bytes } in head.parts {
        let bytes = Bytes::from(exactly(source, bytes).await?);
        parts.push(ExtractedPart { name, mime_type, bytes });
    }
    let mail = head.mail.map(MailHead::into_mail);
    Ok(Ok(Extracted { file_type, title: head.title, text, mail, parts }))
}

/// So many bytes, in memory that grows as they come.
async fn exactly(source: &mut (impl AsyncRead + Unpin), length: u64) -> Result<Vec<u8>, AnswerError> {
    let mut bytes = Vec::new();
    source.take(length).read_to_end(&mut bytes).await.map_err(AnswerError::CutOff)?;
    if bytes.len() as u64 != length {
        return Err(AnswerError::CutOff(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}

fn failure(code: &str, found: Option<String>) -> Result<ExtractError, AnswerError> {
    let found = found.unwrap_or_else(|| "application/octet-stream".to_owned());
    let errors = [
        ExtractError::Unsupported { found },
        ExtractError::Encrypted,
        ExtractError::Broken,
        ExtractError::ExpandsTooMuch,
        ExtractError::TooDeep,
        ExtractError::TooCostly,
        ExtractError::WithoutText,
    ];
    errors.into_iter().find(|error| error.code() == code).ok_or(AnswerError::Invalid("unknown failure"))
}

/// What is handed on of a name or a title.
fn short(text: String) -> String {
    match text.char_indices().nth(MAX_LINE_CHARS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

impl MailHead {
    fn of(mail: ExtractedMail) -> Self {
        let addresses = |addresses: Vec<String>| addresses.into_iter().take(MAX_ADDRESSES).map(short).collect();
        Self {
            sender_name: mail.sender_name.map(short),
            sender_address: mail.sender_address.map(short),
            to: addresses(mail.to_addresses),
            cc: addresses(mail.cc_addresses),
            sent_at: mail.sent_at.map(OffsetDateTime::unix_timestamp),
            message_id: mail.message_id.map(short),
        }
    }

    fn into_mail(self) -> ExtractedMail {
        ExtractedMail {
            sender_name: self.sender_name,
            sender_address: self.sender_address,
            to_addresses: self.to,
            cc_addresses: self.cc,
            sent_at: self.sent_at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()),
            message_id: self.message_id,
        }
    }
}

impl PartHead {
    fn of(part: &ExtractedPart) -> Self {
        Self {
            name: part.name.clone().map(short),
            mime_type: part.mime_type.clone().map(short),
            bytes: part.bytes.len() as u64,
        }
    }
}
