//! What this domain needs from outside.

mod broker;
mod directory;
mod people;
mod stores;
mod webhooks;

pub use broker::{
    BrokerError, BrokeredConnections, ConnectionBroker, OpenConnectSession, ProviderAccounts, WhoAmIError,
};
#[cfg(any(test, feature = "testing"))]
pub use broker::{MockBrokeredConnections, MockConnectionBroker, MockProviderAccounts};
pub use directory::{ConnectionDirectory, DirectoryError, MemberDirectory, StuckThings};
#[cfg(any(test, feature = "testing"))]
pub use directory::{MockConnectionDirectory, MockMemberDirectory, MockStuckThings};
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
