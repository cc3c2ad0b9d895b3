//! A person's file becomes a document.

use std::sync::Arc;

use cortex_kernel::StoreError;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::KeepBlob;
use crate::add_document::{PutError, put_with};
use crate::model::{
    Contributor, DocumentDraft, DocumentKey, DocumentKind, DocumentPut, Extracted, ExtractedMail, ExtractedPart,
    FileBody, FileName, FileToRead, FileType, Fingerprint, IngestionMethod, Known, NewDocument, Once, PutChange,
    PutDocument, Quota, SourceName,
};
use crate::ports::{BlobError, DocumentWriter, ExtractError, TextExtractor};

/// Takes in files that people upload: text, original bytes, and the files within them.
///
/// A file is the same as one that was uploaded before if the same person uploaded the same bytes under the same name;
/// anything else is another document.
pub struct UploadDocument {
    extractor: Arc<dyn TextExtractor>,
    blobs: Arc<KeepBlob>,
    writer: Arc<dyn DocumentWriter>,
    quota: Quota,
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

impl UploadDocument {
    /// Reads files with `extractor`, keeps their bytes with `blobs`, and writes with `writer`, so much for each person and
    /// day.
    #[must_use]
    pub const fn new(
        extractor: Arc<dyn TextExtractor>,
        blobs: Arc<KeepBlob>,
        writer: Arc<dyn DocumentWriter>,
        quota: Quota,
    ) -> Self {
        Self { extractor, blobs, writer, quota }
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
        let file = FileToRead { name: Some(FileName::of(&name).as_str().to_owned()), body: body.clone() };
        let mut extracted = self.extractor.extract(file).await?;
        let files = std::mem::take(&mut extracted.parts);
        let bytes = body.size();
        let mut document = draft(key, &name, bytes, extracted, !files.is_empty()).finish();
        let mut parts = Vec::with_capacity(files.len());
        for (number, file) in (1..).zip(files) {
            parts.push(self.part(&document, number, file).await?);
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

    /// A file within the file. One whose text cannot be had is there nevertheless, for its name and its bytes.
    async fn part(&self, parent: &NewDocument, number: usize, part: ExtractedPart) -> Result<Part, UploadError> {
        let ExtractedPart { name, mime_type, bytes } = part;
        let sent = name.unwrap_or_default();
        let name = FileName::of(&sent).as_str().to_owned();
        let body = FileBody::InMemory(bytes);
        let mut metadata = Map::new();
        metadata.insert("filename".to_owned(), name.clone().into());
        metadata.insert("original_filename".to_owned(), FileName::as_sent(&sent).into());
        let file = FileToRead { name: Some(name.clone()), body: body.clone() };
        let read =
            if number > MOST_PARTS_READ { Err(ExtractError::TooCostly) } else { self.extractor.extract(file).await };
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
mod tests {
    use std::sync::Mutex;

    use bytes::Bytes;
    use cortex_kernel::RandomIds;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::{DocumentText, PutOutcome};
    use crate::ports::{MockBlobRemovals, MockBlobStore, MockDocumentWriter, MockTextExtractor};
    use crate::testing::{COMPANY_A, InMemoryIntake, NOON, USER_2, a_contributor};

    /// What was kept, in its order.
    type Kept = Arc<Mutex<Vec<FileBody>>>;

    fn text(file_type: FileType, text: &str) -> Extracted {
        Extracted { file_type, title: None, text: text.to_owned(), mail: None, parts: Vec::new() }
    }

    /// Knows what files say by their bytes.
    fn extractor(
        says: impl Fn(&FileToRead) -> Result<Extracted, ExtractError> + Send + Sync + 'static,
    ) -> MockTextExtractor {
        let mut extractor = MockTextExtractor::new();
        extractor.expect_extract().returning(move |file| says(&file));
        extractor
    }

    fn keeping() -> (Kept, Arc<KeepBlob>) {
        let kept = Kept::default();
        let (mut blobs, mut removals) = (MockBlobStore::new(), MockBlobRemovals::new());
        removals.expect_announce().returning(|_, _, _| Ok(()));
        let seen = Arc::clone(&kept);
        blobs.expect_put().returning(move |_, _, body| {
            seen.lock().unwrap().push(body);
            Ok(())
        });
        (kept, Arc::new(KeepBlob::new(Arc::new(blobs), Arc::new(removals), Arc::new(RandomIds))))
    }

    fn body(bytes: &str) -> FileBody {
        FileBody::InMemory(Bytes::copy_from_slice(bytes.as_bytes()))
    }

    fn file(name: &str, bytes: &str) -> Upload {
        let content = Fingerprint::of([bytes.as_bytes()]);
        Upload { by: a_contributor(), name: name.to_owned(), body: body(bytes), content, once: None }
    }

    struct Scene {
        intake: Arc<InMemoryIntake>,
        kept: Kept,
        upload: UploadDocument,
    }

    fn scene(extractor: MockTextExtractor) -> Scene {
        let (kept, blobs) = keeping();
        let intake = Arc::<InMemoryIntake>::default();
        let upload = UploadDocument::new(Arc::new(extractor), blobs, intake.clone(), Quota::default());
        Scene { intake, kept, upload }
    }

    #[tokio::test]
    async fn a_file_becomes_a_document_with_its_name_its_text_and_its_bytes() {
        let read = extractor(|file| {
            assert_eq!(file.name.as_deref(), Some("notes.md"));
            Ok(text(FileType::Markdown, "# Zwölf\r\n"))
        });
        let Scene { kept, upload, .. } = scene(read);

        let put = upload.upload(file("../../notes\0.md", "bytes")).await.unwrap();

        let DocumentText { document: view, content } = put.stored;
        assert_eq!((put.change, content.as_str()), (PutChange::Created, "# Zwölf"));
        assert_eq!((view.title.as_str(), view.kind.as_str(), view.key.source.as_str()), ("notes.md", "file", "upload"));
        assert_eq!((view.mime_type.as_deref(), view.file_size_bytes), (Some("text/markdown"), Some(5)));
        assert_eq!(view.method.as_deref(), Some("manual_upload"));
        let expected = json!({"filename": "notes.md", "original_filename": "../../notes.md", "file_type": "markdown"});
        assert_eq!(view.metadata, expected);
        assert_eq!(*kept.lock().unwrap(), [body("bytes")]);
    }

    #[tokio::test]
    async fn the_same_file_is_taken_in_once_and_anything_else_is_another_one() {
        let Scene { intake, kept, upload } = scene(extractor(|_| Ok(text(FileType::Text, "text"))));
        let first = upload.upload(file("a.txt", "bytes")).await.unwrap();
        let mut colleagues = file("a.txt", "bytes");
        colleagues.by.user_id = USER_2;

        let again = upload.upload(file("a.txt", "bytes")).await.unwrap();
        for other in [file("a.txt", "other bytes"), file("b.txt", "bytes"), colleagues] {
            assert_eq!(upload.upload(other).await.unwrap().change, PutChange::Created);
        }

        assert_eq!((again.change, again.stored), (PutChange::Unchanged, first.stored));
        assert_eq!(intake.documents(COMPANY_A).len(), 4);
        assert_eq!(kept.lock().unwrap().len(), 4);
    }

    #[tokio::test]
    async fn a_message_tells_who_wrote_it_and_brings_its_files() {
        let mail = ExtractedMail {
            sender_name: Some("Nora".to_owned()),
            sender_address: Some("nora@example.com".to_owned()),
            to_addresses: vec!["ina@example.com".to_owned()],
            cc_addresses: Vec::new(),
            sent_at: Some(NOON),
            message_id: Some("1@example.com".to_owned()),
        };
        let part = |name: &str, mime_type: &str, bytes: &'static str| ExtractedPart {
            name: Some(name.to_owned()),
            mime_type: Some(mime_type.to_owned()),
            bytes: Bytes::from_static(bytes.as_bytes()),
        };
        let parts = vec![part("../offer.pdf", "application/octet-stream", "offer"), part("x.bin", "x/y", "secret")];
        let message = Extracted {
            title: Some("Offer".to_owned()),
            mail: Some(mail),
            parts,
            ..text(FileType::Eml, "Please find attached")
        };
        let read = extractor(move |file| match &file.body {
            whole if *whole == body("mail") => Ok(message.clone()),
            part if *part == body("offer") => Ok(text(FileType::Pdf, "An offer")),
            _ => Err(ExtractError::Unsupported { found: "x/y".to_owned() }),
        });
        let Scene { intake, kept, upload } = scene(read);

        let put = upload.upload(file("mail.eml", "mail")).await.unwrap();

        let view = &put.stored.document;
        assert_eq!((view.title.as_str(), view.kind.as_str(), view.created_at), ("Offer", "email", Some(NOON)));
        assert_eq!(view.metadata["sender_address"], "nora@example.com");
        assert_eq!(view.metadata["to_addresses"], json!(["ina@example.com"]));
        assert_eq!(view.metadata["message_id"], "1@example.com");
        assert_eq!(view.metadata["has_attachments"], true);
        let parts: Vec<_> = (1..=2).map(|n| format!("{}_{n}", view.key.source_id)).collect();
        let key = |source_id: &String| DocumentKey { source_id: source_id.clone(), ..view.key.clone() };
        let part = async |n: usize| intake.find_by_key(COMPANY_A, &key(&parts[n])).await.unwrap().unwrap();
        let (offer, other) = (part(0).await, part(1).await);
        assert_eq!((offer.document.kind.as_str(), offer.content.as_str()), ("attachment", "An offer"));
        assert_eq!((offer.document.title.as_str(), offer.document.parent), ("offer.pdf", Some(view.id)));
        assert_eq!(offer.document.mime_type.as_deref(), Some("application/pdf"));
        assert_eq!((other.content.as_str(), other.document.mime_type.as_deref()), ("", Some("x/y")));
        assert_eq!(other.document.metadata["without_text"], "unsupported_file_type");
        assert_eq!(*kept.lock().unwrap(), [body("mail"), body("offer"), body("secret")]);
    }

    /// Whoever forges the id of a message that others wait for must not make it vanish.
    #[tokio::test]
    async fn a_message_from_a_file_is_not_taken_for_the_one_that_it_names() {
        let mail = ExtractedMail { message_id: Some("real@example.com".to_owned()), ..ExtractedMail::default() };
        let message = Extracted { mail: Some(mail), ..text(FileType::Eml, "forged") };
        let (_, blobs) = keeping();
        let mut writer = MockDocumentWriter::new();
        writer.expect_find_by_key().returning(|_, _| Ok(None));
        writer
            .expect_put()
            .withf(|put| put.document.message_key.is_none() && put.known == Known::Left && put.bytes == 4)
            .once()
            .returning(|_| Ok(PutOutcome::QuotaExceeded { resets_at: NOON }));
        let read = extractor(move |_| Ok(message.clone()));
        let upload = UploadDocument::new(Arc::new(read), blobs, Arc::new(writer), Quota::default());

        let refused = upload.upload(file("mail.eml", "mail")).await;

        let Err(UploadError::Put(PutError::QuotaExceeded { resets_at })) = refused else { panic!("{refused:?}") };
        assert_eq!(resets_at, NOON);
    }

    #[tokio::test]
    async fn of_very_many_files_in_a_message_the_first_are_read() {
        let part = ExtractedPart { name: None, mime_type: None, bytes: Bytes::from_static(b"part") };
        let message =
            Extracted { mail: Some(ExtractedMail::default()), parts: vec![part; 60], ..text(FileType::Eml, "text") };
        let read = extractor(move |file| match &file.body {
            whole if *whole == body("mail") => Ok(message.clone()),
            _ => Ok(text(FileType::Text, "part")),
        });
        let Scene { intake, upload, .. } = scene(read);

        upload.upload(file("mail.eml", "mail")).await.unwrap();

        let documents = intake.documents(COMPANY_A);
        let unread = documents.iter().filter(|document| document.metadata.contains_key("without_text")).count();
        assert_eq!((documents.len(), unread), (61, 10));
    }

    #[rstest]
    #[case(ExtractError::Encrypted)]
    #[case(ExtractError::ExpandsTooMuch)]
    #[case(ExtractError::Unavailable("gone".into()))]
    #[tokio::test]
    async fn of_a_file_whose_text_cannot_be_had_nothing_is_kept(#[case] error: ExtractError) {
        let code = error.code();
        let error = Mutex::new(Some(error));
        let Scene { intake, kept, upload } =
            scene(extractor(move |_| Err(error.lock().unwrap().take().expect("it is asked once"))));

        let refused = upload.upload(file("a.pdf", "bytes")).await;

        let Err(UploadError::Extract(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error.code(), code);
        assert_eq!((intake.documents(COMPANY_A).len(), kept.lock().unwrap().len()), (0, 0));
    }

    #[tokio::test]
    async fn a_message_whose_files_cannot_be_read_now_is_to_be_sent_again() {
        let part = ExtractedPart { name: None, mime_type: None, bytes: Bytes::from_static(b"part") };
        let message =
            Extracted { mail: Some(ExtractedMail::default()), parts: vec![part], ..text(FileType::Eml, "text") };
        let read = extractor(move |file| match &file.body {
            whole if *whole == body("mail") => Ok(message.clone()),
            _ => Err(ExtractError::Unavailable("gone".into())),
        });
        let Scene { kept, upload, .. } = scene(read);

        let refused = upload.upload(file("mail.eml", "mail")).await;

        assert!(matches!(refused, Err(UploadError::Extract(ExtractError::Unavailable(_)))), "{refused:?}");
        assert_eq!(kept.lock().unwrap().len(), 0);
    }

    #[tokio::test]
    async fn an_empty_file_is_read_by_nobody() {
        let Scene { upload, .. } = scene(MockTextExtractor::new());

        let refused = upload.upload(file("a.txt", "")).await;

        assert!(matches!(refused, Err(UploadError::Empty)), "{refused:?}");
    }
}
