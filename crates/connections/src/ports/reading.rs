//! That accounts are read.

use async_trait::async_trait;
use cortex_kernel::{Origin, StoreError};

use crate::model::Connection;

/// Has accounts read, where somebody wanted that.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AccountReading: Send + Sync {
    /// There may be something new in the account. May be repeated: a reading that waits already does for both.
    async fn have_read(
        &self,
        connection: &Connection,
        cause: ReadCause,
        origin: &Origin,
    ) -> Result<ReadOutcome, StoreError>;
}

/// Why there may be something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadCause {
    /// The account was connected, by whoever had none.
    Connected,
    /// The account was connected again.
    Reconnected,
    /// The broker fetched from the provider.
    Fetched,
}

/// What became of the wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadOutcome {
    /// It is going to be read.
    Wanted,
    /// Nobody ever had it read, and nobody is to begin that but a person or the setting that speaks for all.
    NotBegun,
    /// It cannot be read as it stands.
    NotReadable,
}

impl ReadOutcome {
    /// In a word, for the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::NotBegun => "never begun",
            Self::NotReadable => "not possible as it stands",
        }
    }
}
