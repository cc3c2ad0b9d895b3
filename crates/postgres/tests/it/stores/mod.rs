//! The stores keep the contracts of their ports, under row level security and on the real schema.

mod connect_session_store;
mod connection_store;
mod job_queue;
mod library;
mod membership_store;
mod page_store;
mod profile_reader;
mod world;
