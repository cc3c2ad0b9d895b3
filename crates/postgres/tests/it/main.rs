//! Tests of the adapter on a real server.

#![expect(clippy::unwrap_used, reason = "what goes wrong while a test prepares fails that test")]

mod adoption;
mod doctor;
mod dump;
mod inspect;
mod migrations;
mod pool;
mod stores;
mod support;
mod walls;
mod ways_back;
