//! [`DocumentWriter`] on a company's database.
//!
//! One transaction that locks as a page of a sync does: what is no row yet, documents by key, and the day's usage after
//! them, as everything else that its contributor brings in waits for that.

use async_trait::async_trait;
use cortex_ingestion::model::{
    Amount, Attribution, DocumentKey, DocumentPut, DocumentText, Known, NewDocument, PutChange, PutDocument, PutOutcome,
};
use cortex_ingestion::ports::DocumentWriter;
use cortex_kernel::{CompanyId, DocumentId, StoreError};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use serde_json::json;
use time::OffsetDateTime;
use tracing::instrument;

use crate::tables::documents::Parents;
use crate::tables::{
    admin_audit_log, document_sources, document_views, documents, idempotency_keys, locks, usage_days,
};
use crate::{Abort, Pool};

/// Documents that people bring in by hand, in a company's database.
pub struct PgDocumentWriter {
    company: Pool,
}

/// Why nothing was written.
enum Stop {
    QuotaExceeded(OffsetDateTime),
    ClaimLost,
    Failed(StoreError),
}

impl PgDocumentWriter {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl DocumentWriter for PgDocumentWriter {
    #[instrument(name = "pg.document_writer.find_by_key", skip_all)]
    async fn find_by_key(&self, company_id: CompanyId, key: &DocumentKey) -> Result<Option<DocumentText>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                document_views::find_by_key(connection, company_id, key).await
            })
            .await?;
        Ok(row.map(DocumentText::from))
    }

    #[instrument(name = "pg.document_writer.put", skip_all)]
    async fn put(&self, put: &DocumentPut) -> Result<PutOutcome, StoreError> {
        let attribution = &put.attribution();
        let done = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| put_in(connection, put, attribution).await)
            .await;
        match done {
            Ok(put) => Ok(PutOutcome::Put(Box::new(put))),
            Err(Stop::QuotaExceeded(resets_at)) => Ok(PutOutcome::QuotaExceeded { resets_at }),
            Err(Stop::ClaimLost) => Ok(PutOutcome::ClaimLost),
            Err(Stop::Failed(error)) => Err(error),
        }
    }
}

async fn put_in(
    connection: &mut AsyncPgConnection,
    put: &DocumentPut,
    attribution: &Attribution,
) -> Result<PutDocument, Abort<Stop>> {
    let company_id = put.by.company_id;
    let (change, id) = write(connection, put, attribution).await?;
    if change != PutChange::Unchanged {
        count(connection, put, change).await?;
        tell(connection, put, change, id).await?;
    }
    let stored = document_views::find(connection, company_id, DocumentId::new(id)).await?;
    // It was written, or seen under its lock, by this transaction.
    let stored = stored.ok_or(diesel::result::Error::NotFound)?.into();
    let done = PutDocument { change, stored };
    if let Some(once) = &put.once
        && !idempotency_keys::answer(connection, &once.claim, &(once.answer)(&done)).await?
    {
        return Err(Abort::Decided(Stop::ClaimLost));
    }
    Ok(done)
}

/// Writes documents and sources, and answers what became of the document and its id.
async fn write(
    connection: &mut AsyncPgConnection,
    put: &DocumentPut,
    attribution: &Attribution,
) -> QueryResult<(PutChange, i64)> {
    let (company_id, document) = (put.by.company_id, &put.document);
    locks::hold(connection, &[lock_of(company_id, &document.key)]).await?;
    let known = documents::find_by_key(connection, company_id, &document.key).await?;
    match (known, put.known) {
        (Some(id), Known::Left) => Ok((PutChange::Unchanged, id)),
        (Some(id), Known::WrittenOver) => {
            documents::lock(connection, company_id, &[id]).await?;
            documents::update(connection, company_id, attribution, &[(id, document)], &Parents::new()).await?;
            document_sources::upsert(connection, company_id, attribution, &[(id, &document.key)]).await?;
            Ok((PutChange::Updated, id))
        }
        (None, _) => {
            let id = insert(connection, company_id, attribution, &[document], &Parents::new()).await?;
            let id = id.first().copied().ok_or(diesel::result::Error::NotFound)?;
            if !put.parts.is_empty() {
                let parts: Vec<&NewDocument> = put.parts.iter().collect();
                let parents = Parents::from([(document.key.clone(), id)]);
                insert(connection, company_id, attribution, &parts, &parents).await?;
            }
            Ok((PutChange::Created, id))
        }
    }
}

/// Writes documents that nobody knew, with their sources, and answers their ids.
async fn insert(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    attribution: &Attribution,
    new: &[&NewDocument],
    parents: &Parents,
) -> QueryResult<Vec<i64>> {
    let written = documents::insert(connection, company_id, attribution, new, parents).await?;
    let keyed: Vec<(i64, DocumentKey)> = written.iter().map(|written| (written.id, written.key())).collect();
    let sources: Vec<_> = keyed.iter().map(|(id, key)| (*id, key)).collect();
    document_sources::upsert(connection, company_id, attribution, &sources).await?;
    Ok(written.into_iter().map(|written| written.id).collect())
}

async fn count(connection: &mut AsyncPgConnection, put: &DocumentPut, change: PutChange) -> Result<(), Abort<Stop>> {
    let documents = match change {
        PutChange::Created => 1 + put.parts.len() as u64,
        PutChange::Updated | PutChange::Unchanged => 0,
    };
    let amount = Amount { documents, bytes: put.bytes };
    let by = &put.by;
    if usage_days::add_within(connection, by.company_id, by.user_id, amount, put.quota).await? {
        return Ok(());
    }
    let resets_at = usage_days::end_of_day(connection).await?;
    Err(Abort::Decided(Stop::QuotaExceeded(resets_at)))
}

async fn tell(connection: &mut AsyncPgConnection, put: &DocumentPut, change: PutChange, id: i64) -> QueryResult<()> {
    let entry = admin_audit_log::Entry {
        company_id: put.by.company_id,
        user_id: Some(put.by.user_id),
        session_id: None,
        action: put.action(change),
        resource_type: "document",
        resource_id: id.to_string(),
        details: json!({
            "source": put.document.key.source.as_str(),
            "source_id": put.document.key.source_id,
            "document_type": put.document.kind.as_str(),
            "mime_type": put.document.mime_type,
            "bytes": put.bytes,
            "parts": put.parts.len(),
        }),
        origin: &put.by.origin,
    };
    admin_audit_log::insert(connection, &entry).await
}

/// Whoever puts a document of this key waits for whoever does at the same moment.
fn lock_of(company_id: CompanyId, key: &DocumentKey) -> String {
    let DocumentKey { source, source_account, source_id } = key;
    format!("document {company_id} {} {source_account} {source_id}", source.as_str())
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}
