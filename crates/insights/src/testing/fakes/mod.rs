//! The ports in memory.

mod books;
mod chats;
mod company_overview;
mod saved_reports;

pub use books::InMemoryBooks;
pub use chats::InMemoryChats;
pub use company_overview::InMemoryOverview;
pub use saved_reports::InMemorySavedReports;
