//! Who brought which document in, as which record, and whether it is there still.
//!
//! Records are looked up by connection and not by user: a connection is one person's for ever, and an index beginning
//! with the user would have to read all that he ever brought in. What came in while the account of a connection could not
//! be read stands under our number of the connection, and is the same record still: since the account was connected, that
//! is, as the same connection may have reached another one before.

use cortex_ingestion::model::{Attribution, DocumentKey, MessageKey, NewDocument, Stream};
use cortex_kernel::{CompanyId, ConnectionId, Email, JobId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::scalars::Count;
use super::sql;

/// What is stored of a record of a page: the document that it belongs to, if there is one.
#[derive(QueryableByName)]
pub(crate) struct Match {
    /// Its place in the page, from 1.
    #[diesel(sql_type = BigInt)]
    pub(crate) place: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) document_id: i64,
    /// Whether the record may write over the document: the record, or at least its key, is known, and not only the message;
    /// and the record has no less than the whole text if the document has it.
    #[diesel(sql_type = Bool)]
    pub(crate) gives_way: bool,
    /// Whether the document says the same as the record, and hangs somewhere if the record does.
    #[diesel(sql_type = Bool)]
    pub(crate) is_same: bool,
    /// Whether this user and connection brought it in, and it has not vanished.
    #[diesel(sql_type = Bool)]
    pub(crate) has_source: bool,
}

/// A document that a record belongs to.
#[derive(QueryableByName)]
pub(crate) struct Placed {
    /// The place of the record among those asked for, from 1.
    #[diesel(sql_type = BigInt)]
    pub(crate) place: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) document_id: i64,
}

/// A source that has not vanished.
#[derive(QueryableByName)]
pub(crate) struct Live {
    /// The place of its record among those asked for, from 1.
    #[diesel(sql_type = BigInt)]
    pub(crate) place: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) document_id: i64,
}

/// To which stored documents the records of a page belong: the one that this user and connection brought in as this
/// record, else the one of the same key, else the one of the same message. Records that belong to none are left out.
///
/// Each of these is looked up by itself, record by record: joined as a whole, on tables of which the planner knows nothing
/// yet, it begins with all documents and asks for each of them about the page.
///
/// Not `coalesce` where `case` stands: behind row level security PostgreSQL takes it for something that might tell what a
/// row holds, uses no index for it, and goes through all documents of the company for each record.
pub(crate) async fn match_page(
    connection: &mut AsyncPgConnection,
    by: &Stream,
    page: &[&NewDocument],
) -> QueryResult<Vec<Match>> {
    sql("select page.place, document.id as document_id, \
           coalesce(known.document_id, of_key.id) is not null \
             and (document.content_incomplete or not page.content_incomplete) as gives_way, \
           document.content_hash is not distinct from page.content_hash \
             and document.content_incomplete = page.content_incomplete \
             and (document.is_attached or not page.is_attached) as is_same, \
           known.document_id is not null and known.vanished_at is null as has_source \
         from unnest($3, $4, $5, $6, $7, $8, $10) with ordinality \
           as page(source, source_account, source_id, content_hash, content_incomplete, message_key, is_attached, place) \
         left join lateral ( \
           select document_id, vanished_at from document_sources \
           where tenant_id = $1 and connection_id = $2 \
             and source = page.source and source_account in (page.source_account, $9) and source_id = page.source_id \
             and (source_account = page.source_account or first_seen_at >= ( \
               select connected_at from connections where tenant_id = $1 and id = $2)) \
           order by vanished_at desc nulls first, id limit 1 \
         ) known on true \
         left join lateral ( \
           select id from documents \
           where known.document_id is null and tenant_id = $1 \
             and source = page.source and source_account = page.source_account and source_id = page.source_id limit 1 \
         ) of_key on true \
         left join lateral ( \
           select id from documents \
           where known.document_id is null and of_key.id is null \
             and tenant_id = $1 and message_key = page.message_key order by id limit 1 \
         ) of_message on true \
         join lateral ( \
           select id, content_hash, content_incomplete, parent_document_id is not null as is_attached from documents \
           where tenant_id = $1 and id = case when known.document_id is not null then known.document_id \
             when of_key.id is not null then of_key.id else of_message.id end limit 1 \
         ) document on true")
    .bind::<Text, _>(by.company_id.to_string())
    .bind::<BigInt, _>(by.connection_id.get())
    .bind::<Array<Text>, _>(each(page, |new| new.key.source.as_str()))
    .bind::<Array<Text>, _>(each(page, |new| new.key.source_account.as_str()))
    .bind::<Array<Text>, _>(each(page, |new| new.key.source_id.as_str()))
    .bind::<Array<Text>, _>(each(page, |new| new.content_hash.as_str()))
    .bind::<Array<Bool>, _>(each(page, |new| new.content_incomplete))
    .bind::<Array<Nullable<Text>>, _>(each(page, |new| new.message_key.as_ref().map(MessageKey::as_str)))
    .bind::<Text, _>(DocumentKey::unread_account(by.connection_id))
    .bind::<Array<Bool>, _>(each(page, |new| new.parent.is_some()))
    .load(connection)
    .await
}

