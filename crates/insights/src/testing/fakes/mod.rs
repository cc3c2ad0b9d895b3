//! The ports in memory.

mod books;
mod chats;
mod company_overview;
mod daily_reports;
mod days;
mod saved_reports;

pub use books::InMemoryBooks;
pub use chats::InMemoryChats;
pub use company_overview::InMemoryOverview;
pub use daily_reports::InMemoryDailyReports;
pub use days::InMemoryDays;
pub use saved_reports::InMemorySavedReports;
