//! From records to documents: who brought which in, by which connection, and what became of it.
//!
//! Here: what providers' records tell ([`normalise`]), documents and their attribution, how texts are cleaned and
//! compared, how one message in two mailboxes becomes one document, [`IngestPage`], which makes a page of a stream
//! durable or nothing of it, [`ReadStream`], which reads a stream to its end, and what could not be taken in and why.
//!
//! Not here: the broker's wire contract (an adapter), when streams are read (`cortex-sync-jobs`), and whose connection
//! it is (`cortex-connections`).
//!
//! # Adding a port
//!
//! State in `ports.rs` what must be true, a `# Contract` bullet each. Write a fake and one case per bullet, of the same
//! name, in `testing`; run the cases on the fake in `tests/it` and on Postgres in `cortex-postgres`. A port that no use
//! case calls does not belong here yet.

pub mod content_source;
pub mod forget_set_aside;
pub mod ingest_page;
pub mod lexemes;
pub mod model;
pub mod normalise;
pub mod ports;
pub mod read_stream;
pub mod readers;
pub mod record_source;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use forget_set_aside::ForgetSetAside;
pub use ingest_page::{IngestPage, IngestPageError};
pub use read_stream::{ReadStream, ReadStreamError, StreamReading, StreamReport};
