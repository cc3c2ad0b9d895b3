//! What goes for good: documents that an admin deletes, and what a person contributed.

use actix_web::web::{Data, Json, Path};
use cortex_identity::ports::ProfileReader;
use cortex_ingestion::model::{Erase, RemoveDocument};
use cortex_ingestion::ports::DocumentRemoval;
use cortex_ingestion::{ErasePerson, ErasePersonError};
use cortex_kernel::{Clock, DocumentId, UserId};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::documents::no_such_document;
use super::openapi::ProblemBody;
use crate::gate::Caller;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// A document is gone.
#[derive(Serialize, ToSchema)]
pub(super) struct DeletedDocument {
    deleted: bool,
    document_id: i64,
    /// How many documents went: this one and what came with it.
    documents_removed: u64,
    user_id: String,
    company_id: String,
}

/// What a person contributed is gone.
#[derive(Serialize, ToSchema)]
pub(super) struct ErasedPerson {
    receipt_id: String,
    /// Documents that went: nobody else had brought them in.
    documents: u64,
    /// Documents that others brought in too, which no longer tell the name.
    documents_kept: u64,
    /// Ways by which the person had brought documents in.
    sources: u64,
    /// Connections that were ended.
    connections: u64,
    #[serde(with = "time::serde::rfc3339")]
    erased_at: OffsetDateTime,
    /// Who was erased.
    erased_user_id: String,
    /// Who wanted it.
    user_id: String,
    company_id: String,
}

/// Deletes a document and what came with it. No sync brings it back as long as its record says the same.
#[utoipa::path(
    delete, path = "/api/v1/documents/{id}", operation_id = "delete_document", tag = "documents",
    params(("id" = i64, Path)),
    responses((status = 200, body = DeletedDocument), (status = 404, response = ProblemBody))
)]
pub(super) async fn document(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    id: Path<i64>,
    removal: Data<dyn DocumentRemoval>,
) -> Result<Json<DeletedDocument>, Problem> {
    let (company_id, by) = (caller.company_id, caller.user_id);
    let request = RemoveDocument { company_id, id: DocumentId::new(*id), by, origin };
    let documents_removed = removal.remove(&request).await?.ok_or_else(no_such_document)?;
    Ok(Json(DeletedDocument {
        deleted: true,
        document_id: *id,
        documents_removed,
        user_id: by.to_string(),
        company_id: company_id.to_string(),
    }))
}

/// Erases what a person contributed, member or not. A membership stays as it is. Where it was broken off, doing it again
/// goes on.
#[utoipa::path(
    post, path = "/api/v1/users/{user_id}/erase", operation_id = "erase_person", tag = "team",
    params(("user_id" = Uuid, Path)),
    responses((status = 200, body = ErasedPerson), (status = 404, response = ProblemBody))
)]
pub(super) async fn person(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    user_id: Path<Uuid>,
    profiles: Data<dyn ProfileReader>,
    clock: Data<dyn Clock>,
    erasing: Data<ErasePerson>,
) -> Result<Json<ErasedPerson>, Problem> {
    let (company_id, by, user_id) = (caller.company_id, caller.user_id, UserId::new(*user_id));
    let is_known = profiles.find_profile(company_id, user_id).await?.is_some();
    let erase = Erase { company_id, user_id, by, at: clock.now(), origin };
    let receipt = erasing.erase(&erase, is_known).await?;
    Ok(Json(ErasedPerson {
        receipt_id: receipt.id.to_string(),
        documents: receipt.documents,
        documents_kept: receipt.documents_kept,
        sources: receipt.sources,
        connections: receipt.connections,
        erased_at: receipt.erased_at,
        erased_user_id: user_id.to_string(),
        user_id: by.to_string(),
        company_id: company_id.to_string(),
    }))
}

impl From<ErasePersonError> for Problem {
    fn from(error: ErasePersonError) -> Self {
        match error {
            ErasePersonError::NotFound => Self::new(ProblemKind::NotFound).detail("There is no such person."),
            ErasePersonError::Store(error) => error.into(),
        }
    }
}
