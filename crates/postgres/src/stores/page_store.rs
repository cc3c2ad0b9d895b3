//! [`PageStore`] on a company's database.
//!
//! A page is one transaction that locks in one order, whoever commits: the job, the cursor, messages that are new,
//! documents by key, then what is set aside and what lacks. What is stored is read before the locks, to learn what to lock, and again
//! under them, to decide.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use cortex_ingestion::model::{
    Attribution, CommitOutcome, Cursor, DocumentKey, MessageKey, NewDocument, PageCommit, PageCounts, Stream,
};
use cortex_ingestion::ports::PageStore;
use cortex_kernel::{CompanyId, StoreError};
use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use serde_json::{Value, json};
use tracing::instrument;

use crate::Pool;
use crate::tables::document_sources::{self, Match};
use crate::tables::sync_jobs::ProgressJson;
use crate::tables::{documents, locks, nango_sync_cursors, set_aside_records, sync_jobs, unfinished_contents};

/// Documents and cursors in a company's database.
pub struct PgPageStore {
    company: Pool,
}

/// A page in its transaction.
struct Page<'a> {
    connection: &'a mut AsyncPgConnection,
    company_id: CompanyId,
    stream: &'a Stream,
    attribution: &'a Attribution,
}

/// What the records of a page come to.
#[derive(Default)]
struct Plan<'a> {
    /// Documents to be made.
    new: Vec<&'a NewDocument>,
    /// Documents to be written over.
    changed: Vec<(i64, &'a NewDocument)>,
    /// Records to be written down as sources of documents that are there.
    sources: Vec<(i64, &'a DocumentKey)>,
    /// Records that are the same message as one of `new`.
    twins: Vec<(&'a DocumentKey, &'a NewDocument)>,
    counts: PageCounts,
}

impl PgPageStore {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl PageStore for PgPageStore {
    #[instrument(name = "pg.page_store.find_cursor", skip_all, fields(connection.id = %stream.connection_id))]
    async fn find_cursor(&self, stream: &Stream) -> Result<Option<Cursor>, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| nango_sync_cursors::find(connection, stream).await)
            .await
    }

    #[instrument(name = "pg.page_store.commit_page", skip_all, fields(job.id = %commit.lease.job))]
    async fn commit_page(&self, commit: &PageCommit) -> Result<CommitOutcome, StoreError> {
        let attribution = &commit.attribution();
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let stream = &commit.stream;
                let mut page = Page { connection, company_id: stream.company_id, stream, attribution };
                Ok(page.commit(commit).await?)
            })
            .await
    }
}

