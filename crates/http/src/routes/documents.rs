//! `/api/v1/documents`: what the company has.

use actix_web::web::{Data, Json, Path, Query};
use cortex_ingestion::model::{DocumentQuery, DocumentText, DocumentView, SourceView, UnknownIngestionMethod};
use cortex_ingestion::ports::DocumentReader;
use cortex_kernel::{ConnectionId, DocumentId, JobId, PageRequest, Provider};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::filters::{Filters, Moment, Word};
use super::openapi::ProblemBody;
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// Query of `/api/v1/documents`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    limit: Option<u16>,
    cursor: Option<String>,
    #[param(value_type = Option<String>)]
    source: Option<Word>,
    #[param(value_type = Option<String>)]
    document_type: Option<Word>,
    ingested_by: Option<Uuid>,
    method: Option<String>,
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Moment>,
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Moment>,
}

/// Answer of `/api/v1/documents`.
#[derive(Serialize, ToSchema)]
#[schema(as = Documents)]
pub(super) struct Listed {
    items: Vec<DocumentItem>,
    next_cursor: Option<String>,
}

/// A document without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = Document)]
pub(super) struct DocumentItem {
    id: i64,
    title: String,
    source: String,
    document_type: String,
    source_id: String,
    source_account: String,
    #[serde(with = "time::serde::rfc3339::option")]
    created_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    modified_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    ingested_at: Option<OffsetDateTime>,
    ingested_by_user_id: Option<String>,
    ingested_by_user_email: Option<String>,
    ingestion_method: Option<String>,
    metadata: Value,
    mime_type: Option<String>,
    file_size_bytes: Option<i64>,
    file_url: Option<String>,
    parent_document_id: Option<i64>,
    content_incomplete: bool,
}

/// Answer of `/api/v1/documents/{id}`.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentWithContent)]
pub(super) struct WithContent {
    #[serde(flatten)]
    document: DocumentItem,
    content: String,
}

/// Answer of `/api/v1/documents/{id}/provenance`.
#[derive(Serialize, ToSchema)]
pub(super) struct Provenance {
    document_id: i64,
    sources: Vec<SourceItem>,
}

/// A way by which a document came in.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentSource)]
pub(super) struct SourceItem {
    user_id: String,
    user_email: Option<String>,
    /// Our own number of the connection.
    connection_id: Option<i64>,
    provider: Option<&'static str>,
    account_email: Option<String>,
    job_id: Option<String>,
    method: String,
    source_id: String,
    #[serde(with = "time::serde::rfc3339")]
    first_seen_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    vanished_at: Option<OffsetDateTime>,
}

/// A part of the company's documents, those brought in last first.
#[utoipa::path(
    get,
    path = "/api/v1/documents",
    tag = "documents",
    params(Wanted),
    responses((status = 200, body = Listed))
)]
pub(super) async fn list(
    Caller(caller): Caller,
    Query(wanted): Query<Wanted>,
    documents: Data<dyn DocumentReader>,
) -> Result<Json<Listed>, Problem> {
    let query = wanted.try_into()?;
    let page = documents.list_documents(caller.company_id, &query).await?;
    let items = page.items.into_iter().map(DocumentItem::from).collect();
    Ok(Json(Listed { items, next_cursor: page.next_cursor }))
}

/// A document with its text.
#[utoipa::path(
    get, path = "/api/v1/documents/{id}", tag = "documents", params(("id" = i64, Path)),
    responses((status = 200, body = WithContent), (status = 404, response = ProblemBody))
)]
pub(super) async fn one(
    Caller(caller): Caller,
    id: Path<i64>,
    documents: Data<dyn DocumentReader>,
) -> Result<Json<WithContent>, Problem> {
    let found = documents.find_document(caller.company_id, DocumentId::new(*id)).await?;
    Ok(Json(found.ok_or_else(no_such_document)?.into()))
}

/// Who brought a document in, by which connection and job.
#[utoipa::path(
    get, path = "/api/v1/documents/{id}/provenance", tag = "documents", params(("id" = i64, Path)),
    responses((status = 200, body = Provenance), (status = 404, response = ProblemBody))
)]
pub(super) async fn provenance(
    Caller(caller): Caller,
    id: Path<i64>,
    documents: Data<dyn DocumentReader>,
) -> Result<Json<Provenance>, Problem> {
    let sources = documents.find_sources(caller.company_id, DocumentId::new(*id)).await?;
    let sources = sources.ok_or_else(no_such_document)?.into_iter().map(SourceItem::from).collect();
    Ok(Json(Provenance { document_id: *id, sources }))
}

impl TryFrom<Wanted> for DocumentQuery {
    type Error = Problem;

    fn try_from(wanted: Wanted) -> Result<Self, Problem> {
        let Wanted { limit, cursor, source, document_type, ingested_by, method, since, until } = wanted;
        let method = method.map(|method| method.parse()).transpose().map_err(|error: UnknownIngestionMethod| {
            Problem::new(ProblemKind::InvalidQuery).detail(format!("The query cannot be taken: {error}."))
        })?;
        Ok(Self {
            filter: Filters { source, document_type, ingested_by, since, until }.into_filter(),
            method,
            page: PageRequest::new(limit, cursor),
        })
    }
}

impl From<DocumentView> for DocumentItem {
    fn from(view: DocumentView) -> Self {
        let file_url = file_url(&view);
        Self {
            id: view.id.get(),
            title: view.title,
            source: view.key.source.as_str().to_owned(),
            document_type: view.kind.as_str().to_owned(),
            source_id: view.key.source_id,
            source_account: view.key.source_account,
            created_at: view.created_at,
            modified_at: view.modified_at,
            ingested_at: view.ingested_at,
            ingested_by_user_id: view.ingested_by,
            ingested_by_user_email: view.ingested_by_email,
            ingestion_method: view.method,
            metadata: view.metadata,
            mime_type: view.mime_type,
            file_size_bytes: view.file_size_bytes,
            file_url,
            parent_document_id: view.parent.map(DocumentId::get),
            content_incomplete: view.content_incomplete,
        }
    }
}

impl From<DocumentText> for WithContent {
    fn from(DocumentText { document, content }: DocumentText) -> Self {
        Self { document: document.into(), content }
    }
}

impl From<SourceView> for SourceItem {
    fn from(view: SourceView) -> Self {
        Self {
            user_id: view.user_id,
            user_email: view.user_email,
            connection_id: view.connection_id.map(ConnectionId::get),
            // No document that came in otherwise has the name of a provider as its source.
            provider: view.record.source.as_str().parse().ok().map(Provider::name),
            account_email: view.account_email,
            job_id: view.job_id.as_ref().map(JobId::to_string),
            method: view.method,
            source_id: view.record.source_id,
            first_seen_at: view.first_seen_at,
            last_seen_at: view.last_seen_at,
            vanished_at: view.vanished_at,
        }
    }
}

/// Where the original can be seen: at the provider, or else here, by whoever has a token.
fn file_url(view: &DocumentView) -> Option<String> {
    let here = || view.blob.map(|_| format!("/api/v1/documents/{}/file", view.id));
    view.file_url.clone().or_else(here)
}

pub(super) fn no_such_document() -> Problem {
    Problem::new(ProblemKind::NotFound).detail("There is no such document.")
}
