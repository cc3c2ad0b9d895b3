//! One file a table: its rows, and SQL as free functions over a connection. A function does one statement and opens no
//! transaction; which statements belong together is the stores' business.
//!
//! Every statement filters by company, although row level security does so too: two walls, and the second one is tested
//! with the first one open.

pub(crate) mod admin_audit_log;
pub(crate) mod admin_sessions;
pub(crate) mod alert_facts;
pub(crate) mod alerts;
pub(crate) mod attempt_counters;
pub(crate) mod audit_chain;
pub(crate) mod audit_entries;
pub(crate) mod audit_heads;
pub(crate) mod audit_log_global;
pub(crate) mod blob_chunks;
pub(crate) mod blob_removals;
pub(crate) mod book_records;
pub(crate) mod broker_removals;
pub(crate) mod chats;
pub(crate) mod companies;
pub(crate) mod company_jobs;
pub(crate) mod company_overview;
pub(crate) mod company_users;
pub(crate) mod connect_session_endings;
pub(crate) mod connect_sessions;
pub(crate) mod connection_actions;
pub(crate) mod connection_endings;
pub(crate) mod connection_health;
pub(crate) mod connection_views;
pub(crate) mod connections;
pub(crate) mod daily_reports;
pub(crate) mod days;
pub(crate) mod document_days;
pub(crate) mod document_removals;
pub(crate) mod document_sources;
pub(crate) mod document_views;
pub(crate) mod documents;
pub(crate) mod due_accounts;
pub(crate) mod erasures;
pub(crate) mod figures;
pub(crate) mod held_deletions;
pub(crate) mod idempotency_keys;
pub(crate) mod inconsistency;
pub(crate) mod job_claims;
pub(crate) mod lexemes;
pub(crate) mod locks;
pub(crate) mod mail_months;
pub(crate) mod mail_records;
pub(crate) mod mail_signals;
pub(crate) mod mails;
pub(crate) mod master_actions;
pub(crate) mod master_copies;
pub(crate) mod nango_original_connections;
pub(crate) mod nango_sync_cursors;
mod plans;
pub(crate) mod profiles;
pub(crate) mod quarantined_connections;
pub(crate) mod saved_reports;
mod scalars;
pub(crate) mod search;
pub(crate) mod set_aside_records;
mod sql;
pub(crate) mod summaries;
pub(crate) mod sync_jobs;
pub(crate) mod sync_locks;
pub(crate) mod sync_overrides;
pub(crate) mod sync_permissions;
pub(crate) mod team;
pub(crate) mod unclaimed_connections;
pub(crate) mod unfinished_contents;
pub(crate) mod upkeep_turns;
pub(crate) mod usage_days;
pub(crate) mod webhook_inbox;
pub(crate) mod workers;

pub(crate) use inconsistency::Inconsistency;
pub(crate) use plans::plan_for_these_values;
pub(crate) use sql::sql;
