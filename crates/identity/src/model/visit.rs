//! That a member came.

use cortex_kernel::{Email, UserId};
use time::OffsetDateTime;

/// A member came with a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Who.
    pub user_id: UserId,
    /// When.
    pub at: OffsetDateTime,
    /// The address that the token names, where the company knows the member by another one.
    pub new_email: Option<NewEmail>,
}

/// An address that a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEmail {
    /// The address.
    pub email: Email,
    /// When the token was issued: of two tokens the later one is right.
    pub issued_at: OffsetDateTime,
}
