//! Where key sets come from.

use async_trait::async_trait;
use thiserror::Error;

/// Fetches the issuer's JSON Web Key Set (RFC 7517). How often it is asked is the caller's business.
#[async_trait]
pub trait JwksSource: Send + Sync {
    /// The set as it was published, not looked at.
    async fn fetch(&self) -> Result<Vec<u8>, FetchJwksError>;
}

/// The keys could not be fetched; the ones at hand stay.
#[derive(Debug, Error)]
pub enum FetchJwksError {
    /// No answer, or none in time.
    #[error("the issuer's keys cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another status than 200.
    #[error("the issuer answered {0} instead of its keys: is MASTER_SUPABASE_URL right?")]
    Status(u16),
    /// More than any set of keys has.
    #[error("the issuer's answer is too long for a set of keys")]
    TooLong,
    /// Not a JSON Web Key Set.
    #[error("the issuer's answer is not a set of keys: is MASTER_SUPABASE_URL right?")]
    NotAKeySet(#[source] serde_json::Error),
}
