//! [`PageStore`] on a company's database.
//!
//! A page is one transaction that locks in one order, whoever commits: the job, the cursor, deletions of the connection
//! that are held, messages that are new, documents by key, the day's usage, then what is set aside and what lacks. What
//! is stored is read before the locks, to learn what to lock, and again under them, to decide.
//!
//! An attachment is written in the step after the documents that it may hang on. Whoever writes one, or ends a message with
//! its attachments, has locked the message: nobody hangs a document on one that is about to go.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use cortex_ingestion::model::{
    Amount, Attribution, CommitOutcome, Cursor, DocumentKey, MassDeletion, MessageKey, NewDocument, PageCommit,
    PageCounts, RecordKey, Stream,
};
use cortex_ingestion::ports::PageStore;
use cortex_kernel::{CompanyId, StoreError};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use super::endings::Endings;
use crate::Pool;
use crate::tables::document_sources::{self, Match, Placed};
use crate::tables::documents::{self, Parents};
use crate::tables::held_deletions::{self, Open};
use crate::tables::sync_jobs::ProgressJson;
use crate::tables::{
    document_removals, locks, nango_sync_cursors, plan_for_these_values, set_aside_records, sync_jobs,
    unfinished_contents, usage_days,
};

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
    /// The documents that are there already, by the records that belong to them.
    known: Vec<(&'a DocumentKey, i64)>,
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
        // What cannot be read counts as none: it is for people to see.
        let before: ProgressJson = serde_json::from_value(progress).unwrap_or_default();
        let (from, to) = (commit.read_from.as_ref(), commit.moved_to.as_ref());
        if !nango_sync_cursors::advance(self.connection, &commit.stream, from, to).await? {
            return Ok(CommitOutcome::CursorMoved);
        }
        let counts = self.take_in(commit, before.deleted).await?;
        self.set_aside(commit).await?;
        self.note_contents(commit, counts.held > 0).await?;
        let progress = json!(counted(&before, commit, counts));
        let job = commit.lease.job;
        sync_jobs::record_progress(self.connection, self.company_id, job, &progress, from != to).await?;
        Ok(CommitOutcome::Committed(counts))
    }

    async fn take_in(&mut self, commit: &PageCommit, ended_before: u64) -> QueryResult<PageCounts> {
        let said_before = &commit.contents.unchanged;
        if commit.documents.is_empty() && commit.deletions.is_empty() && said_before.is_empty() {
            return Ok(PageCounts::default());
        }
        plan_for_these_values(self.connection).await?;
        let (endings, held) = self.weigh(commit, ended_before).await?;
        let records: Vec<&NewDocument> = commit.documents.iter().collect();
        let matches = self.match_to_stored(&records).await?;
        let unchanged: HashSet<i64> = matches.iter().filter(|m| is_unchanged(m)).map(|m| m.place).collect();
        let records: Vec<&NewDocument> =
            (1..).zip(records).filter(|(place, _)| !unchanged.contains(place)).map(|(_, new)| new).collect();
        let unchanged = (said_before.len() + unchanged.len()) as u64;
        let mut counts = PageCounts { unchanged, held, ..PageCounts::default() };
        let threads = self.list_threads(commit).await?;
        if records.is_empty() && endings.is_empty() && threads.is_empty() {
            return Ok(counts);
        }

        let elsewhere = parents_elsewhere(&records);
        let parents = self.find_parents(&elsewhere).await?;
        let changing = matches.iter().filter(|m| !is_unchanged(m)).map(|m| m.document_id);
        let ids = changing.chain(parents.into_values()).chain(endings.to_lock()).chain(threads.iter().copied());
        self.lock(&records, &ids.collect::<Vec<_>>()).await?;
        let matches = self.match_to_stored(&records).await?;
        let parents = self.find_parents(&elsewhere).await?;
        let plan = Plan::of(&records, &matches);
        let planned = plan.counts;
        let brought = self.write(plan, parents).await?;
        counts.added = brought.documents;
        counts.updated = planned.updated;
        // What an admin deleted stays away, and says nothing new.
        counts.unchanged += planned.unchanged + planned.added.saturating_sub(brought.documents);
        if !threads.is_empty() {
            documents::supersede(self.connection, self.company_id, &threads).await?;
        }
        counts.deleted = endings.carry_out(self.connection, self.company_id, self.stream.connection_id).await?.sources;
        if brought != Amount::default() {
            usage_days::add(self.connection, self.company_id, self.attribution.user_id, brought).await?;
        }
        Ok(counts)
    }

    /// What the page ends, or how many documents it would if that were not held back. Beside it, whatever the page says
    /// of records that are held from before is done to these.
    async fn weigh<'c>(&mut self, commit: &'c PageCommit, ended_before: u64) -> QueryResult<(Endings<'c>, u64)> {
        let (company_id, by) = (self.company_id, self.stream.connection_id);
        let mut open = held_deletions::lock_open(self.connection, self.stream, commit.lease.job).await?;
        if commit.tells_what_is_there() {
            let back = commit.documents.iter().map(|new| &new.key).chain(&commit.contents.unchanged);
            self.release(&mut open, &back.collect::<Vec<_>>()).await?;
        }
        let endings = Endings::find(self.connection, company_id, by, &commit.deletions).await?;
        if self.is_held(&open, &endings, ended_before).await? {
            let ids: Vec<i64> = open.iter().map(|open| open.id).collect();
            held_deletions::hold(self.connection, self.stream, commit.lease.job, &ids, endings.records()).await?;
            return Ok((Endings::default(), endings.count()));
        }
        self.release(&mut open, endings.records()).await?;
        Ok((endings, 0))
    }

    async fn release(&mut self, open: &mut Vec<Open>, records: &[&DocumentKey]) -> QueryResult<()> {
        if open.is_empty() || records.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = open.iter().map(|open| open.id).collect();
        let emptied = held_deletions::release(self.connection, self.stream, &ids, records).await?;
        if !emptied.is_empty() {
            held_deletions::delete(self.connection, self.company_id, &emptied).await?;
            open.retain(|open| !emptied.contains(&open.id));
        }
        Ok(())
    }

    /// Once something is held, so is whatever else the job deletes in the stream: the rest of what a provider lost may
    /// well be less than half.
    async fn is_held(&mut self, open: &[Open], endings: &Endings<'_>, ended_before: u64) -> QueryResult<bool> {
        if endings.is_empty() {
            return Ok(false);
        }
        if open.iter().any(|open| open.takes_more) {
            return Ok(true);
        }
        let page = MassDeletion::new(ended_before, endings.count());
        let Some(enough) = page.enough() else { return Ok(false) };
        let most = i64::try_from(enough).unwrap_or(i64::MAX);
        let by = self.stream.connection_id;
        let live = document_sources::count_live(self.connection, self.company_id, by, most).await?;
        Ok(page.is_held(live.unsigned_abs()))
    }

    /// The documents, from before, of the threads that messages of the page belong to.
    async fn list_threads(&mut self, commit: &PageCommit) -> QueryResult<Vec<i64>> {
        let threads = commit.threads();
        if threads.is_empty() {
            return Ok(Vec::new());
        }
        let threads: Vec<&str> = threads.iter().map(String::as_str).collect();
        let source = self.stream.provider.into();
        documents::list_unsuperseded(self.connection, self.company_id, &source, &threads).await
    }

    async fn find_parents(&mut self, records: &[&DocumentKey]) -> QueryResult<Parents> {
        if records.is_empty() {
            return Ok(Parents::new());
        }
        let found = document_sources::find_documents(self.connection, self.stream, records).await?;
        let keyed = |placed: Placed| {
            let place = usize::try_from(placed.place).ok()?.checked_sub(1)?;
            Some(((*records.get(place)?).clone(), placed.document_id))
        };
        Ok(found.into_iter().filter_map(keyed).collect())
    }

    async fn set_aside(&mut self, commit: &PageCommit) -> QueryResult<()> {
        let (settled, aside) = (commit.settled(), &commit.set_aside);
        if settled.is_empty() && aside.is_empty() {
            return Ok(());
        }
        set_aside_records::renew(self.connection, self.stream, commit.lease.job, &settled, aside).await
    }

    async fn note_contents(&mut self, commit: &PageCommit, are_deletions_held: bool) -> QueryResult<()> {
        let contents = &commit.contents;
        let said = contents.finished.iter().filter_map(|(key, said)| Some((key, said.as_ref()?)));
        let said: Vec<_> = said.collect();
        if !said.is_empty() {
            unfinished_contents::stamp(self.connection, self.stream, &said).await?;
        }
        let mut settled = commit.settled_contents();
        if are_deletions_held {
            // They may stay, and then they still want their contents.
            for key in &commit.deletions {
                settled.remove(&RecordKey::of(&key.source_id));
            }
        }
        if settled.is_empty() && contents.postponed.is_empty() {
            return Ok(());
        }
        unfinished_contents::renew(self.connection, self.stream, &settled, contents).await
    }

    async fn match_to_stored(&mut self, records: &[&NewDocument]) -> QueryResult<Vec<Match>> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        document_sources::match_page(self.connection, self.stream, records).await
    }

    /// Locks the messages of `records`, which may come in by another mailbox at the same moment, and the documents that
    /// are about to change, or that others are about to hang on.
    async fn lock(&mut self, records: &[&NewDocument], ids: &[i64]) -> QueryResult<()> {
        let messages: Vec<String> = records
            .iter()
            .filter_map(|new| new.message_key.as_ref())
            .map(|key| format!("message {} {}", self.company_id, key.as_str()))
            .collect();
        if !messages.is_empty() {
            locks::hold(self.connection, &messages).await?;
        }
        if ids.is_empty() {
            return Ok(());
        }
        documents::lock(self.connection, self.company_id, ids).await
    }

    /// Writes what the plan says, and answers how much of it nobody had before: documents first that others hang on, then these.
    async fn write(&mut self, plan: Plan<'_>, mut parents: Parents) -> QueryResult<Amount> {
        let mut amount = Amount::default();
        let Plan { new, changed, mut sources, twins, known, .. } = plan;
        parents.extend(known.into_iter().map(|(record, id)| (record.clone(), id)));
        let (attached, whole): (Vec<_>, Vec<_>) = new.into_iter().partition(|new| new.parent.is_some());
        for mut step in [whole, attached] {
            self.leave_out_what_hangs_on_deleted(&mut step, &parents).await?;
            if step.is_empty() {
                continue;
            }
            let written =
                documents::insert(self.connection, self.company_id, self.attribution, &step, &parents).await?;
            let ids: HashMap<DocumentKey, i64> = written.iter().map(|written| (written.key(), written.id)).collect();
            let own = step.iter().map(|new| (&new.key, *new));
            for new in step.iter().filter(|new| ids.contains_key(&new.key)) {
                amount.documents += 1;
                amount.bytes += new.content.len() as u64;
            }
            // What stays away is left out here, and copies of what the other step inserts.
            let brought = own.chain(twins.iter().copied());
            let brought = brought.filter_map(|(record, new)| Some((*ids.get(&new.key)?, record)));
            let brought: Vec<(i64, &DocumentKey)> = brought.collect();
            parents.extend(brought.iter().map(|(id, record)| ((*record).clone(), *id)));
            sources.extend(brought);
        }
        if !changed.is_empty() {
            documents::update(self.connection, self.company_id, self.attribution, &changed, &parents).await?;
        }
        if !sources.is_empty() {
            document_sources::upsert(self.connection, self.company_id, self.attribution, &sources).await?;
        }
        Ok(amount)
    }
}

