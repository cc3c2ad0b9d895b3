//! The sessions in which people connect accounts.

use std::fmt;
use std::str::FromStr;

use cortex_kernel::Provider;
use sha2::{Digest, Sha256};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Owner;

/// Our own number of a session: the broker gives none that comes back with what the session brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectSessionId(
    /// The bare UUID, for rows.
    pub Uuid,
);

/// What a person wants of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectPurpose {
    /// To connect an account.
    Connect,
    /// To connect the same account again. To the broker it is a session like any other: its own kind for reconnects
    /// overwrites the credentials of the connection before anyone can look whose they are.
    Reconnect,
}

/// The text names no purpose of a connect session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown purpose of a connect session: expected connect or reconnect")]
pub struct UnknownConnectPurpose;

/// A session that we had the broker open for a person, remembered so that what it brings is known to be asked for. Of
/// its token only the hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectSession {
    /// Our number of it.
    pub id: ConnectSessionId,
    /// For whom it was opened.
    pub owner: Owner,
    /// For which provider, and no other.
    pub provider: Provider,
    /// What the person wanted.
    pub purpose: ConnectPurpose,
    /// The hash of its token.
    pub token_hash: TokenHash,
    /// When it was opened.
    pub opened_at: OffsetDateTime,
    /// Until when it can bring something.
    pub expires_at: OffsetDateTime,
}

/// SHA-256 of a session token: enough to know the token again, and of no use to who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

/// Where a person goes to connect. Whoever has it can connect an account in the person's name: `Debug` tells neither
/// the token nor the address, which carries the token.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectLink {
    /// The session token, for the broker's user interface.
    pub token: String,
    /// The address to send a browser to.
    pub url: String,
    /// Until when both work.
    pub expires_at: OffsetDateTime,
}

impl ConnectPurpose {
    /// What the audit log calls the opening of such a session.
    #[must_use]
    pub const fn audit_action(self) -> &'static str {
        match self {
            Self::Connect => "connection_initiated",
            Self::Reconnect => "connection_reconnect_initiated",
        }
    }

    /// The word in rows and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Reconnect => "reconnect",
        }
    }
}

impl FromStr for ConnectPurpose {
    type Err = UnknownConnectPurpose;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Connect, Self::Reconnect].into_iter().find(|purpose| purpose.name() == text).ok_or(UnknownConnectPurpose)
    }
}

impl TokenHash {
    /// The hash of `token`.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Takes a stored hash.
    #[must_use]
    pub const fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The bare bytes, for rows.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ConnectLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectLink").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOON, a_link};

    #[test]
    fn a_link_does_not_tell_its_secret() {
        let link = ConnectLink { token: "hush".to_owned(), url: "https://x/?t=hush".to_owned(), ..a_link() };

        let told = format!("{link:?}");

        assert!(!told.contains("hush"), "{told}");
        assert!(told.contains(&NOON.year().to_string()), "{told}");
    }

    #[test]
    fn every_purpose_is_known_by_its_name() {
        for purpose in [ConnectPurpose::Connect, ConnectPurpose::Reconnect] {
            assert_eq!(purpose.name().parse(), Ok(purpose));
        }
        assert_eq!("look".parse::<ConnectPurpose>(), Err(UnknownConnectPurpose));
    }
}
