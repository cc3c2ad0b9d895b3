//! Commands that do one thing and end.

pub mod migrate;
pub mod users;
