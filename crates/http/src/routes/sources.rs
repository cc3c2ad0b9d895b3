//! `/api/v1/sources/{id}`: a document and what came with it, in the shape that older clients show.

use actix_web::web::{Data, Json, Path};
use cortex_ingestion::model::{DocumentText, WholeDocument};
use cortex_ingestion::ports::MailReader;
use cortex_kernel::DocumentId;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::documents::no_such_document;
use super::openapi::ProblemBody;
use crate::gate::Caller;
use crate::problem::Problem;

/// Answer of `/api/v1/sources/{id}`.
#[derive(Serialize, ToSchema)]
#[schema(as = Source)]
pub(super) struct Shown {
    id: i64,
    title: String,
    content: String,
    source: String,
    document_type: String,
    source_id: String,
    #[serde(with = "time::serde::rfc3339::option")]
    created_at: Option<OffsetDateTime>,
    metadata: Value,
    sender_name: Option<String>,
    sender_address: Option<String>,
    to_addresses: Vec<String>,
    file_url: Option<String>,
    mime_type: Option<String>,
    file_size_bytes: Option<i64>,
    /// At most a hundred.
    attachments: Vec<AttachmentItem>,
}

/// A file that came with a document.
#[derive(Serialize, ToSchema)]
#[schema(as = Attachment)]
pub(super) struct AttachmentItem {
    id: i64,
    title: String,
    content: String,
    file_url: Option<String>,
    mime_type: Option<String>,
    file_size_bytes: Option<i64>,
    document_type: String,
}

/// A document with what came with it. The id of an attachment answers the mail that it came with.
#[utoipa::path(
    get, path = "/api/v1/sources/{id}", operation_id = "source", tag = "documents", params(("id" = i64, Path)),
    responses((status = 200, body = Shown), (status = 404, response = ProblemBody))
)]
pub(super) async fn one(
    Caller(caller): Caller,
    id: Path<i64>,
    mail: Data<dyn MailReader>,
) -> Result<Json<Shown>, Problem> {
    let found = mail.find_whole(caller.company_id, DocumentId::new(*id)).await?;
    Ok(Json(found.ok_or_else(no_such_document)?.into()))
}

impl From<WholeDocument> for Shown {
    fn from(WholeDocument { document, attachments }: WholeDocument) -> Self {
        let DocumentText { document, content } = document;
        let head = document.mail_head();
        let (sender_name, sender_address) = (head.sender_name(), head.sender_address());
        Self {
            sender_name: sender_name.map(ToOwned::to_owned),
            sender_address: sender_address.map(ToOwned::to_owned),
            to_addresses: head.to_addresses().into_iter().map(ToOwned::to_owned).collect(),
            id: document.id.get(),
            title: document.title,
            content,
            source: document.key.source.as_str().to_owned(),
            document_type: document.kind.as_str().to_owned(),
            source_id: document.key.source_id,
            created_at: document.created_at,
            metadata: document.metadata,
            file_url: document.file_url,
            mime_type: document.mime_type,
            file_size_bytes: document.file_size_bytes,
            attachments: attachments.into_iter().map(AttachmentItem::from).collect(),
        }
    }
}

impl From<DocumentText> for AttachmentItem {
    fn from(DocumentText { document, content }: DocumentText) -> Self {
        Self {
            id: document.id.get(),
            title: document.title,
            content,
            file_url: document.file_url,
            mime_type: document.mime_type,
            file_size_bytes: document.file_size_bytes,
            document_type: document.kind.as_str().to_owned(),
        }
    }
}
