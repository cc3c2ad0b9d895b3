//! [`FetchContents`] on the models of Gmail and Drive, with providers that answer as each test wants.

use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use bytes::Bytes;
use cortex_kernel::{BrokerConnectionId, Provider};
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::content_source::{ContentError, Fetched, Wanted};
use crate::ingest_page::RecordDocuments;
use crate::model::{
    DocumentDraft, Extracted, FileBody, FileToRead, FileType, MessageKey, PageCommit, PageContents, Postponed,
    RecordKey, SetAside,
};
use crate::normalise::{AttachedContent, Attachment, gmail_message};
use crate::ports::{ExtractError, PageStore as _};
use crate::testing::{COMPANY_A, InMemoryPageStore, NOON, a_commit, a_draft, a_key, a_stream};

type Answer = Box<dyn Fn(&Wanted, u64) -> Result<Fetched, ContentError> + Send + Sync>;
type Reading = Box<dyn Fn(&FileToRead) -> Result<String, ExtractError> + Send + Sync>;

/// A provider, and what reads files.
struct World {
    answer: Answer,
    reading: Reading,
    asked: StdMutex<Vec<(Wanted, u64)>>,
    names: StdMutex<Vec<Option<String>>>,
    running: AtomicUsize,
    most_at_once: AtomicUsize,
}

#[async_trait]
impl ContentSource for World {
    async fn fetch(
        &self,
        provider: Provider,
        broker_id: &BrokerConnectionId,
        wanted: &Wanted,
        most_bytes: u64,
    ) -> Result<Fetched, ContentError> {
        assert_eq!((provider, broker_id), (Provider::Gmail, &a_stream().broker_id));
        let running = 1 + self.running.fetch_add(1, Ordering::Relaxed);
        self.most_at_once.fetch_max(running, Ordering::Relaxed);
        tokio::task::yield_now().await;
        self.running.fetch_sub(1, Ordering::Relaxed);
        self.asked.lock().unwrap().push((wanted.clone(), most_bytes));
        (self.answer)(wanted, most_bytes)
    }
}

#[async_trait]
impl TextExtractor for World {
    async fn extract(&self, file: FileToRead) -> Result<Extracted, ExtractError> {
        self.names.lock().unwrap().push(file.name.clone());
        let text = (self.reading)(&file)?;
        Ok(Extracted { file_type: FileType::Text, title: None, text, mail: None, parts: Vec::new() })
    }
}

struct Scene {
    world: Arc<World>,
    store: Arc<InMemoryPageStore>,
    use_case: FetchContents,
}

/// Files hold the text of their bytes.
fn scene(answer: impl Fn(&Wanted, u64) -> Result<Fetched, ContentError> + Send + Sync + 'static) -> Scene {
    let read = |file: &FileToRead| match &file.body {
        FileBody::InMemory(bytes) => Ok(String::from_utf8(bytes.to_vec()).unwrap()),
        FileBody::OnDisk { .. } => panic!("what is fetched is in memory"),
    };
    scene_reading(answer, read)
}

fn scene_reading(
    answer: impl Fn(&Wanted, u64) -> Result<Fetched, ContentError> + Send + Sync + 'static,
    reading: impl Fn(&FileToRead) -> Result<String, ExtractError> + Send + Sync + 'static,
) -> Scene {
    let world = Arc::new(World {
        answer: Box::new(answer),
        reading: Box::new(reading),
        asked: StdMutex::default(),
        names: StdMutex::default(),
        running: AtomicUsize::default(),
        most_at_once: AtomicUsize::default(),
    });
    let store = Arc::new(InMemoryPageStore::default());
    let use_case = FetchContents::new(world.clone(), world.clone(), store.clone(), Arc::new(|| NOON));
    Scene { world, store, use_case }
}

impl Scene {
    async fn complete(&self, records: Vec<PageRecord>) -> Vec<ReadRecord> {
        self.complete_while(records, &|| true).await.unwrap()
    }

