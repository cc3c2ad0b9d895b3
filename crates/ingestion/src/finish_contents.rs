//! What lacked when records were read is asked for again.

use std::sync::Arc;

use crate::fetch_contents::{Described, FetchContents, PageRecord};
use crate::ingest_page::{IngestPage, IngestPageError, ReadRecord};
use crate::model::{SetAsideRecord, Unfinished};
use crate::normalise::Told;
use crate::ports::{ContentLedger, PageStore};
use crate::read_stream::{ReadStreamError, StreamReading};
use crate::readers::Reader;

/// Completes what was postponed and is due, page by page, each durable before the next one.
pub struct FinishContents {
    fetch_contents: Arc<FetchContents>,
    ledger: Arc<dyn ContentLedger>,
    pages: Arc<dyn PageStore>,
    ingest_page: IngestPage,
}

/// Records in a page: fewer than in one that is read, as something lacks of each of them.
const PAGE: u16 = 50;

/// How often in a row the stream may be read on by somebody else before that counts as a failure.
const MOST_MOVES: u32 = 3;

impl FinishContents {
    /// Completes by `fetch_contents` what `ledger` has, and commits it to `pages`.
    #[must_use]
    pub fn new(fetch_contents: Arc<FetchContents>, ledger: Arc<dyn ContentLedger>, pages: Arc<dyn PageStore>) -> Self {
        Self { fetch_contents, ledger, ingest_page: IngestPage::new(Arc::clone(&pages)), pages }
    }

    /// Goes on until nothing of the stream is due, or until `may_go_on`, which is asked before each page, says no. Answers
    /// whether it was that. The cursor of the stream stays where it is.
    #[tracing::instrument(
        name = "ingestion.finish_contents",
        skip_all,
        fields(connection.id = %reading.stream.connection_id, model = reading.stream.model)
    )]
    pub async fn finish(
        &self,
        reading: &StreamReading,
        may_go_on: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<bool, ReadStreamError> {
        let StreamReading { stream, account, .. } = reading;
        let Some(reader) = Reader::of(stream.provider, &stream.model) else { return Ok(false) };
        while may_go_on() {
            let due = self.ledger.list_due(stream, PAGE).await?;
            if due.is_empty() {
                return Ok(false);
            }
            let records = due.into_iter().map(|unfinished| read(reader, reading, unfinished)).collect();
            let records = self.fetch_contents.complete(stream, account, records, may_go_on).await?;
            self.commit(reading, records).await?;
        }
        Ok(true)
    }

    async fn commit(&self, reading: &StreamReading, records: Vec<ReadRecord>) -> Result<(), ReadStreamError> {
        let mut moves = 0;
        loop {
            let standing = self.pages.find_cursor(&reading.stream).await?;
            match self.ingest_page.ingest(reading.page(standing, None, records.clone())).await {
                Ok(counts) => {
                    tracing::info!(?counts, "contents fetched again");
                    return Ok(());
                }
                Err(IngestPageError::CursorMoved) if moves < MOST_MOVES => moves += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What the record says that was kept; a newer version may read it otherwise than the one that kept it.
fn read(reader: Reader, reading: &StreamReading, unfinished: Unfinished) -> PageRecord {
    match reader.read(&unfinished.record, &reading.account) {
        Ok(Told::Document(told)) => PageRecord::Described(Box::new(Described::again(unfinished, *told))),
        Ok(Told::Gone(key)) => PageRecord::Read(ReadRecord::Vanished(key)),
        Ok(Told::Unwanted) => PageRecord::Read(ReadRecord::LeftOut(unfinished.key)),
        Err(reason) => {
            PageRecord::Read(ReadRecord::SetAside(SetAsideRecord { key: unfinished.key, has_id: true, reason }))
        }
    }
}

#[cfg(test)]
mod tests;
