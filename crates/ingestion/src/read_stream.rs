//! A stream is read to its end, page by page.

use std::collections::HashMap;
use std::sync::Arc;

use cortex_kernel::{Clock, Email, Lease, StoreError};
use serde_json::json;
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use crate::fetch_contents::{Described, FetchContents, FetchContentsError, PageRecord};
use crate::ingest_page::{IngestPage, IngestPageError, ReadPage, ReadRecord};
use crate::model::{Cursor, IngestionMethod, PageCounts, RecordKey, SetAside, SetAsideRecord, Stream};
use crate::normalise::{Account, Told, id_of};
use crate::ports::PageStore;
use crate::readers::Reader;
use crate::record_source::{RecordPage, RecordSource, RecordState, SourceError, SourceRecord};

/// Reads what a stream has after the stored cursor, completes it, and makes each page durable before it asks for the next
/// one.
pub struct ReadStream {
    source: Arc<dyn RecordSource>,
    fetch_contents: Arc<FetchContents>,
    pages: Arc<dyn PageStore>,
    ingest_page: IngestPage,
    clock: Arc<dyn Clock>,
    backfill: Duration,
}

/// A stream to be read, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamReading {
    /// The right to write for the job that reads it.
    pub lease: Lease,
    /// What is read.
    pub stream: Stream,
    /// Within what the ids of its records count; see [`account_of`](crate::readers::account_of).
    pub account: Account,
    /// The address, in the company, of the person whose account it is.
    pub user_email: Email,
    /// The address of the connected account, where it has one.
    pub account_email: Option<Email>,
    /// How what is in it comes in.
    pub method: IngestionMethod,
    /// Whether it is read for an initial sync, which leaves out what is too old also where a run before this one was
    /// interrupted. Any other run does so only where it begins without a cursor.
    pub is_initial: bool,
}

/// How far a run got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamReport {
    /// Whether it stopped because it was asked to, and not because there was nothing more.
    pub is_interrupted: bool,
    /// Pages made durable.
    pub pages: u64,
    /// What they changed.
    pub counts: PageCounts,
    /// Records that were left out because they are too old.
    pub too_old: u64,
    /// Records of which nothing was left to read.
    pub pruned: u64,
    /// Records that could not be taken in, by reason.
    pub set_aside: HashMap<SetAside, u64>,
    /// Records of which something lacks that may be had later.
    pub postponed: u64,
}

/// A stream could not be read to its end. The pages before are durable.
#[derive(Debug, Error)]
pub enum ReadStreamError {
    /// The job is somebody else's: stop.
    #[error("the job is no longer this worker's")]
    LeaseLost,
    /// Somebody else reads the stream at the same time, again and again.
    #[error("the stream is read by somebody else")]
    CursorMoved,
    /// There was no page to read.
    #[error("a page could not be read")]
    Source(#[from] SourceError),
    /// A page could not be written.
    #[error("a page could not be stored")]
    Store(#[from] StoreError),
}

/// A stream while it is read.
struct Run<'a> {
    reading: &'a StreamReading,
    reader: Reader,
    /// The stored cursor.
    standing: Option<Cursor>,
    /// Whether the next page is the first one of the stream, whatever the stored cursor says.
    from_the_first: bool,
    /// What came to be before is left out.
    oldest: Option<OffsetDateTime>,
    report: StreamReport,
}

/// Records in a page: a crash repeats one page at most, and each costs a call of the broker.
const PAGE: u16 = 100;

/// How often in a row a stream may be read on by somebody else before that counts as a failure.
const MOST_MOVES: u32 = 3;

impl ReadStream {
    /// Reads from `source` to `pages`, completed by `fetch_contents`. Where a run leaves out what is too old, that is what came to be more than
    /// `backfill` ago, by its own date.
    #[must_use]
    pub fn new(
        source: Arc<dyn RecordSource>,
        fetch_contents: Arc<FetchContents>,
        pages: Arc<dyn PageStore>,
        clock: Arc<dyn Clock>,
        backfill: Duration,
    ) -> Self {
        Self { source, fetch_contents, ingest_page: IngestPage::new(Arc::clone(&pages)), pages, clock, backfill }
    }

