//! Fakes, builders and contract cases for the tests of this and other crates.

#![expect(clippy::missing_panics_doc, reason = "a test helper panics where a test fails")]

pub mod blob_removals;
pub mod blob_store;
mod builders;
pub mod content_ledger;
pub mod custody;
pub mod document_counts;
pub mod document_export;
pub mod document_reader;
pub mod document_removal;
pub mod erasure;
mod fakes;
pub mod held_deletions;
pub mod intake;
pub mod library;
pub mod mail_reader;
pub mod page_store;
pub mod passage_finder;
mod record_source;
pub mod search_index;
pub mod set_aside_records;

pub use builders::{
    COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_commit, a_document, a_draft, a_key, a_lease, a_postponed,
    a_set_aside, a_stream, an_attachment, fetching_nothing,
};
pub use fakes::{InMemoryBlobStore, InMemoryIntake, InMemoryPageStore};
pub use intake::{a_contributor, a_put};
pub use library::{InMemoryLibrary, a_document_view, a_source_view};
pub use record_source::InMemoryRecordSource;
