//! Fakes, builders and contract cases for the tests of this and other crates.

#![expect(
    clippy::missing_panics_doc,
    reason = "a test helper panics where a test fails"
)]

mod builders;
pub mod connect_session_store;
pub mod connection_store;
mod fakes;

pub use builders::{
    COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_connect_session, a_connection, a_link, a_save, an_owner,
};
pub use fakes::{InMemoryConnectSessionStore, InMemoryConnectionStore};
