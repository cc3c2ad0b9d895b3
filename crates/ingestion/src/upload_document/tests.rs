//! [`UploadDocument`] over what people brought in, in memory.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use cortex_kernel::RandomIds;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::model::{DocumentText, PutOutcome};
use crate::ports::{MockBlobRemovals, MockBlobStore, MockDocumentWriter, MockTextExtractor, MockUsageReader};
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

fn scene(extractor: impl TextExtractor + 'static) -> Scene {
    scene_within(Quota::default(), Arc::new(|| NOON), extractor)
}

fn scene_within(quota: Quota, clock: Arc<dyn Clock>, extractor: impl TextExtractor + 'static) -> Scene {
    let (kept, blobs) = keeping();
    let intake = Arc::<InMemoryIntake>::default();
    let upload = UploadDocument::new(Arc::new(extractor), blobs, intake.clone(), intake.clone(), clock, quota);
    Scene { intake, kept, upload }
}

/// A message with so many files, whose bytes are `part`.
fn message_of(parts: usize) -> Extracted {
    let part = ExtractedPart { name: None, mime_type: None, bytes: Bytes::from_static(b"part") };
    Extracted { mail: Some(ExtractedMail::default()), parts: vec![part; parts], ..text(FileType::Eml, "text") }
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
    let usage = Arc::new(MockUsageReader::new());
    let mut writer = MockDocumentWriter::new();
    writer.expect_find_by_key().returning(|_, _| Ok(None));
    writer
        .expect_put()
        .withf(|put| put.document.message_key.is_none() && put.known == Known::Left && put.bytes == 4)
        .once()
        .returning(|_| Ok(PutOutcome::QuotaExceeded { resets_at: NOON }));
    let read = extractor(move |_| Ok(message.clone()));
    let writer = Arc::new(writer);
    let upload = UploadDocument::new(Arc::new(read), blobs, writer, usage, Arc::new(|| NOON), Quota::default());

    let refused = upload.upload(file("mail.eml", "mail")).await;

    let Err(UploadError::Put(PutError::QuotaExceeded { resets_at })) = refused else { panic!("{refused:?}") };
    assert_eq!(resets_at, NOON);
}

#[tokio::test]
async fn of_very_many_files_in_a_message_the_first_are_read() {
    let message = message_of(60);
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

/// Forty seconds each: the second one begins within the minute, and the third one does not.
#[tokio::test]
async fn of_slow_files_in_a_message_those_are_read_that_begin_within_a_minute() {
    let now = Arc::new(Mutex::new(NOON));
    let (clock, takes) = (Arc::clone(&now), Arc::clone(&now));
    let message = message_of(5);
    let read = extractor(move |file| {
        // The message's own time is its own.
        *takes.lock().unwrap() += time::Duration::seconds(40);
        match &file.body {
            whole if *whole == body("mail") => Ok(message.clone()),
            _ => Ok(text(FileType::Text, "part")),
        }
    });
    let Scene { intake, kept, upload } = scene_within(Quota::default(), Arc::new(move || *clock.lock().unwrap()), read);

    upload.upload(file("mail.eml", "mail")).await.unwrap();

    let documents = intake.documents(COMPANY_A);
    let parts = documents.iter().filter(|document| document.parent.is_some());
    let told: Vec<_> = parts.map(|part| (part.content.as_str(), part.metadata.get("without_text"))).collect();
    let costly = json!("file_too_costly");
    let unread = ("", Some(&costly));
    assert_eq!(told, [("part", None), ("part", None), unread, unread, unread]);
    assert_eq!(kept.lock().unwrap().len(), 6, "the bytes of all of them are kept");
}

#[rstest]
#[case::documents(Quota { documents: Some(3), bytes: None })]
#[case::bytes(Quota { documents: None, bytes: Some(9) })]
#[tokio::test]
async fn what_is_more_than_the_quota_is_read_by_nobody(#[case] quota: Quota) {
    let Scene { intake, kept, upload } = scene_within(quota, Arc::new(|| NOON), MockTextExtractor::new());
    intake.bring(COMPANY_A, a_contributor().user_id, Amount { documents: 3, bytes: 5 });

    let refused = upload.upload(file("a.txt", "bytes")).await;

    let Err(UploadError::Put(PutError::QuotaExceeded { resets_at })) = refused else { panic!("{refused:?}") };
    assert_eq!(resets_at, NOON + time::Duration::hours(12));
    assert_eq!(kept.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn what_was_uploaded_before_is_told_whatever_the_quota_says() {
    let quota = Quota { documents: Some(1), bytes: None };
    let read = extractor(|_| Ok(text(FileType::Text, "text")));
    let Scene { upload, .. } = scene_within(quota, Arc::new(|| NOON), read);
    upload.upload(file("a.txt", "bytes")).await.unwrap();

    let again = upload.upload(file("a.txt", "bytes")).await.unwrap();

    assert_eq!(again.change, PutChange::Unchanged);
}

#[tokio::test]
async fn of_a_message_with_more_files_than_the_quota_admits_nothing_is_kept() {
    let message = message_of(3);
    let read = extractor(move |file| match &file.body {
        whole if *whole == body("mail") => Ok(message.clone()),
        part => panic!("nobody reads {part:?}"),
    });
    let quota = Quota { documents: Some(3), bytes: None };
    let Scene { intake, kept, upload } = scene_within(quota, Arc::new(|| NOON), read);

    let refused = upload.upload(file("mail.eml", "mail")).await;

    assert!(matches!(refused, Err(UploadError::Put(PutError::QuotaExceeded { .. }))), "{refused:?}");
    assert_eq!((intake.documents(COMPANY_A).len(), kept.lock().unwrap().len()), (0, 0));
}

/// Reads nothing before it is told to.
struct Patient {
    reading: AtomicUsize,
    goes_on: tokio::sync::Semaphore,
}

#[async_trait]
impl TextExtractor for Arc<Patient> {
    async fn extract(&self, _: FileToRead) -> Result<Extracted, ExtractError> {
        self.reading.fetch_add(1, Ordering::Relaxed);
        self.goes_on.acquire().await.expect("it is open").forget();
        Ok(text(FileType::Text, "text"))
    }
}

#[tokio::test]
async fn four_are_read_at_once_and_the_others_wait() {
    let patient = Arc::new(Patient { reading: AtomicUsize::default(), goes_on: tokio::sync::Semaphore::new(0) });
    let Scene { intake, upload, .. } = scene(Arc::clone(&patient));
    let mut all = Box::pin(join_all((0..6).map(|n| upload.upload(file(&format!("{n}.txt"), "bytes")))));
    assert!(all.as_mut().now_or_never().is_none());
    assert_eq!(patient.reading.load(Ordering::Relaxed), MOST_AT_ONCE);

    patient.goes_on.add_permits(1);
    assert!(all.as_mut().now_or_never().is_none());
    assert_eq!((intake.documents(COMPANY_A).len(), patient.reading.load(Ordering::Relaxed)), (1, MOST_AT_ONCE + 1));

    patient.goes_on.add_permits(5);
    assert!(all.await.iter().all(Result::is_ok));
    assert_eq!(intake.documents(COMPANY_A).len(), 6);
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
    let message = message_of(1);
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
