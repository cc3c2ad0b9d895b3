//! Where the content of records comes from: the port to the providers, through the broker, and its words.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cortex_kernel::{BrokerConnectionId, Provider};
use serde_json::Value;
use thiserror::Error;

/// Fetches from providers what records do not carry. It is remote: no transaction is open while it is asked.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ContentSource: Send + Sync {
    /// What is asked for, unless it has more than `most_bytes`.
    async fn fetch(
        &self,
        provider: Provider,
        broker_id: &BrokerConnectionId,
        wanted: &Wanted,
        most_bytes: u64,
    ) -> Result<Fetched, ContentError>;
}

/// What can be asked of a provider. All ids are the provider's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// A message of Gmail with its texts: the resource `users.messages`.
    GmailMessage {
        /// Which.
        id: String,
    },
    /// A file that came with a message of Gmail.
    GmailAttachment {
        /// With which message.
        message_id: String,
        /// Which. Gmail gives a file another id each time that its message is fetched; old ones go on working.
        id: String,
    },
    /// A message of Outlook with its body and the list of its files: Graph's `message`, with `attachments` expanded
    /// (without their bytes).
    OutlookMessage {
        /// Which.
        id: String,
    },
    /// A file that came with a message of Outlook.
    OutlookAttachment {
        /// With which message.
        message_id: String,
        /// Which.
        id: String,
    },
    /// The bytes of a file of Drive.
    DriveFile {
        /// Which.
        id: String,
    },
    /// A document of Google's own kind, in another format.
    DriveExport {
        /// Which.
        id: String,
        /// In which: a media type.
        mime_type: &'static str,
    },
}

/// What a provider answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Fetched {
    /// A resource: of a message.
    Resource(Value),
    /// Bytes: of a file.
    Bytes(Bytes),
}

/// A provider handed over nothing. The detail is the `source`, for the log.
#[derive(Debug, Error)]
pub enum ContentError {
    /// Our own key at the broker is wrong.
    #[error("the connection broker refuses our key")]
    Unauthorised(#[source] Box<dyn StdError + Send + Sync>),
    /// The provider no longer accepts the connection's credentials.
    #[error("the account has to be connected again")]
    NeedsReauthorization(#[source] Box<dyn StdError + Send + Sync>),
    /// We, or all who share the account, ask too often.
    #[error("we are asked to wait")]
    Throttled {
        /// How long, where it is said.
        retry_after: Option<Duration>,
    },
    /// The broker or the provider is away: the same call may go through later.
    #[error("the content is not available")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// It is not there, or the account may not have it; the same call fails again.
    #[error("the provider does not hand it over")]
    Refused(#[source] Box<dyn StdError + Send + Sync>),
    /// It has more bytes than were wanted.
    #[error("it is too large")]
    TooLarge,
}

impl ContentError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unauthorised(_) | Self::NeedsReauthorization(_) | Self::Throttled { .. } | Self::Unavailable(_) => {
                true
            }
            Self::Refused(_) | Self::TooLarge => false,
        }
    }
}
