//! What a login to the admin panel needs. None of it is remote, and none of it belongs into a domain: hashing is work for
//! threads of its own, and randomness comes from outside.

use std::error::Error as StdError;

use async_trait::async_trait;
use secrecy::SecretString;
use thiserror::Error;

/// Knows the PIN that opens the admin panel, by its hash.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PinVerifier: Send + Sync {
    /// Whether this is the PIN. It costs the same whatever the answer is and however long the PIN, and holds nobody up who
    /// does something else.
    async fn is_right(&self, pin: &SecretString) -> Result<bool, VerifyPinError>;
}

/// A PIN could not be compared: a mistake of ours. Nobody is let in.
#[derive(Debug, Error)]
#[error("the PIN could not be compared")]
pub struct VerifyPinError(#[source] pub Box<dyn StdError + Send + Sync>);

/// Makes tokens for sessions of the admin panel.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait AdminTokens: Send + Sync {
    /// A token of 256 random bits that was never given before, in letters and digits.
    fn new_token(&self) -> SecretString;
}
