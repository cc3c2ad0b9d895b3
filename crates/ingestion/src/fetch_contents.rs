//! What the records of a page do not carry is fetched before the page becomes durable.

mod allowance;
mod file_kinds;
mod page;
mod without_texts;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{Clock, StoreError};
use futures_util::lock::Mutex;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use thiserror::Error;

use crate::content_source::ContentSource;
use crate::ingest_page::ReadRecord;
use crate::model::{DocumentKey, Fingerprint, Lacks, Stream, Unfinished};
use crate::normalise::{Account, ToldDocument};
use crate::ports::{ContentLedger, TextExtractor};
use crate::record_source::SourceError;
use page::Page;

/// Completes what records tell: bodies of messages, files that came with them, and files of Drive.
///
/// What cannot be had for good leaves its document without text and says why (`content_error` in its metadata); what may be
/// had later leaves it incomplete, and is postponed.
pub struct FetchContents {
    source: Arc<dyn ContentSource>,
    extractor: Arc<dyn TextExtractor>,
    ledger: Arc<dyn ContentLedger>,
    clock: Arc<dyn Clock>,
    /// Held by whoever has something large in memory.
    large: Mutex<()>,
}

/// A record of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum PageRecord {
    /// It is a document, of which something may lack.
    Described(Box<Described>),
    /// It is known what it comes to.
    Read(ReadRecord),
}

/// A record that is a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// The record, or as much as is known of it.
    pub record: Value,
    /// What it says.
    pub told: ToldDocument,
    /// What of it was had in vain before; none where it was not asked for yet.
    pub before: Option<Before>,
}

/// What became of a record when it was asked for last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// What lacked then.
    pub lacks: Lacks,
    /// What it said when it was read.
    pub fingerprint: Fingerprint,
    /// How often it was asked for in vain.
    pub attempts: u32,
}

/// The contents of a page cannot be had at all.
#[derive(Debug, Error)]
pub enum FetchContentsError {
    /// We are not let in.
    #[error("contents could not be fetched")]
    Source(#[from] SourceError),
    /// It could not be read what is there already.
    #[error("what is known of contents could not be read")]
    Store(#[from] StoreError),
}

/// Records that are completed at a time, each by one call at a time.
pub const MOST_AT_ONCE: usize = 4;

/// The most bytes of one file or message. What is larger has no text here.
pub const MOST_BYTES: u64 = 25 * 1024 * 1024;

/// What has more bytes is fetched alone, in the whole process: beside it each run has [`MOST_AT_ONCE`] times these in memory.
const SMALL: u64 = 4 * 1024 * 1024;

/// How often what lacks is asked for in vain before it is given up.
pub const MOST_ATTEMPTS: u32 = 8;

/// How long it is left alone after the first attempt; four times as long after each further one, up to a day.
const FIRST_WAIT: Duration = Duration::from_mins(1);
const LONGEST_WAIT: Duration = Duration::from_hours(24);

impl FetchContents {
    /// Fetches from `source`, reads files by `extractor`, and asks `ledger` what is there already.
    #[must_use]
    pub fn new(
        source: Arc<dyn ContentSource>,
        extractor: Arc<dyn TextExtractor>,
        ledger: Arc<dyn ContentLedger>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { source, extractor, ledger, clock, large: Mutex::new(()) }
    }

    /// What the records of a page come to, in their order. Where `may_go_on`, which is asked before each call, says no, the
    /// rest is postponed.
    pub async fn complete(
        &self,
        stream: &Stream,
        account: &Account,
        records: Vec<PageRecord>,
        may_go_on: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Vec<ReadRecord>, FetchContentsError> {
        let unchanged = self.unchanged(stream, &records).await?;
        let page = &Page::new(self, stream, account, may_go_on);
        let completing = records.into_iter().map(|record| {
            let is_unchanged =
                matches!(&record, PageRecord::Described(told) if unchanged.contains(&told.told.draft.key));
            async move {
                match record {
                    PageRecord::Read(record) => Ok(record),
                    PageRecord::Described(described) if is_unchanged => {
                        Ok(ReadRecord::Unchanged(described.told.draft.key))
                    }
                    PageRecord::Described(described) => page.complete(*described).await,
                }
            }
        });
        let completed: Result<Vec<_>, SourceError> =
            stream::iter(completing).buffered(MOST_AT_ONCE).try_collect().await;
        Ok(completed?)
    }

    /// Those of which everything was had before, and that say the same still. A cursor that was lost costs no calls.
    async fn unchanged(&self, stream: &Stream, records: &[PageRecord]) -> Result<HashSet<DocumentKey>, StoreError> {
        let lacking: Vec<_> = records
            .iter()
            .filter_map(|record| match record {
                PageRecord::Described(described) => Some(described),
                PageRecord::Read(_) => None,
            })
            .filter(|described| described.before.is_none() && described.told.lacks_something())
            .map(|described| (described.told.draft.key.clone(), fingerprint(&described.told)))
            .collect();
        if lacking.is_empty() { Ok(HashSet::new()) } else { self.ledger.list_unchanged(stream, &lacking).await }
    }
}

impl Described {
    /// A record that was read just now.
    #[must_use]
    pub fn new(record: Value, told: ToldDocument) -> Self {
        Self { record, told, before: None }
    }

    /// One that was postponed, and says this.
    #[must_use]
    pub fn again(unfinished: Unfinished, told: ToldDocument) -> Self {
        let Unfinished { key: _, record, lacks, fingerprint, attempts } = unfinished;
        Self { record, told, before: Some(Before { lacks, fingerprint, attempts }) }
    }
}

impl ToldDocument {
    /// Whether there is something to be had besides.
    fn lacks_something(&self) -> bool {
        self.missing.is_some() || !self.attachments.is_empty()
    }
}

/// Of what the record says of the content and of its files. What changes without them does not count: labels, and whether
/// somebody has read it.
fn fingerprint(told: &ToldDocument) -> Fingerprint {
    let draft = &told.draft;
    let moment = |moment: Option<time::OffsetDateTime>| moment.map_or(0, time::OffsetDateTime::unix_timestamp_nanos);
    let mail = draft.mail.as_ref();
    let mut parts = vec![
        draft.title.clone(),
        draft.content.clone(),
        draft.mime_type.clone().unwrap_or_default(),
        draft.file_size_bytes.unwrap_or(-1).to_string(),
        moment(draft.created_at).to_string(),
        moment(draft.modified_at).to_string(),
        mail.and_then(|mail| mail.message_id.clone()).unwrap_or_default(),
        mail.and_then(|mail| mail.sender.clone()).unwrap_or_default(),
        moment(mail.and_then(|mail| mail.sent_at)).to_string(),
    ];
    for file in &told.attachments {
        parts.push(file.draft.title.clone());
        parts.push(file.draft.mime_type.clone().unwrap_or_default());
        parts.push(file.draft.file_size_bytes.unwrap_or(-1).to_string());
    }
    Fingerprint::of(parts.iter().map(String::as_str))
}

/// How long it is left alone after so many attempts.
fn wait_after(attempts: u32) -> Duration {
    let quadruplings = attempts.saturating_sub(1).min(15);
    FIRST_WAIT.saturating_mul(1 << (2 * quadruplings)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests;
