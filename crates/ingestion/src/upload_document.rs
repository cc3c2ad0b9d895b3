//! A person's file becomes a document.

use std::sync::Arc;

use cortex_kernel::{Clock, StoreError};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::KeepBlob;
use crate::add_document::{PutError, put_with};
use crate::model::{
    Amount, Contributor, DocumentDraft, DocumentKey, DocumentKind, DocumentPut, Extracted, ExtractedMail,
    ExtractedPart, FileBody, FileName, FileToRead, FileType, Fingerprint, IngestionMethod, Known, NewDocument, Once,
    PutChange, PutDocument, Quota, SourceName, Usage,
};
use crate::ports::{BlobError, DocumentWriter, ExtractError, TextExtractor, UsageReader};
use crate::turns::Turns;

/// Takes in files that people upload: text, original bytes, and the files within them.
///
/// A file is the same as one that was uploaded before if the same person uploaded the same bytes under the same name;
/// anything else is another document.
///
/// Of a message its parts are in memory, up to 100 MiB, from when it was read until they are kept. So only four files
/// are at that at once, in the order in which they came; the others wait where they are.
pub struct UploadDocument {
    extractor: Arc<dyn TextExtractor>,
    blobs: Arc<KeepBlob>,
    writer: Arc<dyn DocumentWriter>,
    usage: Arc<dyn UsageReader>,
    clock: Arc<dyn Clock>,
    quota: Quota,
    turns: Turns,
}

/// A file that was received.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Who uploads it.
    pub by: Contributor,
    /// Its name, as it was sent.
    pub name: String,
    /// Its bytes.
    pub body: FileBody,
    /// The hash of its bytes.
    pub content: Fingerprint,
    /// Under which claim the answer is kept, where the request may be sent again.
    pub once: Option<Once>,
}

