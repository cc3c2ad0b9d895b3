//! What this domain needs from outside.

mod broker;
mod people;
mod stores;
mod webhooks;

pub use broker::{
    BrokerError, BrokeredConnections, ConnectionBroker, OpenConnectSession, ProviderAccounts, WhoAmIError,
};
#[cfg(any(test, feature = "testing"))]
pub use broker::{MockBrokeredConnections, MockConnectionBroker, MockProviderAccounts};
pub use people::Members;
#[cfg(any(test, feature = "testing"))]
pub use people::MockMembers;
pub use stores::{ConnectSessionEndings, ConnectSessionStore, ConnectionStore, OriginalConnections, QuarantineStore};
#[cfg(any(test, feature = "testing"))]
pub use stores::{
    MockConnectSessionEndings, MockConnectSessionStore, MockConnectionStore, MockOriginalConnections,
    MockQuarantineStore,
};
#[cfg(any(test, feature = "testing"))]
pub use webhooks::{MockWebhookAuthenticity, MockWebhookInbox, MockWebhookReader};
pub use webhooks::{WebhookAuthenticity, WebhookInbox, WebhookReader};
