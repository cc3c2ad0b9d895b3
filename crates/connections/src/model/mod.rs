//! The words of this domain. They know no wire format and no row.

mod connect_session;
mod connection;
mod owner;
mod provider_account;
mod save_connection;
mod status;

pub use connect_session::{
    ConnectLink, ConnectPurpose, ConnectSession, ConnectSessionId, TokenHash, UnknownConnectPurpose,
};
pub use connection::Connection;
pub use owner::Owner;
pub use provider_account::ProviderAccount;
pub use save_connection::{SaveConnection, SaveDecision, SaveOutcome};
pub use status::{
    ConnectionEvent, ConnectionStatus, StatusReason, UnknownConnectionStatus, UnknownStatusReason,
};
