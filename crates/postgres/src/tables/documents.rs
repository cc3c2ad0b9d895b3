//! The documents, in bulk: a page is one statement a table and step.

use std::collections::HashMap;

use cortex_ingestion::lexemes::VERSION;
use cortex_ingestion::model::{Attribution, BlobKey, DocumentKey, MessageKey, NewDocument, SourceName};
use cortex_kernel::{CompanyId, ConnectionId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

use super::lexemes::{self, TsVector};
use super::sql;

/// The id of a document that was just written.
#[derive(QueryableByName)]
pub(crate) struct Written {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    source_account: String,
    #[diesel(sql_type = Text)]
    source_id: String,
}

/// A document that hangs on another one.
#[derive(QueryableByName)]
pub(crate) struct Attached {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    /// Whether a connection brought it in, and it has not vanished there.
    #[diesel(sql_type = Bool)]
    pub(crate) is_live: bool,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// The documents that others hang on, by the records that they belong to. A document whose parent is not among them is
/// written without one.
pub(crate) type Parents = HashMap<DocumentKey, i64>;

/// Keeps these documents from being changed by anybody else until the transaction ends. Always by key, whoever asks.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, company_id: CompanyId, ids: &[i64]) -> QueryResult<()> {
    sql("select id from documents where tenant_id = $1 and id = any($2) \
         order by source, source_account, source_id for update")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// The document of this key.
pub(crate) async fn find_by_key(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    key: &DocumentKey,
) -> QueryResult<Option<i64>> {
    let found: Option<Id> = sql("select id from documents \
         where tenant_id = $1 and source = $2 and source_account = $3 and source_id = $4")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(key.source.as_str())
    .bind::<Text, _>(key.source_account.as_str())
    .bind::<Text, _>(key.source_id.as_str())
    .get_result(connection)
    .await
    .optional()?;
    Ok(found.map(|found| found.id))
}

/// Writes documents that nobody knew. Where somebody else wrote one of them meanwhile, it takes what is newer,
/// unless that is only a part of it. The documents that others hang on are written before these.
pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    attribution: &Attribution,
    documents: &[&NewDocument],
    parents: &Parents,
) -> QueryResult<Vec<Written>> {
    let metadata: Vec<Value> = documents.iter().map(|new| Value::Object(new.metadata.clone())).collect();
    sql("insert into documents \
           (tenant_id, ingested_by_user_id, ingested_by_user_email, ingestion_method, \
            source, source_account, source_id, document_type, title, content, content_hash, message_key, \
            content_incomplete, metadata, raw_data, mime_type, file_size_bytes, file_url, \
            source_created_at, source_modified_at, parent_document_id, blob_key, search_vector, search_version) \
         select $1, $2, $3, $4, page.*, $24 \
         from unnest($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23) \
           as page(source, source_account, source_id, document_type, title, content, content_hash, message_key, \
             content_incomplete, metadata, raw_data, mime_type, file_size_bytes, file_url, created_at, modified_at, \
             parent, blob_key, lexemes) \
         order by page.source, page.source_account, page.source_id \
         on conflict (tenant_id, source, source_account, source_id) do update \
         set parent_document_id = coalesce(excluded.parent_document_id, documents.parent_document_id), \
             (document_type, title, content, content_hash, content_incomplete, metadata, raw_data, \
               mime_type, file_size_bytes, file_url, source_created_at, source_modified_at, blob_key, \
               search_vector, search_version) = ( \
             select \
               excluded.document_type, excluded.title, excluded.content, excluded.content_hash, \
               excluded.content_incomplete, excluded.metadata, excluded.raw_data, excluded.mime_type, \
               excluded.file_size_bytes, excluded.file_url, excluded.source_created_at, \
               excluded.source_modified_at, coalesce(excluded.blob_key, documents.blob_key), \
               excluded.search_vector, excluded.search_version \
             where documents.content_incomplete or not excluded.content_incomplete \
             union all \
             select \
               documents.document_type, documents.title, documents.content, documents.content_hash, \
               documents.content_incomplete, documents.metadata, documents.raw_data, documents.mime_type, \
               documents.file_size_bytes, documents.file_url, documents.source_created_at, \
               documents.source_modified_at, documents.blob_key, \
               documents.search_vector, documents.search_version \
             where not documents.content_incomplete and excluded.content_incomplete) \
         returning id, source, source_account, source_id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(attribution.user_id.to_string())
    .bind::<Text, _>(attribution.user_email.as_str())
    .bind::<Text, _>(attribution.method.name())
    .bind::<Array<Text>, _>(each(documents, |new| new.key.source.as_str()))
    .bind::<Array<Text>, _>(each(documents, |new| new.key.source_account.as_str()))
    .bind::<Array<Text>, _>(each(documents, |new| new.key.source_id.as_str()))
    .bind::<Array<Text>, _>(each(documents, |new| new.kind.as_str()))
    .bind::<Array<Text>, _>(each(documents, |new| new.title.as_str()))
    .bind::<Array<Text>, _>(each(documents, |new| new.content.as_str()))
    .bind::<Array<Text>, _>(each(documents, |new| new.content_hash.as_str()))
    .bind::<Array<Nullable<Text>>, _>(each(documents, |new| new.message_key.as_ref().map(MessageKey::as_str)))
    .bind::<Array<Bool>, _>(each(documents, |new| new.content_incomplete))
    .bind::<Array<Jsonb>, _>(metadata)
    .bind::<Array<Nullable<Jsonb>>, _>(each(documents, |new| new.raw.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(each(documents, |new| new.mime_type.as_deref()))
    .bind::<Array<Nullable<BigInt>>, _>(each(documents, |new| new.file_size_bytes))
    .bind::<Array<Nullable<Text>>, _>(each(documents, |new| new.file_url.as_deref()))
    .bind::<Array<Nullable<Timestamptz>>, _>(each(documents, |new| new.created_at))
    .bind::<Array<Nullable<Timestamptz>>, _>(each(documents, |new| new.modified_at))
    .bind::<Array<Nullable<BigInt>>, _>(each(documents, |new| parent_of(new, parents)))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(documents, |new| new.blob.map(BlobKey::as_uuid)))
    .bind::<Array<TsVector>, _>(lexemes::of(documents).await?)
    .bind::<SmallInt, _>(VERSION)
    .load(connection)
    .await
}

/// Writes what changed over the documents of these ids. Who brought one in first stays; where nobody is known to have
/// (documents from before that was written down), it is `attribution` now.
pub(crate) async fn update(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    attribution: &Attribution,
    changes: &[(i64, &NewDocument)],
    parents: &Parents,
) -> QueryResult<()> {
    let ids: Vec<i64> = changes.iter().map(|(id, _)| *id).collect();
    let documents: Vec<&NewDocument> = changes.iter().map(|(_, new)| *new).collect();
    let metadata: Vec<Value> = documents.iter().map(|new| Value::Object(new.metadata.clone())).collect();
    sql("update documents \
         set ingested_by_user_id = coalesce(documents.ingested_by_user_id, $2), \
             ingested_by_user_email = case when documents.ingested_by_user_id is null then $3 \
               else documents.ingested_by_user_email end, \
             ingestion_method = case when documents.ingested_by_user_id is null then $4 \
               else documents.ingestion_method end, \
             document_type = page.document_type, title = page.title, content = page.content, \
             content_hash = page.content_hash, message_key = coalesce(documents.message_key, page.message_key), \
             content_incomplete = page.content_incomplete, metadata = page.metadata, raw_data = page.raw_data, \
             mime_type = page.mime_type, file_size_bytes = page.file_size_bytes, file_url = page.file_url, \
             source_created_at = page.created_at, source_modified_at = page.modified_at, \
             parent_document_id = coalesce(page.parent, documents.parent_document_id), \
             blob_key = coalesce(page.blob_key, documents.blob_key), \
             search_vector = page.lexemes, search_version = $22 \
         from unnest($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) \
           as page(id, document_type, title, content, content_hash, message_key, content_incomplete, \
             metadata, raw_data, mime_type, file_size_bytes, file_url, created_at, modified_at, parent, blob_key, lexemes) \
         where documents.tenant_id = $1 and documents.id = page.id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(attribution.user_id.to_string())
    .bind::<Text, _>(attribution.user_email.as_str())
    .bind::<Text, _>(attribution.method.name())
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Text>, _>(each(&documents, |new| new.kind.as_str()))
    .bind::<Array<Text>, _>(each(&documents, |new| new.title.as_str()))
    .bind::<Array<Text>, _>(each(&documents, |new| new.content.as_str()))
    .bind::<Array<Text>, _>(each(&documents, |new| new.content_hash.as_str()))
    .bind::<Array<Nullable<Text>>, _>(each(&documents, |new| new.message_key.as_ref().map(MessageKey::as_str)))
    .bind::<Array<Bool>, _>(each(&documents, |new| new.content_incomplete))
    .bind::<Array<Jsonb>, _>(metadata)
    .bind::<Array<Nullable<Jsonb>>, _>(each(&documents, |new| new.raw.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(each(&documents, |new| new.mime_type.as_deref()))
    .bind::<Array<Nullable<BigInt>>, _>(each(&documents, |new| new.file_size_bytes))
    .bind::<Array<Nullable<Text>>, _>(each(&documents, |new| new.file_url.as_deref()))
    .bind::<Array<Nullable<Timestamptz>>, _>(each(&documents, |new| new.created_at))
    .bind::<Array<Nullable<Timestamptz>>, _>(each(&documents, |new| new.modified_at))
    .bind::<Array<Nullable<BigInt>>, _>(each(&documents, |new| parent_of(new, parents)))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(&documents, |new| new.blob.map(BlobKey::as_uuid)))
    .bind::<Array<TsVector>, _>(lexemes::of(&documents).await?)
    .bind::<SmallInt, _>(VERSION)
    .execute(connection)
    .await?;
    Ok(())
}

/// The documents that hang on these, and whether the connection has them.
pub(crate) async fn list_attached(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    by: ConnectionId,
    parents: &[i64],
) -> QueryResult<Vec<Attached>> {
    // Not `exists`, which may read all that the connection brought in to answer for each of many.
    sql("select attachment.id, live.id is not null as is_live from documents attachment \
         left join lateral ( \
           select id from document_sources \
           where tenant_id = $1 and connection_id = $2 and document_id = attachment.id and vanished_at is null limit 1 \
         ) live on true \
         where attachment.tenant_id = $1 and attachment.parent_document_id = any($3)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(by.get())
    .bind::<Array<BigInt>, _>(parents)
    .load(connection)
    .await
}

/// Which documents of these ids at their source, in no account, nothing superseded so far.
pub(crate) async fn list_unsuperseded(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    source: &SourceName,
    source_ids: &[&str],
) -> QueryResult<Vec<i64>> {
    let found: Vec<Id> = sql("select id from documents \
         where tenant_id = $1 and source = $2 and source_account = '' and source_id = any($3) \
           and superseded_at is null")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(source.as_str())
    .bind::<Array<Text>, _>(source_ids)
    .load(connection)
    .await?;
    Ok(found.into_iter().map(|found| found.id).collect())
}

/// Writes down that others took the place of these documents.
pub(crate) async fn supersede(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    ids: &[i64],
) -> QueryResult<()> {
    sql("update documents set superseded_at = now() \
         where tenant_id = $1 and id = any($2) and superseded_at is null")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes those of these documents that have no source left, with all that hangs on them.
pub(crate) async fn delete_sourceless(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    ids: &[i64],
) -> QueryResult<usize> {
    sql("delete from documents document \
         where document.tenant_id = $1 and document.id = any($2) \
           and not exists ( \
             select from document_sources source \
             where source.tenant_id = $1 and source.document_id = document.id and source.vanished_at is null)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .execute(connection)
    .await
}

/// Those of these documents and of their attachments, each once.
pub(crate) async fn with_attachments(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    ids: &[i64],
) -> QueryResult<Vec<i64>> {
    let found: Vec<Id> = sql("select id from documents where tenant_id = $1 and id = any($2) \
         union select id from documents where tenant_id = $1 and parent_document_id = any($2)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .load(connection)
    .await?;
    Ok(found.into_iter().map(|found| found.id).collect())
}

/// Deletes those of these documents that nobody has any more, with all that hangs on them, and answers which. Whoever has
/// a mail has what came with it, by whichever mailbox that was fetched.
pub(crate) async fn delete_ownerless(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    ids: &[i64],
) -> QueryResult<Vec<i64>> {
    let deleted: Vec<Id> = sql("delete from documents document \
         where document.tenant_id = $1 and document.id = any($2) \
           and not exists ( \
             select from document_sources source \
             where source.tenant_id = $1 and source.document_id in (document.id, document.parent_document_id) \
               and source.vanished_at is null) \
         returning document.id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .load(connection)
    .await?;
    Ok(deleted.into_iter().map(|deleted| deleted.id).collect())
}

impl Written {
    /// The key under which it was written.
    pub(crate) fn key(&self) -> DocumentKey {
        DocumentKey {
            source: SourceName::new(self.source.clone()),
            source_account: self.source_account.clone(),
            source_id: self.source_id.clone(),
        }
    }
}

fn parent_of(new: &NewDocument, parents: &Parents) -> Option<i64> {
    parents.get(new.parent.as_ref()?).copied()
}

/// A column of a page.
fn each<'a, T>(documents: &[&'a NewDocument], column: impl Fn(&'a NewDocument) -> T) -> Vec<T> {
    documents.iter().map(|new| column(new)).collect()
}
