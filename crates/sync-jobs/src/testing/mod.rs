//! Fakes, builders and contract cases for the tests of this and other crates.

#![expect(clippy::missing_panics_doc, reason = "a test helper panics where a test fails")]

mod builders;
pub mod company_jobs;
pub mod company_leaves;
pub mod due_accounts;
mod fakes;
pub mod job_directory;
pub mod job_queue;
pub mod live_jobs;
pub mod sync_starter;
pub mod workers;

pub use builders::{
    COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_claim, a_company_request, a_job, a_new_company_job, a_new_job,
    a_request, a_sign, an_account,
};
pub use fakes::InMemoryJobQueue;
