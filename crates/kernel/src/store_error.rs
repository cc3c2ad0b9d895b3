//! What can go wrong in a store, as far as callers care.

use std::error::Error as StdError;

use thiserror::Error;

/// A store could not do what it was asked. The detail is the `source`, for the log; `Display` is fit for anyone.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database is away, overloaded or restarting: the same call may go through later, and nothing was written.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// The database answered and the answer was not usable: a bug or a row that should not be. Trying again is no use.
    #[error("the database refused or answered nonsense")]
    Broken(#[source] Box<dyn StdError + Send + Sync>),
}

impl StoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Broken(_) => false,
        }
    }
}
