//! The ports in memory.

mod books;
mod chats;
mod company_overview;
mod correspondence;
mod figures;
mod summaries;

pub use books::InMemoryBooks;
pub use chats::InMemoryChats;
pub use company_overview::InMemoryOverview;
pub use correspondence::InMemoryCorrespondence;
pub use figures::InMemoryFigures;
pub use summaries::InMemorySummaries;
