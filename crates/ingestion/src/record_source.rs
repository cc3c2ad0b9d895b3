//! Where records come from: the port to the broker, and its words.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, Provider};
use serde_json::Value;
use thiserror::Error;

use crate::model::{Cursor, Stream};

/// Hands over the records that a broker keeps of connections. It is remote: no transaction is open while it is asked.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait RecordSource: Send + Sync {
    /// Asks the broker to fetch anew what the connection's provider has. It says only that the wish was taken: what it
    /// brings shows up in pages later.
    async fn request_fetch(&self, provider: Provider, broker_id: &BrokerConnectionId) -> Result<(), SourceError>;

    /// The records after a cursor, or the first ones, in the order of their last change: at most `limit`, and fewer
    /// where they are large. A model that the broker does not know has none.
    async fn read_page(&self, stream: &Stream, after: Option<Cursor>, limit: u16) -> Result<RecordPage, SourceError>;
}

/// Some of a stream's records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordPage {
    /// The records, oldest change first.
    pub records: Vec<SourceRecord>,
    /// Whether there are more after them.
    pub has_more: bool,
}

/// A record, and where reading goes on after it.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRecord {
    /// The position right after it.
    pub cursor: Cursor,
    /// What is known of it.
    pub state: RecordState,
}

/// What the broker knows of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordState {
    /// It is there, like this: the provider's fields, without the broker's own.
    Present(Value),
    /// It vanished at the provider.
    Deleted {
        /// Its id there.
        id: String,
    },
    /// The broker has forgotten its fields, because nobody asked for them for long. It says nothing about the record.
    Pruned,
}

/// The broker handed over nothing. The detail is the `source`, for the log.
#[derive(Debug, Error)]
pub enum SourceError {
    /// Our own key is wrong. Nobody's connection is the worse for it, and only the operator can help.
    #[error("the connection broker refuses our key")]
    Unauthorised(#[source] Box<dyn StdError + Send + Sync>),
    /// The provider no longer accepts the connection's credentials: only its owner can help.
    #[error("the account has to be connected again")]
    NeedsReauthorization(#[source] Box<dyn StdError + Send + Sync>),
    /// We ask too often.
    #[error("the connection broker asks us to wait")]
    Throttled {
        /// How long, where it says so.
        retry_after: Option<Duration>,
    },
    /// It is away: the same call may go through later.
    #[error("the connection broker is not available")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// It answers as usual, but not to this cursor: the stream has to be read from its first record again.
    #[error("the connection broker no longer knows the cursor")]
    CursorLost,
    /// It answered something that makes no sense.
    #[error("the connection broker answered nonsense")]
    BadAnswer(#[source] Box<dyn StdError + Send + Sync>),
}

impl SourceError {
    /// Whether the same call may succeed later, once somebody waits or mends what is ours.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unauthorised(_) | Self::Throttled { .. } | Self::Unavailable(_) => true,
            Self::NeedsReauthorization(_) | Self::CursorLost | Self::BadAnswer(_) => false,
        }
    }
}
