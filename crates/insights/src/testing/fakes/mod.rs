//! The ports in memory.

mod books;
mod company_overview;

pub use books::InMemoryBooks;
pub use company_overview::InMemoryOverview;
