//! [`ReadStream`] from a source in memory to a store in memory.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration as StdDuration;

use cortex_kernel::{JobId, PageRequest, Provider};
use rstest::rstest;
use serde_json::{Value, json};
use uuid::uuid;

use super::*;
use crate::model::{CommitOutcome, SetAsideFilter, SetAsideQuery};
use crate::ports::{MockPageStore, SetAsideRecords as _};
use crate::record_source::{MockRecordSource, SourceRecord};
use crate::testing::{COMPANY_A, InMemoryPageStore, InMemoryRecordSource, NOON, a_stream, fetching_nothing};

const JOB: JobId = JobId::new(uuid!("0d000000-0000-4000-8000-000000000001"));
const BACKFILL: Duration = Duration::days(30);

/// A stream of Gmail's older model, and what is around it.
struct Scene {
    source: Arc<InMemoryRecordSource>,
    pages: Arc<InMemoryPageStore>,
    reading: StreamReading,
}

fn scene(records: impl IntoIterator<Item = RecordState>) -> Scene {
    let (source, pages) = (Arc::new(InMemoryRecordSource::default()), Arc::new(InMemoryPageStore::default()));
    let stream = a_stream();
    source.put(&stream.broker_id, &stream.model, records);
    let reading = StreamReading {
        lease: pages.put_running_job(COMPANY_A, JOB),
        stream,
        account: Account { source_account: "one@example.com".to_owned() },
        user_email: "one@example.com".parse().unwrap(),
        account_email: None,
        method: IngestionMethod::OauthSync,
        is_initial: false,
    };
    Scene { source, pages, reading }
}

impl Scene {
    async fn read(&self) -> Result<StreamReport, ReadStreamError> {
        self.read_while(&|| true).await
    }

    async fn read_while(&self, may_go_on: &(dyn Fn() -> bool + Send + Sync)) -> Result<StreamReport, ReadStreamError> {
        self.use_case(self.pages.clone()).read(&self.reading, may_go_on).await
    }

    fn use_case(&self, pages: Arc<dyn PageStore>) -> ReadStream {
        ReadStream::new(self.source.clone(), fetching_nothing(self.pages.clone()), pages, Arc::new(|| NOON), BACKFILL)
    }

    fn put(&self, records: impl IntoIterator<Item = RecordState>) {
        self.source.put(&self.reading.stream.broker_id, &self.reading.stream.model, records);
    }

    /// The ids of the records that are documents.
    fn documents(&self) -> Vec<String> {
        self.pages.documents(COMPANY_A).into_iter().map(|document| document.key.source_id).collect()
    }

    /// The records that are kept aside, those of no id as such, with their reasons.
    async fn set_aside(&self) -> Vec<String> {
        let query = SetAsideQuery { filter: SetAsideFilter::default(), page: PageRequest::new(None, None) };
        let page = self.pages.list(COMPANY_A, &query).await.unwrap();
        let told = page.items.into_iter().map(|view| {
            let id = view.record_id.unwrap_or_else(|| "nameless".to_owned());
            format!("{id} {}", view.reason)
        });
        let mut told: Vec<_> = told.collect();
        told.sort();
        told
    }

    /// After which cursors pages were asked for.
    fn asked(&self) -> Vec<String> {
        let asked = self.source.asked();
        asked.iter().map(|cursor| cursor.as_ref().map_or("the beginning", Cursor::as_str).to_owned()).collect()
    }

    async fn cursor(&self) -> Option<Cursor> {
        self.pages.find_cursor(&self.reading.stream).await.unwrap()
    }
}

fn email(id: impl Into<Value>) -> RecordState {
    dated(id, "Mon, 02 Mar 2026 09:00:00 +0000")
}

fn dated(id: impl Into<Value>, date: &str) -> RecordState {
    RecordState::Present(json!({ "id": id.into(), "subject": "Offer", "body": "text", "date": date }))
}

fn emails(count: u32) -> impl Iterator<Item = RecordState> {
    (1..=count).map(|n| email(format!("m{n:04}")))
}

