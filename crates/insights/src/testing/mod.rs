//! Fakes, builders and contract cases for the tests of this and other crates.

#![expect(clippy::missing_panics_doc, reason = "a test helper panics where a test fails")]

pub mod alerts;
pub mod books;
mod builders;
pub mod chats;
pub mod company_overview;
mod fakes;
pub mod mail_signals;

pub use alerts::InMemoryAlerts;
pub use books::InMemoryBooks;
pub use builders::{COMPANY_A, COMPANY_B, NOON, TODAY, USER_1, USER_2, a_passage, a_record, a_standing, an_alert};
pub use chats::InMemoryChats;
pub use company_overview::InMemoryOverview;
pub use mail_signals::InMemoryMailSignals;
