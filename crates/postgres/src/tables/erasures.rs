//! What tables hold of a person, and how it goes.

use cortex_ingestion::model::ErasureReceipt;
use cortex_kernel::{CompanyId, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::scalars::Answer;
use super::{Inconsistency, inconsistency::Reading, sql};

/// The receipt of an erasure that goes on, or just ended.
#[derive(QueryableByName)]
pub(crate) struct Receipt {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = BigInt)]
    documents: i64,
    #[diesel(sql_type = BigInt)]
    documents_kept: i64,
    #[diesel(sql_type = BigInt)]
    sources: i64,
    #[diesel(sql_type = BigInt)]
    connections: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    erased_at: Option<OffsetDateTime>,
}

/// What a part of an erasure came to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Part {
    pub(crate) documents: usize,
    pub(crate) documents_kept: usize,
    pub(crate) sources: usize,
    pub(crate) connections: usize,
    pub(crate) jobs: usize,
    pub(crate) chats: usize,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Whether there is anything of the person.
pub(crate) async fn has_any(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<bool> {
    let found: Answer = sql("select \
           exists (select from document_sources where tenant_id = $1 and user_id = $2) \
           or exists (select from documents where tenant_id = $1 and ingested_by_user_id = $2) \
           or exists (select from connections where tenant_id = $1 and user_id = $2) \
           or exists (select from sync_jobs where tenant_id = $1 and user_id = $2) \
           or exists (select from chats where tenant_id = $1 and user_email = $2) \
           or exists (select from cortex_saved_reports where tenant_id = $1 and user_id = $2) \
           or exists (select from cortex_alerts where tenant_id = $1 and (dismissed_by = $2 or user_id = $2)) \
           or exists (select from connect_sessions where tenant_id = $1 and user_id = $2) as answer")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .get_result(connection)
    .await?;
    Ok(found.answer)
}

/// The open receipt of the person's erasure, if there is one.
pub(crate) async fn find_open(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<Option<Receipt>> {
    sql("select * from erasure_receipts where tenant_id = $1 and user_id = $2 and erased_at is null")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Text, _>(user_id.to_string())
        .get_result(connection)
        .await
        .optional()
}

/// Opens one.
pub(crate) async fn open(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    by: UserId,
) -> QueryResult<Receipt> {
    sql("insert into erasure_receipts (tenant_id, user_id, by_user_id) values ($1, $2, $3) returning *")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Text, _>(user_id.to_string())
        .bind::<Text, _>(by.to_string())
        .get_result(connection)
        .await
}

/// Adds a part to the receipt.
pub(crate) async fn count(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    receipt: Uuid,
    part: Part,
) -> QueryResult<()> {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    sql("update erasure_receipts \
         set documents = documents + $3, documents_kept = documents_kept + $4, sources = sources + $5, \
             connections = connections + $6, jobs = jobs + $7, chats = chats + $8 \
         where tenant_id = $1 and id = $2")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlUuid, _>(receipt)
    .bind::<BigInt, _>(number(part.documents))
    .bind::<BigInt, _>(number(part.documents_kept))
    .bind::<BigInt, _>(number(part.sources))
    .bind::<BigInt, _>(number(part.connections))
    .bind::<BigInt, _>(number(part.jobs))
    .bind::<BigInt, _>(number(part.chats))
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes it.
pub(crate) async fn close(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    receipt: Uuid,
) -> QueryResult<Receipt> {
    sql("update erasure_receipts set erased_at = now() where tenant_id = $1 and id = $2 returning *")
        .bind::<Text, _>(company_id.to_string())
        .bind::<SqlUuid, _>(receipt)
        .get_result(connection)
        .await
}

/// Some of the documents that the person has a hand in: what he brought in, and then what only bears his name.
pub(crate) async fn list_documents(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    most: i64,
) -> QueryResult<Vec<i64>> {
    let (company_id, user_id) = (company_id.to_string(), user_id.to_string());
    let brought: Vec<Id> =
        sql("select document_id as id from document_sources where tenant_id = $1 and user_id = $2 limit $3")
            .bind::<Text, _>(&company_id)
            .bind::<Text, _>(&user_id)
            .bind::<BigInt, _>(most)
            .load(connection)
            .await?;
    if !brought.is_empty() {
        return Ok(numbers(brought));
    }
    let named: Vec<Id> = sql("select id from documents where tenant_id = $1 and ingested_by_user_id = $2 limit $3")
        .bind::<Text, _>(&company_id)
        .bind::<Text, _>(&user_id)
        .bind::<BigInt, _>(most)
        .load(connection)
        .await?;
    Ok(numbers(named))
}

/// Deletes that he brought these documents in, and answers which one each time.
pub(crate) async fn delete_sources(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    ids: &[i64],
) -> QueryResult<Vec<i64>> {
    let deleted: Vec<Id> = sql("delete from document_sources \
         where tenant_id = $1 and user_id = $2 and document_id = any($3) returning document_id as id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .load(connection)
    .await?;
    Ok(numbers(deleted))
}

/// Takes his name from these documents, and answers from which. They bear the name of who is left that brought them in
/// first, an attachment that of its mail.
pub(crate) async fn rename(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    ids: &[i64],
) -> QueryResult<Vec<i64>> {
    let renamed: Vec<Id> = sql("update documents \
         set (ingested_by_user_id, ingested_by_user_email, ingestion_method) = ( \
           select source.user_id, source.user_email, source.method from document_sources source \
           where source.tenant_id = $1 and source.document_id in (documents.id, documents.parent_document_id) \
             and source.vanished_at is null \
           order by source.document_id = documents.id desc, source.first_seen_at, source.id limit 1) \
         where tenant_id = $1 and id = any($3) and ingested_by_user_id = $2 returning id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .load(connection)
    .await?;
    Ok(numbers(renamed))
}

/// Deletes some of his jobs. Those that wait or run were called off before.
pub(crate) async fn delete_jobs(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    most: i64,
) -> QueryResult<usize> {
    sql("delete from sync_jobs where tenant_id = $1 and id in ( \
           select id from sync_jobs where tenant_id = $1 and user_id = $2 limit $3)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await
}

/// Deletes some of his chats with what was said in them.
pub(crate) async fn delete_chats(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    most: i64,
) -> QueryResult<usize> {
    sql("delete from chats where tenant_id = $1 and id in ( \
           select id from chats where tenant_id = $1 and user_email = $2 limit $3)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await
}

/// Forgets some of the records of his accounts that could not be taken in.
pub(crate) async fn delete_set_aside(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    most: i64,
) -> QueryResult<usize> {
    sql("delete from set_aside_records where tenant_id = $1 and id in ( \
           select id from set_aside_records where tenant_id = $1 and user_id = $2 limit $3)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await
}

/// His connections, and nobody changes them before the transaction ends.
pub(crate) async fn lock_connections(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<Vec<i64>> {
    let held: Vec<Id> = sql("select id from connections where tenant_id = $1 and user_id = $2 order by id for update")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Text, _>(user_id.to_string())
        .load(connection)
        .await?;
    Ok(numbers(held))
}

/// Deletes his connections.
pub(crate) async fn delete_connections(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<usize> {
    sql("delete from connections where tenant_id = $1 and user_id = $2")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Text, _>(user_id.to_string())
        .execute(connection)
        .await
}

/// What is in quarantine as his is to go at the broker too.
pub(crate) async fn give_up_quarantined(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<()> {
    sql("with given_up as ( \
           delete from quarantined_connections where tenant_id = $1 and claimed_user_id = $2 \
           returning tenant_id, provider_key, connection_id) \
         insert into broker_removals (tenant_id, provider_key, connection_id) \
         select tenant_id, provider_key, connection_id from given_up \
         on conflict on constraint unique_broker_removal do nothing")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// The few rows that are left of him, each table's.
const THE_REST: [&str; 16] = [
    "delete from nango_sync_cursors where tenant_id = $1 and user_id = $2",
    "delete from gmail_cursors where tenant_id = $1 and user_id = $2",
    "delete from user_cursors where tenant_id = $1 and user_id = $2",
    "delete from connect_sessions where tenant_id = $1 and user_id = $2",
    // What they quote of him is not to be told apart; they are made anew of what is left.
    "delete from cortex_daily_reports where tenant_id = $1 and $2 is not null",
    "delete from cortex_saved_reports where tenant_id = $1 and user_id = $2",
    "delete from sync_overrides where tenant_id = $1 and user_id = $2",
    "delete from sync_turns where tenant_id = $1 and user_id = $2",
    "delete from usage_days where tenant_id = $1 and user_id = $2",
    "delete from idempotency_keys where tenant_id = $1 and user_id = $2",
    // They may name him, whatever they are of. Who reads one has it computed anew.
    "delete from summaries where tenant_id = $1 and $2 <> ''",
    // They may count mails of his. Months are kept anew of what is left.
    "delete from mail_months where tenant_id = $1 and $2 <> ''",
    "delete from cortex_alerts where tenant_id = $1 and user_id = $2",
    "update cortex_alerts set dismissed_by = null, note = null where tenant_id = $1 and dismissed_by = $2",
    "update held_deletions set decided_by = null where tenant_id = $1 and decided_by = $2",
    "update sync_jobs set triggered_by = null where tenant_id = $1 and triggered_by = $2",
];

pub(crate) async fn delete_the_rest(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<()> {
    for statement in THE_REST {
        sql(statement)
            .bind::<Text, _>(company_id.to_string())
            .bind::<Text, _>(user_id.to_string())
            .execute(connection)
            .await?;
    }
    Ok(())
}

fn numbers(found: Vec<Id>) -> Vec<i64> {
    found.into_iter().map(|found| found.id).collect()
}

impl TryFrom<Receipt> for ErasureReceipt {
    type Error = Inconsistency;

    fn try_from(row: Receipt) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "erasure_receipts", row: &row.id };
        Ok(Self {
            id: row.id,
            documents: row.documents.unsigned_abs(),
            documents_kept: row.documents_kept.unsigned_abs(),
            sources: row.sources.unsigned_abs(),
            connections: row.connections.unsigned_abs(),
            erased_at: reading.required("erased_at", row.erased_at)?,
        })
    }
}
