//! Tests of the adapter on a real server.

mod dump;
mod migrations;
mod pool;
mod stores;
mod support;
mod walls;
