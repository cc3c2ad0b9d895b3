//! What becomes of documents that are there: they are removed, taken out, or erased with a person.

use cortex_kernel::{CompanyId, DocumentId, Origin, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{DocumentText, SourceView};

/// Somebody wants a document to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveDocument {
    /// Of which company.
    pub company_id: CompanyId,
    /// Which.
    pub id: DocumentId,
    /// Who wants it.
    pub by: UserId,
    /// The request, for the audit row.
    pub origin: Origin,
}

/// Somebody takes all documents out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportStart {
    /// Of which company.
    pub company_id: CompanyId,
    /// Who takes them.
    pub by: UserId,
    /// The request, for the audit row.
    pub origin: Origin,
}

/// A document as it is taken out.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedDocument {
    /// The document.
    pub document: DocumentText,
    /// By which ways it came in, in the order in which it did.
    pub sources: Vec<SourceView>,
}

/// Somebody wants a person's contributions to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erase {
    /// Of which company.
    pub company_id: CompanyId,
    /// Whose.
    pub user_id: UserId,
    /// Who wants it.
    pub by: UserId,
    /// When.
    pub at: OffsetDateTime,
    /// The request, for the audit row.
    pub origin: Origin,
}

/// That a person's contributions were erased, and how much it was. The numbers are those of all parts, also of those
/// before a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasureReceipt {
    /// The receipt's own id.
    pub id: Uuid,
    /// Documents that went, as nobody else had brought them in.
    pub documents: u64,
    /// Documents that stay, as others brought them in too, and no longer tell his name.
    pub documents_kept: u64,
    /// Ways by which he had brought documents in.
    pub sources: u64,
    /// Connections that were ended.
    pub connections: u64,
    /// When the last part was erased.
    pub erased_at: OffsetDateTime,
}
