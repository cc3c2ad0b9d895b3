//! [`DocumentRemoval`] on a company's database.

use async_trait::async_trait;
use cortex_ingestion::model::RemoveDocument;
use cortex_ingestion::ports::DocumentRemoval;
use cortex_kernel::StoreError;
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use crate::tables::{admin_audit_log, document_removals, documents};
use crate::{Abort, Pool};

/// The removal of documents from a company's database.
pub struct PgDocumentRemoval {
    company: Pool,
}

impl PgDocumentRemoval {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl DocumentRemoval for PgDocumentRemoval {
    #[instrument(name = "pg.document_removal.remove", skip_all, fields(document.id = %request.id))]
    async fn remove(&self, request: &RemoveDocument) -> Result<Option<u64>, StoreError> {
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| -> Result<_, Abort<StoreError>> {
                Ok(remove_in(connection, request).await?)
            })
            .await
    }
}

async fn remove_in(connection: &mut AsyncPgConnection, request: &RemoveDocument) -> QueryResult<Option<u64>> {
    let RemoveDocument { company_id, id, by, origin } = request;
    let ids = documents::with_attachments(connection, *company_id, &[id.get()]).await?;
    documents::lock(connection, *company_id, &ids).await?;
    let Some(named) = document_removals::find(connection, *company_id, *id).await? else { return Ok(None) };
    document_removals::remember(connection, *company_id, &ids).await?;
    let removed = document_removals::delete(connection, *company_id, &ids).await?;
    let entry = admin_audit_log::Entry {
        company_id: *company_id,
        user_id: Some(*by),
        session_id: None,
        action: "document_deleted",
        resource_type: "document",
        resource_id: id.to_string(),
        details: json!({
            "source": named.source,
            "source_id": named.source_id,
            "document_type": named.document_type,
            "documents": removed,
        }),
        origin,
    };
    admin_audit_log::insert(connection, &entry).await?;
    Ok(Some(removed))
}
