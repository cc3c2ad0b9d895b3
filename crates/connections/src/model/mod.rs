//! The words of this domain. They know no wire format and no row.

mod broker_connection;
mod connect_session;
mod connection;
mod disconnect;
mod fetch;
mod original_connection;
mod owner;
mod provider_account;
mod quarantine;
mod refusal;
mod removal;
mod save_connection;
mod status;
mod stuck;
mod unclaimed;
mod view;
mod webhook;

pub use broker_connection::{BrokerConnection, BrokerFilter, BrokerReference, ListedConnection, OwnerClaims};
pub use connect_session::{
    ConnectLink, ConnectPurpose, ConnectSession, ConnectSessionId, TokenHash, UnknownConnectPurpose,
};
pub use connection::{Connect, Connection, UnknownConnect};
pub use disconnect::{Documents, EndConnection, EndedConnection, Holder, Purge, Purged};
pub use fetch::Fetch;
pub use original_connection::{ConnectedAccount, OriginalConnection, OriginalDecision};
pub use owner::Owner;
pub use provider_account::ProviderAccount;
pub use quarantine::{QuarantineReason, QuarantinedConnection};
pub use refusal::{Refusal, RefusalReason, UnknownRefusalReason};
pub use removal::{ClaimedRemoval, Removal};
pub use save_connection::{SaveConnection, SaveDecision, SaveOutcome};
pub use status::{ConnectionEvent, ConnectionStatus, StatusReason, UnknownConnectionStatus, UnknownStatusReason};
pub use stuck::{InboxEntry, KeptInQuarantine, Replay, ReplayOutcome, UnknownWebhookState, WebhookState};
pub use unclaimed::UnclaimedConnection;
pub use view::{ConnectionView, CountedConnection, Standing, ViewFilter};
pub use webhook::{ClaimedWebhook, NewWebhook, PutOutcome, Webhook, WebhookClaim, WebhookEnding, WebhookEvent};
