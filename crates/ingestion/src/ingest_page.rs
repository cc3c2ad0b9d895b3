//! A page of a stream becomes documents.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cortex_kernel::{Email, Lease, StoreError};
use thiserror::Error;

use crate::model::{
    CommitOutcome, Cursor, DocumentKey, Fingerprint, IngestionMethod, NewDocument, PageCommit, PageContents,
    PageCounts, Postponed, RecordKey, SetAsideRecord, Stream,
};
use crate::ports::PageStore;

/// Decides what a page comes to, and commits it as one.
pub struct IngestPage {
    pages: Arc<dyn PageStore>,
}

/// A page as it was read, normalised and completed.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadPage {
    /// The right to write for the job that reads the stream.
    pub lease: Lease,
    /// What was read.
    pub stream: Stream,
    /// The address, in the company, of the person whose account it is.
    pub user_email: Email,
    /// The address of the connected account, where it has one.
    pub account_email: Option<Email>,
    /// How what is in it comes in.
    pub method: IngestionMethod,
    /// The cursor that it was read from; none at the beginning of the stream.
    pub read_from: Option<Cursor>,
    /// The cursor of its last record; none where it was empty.
    pub last_cursor: Option<Cursor>,
    /// Its records, oldest change first.
    pub records: Vec<ReadRecord>,
}

/// What a record of a page comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadRecord {
    /// It is a document, with the files that came with it.
    Documents(Box<RecordDocuments>),
    /// It vanished.
    Vanished(DocumentKey),
    /// It says what it said when everything of it was had.
    Unchanged(DocumentKey),
    /// It changes nothing and is not wanted: it is too old, or vanished and could never come in.
    LeftOut(RecordKey),
    /// It could not be normalised.
    SetAside(SetAsideRecord),
}

/// What a record came to.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordDocuments {
    /// The key of its document.
    pub key: DocumentKey,
    /// Its document, and those of the files that came with it. Only some of these, where the rest is there already.
    pub documents: Vec<NewDocument>,
    /// What it said, where everything of it was had that it does not carry.
    pub fingerprint: Option<Fingerprint>,
    /// What is still to be had; none where nothing is.
    pub postponed: Option<Postponed>,
}

/// A page did not become durable.
#[derive(Debug, Error)]
pub enum IngestPageError {
    /// The job is somebody else's: stop.
    #[error("the job is no longer this worker's")]
    LeaseLost,
    /// The stream was read on by somebody else: read again from the stored cursor.
    #[error("the stream was read on meanwhile")]
    CursorMoved,
    /// The page could not be written.
    #[error("the page could not be stored")]
    Store(#[from] StoreError),
}

impl IngestPageError {
    /// Whether reading the same page again later may succeed.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::LeaseLost => false,
            Self::CursorMoved => true,
            Self::Store(error) => error.is_transient(),
        }
    }
}

impl IngestPage {
    /// Commits pages to `pages`.
    #[must_use]
    pub fn new(pages: Arc<dyn PageStore>) -> Self {
        Self { pages }
    }

    /// Makes `page` durable, or nothing of it.
    pub async fn ingest(&self, page: ReadPage) -> Result<PageCounts, IngestPageError> {
        let commit = decide(page);
        match self.pages.commit_page(&commit).await? {
            CommitOutcome::Committed(counts) => Ok(counts),
            CommitOutcome::LeaseLost => Err(IngestPageError::LeaseLost),
            CommitOutcome::CursorMoved => Err(IngestPageError::CursorMoved),
        }
    }
}

/// What the page comes to. Of several changes of a record only the last counts: the page is committed as one.
fn decide(page: ReadPage) -> PageCommit {
    let Sorted { changes, left_out, set_aside, set_aside_count } = Sorted::of(page.records);
    let last: HashMap<_, _> = changes.iter().enumerate().map(|(at, change)| (change.key().clone(), at)).collect();
    let mut documents = Vec::new();
    let mut deletions = Vec::new();
    let mut contents = PageContents::default();
    for (at, change) in changes.into_iter().enumerate() {
        match change {
            change if last[change.key()] != at => {}
            Change::Documents(record) => {
                documents.extend(record.documents);
                match record.postponed {
                    Some(postponed) => contents.postponed.push(postponed),
                    None => contents.finished.push((record.key, record.fingerprint)),
                }
            }
            Change::Vanished(key) => deletions.push(key),
            Change::Unchanged(key) => contents.unchanged.push(key),
        }
    }
    PageCommit {
        lease: page.lease,
        stream: page.stream,
        user_email: page.user_email,
        account_email: page.account_email,
        method: page.method,
        moved_to: page.last_cursor.or_else(|| page.read_from.clone()),
        read_from: page.read_from,
        documents,
        deletions,
        left_out,
        set_aside: set_aside.into_values().collect(),
        set_aside_count,
        contents,
    }
}

