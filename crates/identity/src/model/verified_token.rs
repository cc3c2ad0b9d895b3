//! What a token says once its signature holds.

use cortex_kernel::{Email, UserId};
use thiserror::Error;
use time::OffsetDateTime;

use super::CompanyClaims;

/// What a token of Master Supabase Auth says. Signature, validity in time, issuer, audience and kind are checked; what
/// follows from the claims about companies is not decided yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    /// `sub`.
    pub user_id: UserId,
    /// `email`, where there is one that can be read.
    pub email: Option<Email>,
    /// The companies the token names, as raw facts.
    pub companies: CompanyClaims,
    /// `session_id`: the sign-in that the token belongs to.
    pub session_id: Option<String>,
    /// `iat`, where there is one.
    pub issued_at: Option<OffsetDateTime>,
    /// `exp`.
    pub expires_at: OffsetDateTime,
}

/// Why a token was refused. For the log: a caller learns only that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenRefusal {
    /// Not three parts of base64url with JSON in them.
    #[error("the token is malformed")]
    Malformed,
    /// Longer than any token we accept.
    #[error("the token is too long")]
    TooLong,
    /// The header holds `crit`, or names a key of its own.
    #[error("the header asks for what is not supported")]
    ForbiddenHeader,
    /// `none`, or another algorithm than the key's.
    #[error("the algorithm does not fit the key")]
    WrongAlgorithm,
    /// No key of this `kid`.
    #[error("the key is not known")]
    UnknownKey,
    /// The signature does not hold.
    #[error("the signature does not hold")]
    BadSignature,
    /// `exp` is over.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A claim that must be there is missing or has the wrong shape; its name is given.
    #[error("the claim {0} is missing or malformed")]
    BadClaim(&'static str),
    /// `iss` or `aud` is somebody else's; its name is given.
    #[error("the claim {0} is not ours")]
    ForeignClaim(&'static str),
    /// `role` is not `authenticated`: a service or anon key.
    #[error("the token is not a user's")]
    NotAUser,
    /// `is_anonymous`.
    #[error("the user is anonymous")]
    AnonymousUser,
    /// `client_id` of a program that is not on our list.
    #[error("the token was made for another program")]
    ForeignClient,
}