fn deleted(id: &str) -> RecordState {
    RecordState::Deleted { id: id.to_owned() }
}

#[tokio::test]
async fn a_stream_is_read_to_its_end_page_by_page() {
    let scene = scene(emails(250));

    let report = scene.read().await.unwrap();

    assert_eq!((report.pages, report.counts.added, report.is_interrupted), (3, 250, false));
    assert_eq!(scene.asked(), ["the beginning", "100", "200"]);
    assert_eq!(scene.documents().len(), 250);
    assert_eq!(scene.cursor().await, Some(Cursor::new("250")));
}

#[tokio::test]
async fn the_next_run_begins_where_the_last_one_ended() {
    let scene = scene(emails(2));
    scene.read().await.unwrap();
    scene.put([email("new")]);

    let report = scene.read().await.unwrap();

    assert_eq!(scene.asked(), ["the beginning", "2"]);
    assert_eq!((report.pages, report.counts.added), (1, 1));
}

#[tokio::test]
async fn a_run_that_finds_nothing_new_counts_no_page_on_its_job() {
    let scene = scene([]);

    let report = scene.read().await.unwrap();

    assert_eq!((report.pages, report.counts), (1, PageCounts::default()));
    assert_eq!(scene.pages.job(JOB).pages, 0);
}

#[tokio::test]
async fn a_model_that_nothing_reads_has_no_records() {
    let mut scene = scene(emails(1));
    scene.reading.stream.model = "Calendar".to_owned();
    scene.put([email("m1")]);

    assert_eq!(scene.read().await.unwrap(), StreamReport::default());

    scene.reading.stream = Stream { provider: Provider::Outlook, ..a_stream() };
    assert_eq!(scene.read().await.unwrap(), StreamReport::default());
    assert_eq!(scene.asked(), [""; 0]);
}

#[tokio::test]
async fn a_record_that_vanished_takes_its_document() {
    let scene = scene([email("m1"), email("m2")]);
    scene.read().await.unwrap();
    scene.put([deleted("m1"), deleted("never seen")]);

    let report = scene.read().await.unwrap();

    assert_eq!((report.counts.deleted, scene.documents()), (1, vec!["m2".to_owned()]));
}

#[tokio::test]
async fn a_pruned_record_is_neither_change_nor_deletion() {
    let scene = scene([email("m1")]);
    scene.read().await.unwrap();
    scene.put([RecordState::Pruned]);

    let report = scene.read().await.unwrap();

    assert_eq!((report.pruned, report.counts), (1, PageCounts::default()));
    assert_eq!(scene.documents(), ["m1"]);
    assert_eq!(scene.cursor().await, Some(Cursor::new("2")), "reading goes on after it");
}

#[tokio::test]
async fn what_cannot_be_taken_in_is_set_aside_with_its_reason_and_the_page_goes_on() {
    let draft = RecordState::Present(json!({ "id": "m2", "labelIds": ["DRAFT"] }));
    let nothing = RecordState::Present(Value::Null);
    let scene = scene([email("m1"), draft.clone(), nothing, draft, email("m3")]);

    let report = scene.read().await.unwrap();

    assert_eq!(report.set_aside, HashMap::from([(SetAside::Draft, 2), (SetAside::NotAnObject, 1)]));
    assert_eq!(scene.documents(), ["m1", "m3"]);
    assert_eq!(scene.pages.job(JOB).set_aside, 3);
    assert_eq!(scene.set_aside().await, ["m2 draft", "nameless not_an_object"]);
}

#[tokio::test]
async fn what_comes_in_later_vanishes_or_is_too_old_by_then_is_set_aside_no_longer() {
    let long = "x".repeat(1_001);
    let draft = |id: &str| RecordState::Present(json!({ "id": id, "labelIds": ["DRAFT"] }));
    let mut scene = scene([draft("m1"), draft("m2"), draft("7"), email(long.as_str()), draft("m4"), draft("m5")]);
    scene.read().await.unwrap();
    assert_eq!(scene.set_aside().await.len(), 6);
    scene.reading.is_initial = true;
    scene.put([email("m1"), deleted("m2"), email(7), deleted(&long), dated("m4", OLD), RecordState::Pruned]);

    scene.read().await.unwrap();

    assert_eq!(scene.set_aside().await, ["m5 draft"]);
}

