//! Fakes, builders and contract cases for the tests of this and other crates.

#![expect(clippy::missing_panics_doc, reason = "a test helper panics where a test fails")]

pub mod admin_sessions;
pub mod attempt_counters;
pub mod audit;
mod builders;
mod fakes;
pub mod membership_store;
pub mod profile_reader;
pub mod team_store;
pub mod user_directory;
pub mod visit_store;

pub use admin_sessions::{InMemoryAdminSessions, a_new_admin_session, an_admin_origin};
pub use attempt_counters::InMemoryAttemptCounters;
pub use builders::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_company, a_membership, a_token, an_account};
pub use fakes::InMemoryMembershipStore;
