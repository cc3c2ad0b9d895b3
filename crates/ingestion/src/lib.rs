//! From records to documents: who brought which in, by which connection, and what became of it.
//!
//! Here: what providers' records tell ([`normalise`]), documents and their attribution, how texts are cleaned and
//! compared, how one message in two mailboxes becomes one document, [`IngestPage`], which makes a page of a stream
//! durable or nothing of it, [`ReadStream`], which reads a stream to its end, what could not be taken in and why,
//! deletions that wait for somebody's word, what people bring in by hand ([`UploadDocument`], [`AddDocument`]), and
//! original bytes: [`KeepBlob`], [`RemoveBlobs`].
//!
//! Not here: the broker's wire contract (an adapter), when streams are read (`cortex-sync-jobs`), and whose connection
//! it is (`cortex-connections`).
//!
//! # Adding a port
//!
//! State in `ports.rs` what must be true, a `# Contract` bullet each. Write a fake and one case per bullet, of the same
//! name, in `testing`; run the cases on the fake in `tests/it` and on Postgres in `cortex-postgres`. A port that no use
//! case calls does not belong here yet.

pub mod add_document;
pub mod content_source;
pub mod decide_deletions;
pub mod erase_person;
pub mod fetch_contents;
pub mod finish_contents;
pub mod forget_idempotency_keys;
pub mod forget_set_aside;
pub mod ingest_page;
pub mod keep_blob;
pub mod lexemes;
pub mod model;
pub mod normalise;
pub mod ports;
pub mod read_stream;
pub mod readers;
pub mod record_source;
pub mod remove_blobs;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod turns;
pub mod upload_document;

pub use add_document::{AddDocument, PutError};
pub use decide_deletions::{DecideDeletions, DecideDeletionsError, DecidedDeletions};
pub use erase_person::{ErasePerson, ErasePersonError};
pub use fetch_contents::FetchContents;
pub use finish_contents::FinishContents;
pub use forget_idempotency_keys::ForgetIdempotencyKeys;
pub use forget_set_aside::ForgetSetAside;
pub use ingest_page::{IngestPage, IngestPageError};
pub use keep_blob::KeepBlob;
pub use read_stream::{ReadStream, ReadStreamError, StreamReading, StreamReport};
pub use remove_blobs::RemoveBlobs;
pub use upload_document::{UploadDocument, UploadError};