impl Page<'_> {
    /// What comes with a mail that an admin deleted stays away as the mail does.
    async fn leave_out_what_hangs_on_deleted(
        &mut self,
        step: &mut Vec<&NewDocument>,
        parents: &Parents,
    ) -> QueryResult<()> {
        let missing = step.iter().filter_map(|new| new.parent.as_ref()).filter(|parent| !parents.contains_key(*parent));
        let missing: Vec<&DocumentKey> = missing.collect::<HashSet<_>>().into_iter().collect();
        if missing.is_empty() {
            return Ok(());
        }
        let deleted = document_removals::list_deleted(self.connection, self.company_id, &missing).await?;
        let deleted: HashSet<DocumentKey> =
            (1..).zip(missing).filter(|(place, _)| deleted.contains(place)).map(|(_, parent)| parent.clone()).collect();
        step.retain(|new| new.parent.as_ref().is_none_or(|parent| !deleted.contains(parent)));
        Ok(())
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
                (Some(stored), _) => {
                    plan.known.push((&record.key, stored.document_id));
                    plan.meet(record, stored);
                }
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

/// The records, without those of the page, that documents of it hang on.
fn parents_elsewhere<'a>(records: &[&'a NewDocument]) -> Vec<&'a DocumentKey> {
    let here: HashSet<&DocumentKey> = records.iter().map(|new| &new.key).collect();
    let parents: HashSet<&DocumentKey> = records.iter().filter_map(|new| new.parent.as_ref()).collect();
    parents.difference(&here).copied().collect()
}

/// The progress of a job once the page is committed.
fn counted(before: &ProgressJson, commit: &PageCommit, counts: PageCounts) -> ProgressJson {
    ProgressJson {
        pages: before.pages + u64::from(commit.gets_on()),
        seen: before.seen + commit.seen(),
        added: before.added + counts.added,
        updated: before.updated + counts.updated,
        unchanged: before.unchanged + counts.unchanged,
        deleted: before.deleted + counts.deleted,
        held: before.held + counts.held,
        set_aside: before.set_aside + commit.set_aside_count,
    }
}
