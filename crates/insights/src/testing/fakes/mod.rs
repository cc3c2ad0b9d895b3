//! The ports in memory.

mod books;
mod chats;
mod company_overview;

pub use books::InMemoryBooks;
pub use chats::InMemoryChats;
pub use company_overview::InMemoryOverview;
