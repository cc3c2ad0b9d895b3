//! Stores that live in memory and keep the contracts of their ports.

mod connect_sessions;
mod connections;
mod members;
mod originals;
mod quarantine;
mod removals;
mod turns;
mod views;
mod webhook_inbox;

pub use connect_sessions::{InMemoryConnectSessionStore, SessionState};
pub use connections::InMemoryConnectionStore;
pub use members::InMemoryMembers;
pub use originals::InMemoryOriginalConnections;
pub use quarantine::InMemoryQuarantineStore;
pub use removals::InMemoryBrokerRemovals;
pub use turns::InMemoryTurns;
pub use views::InMemoryConnectionViews;
pub use webhook_inbox::{InMemoryWebhookInbox, StoredWebhook};
