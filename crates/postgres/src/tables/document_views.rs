//! Documents and their sources as readers see them. What rows from before say is taken as it stands.

use cortex_ingestion::model::{
    BlobKey, DocumentFile, DocumentFilter, DocumentKey, DocumentKind, DocumentQuery, DocumentText, DocumentView,
    IngestionMethod, SourceName, SourceView,
};
use cortex_kernel::{CompanyId, ConnectionId, DocumentId, JobId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::sql;

/// The columns of a [`Row`].
macro_rules! view_columns {
    () => {
        "id, source, source_account, source_id, document_type, title, source_created_at, source_modified_at, \
           ingested_at, ingested_by_user_id, ingested_by_user_email, ingestion_method, metadata, mime_type, \
           file_size_bytes, file_url, blob_key, parent_document_id, content_incomplete"
    };
}
pub(crate) use view_columns;

/// The moment by which a document stands in lists: its own, or else when it was brought in. Written as the indexes have
/// it; not `coalesce`, which row level security keeps from being looked up.
macro_rules! moment {
    () => {
        "case when source_created_at is not null then source_created_at when ingested_at is not null then ingested_at \
           else timestamptz '1970-01-01 00:00:00+00' end"
    };
}
pub(crate) use moment;

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    source_account: String,
    #[diesel(sql_type = Text)]
    source_id: String,
    #[diesel(sql_type = Text)]
    document_type: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    source_created_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    source_modified_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ingested_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    ingested_by_user_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ingested_by_user_email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ingestion_method: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    metadata: Option<Value>,
    #[diesel(sql_type = Nullable<Text>)]
    mime_type: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    file_size_bytes: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    file_url: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    blob_key: Option<Uuid>,
    #[diesel(sql_type = Nullable<BigInt>)]
    parent_document_id: Option<i64>,
    #[diesel(sql_type = Bool)]
    content_incomplete: bool,
}

#[derive(QueryableByName)]
pub(crate) struct TextRow {
    #[diesel(embed)]
    view: Row,
    #[diesel(sql_type = Text)]
    content: String,
}

#[derive(QueryableByName)]
pub(crate) struct FileRow {
    #[diesel(sql_type = SqlUuid)]
    blob_key: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    mime_type: Option<String>,
}

#[derive(QueryableByName)]
pub(crate) struct SourceRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    user_email: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    connection_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    account_email: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    job_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    method: String,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    source_account: String,
    #[diesel(sql_type = Text)]
    source_id: String,
    #[diesel(sql_type = Timestamptz)]
    first_seen_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    last_seen_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    vanished_at: Option<OffsetDateTime>,
}

/// A source, and the document that came in by it.
#[derive(QueryableByName)]
pub(crate) struct DocumentSourceRow {
    #[diesel(sql_type = BigInt)]
    document_id: i64,
    #[diesel(embed)]
    source: SourceRow,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    #[expect(dead_code, reason = "only whether there is one matters")]
    id: i64,
}

/// At most `limit` documents of those before `before`, those brought in last first.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    query: &DocumentQuery,
    before: Option<DocumentId>,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    let DocumentFilter { source, kind, ingested_by, since, until } = &query.filter;
    sql(concat!(
        "select ",
        view_columns!(),
        " from documents \
         where tenant_id = $1 and superseded_at is null \
           and ($2 is null or id < $2) \
           and ($3 is null or source = $3) \
           and ($4 is null or document_type = $4) \
           and ($5 is null or ingested_by_user_id = $5) \
           and ($6 is null or ingestion_method = $6) \
           and ($7 is null or ",
        moment!(),
        " >= $7) and ($8 is null or ",
        moment!(),
        " < $8) order by id desc limit $9"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Nullable<BigInt>, _>(before.map(DocumentId::get))
    .bind::<Nullable<Text>, _>(source.as_ref().map(SourceName::as_str))
    .bind::<Nullable<Text>, _>(kind.as_ref().map(DocumentKind::as_str))
    .bind::<Nullable<Text>, _>(ingested_by.map(|user_id| user_id.to_string()))
    .bind::<Nullable<Text>, _>(query.method.map(IngestionMethod::name))
    .bind::<Nullable<Timestamptz>, _>(*since)
    .bind::<Nullable<Timestamptz>, _>(*until)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await
}

pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: DocumentId,
) -> QueryResult<Option<TextRow>> {
    sql(concat!("select ", view_columns!(), ", content from documents where tenant_id = $1 and id = $2"))
        .bind::<Text, _>(company_id.to_string())
        .bind::<BigInt, _>(id.get())
        .get_result(connection)
        .await
        .optional()
}

