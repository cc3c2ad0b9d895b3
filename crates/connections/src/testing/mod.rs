//! Fakes, builders and contract cases for the tests of this and other crates.

#![expect(clippy::missing_panics_doc, reason = "a test helper panics where a test fails")]

pub mod broker_removals;
mod builders;
pub mod connect_session_endings;
pub mod connect_session_store;
pub mod connection_endings;
pub mod connection_health;
pub mod connection_store;
pub mod connection_views;
pub mod directory;
mod fakes;
pub mod members;
pub mod original_connections;
pub mod quarantine_store;
pub mod turns;
pub mod unclaimed_connections;
pub mod webhook_inbox;

pub use builders::{
    COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_broker_connection, a_claim, a_connect_session, a_connected_account,
    a_connection, a_link, a_quarantined_connection, a_refusal, a_save, a_webhook, an_account, an_origin, an_owner,
    an_unclaimed_connection,
};
pub use directory::InMemoryStuckThings;
pub use fakes::{
    InMemoryBrokerRemovals, InMemoryConnectSessionStore, InMemoryConnectionStore, InMemoryConnectionViews,
    InMemoryMembers, InMemoryOriginalConnections, InMemoryQuarantineStore, InMemoryTurns, InMemoryWebhookInbox,
    SessionState, StoredWebhook,
};