/// What a record says of its document.
enum Change {
    Documents(Box<RecordDocuments>),
    Vanished(DocumentKey),
    Unchanged(DocumentKey),
}

/// The records of a page by what they come to.
#[derive(Default)]
struct Sorted {
    changes: Vec<Change>,
    left_out: Vec<RecordKey>,
    /// Without those that came to something else later in the page.
    set_aside: BTreeMap<RecordKey, SetAsideRecord>,
    set_aside_count: u64,
}

impl Sorted {
    fn of(records: Vec<ReadRecord>) -> Self {
        let mut sorted = Self::default();
        for record in records {
            match record {
                ReadRecord::Documents(record) => sorted.change(Change::Documents(record)),
                ReadRecord::Vanished(key) => sorted.change(Change::Vanished(key)),
                ReadRecord::Unchanged(key) => sorted.change(Change::Unchanged(key)),
                ReadRecord::LeftOut(key) => {
                    sorted.set_aside.remove(&key);
                    sorted.left_out.push(key);
                }
                ReadRecord::SetAside(record) => {
                    sorted.set_aside.insert(record.key.clone(), record);
                    sorted.set_aside_count += 1;
                }
            }
        }
        sorted
    }

    fn change(&mut self, change: Change) {
        self.set_aside.remove(&RecordKey::of(&change.key().source_id));
        self.changes.push(change);
    }
}

impl Change {
    fn key(&self) -> &DocumentKey {
        match self {
            Self::Documents(record) => &record.key,
            Self::Vanished(key) | Self::Unchanged(key) => key,
        }
    }
}

