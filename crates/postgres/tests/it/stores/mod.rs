//! The stores keep the contracts of their ports, under row level security and on the real schema.

mod admin_sessions;
mod attempt_counters;
mod audit;
mod connect_session_endings;
mod connect_session_store;
mod connecting;
mod connection_directory;
mod connection_store;
mod job_directory;
mod job_queue;
mod library;
mod members;
mod membership_store;
mod membership_watch;
mod original_connections;
mod page_store;
mod profile_reader;
mod quarantine_store;
mod reading_states;
mod sync_journey;
mod sync_starter;
mod team_store;
mod visit_store;
mod webhook_inbox;
mod world;
