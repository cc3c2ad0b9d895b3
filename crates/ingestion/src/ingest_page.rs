//! A page of a stream becomes documents.

use std::collections::HashMap;
use std::sync::Arc;

use cortex_kernel::{Email, Lease, StoreError};
use thiserror::Error;

use crate::model::{Change, CommitOutcome, Cursor, DocumentDraft, IngestionMethod, PageCommit, PageCounts, Stream};
use crate::ports::PageStore;

/// Cleans what a page brought, decides what it comes to, and commits it as one.
pub struct IngestPage {
    pages: Arc<dyn PageStore>,
}

/// A page as it was read and normalised.
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
    pub changes: Vec<Change>,
    /// How many of its records could not be normalised.
    pub set_aside: u64,
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
    let last: HashMap<_, _> = page.changes.iter().enumerate().map(|(at, change)| (change.key().clone(), at)).collect();
    let mut documents = Vec::new();
    let mut deletions = Vec::new();
    for (at, change) in page.changes.into_iter().enumerate() {
        match change {
            change if last[change.key()] != at => {}
            Change::Upsert(draft) => documents.push(DocumentDraft::finish(*draft)),
            Change::Delete(key) => deletions.push(key),
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
        set_aside: page.set_aside,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::ports::MockPageStore;
    use crate::testing::{a_commit, a_draft, a_key, a_stream};

    fn upsert(id: &str, content: &str) -> Change {
        Change::Upsert(Box::new(DocumentDraft { content: content.to_owned(), ..a_draft(id) }))
    }

    fn page(changes: Vec<Change>) -> ReadPage {
        let commit = a_commit();
        ReadPage {
            lease: commit.lease,
            stream: a_stream(),
            user_email: commit.user_email,
            account_email: commit.account_email,
            method: commit.method,
            read_from: Some(Cursor::new("from")),
            last_cursor: Some(Cursor::new("to")),
            changes,
            set_aside: 2,
        }
    }

    #[test]
    fn of_several_changes_of_a_record_the_last_counts() {
        let changes = vec![
            upsert("1", "old"),
            Change::Delete(a_key("2")),
            upsert("3", "gone soon"),
            upsert("1", "new"),
            upsert("2", "back"),
            Change::Delete(a_key("3")),
        ];

        let commit = decide(page(changes));

        let told: Vec<_> = commit.documents.iter().map(|d| (d.key.source_id.as_str(), d.content.as_str())).collect();
        assert_eq!(told, [("1", "new"), ("2", "back")]);
        assert_eq!(commit.deletions, [a_key("3")]);
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
            .withf(|commit| commit.documents.len() == 1 && commit.set_aside == 2 && commit.seen() == 3)
            .once()
            .returning(move |_| Ok(CommitOutcome::Committed(counts)));

        let ingested = IngestPage::new(Arc::new(pages)).ingest(page(vec![upsert("1", "text")])).await;

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
