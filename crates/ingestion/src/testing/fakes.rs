//! A store that lives in memory and keeps the contract of its port.

mod blob_removals;
mod blobs;
mod contents;
mod endings;
mod held;
mod intake;
mod set_aside;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, DocumentId, JobId, Lease, StoreError};
use serde_json::Map;
use time::OffsetDateTime;

use super::NOON;
use super::page_store::JobView;
use crate::model::{
    BlobKey, CommitOutcome, ContentHash, Cursor, Document, DocumentKey, DocumentKind, DocumentSource, MessageKey,
    NewDocument, PageCommit, PageCounts, SourceName, Stream,
};
use crate::ports::PageStore;
use blob_removals::BlobRemovalRows;
pub use blobs::InMemoryBlobStore;
use contents::Contents;
use held::HeldRows;
pub use intake::InMemoryIntake;
use set_aside::SetAsideRows;

/// Documents, what is set aside and what is held, which original bytes are to be removed, cursors and the jobs that pages
/// are committed for, in memory. It is noon at first.
#[derive(Debug, Default)]
pub struct InMemoryPageStore {
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    jobs: HashMap<JobId, JobRow>,
    cursors: HashMap<Stream, Cursor>,
    documents: Vec<DocumentRow>,
    sources: Vec<SourceRow>,
    set_aside: SetAsideRows,
    held: HeldRows,
    removals: BlobRemovalRows,
    contents: Contents,
    last_id: i64,
    writes: u64,
    passed: Duration,
}

#[derive(Clone, Debug)]
struct JobRow {
    company_id: CompanyId,
    epoch: i64,
    is_leased: bool,
    view: JobView,
}

#[derive(Clone, Debug)]
struct DocumentRow {
    company_id: CompanyId,
    document: Document,
    content_hash: ContentHash,
    message_key: Option<MessageKey>,
    is_superseded: bool,
    version: u64,
}

#[derive(Clone, Debug)]
struct SourceRow {
    source: DocumentSource,
    version: u64,
}

/// What a record means, given what is stored.
enum Step {
    Add,
    Update(DocumentId),
    Attach(DocumentId),
}

impl InMemoryPageStore {
    /// Makes a job that is running for the first time.
    pub fn put_running_job(&self, company_id: CompanyId, id: JobId) -> Lease {
        let view = JobView { attempt: 1, ..JobView::default() };
        let row = JobRow { company_id, epoch: 1, is_leased: true, view };
        self.state().jobs.insert(id, row);
        Lease { job: id, epoch: 1 }
    }

    /// Claims a job anew.
    pub fn claim_again(&self, lease: Lease) -> Lease {
        let mut state = self.state();
        let row = state.jobs.get_mut(&lease.job).expect("a known job");
        row.epoch += 1;
        row.is_leased = true;
        row.view.attempt += 1;
        Lease { job: lease.job, epoch: row.epoch }
    }

    /// Lets a lease run out.
    pub fn expire(&self, lease: Lease) {
        self.state().jobs.get_mut(&lease.job).expect("a known job").is_leased = false;
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.state().passed += time;
    }

    /// What the job tells.
    #[must_use]
    pub fn job(&self, id: JobId) -> JobView {
        self.state().jobs[&id].view
    }

    /// The company's documents, by key.
    #[must_use]
    pub fn documents(&self, company_id: CompanyId) -> Vec<Document> {
        let state = self.state();
        let rows = state.documents.iter().filter(|row| row.company_id == company_id);
        let mut documents: Vec<_> = rows.map(|row| row.document.clone()).collect();
        documents.sort_by(|one, other| one.key.cmp(&other.key));
        documents
    }

    /// The sources of a document, by user and record.
    #[must_use]
    pub fn sources(&self, id: DocumentId) -> Vec<DocumentSource> {
        let state = self.state();
        let rows = state.sources.iter().filter(|row| row.source.document_id == id);
        let mut sources: Vec<_> = rows.map(|row| row.source.clone()).collect();
        sources.sort_by(|one, other| (one.user_id, &one.record).cmp(&(other.user_id, &other.record)));
        sources
    }

    /// Changes whenever a row of the company is written.
    #[must_use]
    pub fn versions(&self, company_id: CompanyId) -> Vec<String> {
        let state = self.state();
        let of_company = |id| state.documents.iter().any(|r| r.company_id == company_id && r.document.id == id);
        let documents = state.documents.iter().filter(|row| row.company_id == company_id).map(|row| row.version);
        let sources = state.sources.iter().filter(|row| of_company(row.source.document_id)).map(|r| r.version);
        documents.chain(sources).map(|version| version.to_string()).collect()
    }