    /// Reads until there is nothing more, or until `may_go_on`, which is asked before each page, says no.
    #[tracing::instrument(
        name = "ingestion.read_stream",
        skip_all,
        fields(connection.id = %reading.stream.connection_id, model = reading.stream.model)
    )]
    pub async fn read(
        &self,
        reading: &StreamReading,
        may_go_on: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<StreamReport, ReadStreamError> {
        let Some(reader) = Reader::of(reading.stream.provider, &reading.stream.model) else {
            return Ok(StreamReport::default());
        };
        let standing = self.pages.find_cursor(&reading.stream).await?;
        let backfills = reading.is_initial || standing.is_none();
        let oldest = backfills.then(|| self.oldest());
        let mut run = Run { reading, reader, standing, from_the_first: false, oldest, report: StreamReport::default() };
        run.report.is_interrupted = self.read_pages(&mut run, may_go_on).await?;
        run.tell();
        Ok(run.report)
    }

    /// Whether it was interrupted.
    async fn read_pages(
        &self,
        run: &mut Run<'_>,
        may_go_on: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<bool, ReadStreamError> {
        let mut is_restarted = false;
        let mut moves = 0;
        while may_go_on() {
            let page = match self.source.read_page(&run.reading.stream, run.after().cloned(), PAGE).await {
                Err(SourceError::CursorLost) if !is_restarted && run.after().is_some() => {
                    tracing::warn!("the broker lost the cursor: the stream is read from its first record");
                    (is_restarted, run.from_the_first, run.oldest) = (true, true, Some(self.oldest()));
                    continue;
                }
                page => page?,
            };
            let has_more = page.has_more;
            let (last, records) = run.normalise(page)?;
            let StreamReading { stream, account, .. } = run.reading;
            let records = self.fetch_contents.complete(stream, account, records, may_go_on).await?;
            run.note(&records);
            let page = run.reading.page(run.standing.clone(), last.clone(), records);
            match self.ingest_page.ingest(page).await {
                Ok(counts) => run.count(counts),
                Err(IngestPageError::CursorMoved) if moves < MOST_MOVES => {
                    moves += 1;
                    run.standing = self.pages.find_cursor(&run.reading.stream).await?;
                    run.from_the_first = false;
                    run.oldest = run.oldest.or_else(|| run.standing.is_none().then(|| self.oldest()));
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            if !has_more {
                return Ok(false);
            }
            (run.standing, run.from_the_first, moves) = (last, false, 0);
        }
        Ok(true)
    }

    fn oldest(&self) -> OffsetDateTime {
        self.clock.now().saturating_sub(self.backfill)
    }
}

impl Run<'_> {
    fn after(&self) -> Option<&Cursor> {
        self.standing.as_ref().filter(|_| !self.from_the_first)
    }

    /// The cursor of the last record, and the records.
    fn normalise(&mut self, page: RecordPage) -> Result<(Option<Cursor>, Vec<PageRecord>), SourceError> {
        let last_cursor = page.records.last().map(|record| record.cursor.clone());
        if page.has_more && (last_cursor.is_none() || last_cursor.as_ref() == self.after()) {
            return Err(SourceError::BadAnswer("a page that is not the last one leads nowhere".into()));
        }
        let records: Vec<_> = page.records.into_iter().filter_map(|record| self.record(record)).collect();
        Ok((last_cursor, without_superseded(records)))
    }

    /// What a record comes to; none where nothing is known of it.
    fn record(&mut self, record: SourceRecord) -> Option<PageRecord> {
        let SourceRecord { cursor, state } = record;
        let id = match &state {
            RecordState::Present(record) => id_of(record),
            RecordState::Deleted { id } => id_of(&json!({ "id": id })),
            RecordState::Pruned => None,
        };
        match self.change(state) {
            Ok(Some(change)) => Some(change),
            Ok(None) => id.map(|id| PageRecord::Read(ReadRecord::LeftOut(RecordKey::of(&id)))),
            Err(reason) => {
                let record = SetAsideRecord::new(id.as_deref(), &cursor, reason);
                Some(PageRecord::Read(ReadRecord::SetAside(record)))
            }
        }
    }

    /// What a record changes; none where it is left out.
    fn change(&mut self, state: RecordState) -> Result<Option<PageRecord>, SetAside> {
        let account = &self.reading.account;
        let vanished = |key| PageRecord::Read(ReadRecord::Vanished(key));
        match state {
            RecordState::Pruned => {
                self.report.pruned += 1;
                Ok(None)
            }
            RecordState::Deleted { id } => Ok(self.reader.key(&id, account).map(vanished)),
            RecordState::Present(record) => match self.reader.read(&record, account)? {
                Told::Gone(key) => Ok(Some(vanished(key))),
                Told::Unwanted => Ok(None),
                Told::Document(told) if self.is_too_old(told.draft.last_stirred_at()) => {
                    self.report.too_old += 1;
                    Ok(None)
                }
                Told::Document(told) => Ok(Some(PageRecord::Described(Box::new(Described::new(record, *told))))),
            },
        }
    }

    /// A record without a readable date counts as young enough.
    fn is_too_old(&self, stirred_at: Option<OffsetDateTime>) -> bool {
        stirred_at.zip(self.oldest).is_some_and(|(stirred_at, oldest)| stirred_at < oldest)
    }

    /// What becomes of the page is told by the store, but for this.
    fn note(&mut self, records: &[ReadRecord]) {
        for record in records {
            match record {
                ReadRecord::SetAside(record) => *self.report.set_aside.entry(record.reason).or_default() += 1,
                ReadRecord::Documents(record) => self.report.postponed += u64::from(record.postponed.is_some()),
                ReadRecord::Vanished(_) | ReadRecord::Unchanged(_) | ReadRecord::LeftOut(_) => {}
            }
        }
    }

    fn count(&mut self, counts: PageCounts) {
        let sum = &mut self.report.counts;
        self.report.pages += 1;
        sum.added += counts.added;
        sum.updated += counts.updated;
        sum.unchanged += counts.unchanged;
        sum.deleted += counts.deleted;
    }

    fn tell(&self) {
        let StreamReport { is_interrupted, pages, counts, too_old, pruned, set_aside, postponed } = &self.report;
        tracing::info!(is_interrupted, pages, ?counts, too_old, pruned, postponed, "stream read");
        for (reason, records) in set_aside {
            tracing::warn!(reason = reason.name(), records, "records were set aside");
        }
    }
}

impl StreamReading {
    /// A page of it.
    pub(crate) fn page(
        &self,
        read_from: Option<Cursor>,
        last_cursor: Option<Cursor>,
        records: Vec<ReadRecord>,
    ) -> ReadPage {
        let Self { lease, stream, user_email, account_email, method, .. } = self.clone();
        ReadPage { lease, stream, user_email, account_email, method, read_from, last_cursor, records }
    }
}

/// Of several records of one document only the last is worth completing.
fn without_superseded(records: Vec<PageRecord>) -> Vec<PageRecord> {
    let key = |record: &PageRecord| match record {
        PageRecord::Described(described) => Some(described.told.draft.key.clone()),
        PageRecord::Read(ReadRecord::Vanished(key)) => Some(key.clone()),
        PageRecord::Read(_) => None,
    };
    let last: HashMap<_, _> = records.iter().enumerate().filter_map(|(at, record)| Some((key(record)?, at))).collect();
    let stays = |(at, record): &(usize, PageRecord)| key(record).is_none_or(|key| last[&key] == *at);
    records.into_iter().enumerate().filter(stays).map(|(_, record)| record).collect()
}

impl From<FetchContentsError> for ReadStreamError {
    fn from(error: FetchContentsError) -> Self {
        match error {
            FetchContentsError::Source(error) => Self::Source(error),
            FetchContentsError::Store(error) => Self::Store(error),
        }
    }
}

impl From<IngestPageError> for ReadStreamError {
    fn from(error: IngestPageError) -> Self {
        match error {
            IngestPageError::LeaseLost => Self::LeaseLost,
            IngestPageError::CursorMoved => Self::CursorMoved,
            IngestPageError::Store(error) => Self::Store(error),
        }
    }
}

#[cfg(test)]
mod tests;
