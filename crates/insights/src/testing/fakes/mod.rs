//! The ports in memory.

mod alerts;
mod books;
mod chats;
mod company_overview;
mod mail_signals;

pub use alerts::InMemoryAlerts;
pub use books::InMemoryBooks;
pub use chats::InMemoryChats;
pub use company_overview::InMemoryOverview;
pub use mail_signals::InMemoryMailSignals;
