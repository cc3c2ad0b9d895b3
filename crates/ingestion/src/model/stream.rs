//! What pages are read from, and how far.

use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Provider, UserId};

/// The records of one model that one connection of a person yields. A reconnect gives the connection a new id at the
/// broker and thereby another stream, which begins at the first record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    /// The company.
    pub company_id: CompanyId,
    /// Whose account it is.
    pub user_id: UserId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// The broker's id of it.
    pub broker_id: BrokerConnectionId,
    /// The provider.
    pub provider: Provider,
    /// The model of the records, in the broker's words.
    pub model: String,
    /// The variant of the model, in the broker's words; `base` where there is but one.
    pub variant: String,
}

/// How far a stream has been read: the broker's word for the last record seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(String);

impl Cursor {
    /// Takes the broker's text as it is: it is opaque to us.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The broker's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
