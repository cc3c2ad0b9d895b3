//! Sessions of the admin panel, and who was not let in.

use std::fmt;
use std::time::Duration;

use cortex_kernel::{AdminSessionId, CompanyId, Origin};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// A session that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminSession {
    /// Its id, by which audit rows name it. It opens nothing.
    pub id: AdminSessionId,
    /// The company whose panel it is.
    pub company_id: CompanyId,
    /// Until when it is open.
    pub expires_at: OffsetDateTime,
}

/// A session to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAdminSession {
    /// Its id.
    pub id: AdminSessionId,
    /// The company whose panel it is.
    pub company_id: CompanyId,
    /// The hash of the token that opens it.
    pub token: AdminTokenHash,
    /// How long it lasts, by the clock of the store.
    pub lasts: Duration,
    /// The login, for the audit row.
    pub origin: Origin,
}

/// SHA-256 of the token of a session. Tokens are random and long, so nobody finds one by its hash, and a store that looks
/// a hash up tells by its pace nothing of any token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdminTokenHash([u8; 32]);

/// Somebody was not let into the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminRefusal {
    /// The company whose panel it is.
    pub company_id: CompanyId,
    /// Why.
    pub reason: AdminRefusalReason,
    /// Who it was, as far as it is known.
    pub origin: Origin,
}

/// Why somebody was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdminRefusalReason {
    /// The PIN was wrong.
    WrongPin,
    /// Too many PINs were wrong before.
    TooManyAttempts,
    /// The login came from an address that the panel may not be used from.
    LoginFromElsewhere,
    /// A call came from an address that the panel may not be used from.
    CallFromElsewhere,
}

/// An admin wanted something that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminFailure {
    /// His session.
    pub session: AdminSession,
    /// What he called: the method and the address as it stands in the table, without what he wrote into it.
    pub called: String,
    /// Why it was not done, as a word that stays.
    pub code: &'static str,
    /// The call.
    pub origin: Origin,
}

impl AdminTokenHash {
    /// The hash of `token`.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// The bare bytes, for rows.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for AdminTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminTokenHash(..)")
    }
}

impl AdminRefusalReason {
    /// The action that an audit row tells it by.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::WrongPin | Self::TooManyAttempts | Self::LoginFromElsewhere => "admin_login_failed",
            Self::CallFromElsewhere => "admin_call_refused",
        }
    }

    /// The reason in the row's details.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongPin => "wrong_pin",
            Self::TooManyAttempts => "too_many_attempts",
            Self::LoginFromElsewhere | Self::CallFromElsewhere => "address_not_allowed",
        }
    }
}
