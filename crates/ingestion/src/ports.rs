//! What this domain needs from outside.

mod blob_removals;
mod blob_store;
mod content_ledger;
mod document_counts;
mod document_export;
mod document_reader;
mod document_removal;
mod document_writer;
mod erasure;
mod held_deletions;
mod idempotency_keys;
mod mail_reader;
mod passage_finder;
mod search_index;
mod set_aside_records;
mod text_extractor;
mod usage_reader;

use async_trait::async_trait;
use cortex_kernel::StoreError;

use crate::model::{CommitOutcome, Cursor, PageCommit, Stream};

pub use blob_removals::BlobRemovals;
#[cfg(any(test, feature = "testing"))]
pub use blob_removals::MockBlobRemovals;
#[cfg(any(test, feature = "testing"))]
pub use blob_store::MockBlobStore;
pub use blob_store::{Blob, BlobError, BlobStore};
pub use content_ledger::ContentLedger;
#[cfg(any(test, feature = "testing"))]
pub use content_ledger::MockContentLedger;
pub use document_counts::DocumentCounts;
#[cfg(any(test, feature = "testing"))]
pub use document_counts::MockDocumentCounts;
pub use document_export::DocumentExport;
#[cfg(any(test, feature = "testing"))]
pub use document_export::MockDocumentExport;
#[cfg(any(test, feature = "testing"))]
pub use document_reader::MockDocumentReader;
pub use document_reader::{DocumentReader, ListError};
pub use document_removal::DocumentRemoval;
#[cfg(any(test, feature = "testing"))]
pub use document_removal::MockDocumentRemoval;
pub use document_writer::DocumentWriter;
#[cfg(any(test, feature = "testing"))]
pub use document_writer::MockDocumentWriter;
pub use erasure::Erasure;
#[cfg(any(test, feature = "testing"))]
pub use erasure::MockErasure;
pub use held_deletions::HeldDeletions;
#[cfg(any(test, feature = "testing"))]
pub use held_deletions::MockHeldDeletions;
pub use idempotency_keys::IdempotencyKeys;
#[cfg(any(test, feature = "testing"))]
pub use idempotency_keys::MockIdempotencyKeys;
pub use mail_reader::MailReader;
#[cfg(any(test, feature = "testing"))]
pub use mail_reader::MockMailReader;
#[cfg(any(test, feature = "testing"))]
pub use passage_finder::MockPassageFinder;
pub use passage_finder::PassageFinder;
#[cfg(any(test, feature = "testing"))]
pub use search_index::MockSearchIndex;
pub use search_index::SearchIndex;
#[cfg(any(test, feature = "testing"))]
pub use set_aside_records::MockSetAsideRecords;
pub use set_aside_records::SetAsideRecords;
#[cfg(any(test, feature = "testing"))]
pub use text_extractor::MockTextExtractor;
pub use text_extractor::{ExtractError, TextExtractor};
#[cfg(any(test, feature = "testing"))]
pub use usage_reader::MockUsageReader;
pub use usage_reader::UsageReader;

/// Keeps documents, which records could become none, and how far each stream was read.
///
/// A record that its user and connection brought in before belongs to the document it became then. One that they did not
/// belongs to the document of the same key, or else of the same message key, or else becomes a new one.
///
/// # Contract
///
/// - A committed page moves the cursor.
/// - An empty page at the beginning leaves no cursor.
/// - A stale lease changes nothing.
/// - A lease that ran out changes nothing.
/// - A moved cursor changes nothing.
/// - Every stream has its own cursor.
/// - A new record becomes a document with its attribution.
/// - A changed record updates its document.
/// - An incomplete record does not replace a complete document.
/// - A changed record that brings no bytes leaves those of before.
/// - An unchanged record writes nothing.
/// - The same record of two users is one document with two sources.
/// - The same message of two users is one document with two sources.
/// - The same message twice in a page is one document.
/// - The same message committed by ten users at once is one document.
/// - Pages of ten users that change the same documents at once all go through.
/// - A known record stays with its document whatever its message key.
/// - Another company's equal record is another document.
/// - The last deletion takes the document.
/// - A deletion of what the connection never brought in changes nothing.
/// - A record is the same after its account could be read.
/// - A record that comes back is there again.
/// - An attachment hangs on its message.
/// - The attachments of a message that a colleague has as well hang on the same document.
/// - An attachment comes in after its message, too.
/// - An attachment whose message is not known is not lost, and finds it later.
/// - The attachments of a message that vanishes vanish with it.
/// - An attachment that vanishes by itself leaves its message.
/// - A page that would end most of what a connection brought in is held back.
/// - Few deletions are never held back.
/// - The pages of a job count together.
/// - Whatever else a job deletes is held, too, once something is.
/// - A record that comes back is held no longer.
/// - What a record lacked is no word that it came back.
/// - What is held is not held twice.
/// - A colleague's deletions are not held.
/// - The document of a thread is superseded when a message of it comes in.
/// - The document of another thread is not superseded.
/// - A record that cannot be taken in is kept with its reason.
/// - One that is set aside again is kept once, with its last reason.
/// - One that comes in later, or vanishes, is kept no longer.
/// - What another stream set aside stays.
/// - A page is counted on its job.
/// - A page with nothing in it that moves nothing is not counted.
/// - A page that moves the cursor makes the attempt the first again.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PageStore: Send + Sync {
    /// How far the stream was read; none where it was not.
    async fn find_cursor(&self, stream: &Stream) -> Result<Option<Cursor>, StoreError>;

    /// Makes the page durable: cursor, documents, their sources, what is set aside, what is known of contents and the
    /// job's progress, all or nothing.
    async fn commit_page(&self, commit: &PageCommit) -> Result<CommitOutcome, StoreError>;
}
