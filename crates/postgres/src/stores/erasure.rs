//! [`Erasure`] on a company's database.
//!
//! The first part ends what brings in more; the next ones take documents, then what else may be much; the last one takes
//! the rest and closes the receipt, which was open all the while and knows how much went. Jobs are taken before
//! connections and documents last, as elsewhere.

use std::collections::HashSet;

use async_trait::async_trait;
use cortex_connections::model::{Documents, EndConnection};
use cortex_ingestion::model::{Erase, ErasureReceipt};
use cortex_ingestion::ports::Erasure;
use cortex_kernel::{CompanyId, ConnectionId, StoreError, UserId};
use cortex_sync_jobs::model::{Failure, JobStatus};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use super::connection_endings;
use crate::tables::erasures::{self, Part};
use crate::tables::sync_jobs::{self, Which};
use crate::tables::{admin_audit_log, document_days, documents, locks, plan_for_these_values};
use crate::{Abort, Pool};

/// Erases what a company's database holds of people.
pub struct PgErasure {
    company: Pool,
}

/// Rows that one part takes: about a second of work, for which they are locked.
const STEP: i64 = 1_000;

impl PgErasure {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl Erasure for PgErasure {
    #[instrument(name = "pg.erasure.has_any", skip_all)]
    async fn has_any(&self, company_id: CompanyId, user_id: UserId) -> Result<bool, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| erasures::has_any(connection, company_id, user_id).await)
            .await
    }

    #[instrument(name = "pg.erasure.erase_some", skip_all)]
    async fn erase_some(&self, erase: &Erase) -> Result<Option<ErasureReceipt>, StoreError> {
        self.company.transaction(async |connection: &mut AsyncPgConnection| erase_in(connection, erase).await).await
    }
}

async fn erase_in(
    connection: &mut AsyncPgConnection,
    erase: &Erase,
) -> Result<Option<ErasureReceipt>, Abort<StoreError>> {
    let Erase { company_id, user_id, by, .. } = erase;
    plan_for_these_values(connection).await?;
    // One at a time: whoever asks for the same goes on where the other one is.
    locks::hold(connection, &[format!("erase {company_id} {user_id}")]).await?;
    let Some(receipt) = erasures::find_open(connection, *company_id, *user_id).await? else {
        erasures::open(connection, *company_id, *user_id, *by).await?;
        end_connections(connection, erase).await?;
        return Ok(None);
    };
    if let Some(part) = some_documents(connection, *company_id, *user_id).await? {
        erasures::count(connection, *company_id, receipt.id, part).await?;
        return Ok(None);
    }
    let (part, is_all) = some_of_the_rest(connection, *company_id, *user_id).await?;
    erasures::count(connection, *company_id, receipt.id, part).await?;
    if !is_all {
        return Ok(None);
    }
    // What he began while it went on, too: from here on his connections are held.
    end_connections(connection, erase).await?;
    let jobs = erasures::delete_jobs(connection, *company_id, *user_id, i64::MAX).await?;
    let connections = erasures::delete_connections(connection, *company_id, *user_id).await?;
    erasures::give_up_quarantined(connection, *company_id, *user_id).await?;
    erasures::delete_the_rest(connection, *company_id, *user_id).await?;
    document_days::fold_those_of(connection, *company_id, *user_id).await?;
    let part = Part { connections, jobs, ..Part::default() };
    erasures::count(connection, *company_id, receipt.id, part).await?;
    let receipt = erasures::close(connection, *company_id, receipt.id).await?;
    let receipt = ErasureReceipt::try_from(receipt).map_err(|error| Abort::Decided(error.into()))?;
    tell(connection, erase, &receipt).await?;
    Ok(Some(receipt))
}

/// Calls his jobs off and ends his connections, here and, as soon as somebody looks, at the broker.
async fn end_connections(connection: &mut AsyncPgConnection, erase: &Erase) -> Result<(), Abort<StoreError>> {
    let Erase { company_id, user_id, by, at, origin } = erase;
    let (people, erased) = ([*user_id], Failure::new("erased", "The person's contributions were erased."));
    let jobs = Which::OfUsers(&people);
    sync_jobs::end(connection, *company_id, jobs, JobStatus::Cancelled, &erased).await?;
    for id in erasures::lock_connections(connection, *company_id, *user_id).await? {
        let end = EndConnection {
            company_id: *company_id,
            id: ConnectionId::new(id),
            by: *by,
            documents: Documents::Purge,
            at: *at,
            origin: origin.clone(),
        };
        connection_endings::end_in(connection, &end).await?;
    }
    Ok(())
}

/// Takes some documents; none where there are no more.
async fn some_documents(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<Option<Part>> {
    let his = erasures::list_documents(connection, company_id, user_id, STEP).await?;
    if his.is_empty() {
        return Ok(None);
    }
    let all = documents::with_attachments(connection, company_id, &his).await?;
    documents::lock(connection, company_id, &all).await?;
    let sources = erasures::delete_sources(connection, company_id, user_id, &all).await?;
    let gone = documents::delete_ownerless(connection, company_id, &all).await?;
    let renamed = erasures::rename(connection, company_id, user_id, &all).await?;
    let mut kept: HashSet<i64> = sources.iter().copied().chain(renamed).collect();
    for id in &gone {
        kept.remove(id);
    }
    let (documents, documents_kept, sources) = (gone.len(), kept.len(), sources.len());
    Ok(Some(Part { documents, documents_kept, sources, ..Part::default() }))
}

/// Takes some of what else may be much, and tells whether that was all.
async fn some_of_the_rest(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<(Part, bool)> {
    let jobs = erasures::delete_jobs(connection, company_id, user_id, STEP).await?;
    let chats = erasures::delete_chats(connection, company_id, user_id, STEP).await?;
    let set_aside = erasures::delete_set_aside(connection, company_id, user_id, STEP).await?;
    let is_all = [jobs, chats, set_aside].iter().all(|count| i64::try_from(*count).is_ok_and(|count| count < STEP));
    Ok((Part { jobs, chats, ..Part::default() }, is_all))
}

async fn tell(connection: &mut AsyncPgConnection, erase: &Erase, receipt: &ErasureReceipt) -> QueryResult<()> {
    let entry = admin_audit_log::Entry {
        company_id: erase.company_id,
        user_id: Some(erase.by),
        session_id: None,
        action: "person_erased",
        resource_type: "user",
        resource_id: erase.user_id.to_string(),
        details: json!({
            "receipt_id": receipt.id.to_string(),
            "documents": receipt.documents,
            "documents_kept": receipt.documents_kept,
            "sources": receipt.sources,
            "connections": receipt.connections,
        }),
        origin: &erase.origin,
    };
    admin_audit_log::insert(connection, &entry).await
}
