//! The life of a connection. Whatever fits nobody never comes here: it stands in the
//! [quarantine](super::QuarantinedConnection).
//!
//! ```text
//!   Connected
//!      │
//!      ▼       AuthorizationLost
//!    ┌────────┐ ───────────────▶ ┌───────────────────────┐
//!    │ active │                  │ needs re-authorization│
//!    └────────┘ ◀─────────────── └───────────────────────┘
//!      │    ▲   Connected, FoundHealthy      │
//!      │    │ Connected                      │
//!      ▼    │                                │
//!    ┌──────────────┐      Disconnected      │
//!    │ disconnected │ ◀──────────────────────┘
//!    └──────────────┘
//! ```

use std::str::FromStr;

use thiserror::Error;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionStatus {
    /// It can be read from.
    Active,
    /// It is the person's still, and the provider no longer lets us in: only connecting again helps.
    NeedsReauthorization,
    /// The person ended it. The row stays, and the next connect takes it.
    Disconnected,
}

/// What can happen to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionEvent {
    /// The person connected the account, for the first time or again.
    Connected,
    /// The broker confirmed that the credentials no longer work.
    AuthorizationLost,
    /// The broker reads it as healthy.
    FoundHealthy,
    /// The person, or an admin, ended it.
    Disconnected,
}

/// Why a connection stands where it stands, where there is more to say than its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusReason {
    /// Whose account it is could not be read when it was connected.
    AccountUnverified,
    /// The provider no longer accepts the credentials.
    CredentialsRefused,
    /// The broker no longer has the connection: somebody removed it there.
    RemovedAtBroker,
    /// The broker could not fetch from the provider when it last tried. It tries again by itself.
    FetchFailed,
    /// Nobody is known whose it is: it is from before connections had owners.
    NoUser,
    /// At the broker, the account behind it was exchanged for another one.
    AccountMismatch,
}

/// The text names no status of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown connection status: expected active, needs_reauthorization or disconnected")]
pub struct UnknownConnectionStatus;

/// The text names no reason of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "unknown reason: expected account_unverified, invalid_credentials, removed_at_nango, fetch_failed, no_user or \
     account_mismatch"
)]
pub struct UnknownStatusReason;

impl ConnectionStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::NeedsReauthorization, Self::Disconnected];

    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NeedsReauthorization => "needs_reauthorization",
            Self::Disconnected => "disconnected",
        }
    }

    /// Whether the person counts as connected: what needs re-authorization does, as only its owner can mend it.
    #[must_use]
    pub const fn is_connected(self) -> bool {
        match self {
            Self::Active | Self::NeedsReauthorization => true,
            Self::Disconnected => false,
        }
    }

    /// Where `event` leads; none where it changes nothing. A connection that was ended comes back only by connecting.
    #[must_use]
    pub const fn after(self, event: ConnectionEvent) -> Option<Self> {
        use ConnectionEvent as Event;
        match (self, event) {
            (Self::NeedsReauthorization | Self::Disconnected, Event::Connected)
            | (Self::NeedsReauthorization, Event::FoundHealthy) => Some(Self::Active),
            (Self::Active, Event::AuthorizationLost) => Some(Self::NeedsReauthorization),
            (Self::Active | Self::NeedsReauthorization, Event::Disconnected) => Some(Self::Disconnected),
            (Self::Active, Event::Connected | Event::FoundHealthy)
            | (Self::NeedsReauthorization, Event::AuthorizationLost)
            | (Self::Disconnected, Event::AuthorizationLost | Event::FoundHealthy | Event::Disconnected) => None,
        }
    }
}

impl FromStr for ConnectionStatus {
    type Err = UnknownConnectionStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or(UnknownConnectionStatus)
    }
}

impl StatusReason {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::AccountUnverified,
        Self::CredentialsRefused,
        Self::RemovedAtBroker,
        Self::FetchFailed,
        Self::NoUser,
        Self::AccountMismatch,
    ];

    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountUnverified => "account_unverified",
            Self::CredentialsRefused => "invalid_credentials",
            Self::RemovedAtBroker => "removed_at_nango",
            Self::FetchFailed => "fetch_failed",
            Self::NoUser => "no_user",
            Self::AccountMismatch => "account_mismatch",
        }
    }
}

impl FromStr for StatusReason {
    type Err = UnknownStatusReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|reason| reason.name() == text).ok_or(UnknownStatusReason)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::ConnectionEvent::{AuthorizationLost, Connected, Disconnected as End, FoundHealthy};
    use super::ConnectionStatus::{Active, Disconnected, NeedsReauthorization};
    use super::*;

    #[rstest]
    #[case(Active, Connected, None)]
    #[case(Active, AuthorizationLost, Some(NeedsReauthorization))]
    #[case(Active, FoundHealthy, None)]
    #[case(Active, End, Some(Disconnected))]
    #[case(NeedsReauthorization, Connected, Some(Active))]
    #[case(NeedsReauthorization, AuthorizationLost, None)]
    #[case(NeedsReauthorization, FoundHealthy, Some(Active))]
    #[case(NeedsReauthorization, End, Some(Disconnected))]
    #[case(Disconnected, Connected, Some(Active))]
    #[case(Disconnected, AuthorizationLost, None)]
    #[case(Disconnected, FoundHealthy, None)]
    #[case(Disconnected, End, None)]
    fn an_event_leads_from_one_status_to_another(
        #[case] from: ConnectionStatus,
        #[case] event: ConnectionEvent,
        #[case] to: Option<ConnectionStatus>,
    ) {
        assert_eq!(from.after(event), to);
    }

    #[test]
    fn every_status_and_every_reason_is_known_by_its_name() {
        for status in ConnectionStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        for reason in StatusReason::ALL {
            assert_eq!(reason.name().parse(), Ok(reason));
        }
    }
}
