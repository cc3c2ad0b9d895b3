//! What this domain needs from outside.

mod broker;
mod directory;
mod endings;
mod health;
mod people;
mod reading;
mod sessions;
mod stores;
mod turns;
mod views;
mod webhooks;

pub use broker::{
    BrokerError, BrokeredConnections, ConnectionBroker, ListedPage, OpenConnectSession, ProviderAccounts, WhoAmIError,
};
#[cfg(any(test, feature = "testing"))]
pub use broker::{MockBrokeredConnections, MockConnectionBroker, MockProviderAccounts};
pub use directory::{ConnectionDirectory, DirectoryError, MemberDirectory, StuckThings};
#[cfg(any(test, feature = "testing"))]
pub use directory::{MockConnectionDirectory, MockMemberDirectory, MockStuckThings};
pub use endings::{BrokerRemovals, ConnectionEndings};
#[cfg(any(test, feature = "testing"))]
pub use endings::{MockBrokerRemovals, MockConnectionEndings};
pub use health::ConnectionHealth;
#[cfg(any(test, feature = "testing"))]
pub use health::MockConnectionHealth;
pub use people::Members;
#[cfg(any(test, feature = "testing"))]
pub use people::MockMembers;
#[cfg(any(test, feature = "testing"))]
pub use reading::MockAccountReading;
pub use reading::{AccountReading, ReadCause, ReadOutcome};
pub use sessions::{ConnectSessionEndings, ConnectSessionStore};
#[cfg(any(test, feature = "testing"))]
pub use sessions::{MockConnectSessionEndings, MockConnectSessionStore};
pub use stores::{ConnectionStore, OriginalConnections, OwnedPart, QuarantineStore, UnclaimedConnections};
#[cfg(any(test, feature = "testing"))]
pub use stores::{MockConnectionStore, MockOriginalConnections, MockQuarantineStore, MockUnclaimedConnections};
#[cfg(any(test, feature = "testing"))]
pub use turns::MockTurns;
pub use turns::Turns;
pub use views::ConnectionViews;
#[cfg(any(test, feature = "testing"))]
pub use views::MockConnectionViews;
#[cfg(any(test, feature = "testing"))]
pub use webhooks::{MockWebhookAuthenticity, MockWebhookInbox, MockWebhookReader};
pub use webhooks::{WebhookAuthenticity, WebhookInbox, WebhookReader};
