//! [`FinishContents`] from a provider that answers as each test wants to a store in memory.

use std::time::Duration;

use cortex_kernel::{JobId, Lease};
use serde_json::{Value, json};
use uuid::uuid;

use super::*;
use crate::content_source::{ContentError, Fetched, MockContentSource};
use crate::model::{CommitOutcome, Cursor, IngestionMethod, PageCommit, PageContents, Postponed, RecordKey, Stream};
use crate::normalise::Account;
use crate::ports::{MockPageStore, MockTextExtractor};
use crate::testing::{COMPANY_A, InMemoryPageStore, NOON, a_commit, a_key, a_postponed, a_stream};

const JOB: JobId = JobId::new(uuid!("0d000000-0000-4000-8000-000000000001"));

fn stream() -> Stream {
    Stream { model: "Message".to_owned(), ..a_stream() }
}

fn reading(lease: Lease) -> StreamReading {
    StreamReading {
        lease,
        stream: stream(),
        account: Account { source_account: a_key("").source_account },
        user_email: "one@example.com".parse().unwrap(),
        account_email: None,
        method: IngestionMethod::OauthSync,
        is_initial: false,
    }
}

fn message(id: &str, text: Option<&str>) -> Value {
    let mut body = json!({ "size": 20 });
    if let Some(text) = text {
        use base64::Engine as _;
        body["data"] = json!(base64::engine::general_purpose::URL_SAFE.encode(text));
    }
    json!({ "id": id, "snippet": "Dear all", "payload": { "mimeType": "text/plain", "headers": [], "body": body } })
}

/// A store in which these messages lack their texts, and the stream was read up to `c1`.
async fn store(ids: impl IntoIterator<Item = String>) -> (Arc<InMemoryPageStore>, Lease) {
    let store = Arc::new(InMemoryPageStore::default());
    let lease = store.put_running_job(COMPANY_A, JOB);
    let postponed = ids.into_iter().map(|id| {
        let mut postponed = Postponed { wait: Duration::ZERO, ..a_postponed(&id) };
        postponed.unfinished.record = message(&id, None);
        postponed
    });
    let contents = PageContents { postponed: postponed.collect(), ..PageContents::default() };
    let commit = PageCommit { lease, stream: stream(), moved_to: Some(Cursor::new("c1")), contents, ..a_commit() };
    store.commit_page(&commit).await.unwrap();
    (store, lease)
}

fn use_case(
    store: &Arc<InMemoryPageStore>,
    pages: Arc<dyn PageStore>,
    answer: impl Fn(&str) -> Result<Fetched, ContentError> + Send + Sync + 'static,
) -> FinishContents {
    let mut source = MockContentSource::new();
    source.expect_fetch().returning(move |_, _, wanted, _| match wanted {
        crate::content_source::Wanted::GmailMessage { id } => answer(id),
        other => panic!("{other:?}"),
    });
    let extractor = Arc::new(MockTextExtractor::new());
    let fetch_contents = FetchContents::new(Arc::new(source), extractor, store.clone(), Arc::new(|| NOON));
    FinishContents::new(Arc::new(fetch_contents), store.clone(), pages)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where providers refuse")]
fn whole(id: &str) -> Result<Fetched, ContentError> {
    Ok(Fetched::Resource(message(id, Some("Dear all, it is done."))))
}

#[tokio::test]
async fn all_that_is_due_is_completed_and_the_cursor_stays() {
    let ids = (0..120).map(|n| format!("m{n}"));
    let (store, lease) = store(ids).await;

    let is_interrupted = use_case(&store, store.clone(), whole).finish(&reading(lease), &|| true).await.unwrap();

    assert!(!is_interrupted);
    let documents = store.documents(COMPANY_A);
    assert_eq!(documents.len(), 120);
    assert!(documents.iter().all(|document| document.content == "Dear all, it is done."));
    assert_eq!(store.list_due(&stream(), 200).await.unwrap(), []);
    assert_eq!(store.find_cursor(&stream()).await.unwrap(), Some(Cursor::new("c1")));
    assert_eq!(store.job(JOB).counts.added, 120);
}

#[tokio::test]
async fn what_fails_again_is_left_alone_for_a_while() {
    let (store, lease) = store(["m1".to_owned(), "m2".to_owned()]).await;
    let answer = |id: &str| if id == "m1" { Err(ContentError::Unavailable("away".into())) } else { whole(id) };

    use_case(&store, store.clone(), answer).finish(&reading(lease), &|| true).await.unwrap();

    assert_eq!(store.list_due(&stream(), 10).await.unwrap(), []);
    store.pass(Duration::from_mins(4));
    let due = store.list_due(&stream(), 10).await.unwrap();
    assert_eq!(due.iter().map(|one| (one.key.clone(), one.attempts)).collect::<Vec<_>>(), [(RecordKey::of("m1"), 2)]);
}

#[tokio::test]
async fn it_stops_before_a_page_when_it_may_not_go_on() {
    let (store, lease) = store(["m1".to_owned()]).await;

    let is_interrupted = use_case(&store, store.clone(), whole).finish(&reading(lease), &|| false).await.unwrap();

    assert!(is_interrupted);
    assert_eq!(store.documents(COMPANY_A), []);
}

#[tokio::test]
async fn a_lease_that_was_lost_ends_it() {
    let (store, lease) = store(["m1".to_owned()]).await;
    store.claim_again(lease);

    let finished = use_case(&store, store.clone(), whole).finish(&reading(lease), &|| true).await;

    assert!(matches!(finished, Err(ReadStreamError::LeaseLost)), "{finished:?}");
}

#[tokio::test]
async fn a_stream_that_is_read_on_meanwhile_costs_no_call() {
    let (store, lease) = store(["m1".to_owned()]).await;
    let mut pages = MockPageStore::new();
    let mut outcomes = vec![CommitOutcome::Committed(crate::model::PageCounts::default()), CommitOutcome::CursorMoved];
    pages.expect_find_cursor().times(2).returning(|_| Ok(Some(Cursor::new("c2"))));
    let committing = store.clone();
    pages.expect_commit_page().times(2).returning(move |commit| {
        let outcome = outcomes.pop().unwrap();
        if outcome != CommitOutcome::CursorMoved {
            let mut commit = commit.clone();
            (commit.read_from, commit.moved_to) = (Some(Cursor::new("c1")), Some(Cursor::new("c1")));
            futures_util::FutureExt::now_or_never(committing.commit_page(&commit)).unwrap().unwrap();
        }
        Ok(outcome)
    });

    use_case(&store, Arc::new(pages), whole).finish(&reading(lease), &|| true).await.unwrap();

    assert_eq!(store.documents(COMPANY_A).len(), 1);
}

#[tokio::test]
async fn what_is_kept_and_cannot_be_read_any_more_is_set_aside() {
    let (store, lease) = store(["m1".to_owned()]).await;
    let mut broken = Postponed { wait: Duration::ZERO, ..a_postponed("m2") };
    broken.unfinished.record = json!("no object");
    let standing = Some(Cursor::new("c1"));
    let contents = PageContents { postponed: vec![broken], ..PageContents::default() };
    let commit =
        PageCommit { lease, stream: stream(), read_from: standing.clone(), moved_to: standing, contents, ..a_commit() };
    store.commit_page(&commit).await.unwrap();

    use_case(&store, store.clone(), whole).finish(&reading(lease), &|| true).await.unwrap();

    assert_eq!((store.documents(COMPANY_A).len(), store.job(JOB).set_aside), (1, 1));
    assert_eq!(store.list_due(&stream(), 10).await.unwrap(), []);
}