/// A file did not become a document, and nothing of it was kept.
#[derive(Debug, Error)]
pub enum UploadError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Its text cannot be had.
    #[error("the file cannot be read")]
    Extract(#[from] ExtractError),
    /// Its bytes could not be kept.
    #[error("the file could not be kept")]
    Blobs(#[from] BlobError),
    /// It could not be stored.
    #[error("the file could not be stored")]
    Put(#[from] PutError),
}

/// A file within a file, ready to be kept.
struct Part {
    document: NewDocument,
    body: FileBody,
}

/// Files within a file whose texts are read: each may cost as much as a file of its own.
const MOST_PARTS_READ: usize = 50;

/// How long parts of a file are begun to be read: they are many, and each of them may be slow.
const PARTS_TIME: time::Duration = time::Duration::MINUTE;

/// Files that are read at once.
const MOST_AT_ONCE: usize = 4;

impl UploadDocument {
    /// Reads files with `extractor`, keeps their bytes with `blobs`, and writes with `writer`, so much for each person and
    /// day. What is more than that is refused before it costs anything, as far as `usage` knows.
    #[must_use]
    pub fn new(
        extractor: Arc<dyn TextExtractor>,
        blobs: Arc<KeepBlob>,
        writer: Arc<dyn DocumentWriter>,
        usage: Arc<dyn UsageReader>,
        clock: Arc<dyn Clock>,
        quota: Quota,
    ) -> Self {
        Self { extractor, blobs, writer, usage, clock, quota, turns: Turns::new(MOST_AT_ONCE) }
    }

    /// Makes a document of the file, or finds the one that it became before.
    pub async fn upload(&self, upload: Upload) -> Result<PutDocument, UploadError> {
        let Upload { by, name, body, content, once } = upload;
        if body.size() == 0 {
            return Err(UploadError::Empty);
        }
        let key = DocumentKey {
            source: SourceName::UPLOAD,
            source_account: by.user_id.to_string(),
            source_id: Fingerprint::of([name.as_bytes(), content.as_str().as_bytes()]).as_str().to_owned(),
        };
        // Looked at before anything is read; the writer looks again.
        if let Some(stored) = self.writer.find_by_key(by.company_id, &key).await? {
            return Ok(PutDocument { change: PutChange::Unchanged, stored });
        }
        let bytes = body.size();
        let used = self.used(&by).await?;
        self.admit(used, 1, bytes)?;
        let _turn = self.turns.take().await;
        let file = FileToRead { name: Some(FileName::of(&name).as_str().to_owned()), body: body.clone() };
        let mut extracted = self.extractor.extract(file).await?;
        let files = std::mem::take(&mut extracted.parts);
        self.admit(used, 1 + files.len() as u64, bytes)?;
        let mut document = draft(key, &name, bytes, extracted, !files.is_empty()).finish();
        let mut parts = Vec::with_capacity(files.len());
        let until = self.clock.now().saturating_add(PARTS_TIME);
        for (number, file) in (1..).zip(files) {
            let is_read = number <= MOST_PARTS_READ && self.clock.now() < until;
            parts.push(self.part(&document, number, file, is_read).await?);
        }
        // All of it was read: from here on it is kept. What no document takes in the end is removed again.
        let company_id = by.company_id;
        document.blob = Some(self.blobs.keep(company_id, body).await?);
        let mut kept = Vec::with_capacity(parts.len());
        for Part { mut document, body } in parts {
            document.blob = Some(self.blobs.keep(company_id, body).await?);
            kept.push(document);
        }
        let (method, quota, known) = (IngestionMethod::ManualUpload, self.quota, Known::Left);
        let put = DocumentPut { by, method, document, parts: kept, bytes, quota, known, once };
        Ok(put_with(self.writer.as_ref(), &put).await?)
    }

    /// What the person brought in today, where that counts.
    async fn used(&self, by: &Contributor) -> Result<Option<Usage>, StoreError> {
        if !self.quota.is_limited() {
            return Ok(None);
        }
        self.usage.of_user(by.company_id, by.user_id).await.map(Some)
    }

    /// Refuses what the writer would: nobody waits, and nothing is kept, for what comes to nothing. What is brought in
    /// meanwhile only the writer knows.
    fn admit(&self, used: Option<Usage>, documents: u64, bytes: u64) -> Result<(), PutError> {
        match used {
            Some(Usage { today, resets_at, .. }) if !self.quota.admits(today, Amount { documents, bytes }) => {
                Err(PutError::QuotaExceeded { resets_at })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A file within the file. One whose text cannot be had, or is not read, is there nevertheless, for its name and
    /// its bytes.
    async fn part(
        &self,
        parent: &NewDocument,
        number: usize,
        part: ExtractedPart,
        is_read: bool,
    ) -> Result<Part, UploadError> {
        let ExtractedPart { name, mime_type, bytes } = part;
        let sent = name.unwrap_or_default();
        let name = FileName::of(&sent).as_str().to_owned();
        let body = FileBody::InMemory(bytes);
        let mut metadata = Map::new();
        metadata.insert("filename".to_owned(), name.clone().into());
        metadata.insert("original_filename".to_owned(), FileName::as_sent(&sent).into());
        let file = FileToRead { name: Some(name.clone()), body: body.clone() };
        let read = if is_read { self.extractor.extract(file).await } else { Err(ExtractError::TooCostly) };
        let (content, mime_type) = match read {
            Ok(extracted) => (extracted.text, Some(extracted.file_type.mime_type().to_owned())),
            Err(error @ ExtractError::Unavailable(_)) => return Err(error.into()),
            Err(
                error @ (ExtractError::Unsupported { .. }
                | ExtractError::Encrypted
                | ExtractError::Broken
                | ExtractError::ExpandsTooMuch
                | ExtractError::TooDeep
                | ExtractError::TooCostly
                | ExtractError::WithoutText),
            ) => {
                metadata.insert("without_text".to_owned(), error.code().into());
                (String::new(), mime_type)
            }
        };
        let draft = DocumentDraft {
            key: DocumentKey { source_id: format!("{}_{number}", parent.key.source_id), ..parent.key.clone() },
            kind: DocumentKind::new("attachment"),
            title: name,
            content,
            content_incomplete: false,
            mail: None,
            metadata,
            raw: None,
            mime_type,
            file_size_bytes: i64::try_from(body.size()).ok(),
            file_url: None,
            created_at: parent.created_at,
            modified_at: None,
            parent: Some(parent.key.clone()),
        };
        Ok(Part { document: draft.finish(), body })
    }
}

/// The file as a document.
///
/// Of a message it tells what its header says and not what it is the same one by: anybody can write a file with any
/// Message-ID in it, and the real message that comes in later must not be taken for a copy of that.
fn draft(key: DocumentKey, sent: &str, bytes: u64, extracted: Extracted, has_parts: bool) -> DocumentDraft {
    let Extracted { file_type, title, text, mail, parts: _ } = extracted;
    let name = FileName::of(sent).as_str().to_owned();
    let mut metadata = Map::new();
    metadata.insert("filename".to_owned(), name.clone().into());
    metadata.insert("original_filename".to_owned(), FileName::as_sent(sent).into());
    metadata.insert("file_type".to_owned(), file_type.name().into());
    let sent_at = mail.as_ref().and_then(|mail| mail.sent_at);
    let (kind, title) = match mail {
        Some(mail) => {
            tell(&mut metadata, mail, has_parts);
            (DocumentKind::EMAIL, title.filter(|title| !title.trim().is_empty()).unwrap_or(name))
        }
        None => (DocumentKind::FILE, name),
    };
    DocumentDraft {
        key,
        kind,
        title,
        content: text,
        content_incomplete: false,
        mail: None,
        metadata,
        raw: None,
        mime_type: Some(FileType::mime_type(file_type).to_owned()),
        file_size_bytes: i64::try_from(bytes).ok(),
        file_url: None,
        created_at: sent_at,
        modified_at: None,
        parent: None,
    }
}

/// What is told of every message, in the words of those that syncs bring in.
fn tell(metadata: &mut Map<String, Value>, mail: ExtractedMail, has_attachments: bool) {
    let ExtractedMail { sender_name, sender_address, to_addresses, cc_addresses, sent_at: _, message_id } = mail;
    let told = [
        ("sender_name", sender_name.map(Value::from)),
        ("sender_address", sender_address.map(Value::from)),
        ("to_addresses", Some(to_addresses.into())),
        ("cc_addresses", Some(cc_addresses.into())),
        ("message_id", message_id.map(Value::from)),
        ("has_attachments", Some(has_attachments.into())),
    ];
    for (name, value) in told {
        metadata.extend(value.map(|value| (name.to_owned(), value)));
    }
}

impl From<StoreError> for UploadError {
    fn from(error: StoreError) -> Self {
        Self::Put(error.into())
    }
}

#[cfg(test)]
mod tests;