/// To which stored documents these records belong, of whatever page: the one that this connection brought in as the
/// record, else the one of the same key. Records that belong to none are left out.
pub(crate) async fn find_documents(
    connection: &mut AsyncPgConnection,
    by: &Stream,
    records: &[&DocumentKey],
) -> QueryResult<Vec<Placed>> {
    sql("select page.place, case when known.document_id is not null then known.document_id else of_key.id end \
           as document_id \
         from unnest($3, $4, $5) with ordinality as page(source, source_account, source_id, place) \
         left join lateral ( \
           select document_id from document_sources \
           where tenant_id = $1 and connection_id = $2 \
             and source = page.source and source_account in (page.source_account, $6) and source_id = page.source_id \
             and (source_account = page.source_account or first_seen_at >= ( \
               select connected_at from connections where tenant_id = $1 and id = $2)) \
           order by vanished_at desc nulls first, id limit 1 \
         ) known on true \
         left join lateral ( \
           select id from documents \
           where known.document_id is null and tenant_id = $1 \
             and source = page.source and source_account = page.source_account and source_id = page.source_id limit 1 \
         ) of_key on true \
         where known.document_id is not null or of_key.id is not null")
    .bind::<Text, _>(by.company_id.to_string())
    .bind::<BigInt, _>(by.connection_id.get())
    .bind::<Array<Text>, _>(column(records, |key| key.source.as_str()))
    .bind::<Array<Text>, _>(column(records, |key| &key.source_account))
    .bind::<Array<Text>, _>(column(records, |key| &key.source_id))
    .bind::<Text, _>(DocumentKey::unread_account(by.connection_id))
    .load(connection)
    .await
}