const YOUNG: &str = "Sat, 31 Jan 2026 12:00:00 +0000";
const OLD: &str = "Sat, 31 Jan 2026 11:59:59 +0000";

#[tokio::test]
async fn a_run_without_a_cursor_leaves_out_what_is_too_old() {
    let scene = scene([dated("young", YOUNG), dated("old", OLD), dated("undated", "some day")]);

    let report = scene.read().await.unwrap();

    assert_eq!((report.too_old, scene.documents()), (1, vec!["undated".to_owned(), "young".to_owned()]));
}

#[tokio::test]
async fn what_is_old_and_changed_lately_is_not_too_old() {
    let mut scene = scene([]);
    (scene.reading.stream.provider, scene.reading.stream.model) = (Provider::GoogleDrive, "File".to_owned());
    let picture = |id: &str, modified: &str| {
        let created = "2020-01-31T12:00:00Z";
        let fields = json!({
            "id": id, "name": "Quay", "mimeType": "image/png", "createdTime": created, "modifiedTime": modified,
        });
        RecordState::Present(fields)
    };
    scene.put([picture("changed", "2026-01-31T12:00:00Z"), picture("unchanged", "2026-01-31T11:59:59Z")]);

    let report = scene.read().await.unwrap();

    assert_eq!((report.too_old, scene.documents()), (1, vec!["changed".to_owned()]));
}

#[rstest]
#[case::initial(true, 1)]
#[case::incremental(false, 0)]
#[tokio::test]
async fn a_run_with_a_cursor_leaves_out_what_is_too_old_if_it_is_an_initial_one(
    #[case] is_initial: bool,
    #[case] too_old: u64,
) {
    let mut scene = scene([email("m1")]);
    scene.read().await.unwrap();
    scene.put([dated("old", OLD)]);
    scene.reading.is_initial = is_initial;

    assert_eq!(scene.read().await.unwrap().too_old, too_old);
}

#[tokio::test]
async fn a_run_that_may_not_go_on_stops_before_the_next_page() {
    let scene = scene(emails(250));
    let asked = AtomicU32::new(0);

    let report = scene.read_while(&|| asked.fetch_add(1, Ordering::Relaxed) < 2).await.unwrap();

    assert_eq!((report.pages, report.is_interrupted), (2, true));
    assert_eq!(scene.cursor().await, Some(Cursor::new("200")));
}

#[tokio::test]
async fn a_run_that_fails_keeps_the_pages_before() {
    let scene = scene(emails(150));
    let asked = AtomicU32::new(0);
    let fail_later = || {
        if asked.fetch_add(1, Ordering::Relaxed) == 1 {
            scene.source.fail(SourceError::Throttled { retry_after: Some(StdDuration::from_secs(7)) });
        }
        true
    };

    let error = scene.read_while(&fail_later).await.unwrap_err();

    let expected = ReadStreamError::Source(SourceError::Throttled { retry_after: Some(StdDuration::from_secs(7)) });
    assert_eq!(format!("{error:?}"), format!("{expected:?}"));
    assert_eq!((scene.documents().len(), scene.cursor().await), (100, Some(Cursor::new("100"))));
    assert_eq!(scene.read().await.unwrap().counts.added, 50);
}

#[tokio::test]
async fn a_lost_cursor_begins_at_the_first_record_again_and_harms_nothing() {
    let scene = scene(emails(150));
    scene.read().await.unwrap();
    scene.put([dated("old", OLD), email("new")]);
    scene.source.fail(SourceError::CursorLost);

    let report = scene.read().await.unwrap();

    assert_eq!(scene.asked()[2..], ["150", "the beginning", "100"]);
    assert_eq!((report.counts.added, report.counts.unchanged, report.too_old), (1, 150, 1));
    assert_eq!(scene.cursor().await, Some(Cursor::new("152")));
}

