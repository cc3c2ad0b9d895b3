//! Commands that do one thing and end.

pub mod admin;
pub mod migrate;
