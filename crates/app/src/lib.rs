//! The composition root of Cortex and its command line.
//!
//! The one crate that knows everything, so that no other has to: [`config`] reads the environment, [`ports`] chooses the
//! adapters, [`services`] puts use cases over them, [`serve`] runs the API, [`start`] says what has to hold
//! first, and [`cli`] is the commands. Nothing is decided here that a domain should decide.

pub mod admin_pin;
mod alert_rules;
mod ask_documents;
pub mod audit_upkeep;
mod background;
pub mod beside_requests;
mod bindings;
mod blob_removal;
mod blob_store;
pub mod cli;
pub mod commands;
mod company_schedule;
pub mod config;
mod confirmed_deletions;
mod connection_upkeep;
mod departures;
mod ended_company_jobs;
mod have_read;
mod idempotency_keys;
mod insight_ports;
mod insight_services;
mod json_lines;
mod kept_counts;
mod lacking_contents;
pub mod logging;
pub mod metrics;
mod own_thread;
pub mod ports;
mod probes;
mod read_account;
mod readiness;
mod repeat;
mod report_days;
mod run_jobs;
pub mod schedule;
mod searchable;
pub mod serve;
pub mod services;
mod set_aside;
pub mod signing_keys;
pub mod start;
mod summing_up;
mod tls;
mod traces;
mod watch;
pub mod work;
mod worker_report;