/// Writes down that these documents came in as these records, for the first time or again.
pub(crate) async fn upsert(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    attribution: &Attribution,
    sources: &[(i64, &DocumentKey)],
) -> QueryResult<()> {
    let ids: Vec<i64> = sources.iter().map(|(id, _)| *id).collect();
    sql("insert into document_sources \
           (tenant_id, user_id, user_email, connection_id, account_email, job_id, method, \
            document_id, source, source_account, source_id) \
         select $1, $2, $3, $4, $5, $6, $7, page.* \
         from unnest($8, $9, $10, $11) as page(document_id, source, source_account, source_id) \
         order by page.source, page.source_account, page.source_id \
         on conflict (document_id, user_id, connection_id, source_id) do update \
         set last_seen_at = now(), vanished_at = null, job_id = excluded.job_id, \
             source_account = excluded.source_account, \
             user_email = excluded.user_email, account_email = excluded.account_email")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(attribution.user_id.to_string())
    .bind::<Text, _>(attribution.user_email.as_str())
    .bind::<Nullable<BigInt>, _>(attribution.connection_id.map(ConnectionId::get))
    .bind::<Nullable<Text>, _>(attribution.account_email.as_ref().map(Email::as_str))
    .bind::<Nullable<SqlUuid>, _>(attribution.job_id.map(JobId::as_uuid))
    .bind::<Text, _>(attribution.method.name())
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Text>, _>(sources.iter().map(|(_, key)| key.source.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(sources.iter().map(|(_, key)| key.source_account.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(sources.iter().map(|(_, key)| key.source_id.as_str()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// The sources by which the connection brought in these records, and that have not vanished. Records that it does not have
/// are left out.
///
/// `offset 0` keeps each record a look-up of its own: joined as a whole, the planner reads all that the connection brought
/// in.
pub(crate) async fn list_live(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    by: ConnectionId,
    records: &[&DocumentKey],
) -> QueryResult<Vec<Live>> {
    sql("select page.place, live.id, live.document_id \
         from unnest($3, $4, $5) with ordinality as page(source, source_account, source_id, place) \
         cross join lateral ( \
           select id, document_id from document_sources \
           where tenant_id = $1 and connection_id = $2 and vanished_at is null \
             and source = page.source and source_account in (page.source_account, $6) and source_id = page.source_id \
             and (source_account = page.source_account or first_seen_at >= ( \
               select connected_at from connections where tenant_id = $1 and id = $2)) \
           offset 0 \
         ) live")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(by.get())
    .bind::<Array<Text>, _>(column(records, |key| key.source.as_str()))
    .bind::<Array<Text>, _>(column(records, |key| &key.source_account))
    .bind::<Array<Text>, _>(column(records, |key| &key.source_id))
    .bind::<Text, _>(DocumentKey::unread_account(by))
    .load(connection)
    .await
}

/// How many sources of the connection have not vanished, counted to `most` and no further. The order is that of an index
/// which tells it without the table, as far as that was vacuumed.
pub(crate) async fn count_live(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    by: ConnectionId,
    most: i64,
) -> QueryResult<i64> {
    let counted: Count = sql("select count(*) as count from ( \
           select from document_sources \
           where tenant_id = $1 and connection_id = $2 and vanished_at is null \
           order by document_id limit $3) live")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(by.get())
    .bind::<BigInt, _>(most)
    .get_result(connection)
    .await?;
    Ok(counted.count)
}

/// Writes down that these sources vanished, and answers how many had not before.
pub(crate) async fn vanish(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    sources: &[i64],
) -> QueryResult<usize> {
    sql("update document_sources set vanished_at = now() \
         where tenant_id = $1 and id = any($2) and vanished_at is null")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(sources)
    .execute(connection)
    .await
}

/// Writes down that these attachments vanished in the connection where the documents that they hang on did, and answers
/// how many had not before. A message that lies in one mailbox twice keeps them until it vanishes a second time.
pub(crate) async fn vanish_attached(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    by: ConnectionId,
    documents: &[i64],
) -> QueryResult<usize> {
    sql("update document_sources set vanished_at = now() \
         where tenant_id = $1 and vanished_at is null and id = any(array( \
           select source.id from documents attachment \
           left join lateral ( \
             select id from document_sources \
             where tenant_id = $1 and connection_id = $2 and document_id = attachment.parent_document_id \
               and vanished_at is null limit 1 \
           ) message on true \
           cross join lateral ( \
             select id from document_sources \
             where tenant_id = $1 and connection_id = $2 and document_id = attachment.id and vanished_at is null offset 0 \
           ) source \
           where attachment.tenant_id = $1 and attachment.id = any($3) and message.id is null))")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(by.get())
    .bind::<Array<BigInt>, _>(documents)
    .execute(connection)
    .await
}

fn each<'a, T>(page: &[&'a NewDocument], column: impl Fn(&'a NewDocument) -> T) -> Vec<T> {
    page.iter().map(|new| column(new)).collect()
}

fn column<'a>(records: &[&'a DocumentKey], part: impl Fn(&'a DocumentKey) -> &'a str) -> Vec<&'a str> {
    records.iter().copied().map(part).collect()
}
