//! [`DocumentReader`] on a company's database.

use async_trait::async_trait;
use cortex_ingestion::model::{DocumentFile, DocumentQuery, DocumentText, DocumentView, InvalidCursor, SourceView};
use cortex_ingestion::ports::{DocumentReader, ListError};
use cortex_kernel::{CompanyId, DocumentId, Page, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::tables::{document_views, plan_for_these_values};
use crate::{Abort, Pool};

/// The documents in a company's database, for readers.
pub struct PgDocumentReader {
    company: Pool,
}

impl PgDocumentReader {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl DocumentReader for PgDocumentReader {
    #[instrument(name = "pg.document_reader.list_documents", skip_all)]
    async fn list_documents(
        &self,
        company_id: CompanyId,
        query: &DocumentQuery,
    ) -> Result<Page<DocumentView>, ListError> {
        let before = query.page.cursor().map(|cursor| cursor.parse().map_err(|_| InvalidCursor)).transpose()?;
        let before = before.map(DocumentId::new);
        let rows = query.page.rows();
        let rows = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| -> Result<_, Abort<StoreError>> {
                plan_for_these_values(connection).await?;
                Ok(document_views::list(connection, company_id, query, before, rows).await?)
            })
            .await?;
        let views = rows.into_iter().map(DocumentView::from).collect();
        Ok(Page::of(views, &query.page, |last: &DocumentView| last.id.to_string()))
    }

    #[instrument(name = "pg.document_reader.find_document", skip_all)]
    async fn find_document(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<DocumentText>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| document_views::find(connection, company_id, id).await)
            .await?;
        Ok(row.map(DocumentText::from))
    }

    #[instrument(name = "pg.document_reader.find_sources", skip_all)]
    async fn find_sources(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<Vec<SourceView>>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                if !document_views::exists(connection, company_id, id).await? {
                    return Ok(None);
                }
                document_views::list_sources(connection, company_id, id).await.map(Some)
            })
            .await?;
        Ok(rows.map(|rows| rows.into_iter().map(SourceView::from).collect()))
    }

    #[instrument(name = "pg.document_reader.find_file", skip_all)]
    async fn find_file(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<DocumentFile>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| document_views::find_file(connection, company_id, id).await)
            .await?;
        Ok(row.map(DocumentFile::from))
    }
}