    /// Puts the document of a whole thread there, as there were some before messages were documents of their own.
    pub fn put_thread(&self, company_id: CompanyId, key: DocumentKey) -> DocumentId {
        let mut state = self.state();
        state.last_id += 1;
        let (id, version) = (DocumentId::new(state.last_id), state.next_version());
        let document = Document {
            id,
            key,
            kind: DocumentKind::EMAIL,
            title: String::new(),
            content: "All that was said".to_owned(),
            content_incomplete: false,
            parent: None,
            metadata: Map::new(),
            ingested_by: None,
            ingested_by_email: None,
            method: None,
            blob: None,
        };
        let content_hash = ContentHash::of(&document.title, &document.content);
        let row = DocumentRow { company_id, document, content_hash, message_key: None, is_superseded: false, version };
        state.documents.push(row);
        id
    }

    /// The company's documents that others took the place of.
    #[must_use]
    pub fn superseded(&self, company_id: CompanyId) -> Vec<DocumentId> {
        let state = self.state();
        let rows = state.documents.iter().filter(|row| row.company_id == company_id && row.is_superseded);
        rows.map(|row| row.document.id).collect()
    }

    /// The actions that the company's audit log tells.
    #[must_use]
    pub fn audited(&self, company_id: CompanyId) -> Vec<String> {
        let state = self.state();
        let rows = state.held.audited.iter().filter(|(of, _)| *of == company_id);
        rows.map(|(_, action)| action.clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl PageStore for InMemoryPageStore {
    async fn find_cursor(&self, stream: &Stream) -> Result<Option<Cursor>, StoreError> {
        Ok(self.state().cursors.get(stream).cloned())
    }

    async fn commit_page(&self, commit: &PageCommit) -> Result<CommitOutcome, StoreError> {
        let mut committed = self.state();
        let mut state = committed.clone();
        let company_id = commit.stream.company_id;
        let owns = |row: &&JobRow| row.company_id == company_id && row.epoch == commit.lease.epoch && row.is_leased;
        if state.jobs.get(&commit.lease.job).as_ref().is_none_or(|row| !owns(row)) {
            return Ok(CommitOutcome::LeaseLost);
        }
        if state.cursors.get(&commit.stream) != commit.read_from.as_ref() {
            return Ok(CommitOutcome::CursorMoved);
        }
        if let Some(cursor) = &commit.moved_to {
            state.cursors.insert(commit.stream.clone(), cursor.clone());
        }
        let ended_before = state.jobs[&commit.lease.job].view.counts.deleted;
        let (endings, held) = state.weigh(commit, ended_before);
        let mut counts =
            PageCounts { unchanged: commit.contents.unchanged.len() as u64, held, ..PageCounts::default() };
        let blobs = state.blobs(company_id);
        let (attached, whole): (Vec<_>, Vec<_>) = commit.documents.iter().partition(|new| new.parent.is_some());
        for document in whole.into_iter().chain(attached) {
            state.take_in(commit, document, &mut counts);
        }
        state.supersede(commit);
        counts.deleted = state.carry_out(commit.stream.connection_id, &endings).sources;
        let now = state.now();
        state.set_aside.take_in(commit, now);
        state.contents.take_in(commit, counts.held > 0, now);
        let blobs_after = state.blobs(company_id);
        state.removals.follow(company_id, &blobs, &blobs_after, now)?;
        let job = &mut state.jobs.get_mut(&commit.lease.job).expect("looked up above").view;
        job.count(commit, counts);
        *committed = state;
        Ok(CommitOutcome::Committed(counts))
    }
}

impl DocumentRow {
    fn says_the_same(&self, new: &NewDocument) -> bool {
        self.content_hash == new.content_hash
            && self.document.content_incomplete == new.content_incomplete
            && (self.document.parent.is_some() || new.parent.is_none())
    }
}

impl State {
    fn take_in(&mut self, commit: &PageCommit, new: &NewDocument, counts: &mut PageCounts) {
        match self.step(commit, new) {
            Step::Add => {
                self.add(commit, new);
                counts.added += 1;
            }
            Step::Update(id) => {
                let reappeared = self.touch_source(commit, id, new);
                if self.overwrite(commit, id, new) || reappeared {
                    counts.updated += 1;
                } else {
                    counts.unchanged += 1;
                }
            }
            Step::Attach(id) => {
                self.attach(commit, id, &new.key);
                counts.updated += 1;
            }
        }
    }

    fn step(&self, commit: &PageCommit, new: &NewDocument) -> Step {
        let company_id = commit.stream.company_id;
        if let Some(row) = self.sources.iter().find(|row| is_of(row, commit.stream.connection_id, &new.key)) {
            return Step::Update(row.source.document_id);
        }
        let mut own = self.documents.iter().filter(|row| row.company_id == company_id);
        if let Some(row) = own.clone().find(|row| row.document.key == new.key) {
            return Step::Update(row.document.id);
        }
        let twin = own.find(|row| new.message_key.is_some() && row.message_key == new.message_key);
        twin.map_or(Step::Add, |row| Step::Attach(row.document.id))
    }

    fn add(&mut self, commit: &PageCommit, new: &NewDocument) {
        self.last_id += 1;
        let id = DocumentId::new(self.last_id);
        let document = Document {
            id,
            key: new.key.clone(),
            kind: new.kind.clone(),
            title: new.title.clone(),
            content: new.content.clone(),
            content_incomplete: new.content_incomplete,
            parent: new.parent.as_ref().and_then(|parent| self.parent(&commit.stream, parent)),
            metadata: new.metadata.clone(),
            ingested_by: Some(commit.stream.user_id),
            ingested_by_email: Some(commit.user_email.clone()),
            method: Some(commit.method),
            blob: new.blob,
        };
        let version = self.next_version();
        self.documents.push(DocumentRow {
            company_id: commit.stream.company_id,
            document,
            content_hash: new.content_hash.clone(),
            message_key: new.message_key.clone(),
            is_superseded: false,
            version,
        });
        self.attach(commit, id, &new.key);
    }

    /// Whether the document changed.
    fn overwrite(&mut self, commit: &PageCommit, id: DocumentId, new: &NewDocument) -> bool {
        let version = self.next_version();
        let parent = new.parent.as_ref().and_then(|parent| self.parent(&commit.stream, parent));
        let row = self.documents.iter_mut().find(|row| row.document.id == id).expect("a document of a source");
        let is_poorer = new.content_incomplete && !row.document.content_incomplete;
        if row.says_the_same(new) || is_poorer {
            return false;
        }
        row.version = version;
        row.content_hash = new.content_hash.clone();
        row.document = Document {
            kind: new.kind.clone(),
            title: new.title.clone(),
            content: new.content.clone(),
            content_incomplete: new.content_incomplete,
            parent: parent.or(row.document.parent),
            metadata: new.metadata.clone(),
            blob: new.blob.or(row.document.blob),
            ..row.document.clone()
        };
        true
    }

    /// Whether the source is new, or was gone before.
    fn touch_source(&mut self, commit: &PageCommit, id: DocumentId, new: &NewDocument) -> bool {
        let version = self.next_version();
        let is_same = self.documents.iter().any(|row| row.document.id == id && row.says_the_same(new));
        let key = &new.key;
        match self.sources.iter_mut().find(|row| is_of(row, commit.stream.connection_id, key)) {
            None => {
                self.attach(commit, id, key);
                true
            }
            Some(row) if row.source.vanished_at.is_some() => {
                row.source.record = key.clone();
                row.source.vanished_at = None;
                row.version = version;
                true
            }
            Some(row) => {
                // Whatever has something new to say was seen again, also where that is not taken over.
                if !is_same {
                    row.version = version;
                    row.source.record = key.clone();
                }
                false
            }
        }
    }

    fn attach(&mut self, commit: &PageCommit, id: DocumentId, key: &DocumentKey) {
        let version = self.next_version();
        let source = DocumentSource {
            document_id: id,
            user_id: commit.stream.user_id,
            connection_id: Some(commit.stream.connection_id),
            job_id: Some(commit.lease.job),
            method: commit.method,
            record: key.clone(),
            vanished_at: None,
        };
        self.sources.push(SourceRow { source, version });
    }

    fn supersede(&mut self, commit: &PageCommit) {
        let source = SourceName::from(commit.stream.provider);
        let threads = commit.threads();
        let version = self.next_version();
        for row in self.documents.iter_mut().filter(|row| row.company_id == commit.stream.company_id) {
            let DocumentKey { source: of, source_account, source_id } = &row.document.key;
            let is_thread = *of == source && source_account.is_empty() && threads.contains(source_id);
            if is_thread && !row.is_superseded {
                row.is_superseded = true;
                row.version = version;
            }
        }
    }

    /// The bytes that the company's documents have.
    fn blobs(&self, company_id: CompanyId) -> BTreeSet<BlobKey> {
        let rows = self.documents.iter().filter(|row| row.company_id == company_id);
        rows.filter_map(|row| row.document.blob).collect()
    }

    fn now(&self) -> OffsetDateTime {
        NOON + self.passed
    }

    fn next_version(&mut self) -> u64 {
        self.writes += 1;
        self.writes
    }
}

/// Whether the source is of this connection and record. Our number of a connection is unique over companies, and it is one
/// person's.
fn is_of(row: &SourceRow, by: ConnectionId, key: &DocumentKey) -> bool {
    let earlier = key.before_its_account_was_read(by);
    row.source.connection_id == Some(by) && [key, &earlier].contains(&&row.source.record)
}
