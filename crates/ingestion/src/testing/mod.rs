//! Fakes, builders and contract cases for the tests of this and other crates.

#![expect(clippy::missing_panics_doc, reason = "a test helper panics where a test fails")]

mod builders;
mod fakes;
pub mod page_store;

pub use builders::{
    COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_commit, a_document, a_draft, a_key, a_lease, a_stream,
};
pub use fakes::InMemoryPageStore;
