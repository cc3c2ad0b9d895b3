//! The HTTP API of Nango, which holds the credentials of connections.
//!
//! Here: [`NangoClient`], which every call goes through and which keeps what nobody waits for below a share of
//! Nango's rate limit, [`NangoConnectionBroker`], which opens connect sessions, [`NangoConnections`], which reads,
//! lists and removes connections, [`NangoProviderAccounts`], which asks providers whose accounts they reach,
//! [`NangoRecordSource`], which reads records, [`NangoContentSource`], which fetches what they do not carry,
//! [`WebhookSignature`], which tells Nango's webhooks from anybody's, [`NangoWebhookReader`], which reads them, and
//! [`NangoExaminer`], which finds out whether all that is set for Nango is so there.
//!
//! Not here: when a call is tried again and what an answer means for a connection (the domains decide), and trust in
//! servers: the composition root hands in one TLS configuration for all adapters, so that
//! certificates are read once and no crypto provider is installed globally.
//!
//! Nothing that Nango answers is shown or logged as free text, because answers carry tokens: errors name the status,
//! Nango's own code and the members that it complains of.

mod answer;
mod brokered_connections;
mod budget;
mod claims;
mod client;
mod complaint;
mod connection_broker;
mod content_source;
mod error;
mod examiner;
mod provider_accounts;
mod proxy;
mod record_source;
mod webhook_reader;
mod webhook_signature;

pub use brokered_connections::NangoConnections;
pub use client::{NangoClient, NangoConfig, NewNangoClientError};
pub use connection_broker::NangoConnectionBroker;
pub use content_source::NangoContentSource;
pub use examiner::{NangoExaminer, NangoFacts};
pub use provider_accounts::NangoProviderAccounts;
pub use record_source::NangoRecordSource;
pub use webhook_reader::NangoWebhookReader;
pub use webhook_signature::WebhookSignature;
