//! Reading documents.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, Page, StoreError};
use thiserror::Error;

use crate::model::{DocumentFile, DocumentQuery, DocumentText, DocumentView, InvalidCursor, SourceView};

/// Reads the documents of a company. Whoever brought a document in, every member may read it.
///
/// # Contract
///
/// - Documents are listed with those brought in last first.
/// - Pages follow each other without a gap and without repetition.
/// - A cursor that is none is refused.
/// - A filter narrows the list.
/// - A superseded document is not listed but found.
/// - Another company's documents are not listed.
/// - A document is found with its text.
/// - Another company's document reads as absent.
/// - A document tells who brought it in and how.
/// - A document from before sources were kept has none.
/// - A document tells where its bytes are.
/// - A document without bytes has no file.
/// - Another company's file reads as absent.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DocumentReader: Send + Sync {
    /// A part of the company's documents.
    async fn list_documents(
        &self,
        company_id: CompanyId,
        query: &DocumentQuery,
    ) -> Result<Page<DocumentView>, ListError>;

    /// The document with its text.
    async fn find_document(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<DocumentText>, StoreError>;

    /// By which ways the document came in, in the order in which it did; none where there is no such document.
    async fn find_sources(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<Vec<SourceView>>, StoreError>;

    /// The original bytes of the document; none where there is no such document, or it has none.
    async fn find_file(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<DocumentFile>, StoreError>;
}

/// A part of a list could not be read.
#[derive(Debug, Error)]
pub enum ListError {
    /// The caller's cursor is none of ours.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The list could not be read.
    #[error("the list could not be read")]
    Store(#[from] StoreError),
}
