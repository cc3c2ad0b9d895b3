//! Fakes, builders and contract cases for the tests of this and other crates.

#![expect(clippy::missing_panics_doc, reason = "a test helper panics where a test fails")]

pub mod alerts;
pub mod books;
mod builders;
pub mod chats;
pub mod company_overview;
pub mod correspondence;
pub mod daily_reports;
pub mod day_reader;
mod fakes;
pub mod figures;
pub mod mail_signals;
pub mod saved_reports;
pub mod summaries;

pub use alerts::InMemoryAlerts;
pub use books::InMemoryBooks;
pub use builders::{
    COMPANY_A, COMPANY_B, NOON, TODAY, USER_1, USER_2, a_daily_report, a_passage, a_record, a_saved_report, a_standing,
    an_alert,
};
pub use chats::InMemoryChats;
pub use company_overview::InMemoryOverview;
pub use correspondence::InMemoryCorrespondence;
pub use daily_reports::InMemoryDailyReports;
pub use day_reader::InMemoryDays;
pub use figures::InMemoryFigures;
pub use mail_signals::InMemoryMailSignals;
pub use saved_reports::InMemorySavedReports;
pub use summaries::InMemorySummaries;
