//! [`WebhookInbox`] on a company's database.

use std::time::Duration;

use async_trait::async_trait;
use cortex_connections::model::{ClaimedWebhook, NewWebhook, PutOutcome, WebhookClaim, WebhookEnding};
use cortex_connections::ports::WebhookInbox;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::webhook_inbox::{self, Settlement};
use crate::together::{Batch, Together};

/// The inbox in a company's database. Webhooks that come at once are stored by one statement.
pub struct PgWebhookInbox {
    company: Pool,
    incoming: Together<NewWebhook, PutOutcome>,
}

/// What is stored by one statement. Webhooks are a few hundred bytes; the longest that are taken, a megabyte, go alone.
const BATCH: Batch<NewWebhook> = Batch { most: 64, weight: |webhook| webhook.body.len(), heaviest: 256 * 1024 };

/// Longest note that is kept, in characters. It is for operators, who have the log as well.
const MAX_NOTE: usize = 1000;

impl PgWebhookInbox {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company, incoming: Together::new(BATCH) }
    }

    async fn store(&self, webhooks: Vec<NewWebhook>) -> Result<Vec<PutOutcome>, StoreError> {
        let webhooks = webhooks.as_slice();
        let stored = self
            .company
            .run(async |connection: &mut AsyncPgConnection| webhook_inbox::insert(connection, webhooks).await)
            .await?;
        let outcome = |stored| if stored { PutOutcome::Stored } else { PutOutcome::AlreadyPending };
        Ok(stored.into_iter().map(outcome).collect())
    }
}

#[async_trait]
impl WebhookInbox for PgWebhookInbox {
    #[instrument(name = "pg.webhook_inbox.put", skip_all)]
    async fn put(&self, webhook: &NewWebhook) -> Result<PutOutcome, StoreError> {
        self.incoming.put(webhook, |webhooks| self.store(webhooks)).await
    }

    #[instrument(name = "pg.webhook_inbox.claim_next", skip_all)]
    async fn claim_next(&self, company_id: CompanyId, hold: Duration) -> Result<Option<ClaimedWebhook>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                webhook_inbox::claim_next(connection, company_id, hold).await
            })
            .await?;
        Ok(row.map(ClaimedWebhook::try_from).transpose()?)
    }

    #[instrument(name = "pg.webhook_inbox.finish", skip_all, fields(webhook.id = claim.webhook))]
    async fn finish(
        &self,
        company_id: CompanyId,
        claim: WebhookClaim,
        ending: &WebhookEnding,
    ) -> Result<bool, StoreError> {
        let note = note_of(ending);
        let note = note.as_deref();
        let settled = |state| Settlement { state, is_attempt: true, note, after: None };
        let settlement = match ending {
            WebhookEnding::Removed => None,
            WebhookEnding::Done => Some(settled("done")),
            WebhookEnding::Ignored { .. } => Some(settled("ignored")),
            WebhookEnding::Dead { .. } => Some(settled("dead")),
            WebhookEnding::Retried { after, .. } => Some(Settlement { after: Some(*after), ..settled("pending") }),
            WebhookEnding::Snoozed { after, .. } => {
                Some(Settlement { after: Some(*after), is_attempt: false, ..settled("pending") })
            }
        };
        let settlement = &settlement;
        self.company
            .run(async |connection: &mut AsyncPgConnection| match settlement {
                Some(settlement) => webhook_inbox::settle(connection, company_id, claim, settlement).await,
                None => webhook_inbox::delete(connection, company_id, claim).await,
            })
            .await
    }

    #[instrument(name = "pg.webhook_inbox.forget", skip_all)]
    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                webhook_inbox::forget(connection, company_id, age, most.into()).await
            })
            .await
    }
}

/// What is written down: no longer than is of use, and without NUL, which PostgreSQL keeps in no text.
fn note_of(ending: &WebhookEnding) -> Option<String> {
    let note = match ending {
        WebhookEnding::Done | WebhookEnding::Removed => return None,
        WebhookEnding::Ignored { note } => note,
        WebhookEnding::Retried { error, .. } | WebhookEnding::Snoozed { error, .. } | WebhookEnding::Dead { error } => {
            error
        }
    };
    Some(storable(note))
}

/// A text for operators as PostgreSQL keeps it.
pub(super) fn storable(note: &str) -> String {
    note.chars().filter(|c| *c != '\0').take(MAX_NOTE).collect()
}
