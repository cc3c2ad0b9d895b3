//! Connects that were not taken.

use std::str::FromStr;

use cortex_kernel::Origin;
use thiserror::Error;
use time::OffsetDateTime;

use super::{BrokerReference, Owner};

/// A connection that a person brought and that does not become his.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who brought it.
    pub owner: Owner,
    /// Which one.
    pub reference: BrokerReference,
    /// Why it was not taken.
    pub reason: RefusalReason,
    /// Whether it is to be removed at the broker.
    pub is_to_be_removed: bool,
    /// When.
    pub at: OffsetDateTime,
    /// What brought it to us, for the audit row.
    pub origin: Origin,
}

/// Why a connection was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// It reaches another account than the one that is connected.
    AccountMismatch,
}

/// The text names no reason of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown reason of a refusal: expected account_mismatch")]
pub struct UnknownRefusalReason;

impl RefusalReason {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::AccountMismatch];

    /// The word in rows, answers and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountMismatch => "account_mismatch",
        }
    }
}

impl FromStr for RefusalReason {
    type Err = UnknownRefusalReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|reason| reason.name() == text).ok_or(UnknownRefusalReason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_known_by_its_name() {
        for reason in RefusalReason::ALL {
            assert_eq!(reason.name().parse(), Ok(reason));
        }
        assert_eq!("mood".parse::<RefusalReason>(), Err(UnknownRefusalReason));
    }
}
