//! The product as a whole: its own composition over real sockets, PostgreSQL and the sandbox's stand-ins.

#![expect(clippy::unwrap_used, reason = "what goes wrong while a test prepares fails that test")]

mod admin;
mod alerts;
mod audit_trail;
mod built_cortex;
mod chats;
mod client;
mod connect;
mod connections;
mod contents;
mod deletions;
mod doctor;
mod journey;
mod library;
mod limits;
mod log;
mod memberships;
mod metrics;
mod mocked;
mod numbers;
mod outage;
mod people;
mod pooler;
mod progress;
mod providers;
mod readiness;
mod reports;
mod route_matrix;
mod schedule;
mod soak;
mod stack;
mod team;
mod tokens;
mod uploads;
mod webhook_mix;
mod webhooks;