impl Page<'_> {
    async fn commit(&mut self, commit: &PageCommit) -> QueryResult<CommitOutcome> {
        let leased = sync_jobs::lock_leased(self.connection, self.company_id, commit.lease).await?;
        let Some(progress) = leased else { return Ok(CommitOutcome::LeaseLost) };
        let (from, to) = (commit.read_from.as_ref(), commit.moved_to.as_ref());
        if !nango_sync_cursors::advance(self.connection, &commit.stream, from, to).await? {
            return Ok(CommitOutcome::CursorMoved);
        }
        let counts = self.take_in(commit).await?;
        self.set_aside(commit).await?;
        self.note_contents(commit).await?;
        let progress = counted(progress, commit, counts);
        let job = commit.lease.job;
        sync_jobs::record_progress(self.connection, self.company_id, job, &progress, from != to).await?;
        Ok(CommitOutcome::Committed(counts))
    }

    async fn take_in(&mut self, commit: &PageCommit) -> QueryResult<PageCounts> {
        let said_before = commit.contents.unchanged.len() as u64;
        self.plan_for_this_page().await?;
        let records: Vec<&NewDocument> = commit.documents.iter().collect();
        let matches = self.match_to_stored(&records).await?;
        let unchanged: HashSet<i64> = matches.iter().filter(|m| is_unchanged(m)).map(|m| m.place).collect();
        let records: Vec<&NewDocument> =
            (1..).zip(records).filter(|(place, _)| !unchanged.contains(place)).map(|(_, new)| new).collect();
        let mut counts = PageCounts { unchanged: said_before + unchanged.len() as u64, ..PageCounts::default() };
        if records.is_empty() && commit.deletions.is_empty() {
            return Ok(counts);
        }

        let ended = document_sources::list_documents(self.connection, self.stream, &commit.deletions).await?;
        self.lock(&matches, &records, &ended).await?;
        let matches = self.match_to_stored(&records).await?;
        let plan = Plan::of(&records, &matches);
        counts.added = plan.counts.added;
        counts.updated = plan.counts.updated;
        counts.unchanged += plan.counts.unchanged;
        self.write(plan).await?;
        counts.deleted = self.end(&commit.deletions, &ended).await?;
        Ok(counts)
    }

    async fn set_aside(&mut self, commit: &PageCommit) -> QueryResult<()> {
        let (settled, aside) = (commit.settled(), &commit.set_aside);
        if settled.is_empty() && aside.is_empty() {
            return Ok(());
        }
        set_aside_records::renew(self.connection, self.stream, commit.lease.job, &settled, aside).await
    }

    async fn note_contents(&mut self, commit: &PageCommit) -> QueryResult<()> {
        let contents = &commit.contents;
        let said = contents.finished.iter().filter_map(|(key, said)| Some((key, said.as_ref()?)));
        let said: Vec<_> = said.collect();
        if !said.is_empty() {
            unfinished_contents::stamp(self.connection, self.stream, &said).await?;
        }
        let settled = commit.settled_contents();
        if settled.is_empty() && contents.postponed.is_empty() {
            return Ok(());
        }
        unfinished_contents::renew(self.connection, self.stream, &settled, contents).await
    }

    /// A plan for pages in general is kept from when the tables were small, and goes through all of them for each record
    /// until somebody gathers statistics: seven times slower after 2,000 documents, and worse with every page.
    async fn plan_for_this_page(&mut self) -> QueryResult<()> {
        self.connection.batch_execute("set local plan_cache_mode = force_custom_plan").await
    }

    async fn match_to_stored(&mut self, records: &[&NewDocument]) -> QueryResult<Vec<Match>> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        document_sources::match_page(self.connection, self.stream, records).await
    }

    /// Locks the messages of `records`, which may come in by another mailbox at the same moment, and the documents that
    /// are about to change.
    async fn lock(&mut self, matches: &[Match], records: &[&NewDocument], ended: &[i64]) -> QueryResult<()> {
        let messages: Vec<String> = records
            .iter()
            .filter_map(|new| new.message_key.as_ref())
            .map(|key| format!("message {} {}", self.company_id, key.as_str()))
            .collect();
        if !messages.is_empty() {
            locks::hold(self.connection, &messages).await?;
        }
        let changing = matches.iter().filter(|m| !is_unchanged(m)).map(|m| m.document_id);
        let ids: Vec<i64> = changing.chain(ended.iter().copied()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        documents::lock(self.connection, self.company_id, &ids).await
    }

    async fn write(&mut self, plan: Plan<'_>) -> QueryResult<()> {
        let Plan { new, changed, mut sources, twins, .. } = plan;
        if !changed.is_empty() {
            documents::update(self.connection, self.company_id, self.attribution, &changed).await?;
        }
        if !new.is_empty() {
            let written = documents::insert(self.connection, self.company_id, self.attribution, &new).await?;
            let ids: HashMap<DocumentKey, i64> = written.iter().map(|written| (written.key(), written.id)).collect();
            let own = new.iter().map(|new| (&new.key, *new));
            // Whatever was inserted is answered, so none is left out here.
            sources.extend(own.chain(twins).filter_map(|(record, new)| Some((*ids.get(&new.key)?, record))));
        }
        if sources.is_empty() {
            return Ok(());
        }
        document_sources::upsert(self.connection, self.company_id, self.attribution, &sources).await
    }

    async fn end(&mut self, records: &[DocumentKey], ended: &[i64]) -> QueryResult<u64> {
        if ended.is_empty() {
            return Ok(0);
        }
        let vanished = document_sources::vanish(self.connection, self.stream, records).await?;
        documents::delete_sourceless(self.connection, self.company_id, ended).await?;
        Ok(vanished as u64)
    }
}

impl<'a> Plan<'a> {
    /// What `records` come to, given what is stored.
    fn of(records: &[&'a NewDocument], matches: &[Match]) -> Self {
        let stored: HashMap<i64, &Match> = matches.iter().map(|m| (m.place, m)).collect();
        let mut messages: HashMap<&MessageKey, &'a NewDocument> = HashMap::new();
        let mut plan = Self::default();
        for (place, record) in (1..).zip(records.iter().copied()) {
            let first_copy = record.message_key.as_ref().and_then(|key| messages.get(key).copied());
            match (stored.get(&place), first_copy) {
                (Some(stored), _) => plan.meet(record, stored),
                (None, Some(first)) => {
                    plan.twins.push((&record.key, first));
                    plan.counts.updated += 1;
                }
                (None, None) => {
                    messages.extend(record.message_key.as_ref().map(|key| (key, record)));
                    plan.new.push(record);
                    plan.counts.added += 1;
                }
            }
        }
        plan
    }

    fn meet(&mut self, record: &'a NewDocument, stored: &Match) {
        if is_unchanged(stored) {
            self.counts.unchanged += 1;
            return;
        }
        // A copy of a message in another mailbox does not write over the first one, nor does a part over the whole.
        let is_change = stored.gives_way && !stored.is_same;
        if is_change {
            self.changed.push((stored.document_id, record));
        }
        self.sources.push((stored.document_id, &record.key));
        if is_change || !stored.has_source {
            self.counts.updated += 1;
        } else {
            self.counts.unchanged += 1;
        }
    }
}

fn is_unchanged(stored: &Match) -> bool {
    stored.is_same && stored.has_source
}

/// The progress of a job once the page is committed. What cannot be read counts as none: it is for people to see.
fn counted(progress: Value, commit: &PageCommit, counts: PageCounts) -> Value {
    let before: ProgressJson = serde_json::from_value(progress).unwrap_or_default();
    json!(ProgressJson {
        pages: before.pages + u64::from(commit.gets_on()),
        seen: before.seen + commit.seen(),
        added: before.added + counts.added,
        updated: before.updated + counts.updated,
        unchanged: before.unchanged + counts.unchanged,
        deleted: before.deleted + counts.deleted,
        held: before.held,
        set_aside: before.set_aside + commit.set_aside_count,
    })
}
