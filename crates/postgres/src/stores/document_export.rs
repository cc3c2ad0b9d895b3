//! [`DocumentExport`] on a company's database.

use std::collections::HashMap;

use async_trait::async_trait;
use cortex_ingestion::model::{DocumentText, ExportStart, ExportedDocument, SourceView};
use cortex_ingestion::ports::DocumentExport;
use cortex_kernel::{CompanyId, DocumentId, StoreError};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use crate::Pool;
use crate::tables::admin_audit_log;
use crate::tables::document_views::{self, DocumentSourceRow};

/// All documents of a company's database, on their way out.
pub struct PgDocumentExport {
    company: Pool,
}

impl PgDocumentExport {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl DocumentExport for PgDocumentExport {
    #[instrument(name = "pg.document_export.start", skip_all)]
    async fn start(&self, start: &ExportStart) -> Result<(), StoreError> {
        let entry = &admin_audit_log::Entry {
            company_id: start.company_id,
            user_id: Some(start.by),
            session_id: None,
            action: "export_started",
            resource_type: "documents",
            resource_id: start.company_id.to_string(),
            details: json!({ "format": "ndjson" }),
            origin: &start.origin,
        };
        self.company
            .run(async |connection: &mut AsyncPgConnection| admin_audit_log::insert(connection, entry).await)
            .await
    }

    #[instrument(name = "pg.document_export.list_some", skip_all)]
    async fn list_some(
        &self,
        company_id: CompanyId,
        after: Option<DocumentId>,
        most: u16,
    ) -> Result<Vec<ExportedDocument>, StoreError> {
        let (documents, sources) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                let rows = document_views::list_after(connection, company_id, after, most.into()).await?;
                let documents: Vec<DocumentText> = rows.into_iter().map(DocumentText::from).collect();
                let ids: Vec<i64> = documents.iter().map(|text| text.document.id.get()).collect();
                let sources = document_views::list_sources_of_many(connection, company_id, &ids).await?;
                Ok((documents, sources))
            })
            .await?;
        let mut by_document: HashMap<DocumentId, Vec<SourceView>> = HashMap::new();
        for (id, source) in sources.into_iter().map(DocumentSourceRow::into_pair) {
            by_document.entry(id).or_default().push(source);
        }
        let with_sources = |document: DocumentText| {
            let sources = by_document.remove(&document.document.id).unwrap_or_default();
            ExportedDocument { document, sources }
        };
        Ok(documents.into_iter().map(with_sources).collect())
    }
}
