//! The ports in memory.

mod alerts;
mod books;
mod chats;
mod company_overview;
mod correspondence;
mod daily_reports;
mod days;
mod figures;
mod mail_signals;
mod saved_reports;
mod summaries;

pub use alerts::InMemoryAlerts;
pub use books::InMemoryBooks;
pub use chats::InMemoryChats;
pub use company_overview::InMemoryOverview;
pub use correspondence::InMemoryCorrespondence;
pub use daily_reports::InMemoryDailyReports;
pub use days::InMemoryDays;
pub use figures::InMemoryFigures;
pub use mail_signals::InMemoryMailSignals;
pub use saved_reports::InMemorySavedReports;
pub use summaries::InMemorySummaries;
