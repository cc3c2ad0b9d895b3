//! Commands that do one thing and end.

pub mod admin;
pub mod audit;
pub mod doctor;
pub mod migrate;
pub mod openapi;
pub mod users;
