//! [`StuckThings`] on a company's database.

use async_trait::async_trait;
use cortex_connections::model::{InboxEntry, KeptInQuarantine, Replay, ReplayOutcome, WebhookState};
use cortex_connections::ports::{DirectoryError, StuckThings};
use cortex_kernel::{CompanyId, Page, PageRequest, StoreError};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use super::newest_first::{bounds, page_of};
use crate::tables::{admin_audit_log, quarantined_connections, webhook_inbox};
use crate::{Abort, Pool};

/// What got stuck, in a company's database.
pub struct PgStuckThings {
    company: Pool,
}

/// Why nothing was replayed.
enum Stop {
    Outcome(ReplayOutcome),
    Failed(StoreError),
}

impl PgStuckThings {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl StuckThings for PgStuckThings {
    #[instrument(name = "pg.stuck_things.list_webhooks", skip_all)]
    async fn list_webhooks(
        &self,
        company_id: CompanyId,
        state: WebhookState,
        page: &PageRequest,
    ) -> Result<Page<InboxEntry>, DirectoryError> {
        let (before, most) = bounds(page)?;
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                webhook_inbox::list(connection, company_id, state, before, most).await
            })
            .await?;
        let items = rows.into_iter().map(InboxEntry::try_from).collect::<Result<_, _>>().map_err(StoreError::from)?;
        Ok(page_of(items, page, |entry| entry.id))
    }

    #[instrument(name = "pg.stuck_things.replay", skip_all, fields(webhook.id = replay.id))]
    async fn replay(&self, replay: &Replay) -> Result<ReplayOutcome, StoreError> {
        let entry = &admin_audit_log::Entry {
            company_id: replay.company_id,
            user_id: None,
            session_id: Some(replay.session_id),
            action: "webhook_replayed",
            resource_type: "webhook",
            resource_id: replay.id.to_string(),
            details: json!({}),
            origin: &replay.origin,
        };
        let replayed = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                match webhook_inbox::replay(connection, replay.company_id, replay.id).await {
                    Ok(Some(true)) => Ok(admin_audit_log::insert(connection, entry).await?),
                    Ok(Some(false)) => Err(stop(ReplayOutcome::NotDead)),
                    Ok(None) => Err(stop(ReplayOutcome::NotFound)),
                    Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                        Err(stop(ReplayOutcome::AlreadyPending))
                    }
                    Err(error) => Err(error.into()),
                }
            })
            .await;
        match replayed {
            Ok(()) => Ok(ReplayOutcome::Replayed),
            Err(Stop::Outcome(outcome)) => Ok(outcome),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    #[instrument(name = "pg.stuck_things.list_quarantined", skip_all)]
    async fn list_quarantined(
        &self,
        company_id: CompanyId,
        page: &PageRequest,
    ) -> Result<Page<KeptInQuarantine>, DirectoryError> {
        let (before, most) = bounds(page)?;
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                quarantined_connections::list(connection, company_id, before, most).await
            })
            .await?;
        let items =
            rows.into_iter().map(KeptInQuarantine::try_from).collect::<Result<_, _>>().map_err(StoreError::from)?;
        Ok(page_of(items, page, |kept| kept.id))
    }
}

const fn stop(outcome: ReplayOutcome) -> Abort<Stop> {
    Abort::Decided(Stop::Outcome(outcome))
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}
