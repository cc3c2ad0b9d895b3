//! [`HeldDeletions`] on a company's database.
//!
//! A decision is one transaction with its audit row. What is confirmed is carried out in steps of their own, since
//! documents take long to delete and are locked meanwhile; a step takes the records that it ends off the list, so that
//! whoever comes next goes on where it ended.

use async_trait::async_trait;
use cortex_ingestion::model::{
    CarriedOut, DecisionOutcome, DeletionDecision, HeldDeletion, InvalidCursor, RecordKey, Verdict,
};
use cortex_ingestion::ports::{HeldDeletions, ListError};
use cortex_kernel::{CompanyId, ConnectionId, Page, PageRequest, StoreError};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use super::endings::Endings;
use super::newest_first::{bounds, page_of};
use crate::tables::{admin_audit_log, documents, held_deletions, plan_for_these_values, unfinished_contents};
use crate::{Abort, Pool};

/// What waits for somebody's word, in a company's database.
pub struct PgHeldDeletions {
    company: Pool,
}

impl PgHeldDeletions {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl HeldDeletions for PgHeldDeletions {
    #[instrument(name = "pg.held_deletions.list", skip_all)]
    async fn list(&self, company_id: CompanyId, page: &PageRequest) -> Result<Page<HeldDeletion>, ListError> {
        let (before, rows) = bounds(page).map_err(|_| InvalidCursor)?;
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                held_deletions::list(connection, company_id, before, rows).await
            })
            .await?;
        let held: Vec<_> =
            rows.into_iter().map(HeldDeletion::try_from).collect::<Result<_, _>>().map_err(StoreError::from)?;
        Ok(page_of(held, page, |held| held.id))
    }

    #[instrument(name = "pg.held_deletions.decide", skip_all, fields(held_deletion.id = decision.id))]
    async fn decide(&self, decision: &DeletionDecision) -> Result<DecisionOutcome, StoreError> {
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                Ok::<_, Abort<StoreError>>(decide_in(connection, decision).await?)
            })
            .await
    }

    #[instrument(name = "pg.held_deletions.carry_out_some", skip_all, fields(held_deletion.id = id))]
    async fn carry_out_some(&self, company_id: CompanyId, id: i64, most: u16) -> Result<CarriedOut, StoreError> {
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                Ok::<_, Abort<StoreError>>(step_in(connection, company_id, id, most).await?)
            })
            .await
    }

    #[instrument(name = "pg.held_deletions.find_unfinished", skip_all)]
    async fn find_unfinished(&self, company_id: CompanyId) -> Result<Option<i64>, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                held_deletions::find_unfinished(connection, company_id).await
            })
            .await
    }
}

async fn decide_in(connection: &mut AsyncPgConnection, decision: &DeletionDecision) -> QueryResult<DecisionOutcome> {
    let DeletionDecision { company_id, id, verdict, by, origin } = decision;
    let Some(decided) = held_deletions::decide(connection, decision).await? else {
        let is_there = held_deletions::exists(connection, *company_id, *id).await?;
        return Ok(if is_there { DecisionOutcome::AlreadyDecided } else { DecisionOutcome::NotFound });
    };
    match verdict {
        Verdict::Confirm => {}
        Verdict::Reject => held_deletions::drop_records(connection, *company_id, *id).await?,
    }
    let entry = admin_audit_log::Entry {
        company_id: *company_id,
        user_id: Some(*by),
        session_id: None,
        action: verdict.action(),
        resource_type: "held_deletion",
        resource_id: id.to_string(),
        details: json!({
            "provider": decided.provider,
            "connection_id": decided.connection_id,
            "owner": decided.user_id,
            "model": decided.model,
            "records": decided.records,
        }),
        origin,
    };
    admin_audit_log::insert(connection, &entry).await?;
    Ok(DecisionOutcome::Decided { records: decided.records.unsigned_abs() })
}

async fn step_in(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: i64,
    most: u16,
) -> QueryResult<CarriedOut> {
    let confirmed = held_deletions::lock_confirmed(connection, company_id, id).await?;
    let Some(confirmed) = confirmed else { return Ok(CarriedOut { documents_removed: 0, is_done: true }) };
    let mut documents_removed = confirmed.documents_removed.unsigned_abs();
    if confirmed.is_settled {
        return Ok(CarriedOut { documents_removed, is_done: true });
    }
    plan_for_these_values(connection).await?;
    let records = held_deletions::take_records(connection, company_id, id, most.into()).await?;
    let is_done = records.len() < usize::from(most);
    let by = ConnectionId::new(confirmed.connection_id);
    let endings = Endings::find(connection, company_id, by, &records).await?;
    if !endings.is_empty() {
        documents::lock(connection, company_id, &endings.to_lock().collect::<Vec<_>>()).await?;
        documents_removed += endings.carry_out(connection, company_id, by).await?.documents;
    }
    let gone: Vec<RecordKey> = records.iter().map(|record| RecordKey::of(&record.source_id)).collect();
    unfinished_contents::settle(connection, company_id, by, &gone).await?;
    let so_far = i64::try_from(documents_removed).unwrap_or(i64::MAX);
    held_deletions::record_step(connection, company_id, id, so_far, is_done).await?;
    Ok(CarriedOut { documents_removed, is_done })
}
