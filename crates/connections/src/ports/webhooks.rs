//! What is needed to take webhooks in and to work them off.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::{ClaimedWebhook, NewWebhook, PutOutcome, Webhook, WebhookClaim, WebhookEnding};

/// Tells the broker's webhooks from anybody's.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait WebhookAuthenticity: Send + Sync {
    /// Whether the broker signed exactly these bytes.
    fn is_authentic(&self, body: &[u8], signature: &str) -> bool;
}

/// Reads webhooks in whatever form the broker writes them.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait WebhookReader: Send + Sync {
    /// What the body says. What cannot be read is an event of no known kind: a provider's own webhook may be passed on
    /// as it is, and new kinds appear.
    fn read(&self, body: &[u8]) -> Webhook;
}

/// Keeps webhooks until they are worked off. Its times are those of the database, which all replicas share.
///
/// # Contract
///
/// - A stored webhook is claimed as it came.
/// - An equal pending body is stored once.
/// - Equal bodies that come at once are stored once.
/// - An equal body after the first was worked off is a new webhook.
/// - A webhook is claimed by one worker.
/// - A claim that ran out passes to another worker and can end nothing.
/// - The one that waits longest is claimed first.
/// - A retried webhook comes back after its pause and has used an attempt.
/// - A snoozed webhook comes back after its pause with its attempts as they were.
/// - What is done, ignored or dead is not claimed again.
/// - A removed webhook leaves nothing behind.
/// - Another company's webhook is not claimed.
/// - What ended long ago is forgotten, and nothing else.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait WebhookInbox: Send + Sync {
    /// Stores a webhook, unless an equal one waits already.
    async fn put(&self, webhook: &NewWebhook) -> Result<PutOutcome, StoreError>;

    /// Takes the webhook that has been due longest, for as long as `hold`: who has not ended it by then has lost it.
    async fn claim_next(&self, company_id: CompanyId, hold: Duration) -> Result<Option<ClaimedWebhook>, StoreError>;

    /// Ends a claim. Answers whether it was still held; if not, nothing changed.
    async fn finish(
        &self,
        company_id: CompanyId,
        claim: WebhookClaim,
        ending: &WebhookEnding,
    ) -> Result<bool, StoreError>;

    /// Deletes at most `most` of the webhooks that ended more than `age` ago, and answers how many.
    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError>;
}
