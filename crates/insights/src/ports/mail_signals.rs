//! Keeping which words of the lexicon stand in which mails.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::{MailText, Period, ReadMail, SignalCounts};

/// What is found in mails. A mail is read once for each version of the lexicon, and again when its text changed.
///
/// # Contract
///
/// - Mails that no version read are told, some at a time.
/// - What was read is not told again until the lexicon changes.
/// - A mail whose text changed is read again, and its words are written anew.
/// - What was read of an earlier state is not kept.
/// - Words are counted by week, and their newest mails are told.
/// - Both ends of a period belong to it.
/// - Words of a mail go with it.
/// - Another company's mails are closed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MailSignals: Send + Sync {
    /// At most `most` mails that were not read by this version of the lexicon, with their texts.
    async fn list_unread(&self, company_id: CompanyId, version: i16, most: u8) -> Result<Vec<MailText>, StoreError>;

    /// Keeps what this version of the lexicon found in mails that are in the same state still. The others are told again.
    async fn keep(&self, company_id: CompanyId, version: i16, mails: &[ReadMail]) -> Result<(), StoreError>;

    /// How many mails were sent in a period that some version read, and how often each word stands in them. The days are of
    /// the calendar of UTC.
    async fn count(&self, company_id: CompanyId, period: Period) -> Result<SignalCounts, StoreError>;
}