#[tokio::test]
async fn a_cursor_that_is_lost_again_is_a_failure() {
    let scene = scene(emails(1));
    scene.read().await.unwrap();
    scene.source.fail(SourceError::CursorLost);
    scene.source.fail(SourceError::CursorLost);

    let error = scene.read().await.unwrap_err();

    assert!(matches!(error, ReadStreamError::Source(SourceError::CursorLost)), "{error:?}");
}

#[tokio::test]
async fn a_lost_lease_stops_the_run() {
    let scene = scene(emails(1));
    scene.pages.expire(scene.reading.lease);

    let error = scene.read().await.unwrap_err();

    assert!(matches!(error, ReadStreamError::LeaseLost), "{error:?}");
    assert_eq!(scene.documents(), Vec::<String>::new());
}

/// A store whose cursor was moved by somebody else so often before a page is committed.
fn moving(moves: usize) -> MockPageStore {
    let mut pages = MockPageStore::new();
    pages.expect_find_cursor().returning(|_| Ok(Some(Cursor::new("1"))));
    pages.expect_commit_page().times(moves).returning(|_| Ok(CommitOutcome::CursorMoved));
    pages.expect_commit_page().returning(|_| Ok(CommitOutcome::Committed(PageCounts::default())));
    pages
}

#[tokio::test]
async fn a_stream_that_was_read_on_meanwhile_is_read_from_there() {
    let scene = scene(emails(2));

    let report = scene.use_case(Arc::new(moving(3))).read(&scene.reading, &|| true).await.unwrap();

    assert_eq!((report.pages, scene.asked().len()), (1, 4));
}

#[tokio::test]
async fn a_stream_that_was_begun_anew_meanwhile_leaves_out_what_is_too_old() {
    let scene = scene([email("m1"), dated("old", OLD)]);
    let mut pages = MockPageStore::new();
    pages.expect_find_cursor().once().return_once(|_| Ok(Some(Cursor::new("1"))));
    pages.expect_find_cursor().once().return_once(|_| Ok(None));
    pages.expect_commit_page().once().return_once(|_| Ok(CommitOutcome::CursorMoved));
    pages
        .expect_commit_page()
        .withf(|commit| commit.documents.len() == 1 && commit.read_from.is_none())
        .once()
        .return_once(|_| Ok(CommitOutcome::Committed(PageCounts::default())));

    let report = scene.use_case(Arc::new(pages)).read(&scene.reading, &|| true).await.unwrap();

    assert_eq!(report.too_old, 1);
}

#[tokio::test]
async fn a_stream_that_somebody_else_keeps_reading_is_a_failure() {
    let scene = scene(emails(2));

    let error = scene.use_case(Arc::new(moving(4))).read(&scene.reading, &|| true).await.unwrap_err();

    assert!(matches!(error, ReadStreamError::CursorMoved), "{error:?}");
}

/// Says that there is more, and does not lead there.
#[rstest]
#[case::nothing(vec![])]
#[case::the_same_place(vec![SourceRecord { cursor: Cursor::new("1"), state: email("m1") }])]
#[tokio::test]
async fn a_page_that_leads_nowhere_is_nonsense(#[case] records: Vec<SourceRecord>) {
    let mut source = MockRecordSource::new();
    source.expect_read_page().once().return_once(|_, _, _| Ok(RecordPage { records, has_more: true }));
    let scene = scene([]);
    let fetch_contents = fetching_nothing(Arc::new(InMemoryPageStore::default()));
    let use_case = ReadStream::new(Arc::new(source), fetch_contents, Arc::new(moving(0)), Arc::new(|| NOON), BACKFILL);

    let error = use_case.read(&scene.reading, &|| true).await.unwrap_err();

    assert!(matches!(error, ReadStreamError::Source(SourceError::BadAnswer(_))), "{error:?}");
}