/// At most `most` documents after `after`, by their ids.
pub(crate) async fn list_after(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    after: Option<DocumentId>,
    most: i64,
) -> QueryResult<Vec<TextRow>> {
    sql(concat!(
        "select ",
        view_columns!(),
        ", content from documents where tenant_id = $1 and id > $2 order by id limit $3"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(after.map_or(i64::MIN, DocumentId::get))
    .bind::<BigInt, _>(most)
    .load(connection)
    .await
}

/// The document of this key.
pub(crate) async fn find_by_key(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    key: &DocumentKey,
) -> QueryResult<Option<TextRow>> {
    sql(concat!(
        "select ",
        view_columns!(),
        ", content from documents \
         where tenant_id = $1 and source = $2 and source_account = $3 and source_id = $4"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(key.source.as_str())
    .bind::<Text, _>(key.source_account.as_str())
    .bind::<Text, _>(key.source_id.as_str())
    .get_result(connection)
    .await
    .optional()
}

/// Where the bytes of the document are, if it has any.
pub(crate) async fn find_file(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: DocumentId,
) -> QueryResult<Option<FileRow>> {
    sql("select blob_key, coalesce(metadata ->> 'original_filename', title) as name, mime_type \
         from documents where tenant_id = $1 and id = $2 and blob_key is not null")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .get_result(connection)
    .await
    .optional()
}

pub(crate) async fn exists(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: DocumentId,
) -> QueryResult<bool> {
    let found: Option<Id> = sql("select id from documents where tenant_id = $1 and id = $2")
        .bind::<Text, _>(company_id.to_string())
        .bind::<BigInt, _>(id.get())
        .get_result(connection)
        .await
        .optional()?;
    Ok(found.is_some())
}

pub(crate) async fn list_sources(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: DocumentId,
) -> QueryResult<Vec<SourceRow>> {
    sql("select user_id, user_email, connection_id, account_email, job_id, method, \
           source, source_account, source_id, first_seen_at, last_seen_at, vanished_at \
         from document_sources where tenant_id = $1 and document_id = $2 order by first_seen_at, id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .load(connection)
    .await
}

/// The sources of all these documents, those of each in the order in which it came in.
pub(crate) async fn list_sources_of_many(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    ids: &[i64],
) -> QueryResult<Vec<DocumentSourceRow>> {
    sql("select document_id, user_id, user_email, connection_id, account_email, job_id, method, \
           source, source_account, source_id, first_seen_at, last_seen_at, vanished_at \
         from document_sources where tenant_id = $1 and document_id = any($2) order by first_seen_at, id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .load(connection)
    .await
}

impl DocumentSourceRow {
    /// The document, and a source of it.
    pub(crate) fn into_pair(self) -> (DocumentId, SourceView) {
        (DocumentId::new(self.document_id), self.source.into())
    }
}

impl From<Row> for DocumentView {
    fn from(row: Row) -> Self {
        Self {
            id: DocumentId::new(row.id),
            key: key(row.source, row.source_account, row.source_id),
            kind: DocumentKind::new(row.document_type),
            title: row.title,
            created_at: row.source_created_at,
            modified_at: row.source_modified_at,
            ingested_at: row.ingested_at,
            ingested_by: row.ingested_by_user_id,
            ingested_by_email: row.ingested_by_user_email,
            method: row.ingestion_method,
            metadata: row.metadata.unwrap_or(Value::Null),
            mime_type: row.mime_type,
            file_size_bytes: row.file_size_bytes,
            file_url: row.file_url,
            blob: row.blob_key.map(BlobKey::new),
            parent: row.parent_document_id.map(DocumentId::new),
            content_incomplete: row.content_incomplete,
        }
    }
}

impl From<TextRow> for DocumentText {
    fn from(TextRow { view, content }: TextRow) -> Self {
        Self { document: view.into(), content }
    }
}

impl From<FileRow> for DocumentFile {
    fn from(FileRow { blob_key, name, mime_type }: FileRow) -> Self {
        Self { blob: BlobKey::new(blob_key), name, mime_type }
    }
}

impl From<SourceRow> for SourceView {
    fn from(row: SourceRow) -> Self {
        Self {
            user_id: row.user_id,
            user_email: row.user_email,
            connection_id: row.connection_id.map(ConnectionId::new),
            account_email: row.account_email,
            job_id: row.job_id.map(JobId::new),
            method: row.method,
            record: key(row.source, row.source_account, row.source_id),
            first_seen_at: row.first_seen_at,
            last_seen_at: row.last_seen_at,
            vanished_at: row.vanished_at,
        }
    }
}

fn key(source: String, source_account: String, source_id: String) -> DocumentKey {
    DocumentKey { source: SourceName::new(source), source_account, source_id }
}
