//! What a job works on.

use cortex_kernel::{ConnectionId, Provider};

use super::Period;

/// What a job works on: an account, or the company itself. A job of the company has no account, and one that reads an
/// account no period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobSubject {
    /// An account is read.
    Account(Account),
    /// Something is made of what the company knows, for this period.
    Company(Period),
}

/// An account, as jobs read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// By which connection.
    pub connection_id: ConnectionId,
    /// Of which provider.
    pub provider: Provider,
}

impl JobSubject {
    /// The account that is read; none of a job of the company.
    #[must_use]
    pub const fn account(&self) -> Option<Account> {
        match self {
            Self::Account(account) => Some(*account),
            Self::Company(_) => None,
        }
    }

    /// The connection of that account.
    #[must_use]
    pub fn connection_id(&self) -> Option<ConnectionId> {
        self.account().map(|account| account.connection_id)
    }

    /// The provider of that account.
    #[must_use]
    pub fn provider(&self) -> Option<Provider> {
        self.account().map(|account| account.provider)
    }

    /// The period of a job of the company.
    #[must_use]
    pub const fn period(&self) -> Option<&Period> {
        match self {
            Self::Account(_) => None,
            Self::Company(period) => Some(period),
        }
    }
}
