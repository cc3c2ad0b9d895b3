//! The adapter against a server on this machine that answers as Nango does, or as it should not.

#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a test fails that test")]

mod connect_sessions;
mod connections;
mod contents;
mod examiner;
mod failures;
mod provider_accounts;
mod rate_budget;
mod records;
mod stand_in;
mod webhook_bodies;
mod webhook_reader;
mod webhook_signature;