impl From<RecordDocuments> for ReadRecord {
    fn from(record: RecordDocuments) -> Self {
        Self::Documents(Box::new(record))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{DocumentDraft, SetAside};
    use crate::ports::MockPageStore;
    use crate::testing::{a_commit, a_document, a_draft, a_key, a_postponed, a_set_aside, a_stream};

    fn record(id: &str, content: &str) -> RecordDocuments {
        let document = DocumentDraft { content: content.to_owned(), ..a_draft(id) }.finish();
        RecordDocuments { key: a_key(id), documents: vec![document], fingerprint: None, postponed: None }
    }

    fn upsert(id: &str, content: &str) -> ReadRecord {
        record(id, content).into()
    }

    fn deletion(id: &str) -> ReadRecord {
        ReadRecord::Vanished(a_key(id))
    }

    fn aside(id: &str, reason: SetAside) -> ReadRecord {
        ReadRecord::SetAside(a_set_aside(id, reason))
    }

    fn left_out(id: &str) -> ReadRecord {
        ReadRecord::LeftOut(RecordKey::of(id))
    }

    fn page(records: Vec<ReadRecord>) -> ReadPage {
        let commit = a_commit();
        ReadPage {
            lease: commit.lease,
            stream: a_stream(),
            user_email: commit.user_email,
            account_email: commit.account_email,
            method: commit.method,
            read_from: Some(Cursor::new("from")),
            last_cursor: Some(Cursor::new("to")),
            records,
        }
    }

    #[test]
    fn of_several_changes_of_a_record_the_last_counts() {
        let changes = vec![
            upsert("1", "old"),
            deletion("2"),
            upsert("3", "gone soon"),
            upsert("1", "new"),
            upsert("2", "back"),
            deletion("3"),
        ];

        let commit = decide(page(changes));

        let told: Vec<_> = commit.documents.iter().map(|d| (d.key.source_id.as_str(), d.content.as_str())).collect();
        assert_eq!(told, [("1", "new"), ("2", "back")]);
        assert_eq!(commit.deletions, [a_key("3")]);
    }

    #[test]
    fn what_came_to_something_else_later_in_the_page_is_not_set_aside() {
        let records = vec![
            aside("1", SetAside::Draft),
            aside("1", SetAside::IdTooLong),
            aside("2", SetAside::Draft),
            aside("3", SetAside::Draft),
            aside("4", SetAside::Draft),
            upsert("2", "text"),
            deletion("3"),
            left_out("4"),
            upsert("5", "text"),
            left_out("6"),
            aside("5", SetAside::Draft),
            aside("6", SetAside::Draft),
        ];

        let commit = decide(page(records));

        let expected = [("1", SetAside::IdTooLong), ("5", SetAside::Draft), ("6", SetAside::Draft)];
        assert_eq!(commit.set_aside, expected.map(|(id, reason)| a_set_aside(id, reason)));
        assert_eq!(commit.settled(), ["2", "3", "4"].map(RecordKey::of).into());
        assert_eq!(commit.set_aside_count, 7);
    }

    #[test]
    fn what_lacks_is_told_apart_from_what_is_finished() {
        let mut with_file = record("1", "text");
        with_file.documents.push(a_document("1_a"));
        with_file.fingerprint = Some(Fingerprint::new("says"));
        let postponed = a_postponed("2");
        let lacking = RecordDocuments { postponed: Some(postponed.clone()), ..record("2", "te") };
        let superseded = RecordDocuments { postponed: Some(a_postponed("1")), ..record("1", "te") };
        let records = vec![
            superseded.into(),
            with_file.into(),
            lacking.into(),
            ReadRecord::Unchanged(a_key("3")),
            deletion("4"),
            left_out("5"),
            aside("6", SetAside::Draft),
        ];

        let commit = decide(page(records));

        let ids: Vec<_> = commit.documents.iter().map(|new| new.key.source_id.as_str()).collect();
        assert_eq!(ids, ["1", "1_a", "2"]);
        let expected = PageContents {
            unchanged: vec![a_key("3")],
            finished: vec![(a_key("1"), Some(Fingerprint::new("says")))],
            postponed: vec![postponed],
        };
        assert_eq!(commit.contents, expected);
        assert_eq!(commit.settled_contents(), ["1", "3", "4", "5", "6"].map(RecordKey::of).into());
        assert_eq!(commit.seen(), 6);
    }

    #[test]
    fn the_cursor_moves_to_the_last_record() {
        let commit = decide(page(vec![]));

        assert_eq!((commit.read_from, commit.moved_to), (Some(Cursor::new("from")), Some(Cursor::new("to"))));
    }

    #[test]
    fn an_empty_page_leaves_the_cursor_where_it_is() {
        let commit = decide(ReadPage { last_cursor: None, ..page(vec![]) });

        assert_eq!((commit.read_from, commit.moved_to), (Some(Cursor::new("from")), Some(Cursor::new("from"))));
    }

    #[tokio::test]
    async fn what_was_decided_is_committed_and_counted() {
        let counts = PageCounts { added: 1, ..PageCounts::default() };
        let mut pages = MockPageStore::new();
        pages
            .expect_commit_page()
            .withf(|commit| commit.documents.len() == 1 && commit.set_aside_count == 2 && commit.seen() == 3)
            .once()
            .returning(move |_| Ok(CommitOutcome::Committed(counts)));

        let records = vec![upsert("1", "text"), aside("2", SetAside::Draft), aside("2", SetAside::Draft)];
        let ingested = IngestPage::new(Arc::new(pages)).ingest(page(records)).await;

        assert_eq!(ingested.unwrap(), counts);
    }

    #[rstest]
    #[case(Ok(CommitOutcome::LeaseLost), false)]
    #[case(Ok(CommitOutcome::CursorMoved), true)]
    #[case(Err(StoreError::Unavailable("gone".into())), true)]
    #[case(Err(StoreError::Broken("odd".into())), false)]
    #[tokio::test]
    async fn what_was_not_committed_says_whether_to_try_again(
        #[case] answer: Result<CommitOutcome, StoreError>,
        #[case] is_transient: bool,
    ) {
        let mut pages = MockPageStore::new();
        pages.expect_commit_page().return_once(move |_| answer);

        let error = IngestPage::new(Arc::new(pages)).ingest(page(vec![])).await.unwrap_err();

        assert_eq!(error.is_transient(), is_transient, "{error:?}");
    }
}