    async fn complete_while(
        &self,
        records: Vec<PageRecord>,
        may_go_on: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Vec<ReadRecord>, FetchContentsError> {
        self.use_case.complete(&stream(), &account(), records, may_go_on).await
    }

    async fn complete_one(&self, record: PageRecord) -> RecordDocuments {
        let [record] = <[_; 1]>::try_from(self.complete(vec![record]).await).unwrap();
        documents(record)
    }

    fn asked(&self) -> usize {
        self.world.asked.lock().unwrap().len()
    }
}

fn stream() -> Stream {
    Stream { model: "Message".to_owned(), ..a_stream() }
}

fn account() -> Account {
    Account { source_account: a_key("").source_account }
}

fn documents(record: ReadRecord) -> RecordDocuments {
    match record {
        ReadRecord::Documents(record) => *record,
        other => panic!("expected documents, got {other:?}"),
    }
}

/// A message of Gmail as the records have it, without its text.
fn record(id: &str) -> Value {
    json!({
        "id": id, "threadId": id, "labelIds": ["INBOX"], "historyId": "7", "snippet": "Dear all",
        "payload": {
            "mimeType": "text/plain",
            "headers": [{ "name": "Subject", "value": "Offer" }, { "name": "Message-ID", "value": format!("<{id}@x>") }],
            "body": { "size": 20 },
        },
    })
}

/// The same as Gmail's API has it, with these files.
fn resource(id: &str, text: &str, files: &[(&str, &str)]) -> Value {
    let part =
        json!({ "mimeType": "text/plain", "filename": "", "body": { "size": 20, "data": URL_SAFE.encode(text) } });
    let file = |(number, (name, mime_type)): (usize, &(&str, &str))| {
        json!({
            "mimeType": mime_type, "filename": name,
            "headers": [{ "name": "Content-Disposition", "value": "attachment" }],
            "body": { "attachmentId": format!("a{number}"), "size": 30 },
        })
    };
    let parts: Vec<_> = std::iter::once(part).chain(files.iter().enumerate().map(file)).collect();
    let mut resource = record(id);
    resource["payload"]["mimeType"] = json!("multipart/mixed");
    resource["payload"]["parts"] = json!(parts);
    resource
}

fn described(record: Value) -> PageRecord {
    let told = gmail_message(&record, &account()).unwrap();
    PageRecord::Described(Box::new(Described::new(record, told)))
}

fn message(id: &str) -> PageRecord {
    described(record(id))
}

/// What was postponed, as it is read when it is due.
fn again(postponed: Postponed) -> PageRecord {
    let told = gmail_message(&postponed.unfinished.record, &account()).unwrap();
    PageRecord::Described(Box::new(Described::again(postponed.unfinished, told)))
}

/// A file of Drive, of this type and size.
fn drive_file(mime_type: &str, size: Option<i64>) -> PageRecord {
    let told = ToldDocument {
        draft: DocumentDraft {
            content: String::new(),
            content_incomplete: true,
            mime_type: Some(mime_type.to_owned()),
            file_size_bytes: size,
            ..a_draft("f")
        },
        missing: Some(Wanted::DriveFile { id: "f".to_owned() }),
        attachments: Vec::new(),
    };
    PageRecord::Described(Box::new(Described::new(json!({ "id": "f" }), told)))
}

fn bytes(text: &str) -> Fetched {
    Fetched::Bytes(Bytes::from(text.to_owned()))
}

fn unavailable() -> ContentError {
    ContentError::Unavailable("away".into())
}

/// Answers a message with two files, and each file with its id.
#[expect(clippy::unnecessary_wraps, reason = "it stands where providers refuse")]
fn with_files(wanted: &Wanted) -> Result<Fetched, ContentError> {
    match wanted {
        Wanted::GmailMessage { id } => {
            let files = [("plan.pdf", "application/pdf"), ("plan.pdf", "application/pdf"), ("p.png", "image/png")];
            Ok(Fetched::Resource(resource(id, "Dear all, here are the plans.", &files)))
        }
        Wanted::GmailAttachment { id, .. } => Ok(bytes(&format!("plan {id}"))),
        other => panic!("{other:?}"),
    }
}

fn error_of(document: &crate::model::NewDocument) -> Option<&str> {
    document.metadata.get("content_error").and_then(Value::as_str)
}

#[tokio::test]
async fn a_message_has_its_text_and_its_files_have_theirs() {
    let scene = scene(|wanted, _| with_files(wanted));

    let record = scene.complete_one(message("m")).await;

    let told: Vec<_> = record.documents.iter().map(|new| (new.key.source_id.as_str(), new.content.as_str())).collect();
    let expected = [("m", "Dear all, here are the plans."), ("m_a0", "plan a0"), ("m_a1", "plan a1"), ("m_a2", "")];
    assert_eq!(told, expected);
    assert!(record.documents.iter().all(|new| !new.content_incomplete && error_of(new).is_none()));
    assert!(record.documents[1..].iter().all(|new| new.parent.as_ref() == Some(&a_key("m"))));
    let key = MessageKey::new("id:m@x");
    let of = |name, ordinal| Some(MessageKey::of_attachment(&key, name, ordinal));
    let keys: Vec<_> = record.documents.iter().map(|new| new.message_key.clone()).collect();
    assert_eq!(keys, [Some(key.clone()), of("plan.pdf", 0), of("plan.pdf", 1), of("p.png", 0)]);
    assert!(record.fingerprint.is_some() && record.postponed.is_none());
    assert_eq!(scene.asked(), 3, "nobody asks for a picture");
    assert_eq!(*scene.world.names.lock().unwrap(), [Some("plan.pdf".to_owned()), Some("plan.pdf".to_owned())]);
}

#[tokio::test]
async fn what_lacks_nothing_is_not_asked_for() {
    let scene = scene(|wanted, _| panic!("{wanted:?}"));
    let whole = resource("m", "All of it.", &[]);

    let left_out = PageRecord::Read(ReadRecord::LeftOut(RecordKey::of("x")));
    let records = scene.complete(vec![described(whole), left_out]).await;

    assert_eq!(records[1], ReadRecord::LeftOut(RecordKey::of("x")));
    let record = documents(records.into_iter().next().unwrap());
    assert_eq!((record.documents[0].content.as_str(), record.fingerprint), ("All of it.", None));
}

#[tokio::test]
async fn what_says_the_same_as_when_it_was_had_is_not_asked_for_again() {
    let scene = scene(|wanted, _| with_files(wanted));
    let first = scene.complete_one(message("m")).await;
    let lease = scene.store.put_running_job(COMPANY_A, a_commit().lease.job);
    let contents = PageContents { finished: vec![(first.key, first.fingerprint)], ..PageContents::default() };
    let commit = PageCommit { lease, stream: stream(), documents: first.documents, contents, ..a_commit() };
    scene.store.commit_page(&commit).await.unwrap();
    let asked = scene.asked();

    let mut read = record("m");
    read["labelIds"] = json!(["INBOX", "STARRED"]);
    read["historyId"] = json!("8");
    let mut changed = record("m");
    changed["snippet"] = json!("Dear nobody");
    assert_eq!(scene.complete(vec![described(read)]).await, [ReadRecord::Unchanged(a_key("m"))]);
    assert_eq!(scene.asked(), asked);

    documents(scene.complete(vec![described(changed)]).await.remove(0));
    assert_eq!(scene.asked(), asked + 3);
}

#[tokio::test]
async fn a_message_that_is_not_to_be_had_now_is_postponed_whole() {
    let scene = scene(|_, _| Err(unavailable()));

    let record = scene.complete_one(message("m")).await;

    let [document] = &record.documents[..] else { panic!("{record:?}") };
    assert_eq!((document.content.as_str(), document.content_incomplete), ("Dear all", true));
    let postponed = record.postponed.unwrap();
    assert_eq!((postponed.reason, postponed.wait), ("unavailable", FIRST_WAIT));
    assert_eq!((postponed.unfinished.lacks, postponed.unfinished.attempts), (Lacks::Everything, 1));
    assert_eq!(record.fingerprint, None);
}

#[tokio::test]
async fn of_a_message_only_what_lacks_is_asked_for_again() {
    let is_back = Arc::new(AtomicBool::new(false));
    let back = is_back.clone();
    let scene = scene(move |wanted, _| match wanted {
        Wanted::GmailAttachment { id, .. } if id == "a1" && !back.load(Ordering::Relaxed) => Err(unavailable()),
        wanted => with_files(wanted),
    });
    let first = scene.complete_one(message("m")).await;
    let incomplete: Vec<_> = first.documents.iter().map(|new| new.content_incomplete).collect();
    assert_eq!(incomplete, [false, false, true, false]);
    let postponed = first.postponed.unwrap();
    let lacks = Lacks::Attachments { of: Some(MessageKey::new("id:m@x")), pending: vec!["m_a1".to_owned()] };
    assert_eq!(postponed.unfinished.lacks, lacks);
    assert!(!postponed.unfinished.record.to_string().contains("data"), "texts are not kept twice");
    let fingerprint = postponed.unfinished.fingerprint.clone();
    let asked = scene.asked();
    is_back.store(true, Ordering::Relaxed);

    let second = scene.complete_one(again(postponed)).await;

    assert_eq!(scene.asked(), asked + 1);
    let [document] = &second.documents[..] else { panic!("{second:?}") };
    assert_eq!((document.key.source_id.as_str(), document.content.as_str()), ("m_a1", "plan a1"));
    assert_eq!(document.message_key, first.documents[2].message_key);
    assert_eq!((second.fingerprint, second.postponed), (Some(fingerprint), None));
}

#[tokio::test]
async fn what_is_asked_for_in_vain_waits_longer_each_time_and_is_given_up() {
    let scene = scene(|_, _| Err(unavailable()));
    let mut record = scene.complete_one(message("m")).await;
    let mut waits = Vec::new();
    while let Some(postponed) = record.postponed {
        waits.push(postponed.wait);
        record = scene.complete_one(again(postponed)).await;
    }

    let minutes = [1, 4, 16, 64, 256, 1024, 1440].map(Duration::from_mins);
    assert_eq!(waits, minutes);
    let [document] = &record.documents[..] else { panic!("{record:?}") };
    assert_eq!((error_of(document), document.content_incomplete), (Some("gave_up"), true));
    assert_eq!(document.content, "Dear all");
    let before = gmail_message(&self::record("m"), &account()).unwrap().draft.finish();
    assert_ne!(document.content_hash, before.content_hash, "it is written over what is incomplete");
    assert_eq!(record.fingerprint, None, "it is asked for once more when it comes again");
}

#[tokio::test]
async fn whoever_asks_us_to_wait_is_asked_no_more_for_the_page() {
    let wait = Duration::from_secs(40);
    let scene = scene(move |_, _| Err(ContentError::Throttled { retry_after: Some(wait) }));
    let records: Vec<_> = (0..20).map(|n| message(&format!("m{n}"))).collect();

    let records = scene.complete(records).await;

    assert!(scene.asked() <= MOST_AT_ONCE, "{}", scene.asked());
    for record in records {
        let postponed = documents(record).postponed.unwrap();
        assert_eq!((postponed.reason, postponed.wait, postponed.unfinished.attempts), ("throttled", wait, 0));
    }
}

#[tokio::test]
async fn who_is_away_is_not_asked_for_every_record_of_a_page() {
    let scene = scene(|_, _| Err(unavailable()));
    let records: Vec<_> = (0..100).map(|n| message(&format!("m{n}"))).collect();

    let records = scene.complete(records).await;

    assert!(scene.asked() <= allowance::MOST_IN_VAIN as usize + MOST_AT_ONCE, "{}", scene.asked());
    assert!(records.into_iter().all(|record| documents(record).postponed.is_some()));
}

#[tokio::test]
async fn four_are_asked_for_at_a_time() {
    let scene = scene(|wanted, _| with_files(wanted));
    let records: Vec<_> = (0..20).map(|n| message(&format!("m{n}"))).collect();

    let records = scene.complete(records).await;

    let ids: Vec<_> = records.into_iter().map(|record| documents(record).key.source_id).collect();
    assert_eq!(ids, (0..20).map(|n| format!("m{n}")).collect::<Vec<_>>());
    assert_eq!(scene.world.most_at_once.load(Ordering::Relaxed), MOST_AT_ONCE);
}

#[tokio::test]
async fn a_page_that_may_not_go_on_asks_for_nothing_more() {
    let goes_on = Arc::new(AtomicBool::new(true));
    let going = goes_on.clone();
    let scene = scene(move |wanted, _| {
        going.store(false, Ordering::Relaxed);
        with_files(wanted)
    });
    let records: Vec<_> = (0..20).map(|n| message(&format!("m{n}"))).collect();

    let records = scene.complete_while(records, &|| goes_on.load(Ordering::Relaxed)).await.unwrap();

    assert!(scene.asked() <= MOST_AT_ONCE, "{}", scene.asked());
    for record in records {
        let postponed = documents(record).postponed.unwrap();
        assert_eq!((postponed.reason, postponed.wait, postponed.unfinished.attempts), ("not_yet", Duration::ZERO, 0));
    }
}

#[rstest]
#[case::our_key(|| ContentError::Unauthorised("key".into()), true)]
#[case::the_account(|| ContentError::NeedsReauthorization("token".into()), false)]
#[tokio::test]
async fn who_does_not_let_us_in_ends_the_page(#[case] error: fn() -> ContentError, #[case] is_our_key: bool) {
    let scene = scene(move |_, _| Err(error()));

    let completed = scene.complete_while(vec![message("m")], &|| true).await;

    match completed {
        Err(FetchContentsError::Source(SourceError::Unauthorised(_))) => assert!(is_our_key),
        Err(FetchContentsError::Source(SourceError::NeedsReauthorization(_))) => assert!(!is_our_key),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::encrypted(ExtractError::Encrypted, "file_encrypted")]
#[case::broken(ExtractError::Broken, "file_broken")]
#[case::unsupported(ExtractError::Unsupported { found: "application/x-thing".to_owned() }, "unsupported_file_type")]
#[case::blank(ExtractError::WithoutText, "file_without_text")]
#[tokio::test]
async fn a_file_that_cannot_be_read_says_why_and_is_not_asked_for_again(
    #[case] error: ExtractError,
    #[case] code: &str,
) {
    let error = StdMutex::new(Some(error));
    let scene = scene_reading(|_, _| Ok(bytes("odd")), move |_| Err(error.lock().unwrap().take().unwrap()));

    let record = scene.complete_one(drive_file("application/pdf", Some(3))).await;

    let [document] = &record.documents[..] else { panic!("{record:?}") };
    assert_eq!((error_of(document), document.content_incomplete), (Some(code), false));
    assert_eq!((document.content.as_str(), record.postponed), ("", None));
    assert!(record.fingerprint.is_some());
}

#[tokio::test]
async fn a_reader_of_files_that_is_away_postpones_the_file() {
    let scene = scene_reading(|_, _| Ok(bytes("text")), |_| Err(ExtractError::Unavailable("away".into())));

    let record = scene.complete_one(drive_file("application/pdf", Some(3))).await;

    assert_eq!(record.postponed.unwrap().reason, "extraction_unavailable");
    assert!(record.documents[0].content_incomplete);
}

#[tokio::test]
async fn what_is_refused_is_not_asked_for_again() {
    let scene = scene(|_, _| Err(ContentError::Refused("gone".into())));

    let file = scene.complete_one(drive_file("application/pdf", None)).await;
    let message = scene.complete_one(message("m")).await;

    assert_eq!((error_of(&file.documents[0]), file.documents[0].content_incomplete), (Some("refused"), false));
    let document = &message.documents[0];
    assert_eq!((error_of(document), document.content_incomplete), (Some("refused"), true), "there is a part of it");
    assert!(file.postponed.is_none() && message.postponed.is_none());
}

#[rstest]
#[case::small(Some(10), &[SMALL])]
#[case::large(Some(10_000_000), &[MOST_BYTES])]
#[case::of_unknown_size(None, &[SMALL, MOST_BYTES])]
#[case::larger_than_it_says(Some(5), &[SMALL, MOST_BYTES])]
#[case::too_large(Some(26 * 1024 * 1024), &[])]
#[tokio::test]
async fn a_file_is_fetched_within_bounds(#[case] size: Option<i64>, #[case] bounds: &[u64]) {
    let is_told_small = size == Some(10);
    let scene = scene(
        move |_, most| if most == SMALL && !is_told_small { Err(ContentError::TooLarge) } else { Ok(bytes("text")) },
    );

    let record = scene.complete_one(drive_file("application/pdf", size)).await;

    let asked: Vec<_> = scene.world.asked.lock().unwrap().iter().map(|(_, most)| *most).collect();
    assert_eq!(asked, bounds);
    let expected = if bounds.is_empty() { (Some("too_large"), "") } else { (None, "text") };
    assert_eq!((error_of(&record.documents[0]), record.documents[0].content.as_str()), expected);
}

#[tokio::test]
async fn a_file_that_is_too_large_after_all_has_no_text() {
    let scene = scene(|_, _| Err(ContentError::TooLarge));

    let record = scene.complete_one(drive_file("application/pdf", None)).await;

    assert_eq!((error_of(&record.documents[0]), record.postponed), (Some("too_large"), None));
}

#[tokio::test]
async fn a_file_without_text_is_not_fetched() {
    let scene = scene(|wanted, _| panic!("{wanted:?}"));

    let record = scene.complete_one(drive_file("video/mp4", Some(3))).await;

    let document = &record.documents[0];
    assert_eq!((document.content.as_str(), document.content_incomplete, error_of(document)), ("", false, None));
}

#[tokio::test]
async fn bytes_in_the_record_are_read_without_a_call() {
    let scene = scene(|wanted, _| panic!("{wanted:?}"));
    let mut told = gmail_message(&resource("m", "text", &[("a.txt", "text/plain")]), &account()).unwrap();
    let Attachment { draft, .. } = told.attachments.remove(0);
    told.attachments.push(Attachment { draft, content: AttachedContent::Here(Bytes::from_static(b"in it")) });

    let record = scene.complete_one(PageRecord::Described(Box::new(Described::new(json!({}), told)))).await;

    assert_eq!(record.documents[1].content, "in it");
}

/// A small file is told in the message itself, and has no id by which it could be asked for. What is kept of the
/// message until the file is had is kept without it.
#[rstest]
#[case::beside_a_text("Dear all")]
#[case::alone("")]
#[tokio::test]
async fn a_file_that_comes_in_its_message_only_comes_with_it_again(#[case] text: &'static str) {
    let within = move |wanted: &Wanted| {
        let Wanted::GmailMessage { id } = wanted else { panic!("{wanted:?} has no id") };
        let mut resource = resource(id, text, &[("list.csv", "text/csv")]);
        resource["payload"]["parts"][0]["body"]["size"] = json!(text.len());
        let file = &mut resource["payload"]["parts"][1];
        file["partId"] = json!("1");
        file["body"] = json!({ "size": 3, "data": URL_SAFE.encode("a;b") });
        Fetched::Resource(resource)
    };
    let is_away = AtomicBool::new(true);
    let read = move |file: &FileToRead| match &file.body {
        _ if is_away.swap(false, Ordering::Relaxed) => Err(ExtractError::Unavailable("away".into())),
        FileBody::InMemory(bytes) => Ok(String::from_utf8(bytes.to_vec()).unwrap()),
        FileBody::OnDisk { .. } => panic!("what is fetched is in memory"),
    };
    let scene = scene_reading(move |wanted, _| Ok(within(wanted)), read);
    let first = scene.complete_one(message("m")).await;
    assert_eq!((first.documents[1].content.as_str(), first.documents[1].content_incomplete), ("", true));
    let postponed = first.postponed.unwrap();
    assert!(!postponed.unfinished.record.to_string().contains("data"), "{postponed:?}");

    let second = scene.complete_one(again(postponed)).await;

    let file = second.documents.iter().find(|new| new.key.source_id == "m_1").expect("the file");
    assert_eq!((file.content.as_str(), file.content_incomplete, error_of(file)), ("a;b", false, None));
    assert_eq!(file.message_key, first.documents[1].message_key);
    assert_eq!(second.postponed, None);
    assert!(second.fingerprint.is_some(), "all of it is had");
}

#[tokio::test]
async fn what_is_exported_is_read_by_the_ending_of_its_new_type() {
    let scene = scene(|_, _| Ok(bytes("text")));
    let told = ToldDocument {
        draft: DocumentDraft { mime_type: Some("application/vnd.google-apps.document".to_owned()), ..a_draft("f") },
        missing: Some(Wanted::DriveExport { id: "f".to_owned(), mime_type: "text/plain" }),
        attachments: Vec::new(),
    };

    scene.complete_one(PageRecord::Described(Box::new(Described::new(json!({}), told)))).await;

    assert_eq!(*scene.world.names.lock().unwrap(), [Some("Subject f.txt".to_owned())]);
}

#[tokio::test]
async fn a_message_that_turns_out_to_be_a_draft_is_set_aside() {
    let scene = scene(|_, _| {
        let mut resource = resource("m", "text", &[]);
        resource["labelIds"] = json!(["DRAFT"]);
        Ok(Fetched::Resource(resource))
    });

    let records = scene.complete(vec![message("m")]).await;

    assert!(matches!(&records[..], [ReadRecord::SetAside(record)] if record.reason == SetAside::Draft), "{records:?}");
}

#[tokio::test]
async fn another_message_than_was_asked_for_is_none() {
    let scene = scene(|_, _| Ok(Fetched::Resource(resource("other", "text", &[]))));

    let record = scene.complete_one(message("m")).await;

    assert_eq!((record.key, error_of(&record.documents[0])), (a_key("m"), Some("refused")));
}

#[tokio::test]
async fn an_answer_of_the_wrong_kind_is_asked_for_again() {
    let scene = scene(|_, _| Ok(bytes("no message")));

    let record = scene.complete_one(message("m")).await;

    assert_eq!(record.postponed.unwrap().reason, "bad_answer");
}
