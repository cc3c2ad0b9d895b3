//! The accounts at Master Supabase Auth.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Email, UserId};
use thiserror::Error;

use crate::model::{Account, AccountBinding};

/// Administers accounts. Addresses are compared without case.
///
/// # Contract
///
/// - An invitation makes an account that names the company as its own.
/// - An account that was never used is invited again.
/// - An account that was used is not invited.
/// - An account is found by its whole address.
/// - An account that is not there reads as absent.
/// - A binding replaces the list of companies and nothing else.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UserDirectory: Send + Sync {
    /// Sends a mail with a link that signs in, and makes the account if there is none: with `company_id` as the
    /// person's own word. Where the mail cannot be sent, nothing has happened.
    async fn invite(&self, email: &Email, company_id: CompanyId) -> Result<InviteAnswer, DirectoryError>;

    /// The account with exactly this address.
    async fn find_by_email(&self, email: &Email) -> Result<Option<UserId>, DirectoryError>;

    /// The account as it is now.
    async fn find(&self, user_id: UserId) -> Result<Option<Account>, DirectoryError>;

    /// Writes what is given and leaves the rest of the account alone. An account that is not there any more is let be.
    async fn write_binding(&self, user_id: UserId, binding: &AccountBinding) -> Result<(), DirectoryError>;
}

/// What came of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteAnswer {
    /// The mail is on its way to this account.
    Sent(UserId),
    /// There is an account that was used before. No mail was sent.
    HasAccount,
}

/// The accounts could not be administered.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// The mail could not be sent, and nothing happened.
    #[error("the mail cannot be sent")]
    MailNotSent(#[source] Box<dyn StdError + Send + Sync>),
    /// It takes no mail to this address.
    #[error("the address is refused")]
    AddressRefused(#[source] Box<dyn StdError + Send + Sync>),
    /// Our key is wrong or may not.
    #[error("our key is refused")]
    Unauthorised(#[source] Box<dyn StdError + Send + Sync>),
    /// Too many requests.
    #[error("too many requests")]
    Throttled {
        /// How long to wait, where it was said.
        retry_after: Option<Duration>,
    },
    /// It is away.
    #[error("the accounts cannot be reached")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// It answered what makes no sense.
    #[error("the answer about an account makes no sense")]
    BadAnswer(#[source] Box<dyn StdError + Send + Sync>),
}
