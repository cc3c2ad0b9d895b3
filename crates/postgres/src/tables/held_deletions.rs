//! Deletions that wait for somebody's word, and their records.
//!
//! Whoever changes one locks it first, before any document: a page of its connection, and whoever decides. Its records are
//! then deleted by where they stand, since nobody moves them: joined by their keys, all of them would be read.

use cortex_ingestion::model::{DeletionDecision, DeletionState, DocumentKey, HeldDeletion, SourceName, Stream};
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, JobId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    user_email: Option<String>,
    #[diesel(sql_type = BigInt)]
    connection_id: i64,
    #[diesel(sql_type = Text)]
    broker_id: String,
    #[diesel(sql_type = Text)]
    provider: String,
    #[diesel(sql_type = Text)]
    model: String,
    #[diesel(sql_type = SqlUuid)]
    job_id: Uuid,
    #[diesel(sql_type = BigInt)]
    records: i64,
    #[diesel(sql_type = BigInt)]
    documents_removed: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    decided_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    decided_by: Option<String>,
}

/// One for which something is still to be done, and that nobody else changes before the transaction ends.
#[derive(QueryableByName)]
pub(crate) struct Open {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    /// Whether it waits for a word on deletions that the same job read in the same stream.
    #[diesel(sql_type = Bool)]
    pub(crate) takes_more: bool,
}

/// One that was just decided.
#[derive(QueryableByName)]
pub(crate) struct Decided {
    #[diesel(sql_type = BigInt)]
    pub(crate) connection_id: i64,
    #[diesel(sql_type = Text)]
    pub(crate) user_id: String,
    #[diesel(sql_type = Text)]
    pub(crate) provider: String,
    #[diesel(sql_type = Text)]
    pub(crate) model: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) records: i64,
}

/// A confirmed one, as far as carrying it out needs it.
#[derive(QueryableByName)]
pub(crate) struct Confirmed {
    #[diesel(sql_type = BigInt)]
    pub(crate) connection_id: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) documents_removed: i64,
    #[diesel(sql_type = Bool)]
    pub(crate) is_settled: bool,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct RecordRow {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    source_account: String,
    #[diesel(sql_type = Text)]
    source_id: String,
}

/// Those of the connection for which something is still to be done. Mostly there are none.
pub(crate) async fn lock_open(connection: &mut AsyncPgConnection, by: &Stream, job: JobId) -> QueryResult<Vec<Open>> {
    sql("select id, state = 'pending' and model = $3 and variant = $4 and job_id = $5 as takes_more \
         from held_deletions where tenant_id = $1 and connection_id = $2 and settled_at is null \
         order by id for update")
    .bind::<Text, _>(by.company_id.to_string())
    .bind::<BigInt, _>(by.connection_id.get())
    .bind::<Text, _>(by.model.as_str())
    .bind::<Text, _>(by.variant.as_str())
    .bind::<SqlUuid, _>(job.as_uuid())
    .load(connection)
    .await
}

/// Holds these records, but for those that one of `open` holds. Those that the same job read in the same stream are held
/// together.
pub(crate) async fn hold(
    connection: &mut AsyncPgConnection,
    by: &Stream,
    job: JobId,
    open: &[i64],
    records: &[&DocumentKey],
) -> QueryResult<()> {
    sql("with fresh as ( \
           select page.* from unnest($8, $9, $10) as page(source, source_account, source_id) \
           where not exists ( \
             select from held_deletion_records held \
             where held.tenant_id = $1 and held.held_deletion_id = any($7) and held.source = page.source \
               and held.source_account in (page.source_account, $11) and held.source_id = page.source_id)), \
         one as ( \
           insert into held_deletions \
             (tenant_id, connection_id, user_id, provider, model, variant, job_id, records) \
           select $1, $2, $12, $3, $4, $5, $6, count(*) from fresh having count(*) > 0 \
           on conflict (connection_id, tenant_id, model, variant, job_id) where state = 'pending' \
           do update set records = held_deletions.records + excluded.records \
           returning id) \
         insert into held_deletion_records (tenant_id, held_deletion_id, source, source_account, source_id) \
         select $1, one.id, fresh.* from one cross join fresh")
    .bind::<Text, _>(by.company_id.to_string())
    .bind::<BigInt, _>(by.connection_id.get())
    .bind::<Text, _>(by.provider.name())
    .bind::<Text, _>(by.model.as_str())
    .bind::<Text, _>(by.variant.as_str())
    .bind::<SqlUuid, _>(job.as_uuid())
    .bind::<Array<BigInt>, _>(open)
    .bind::<Array<Text>, _>(records.iter().map(|key| key.source.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(records.iter().map(|key| key.source_account.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(records.iter().map(|key| key.source_id.as_str()).collect::<Vec<_>>())
    .bind::<Text, _>(DocumentKey::unread_account(by.connection_id))
    .bind::<Text, _>(by.user_id.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Holds these records no longer, whichever of `open` does. Answers which of those have none left and nothing to be
/// decided.
pub(crate) async fn release(
    connection: &mut AsyncPgConnection,
    by: &Stream,
    open: &[i64],
    records: &[&DocumentKey],
) -> QueryResult<Vec<i64>> {
    let emptied: Vec<Id> = sql("with released as ( \
           delete from held_deletion_records \
           where tenant_id = $1 and ctid = any(array( \
             select held.place from unnest($3, $4, $5) as page(source, source_account, source_id) \
             cross join lateral ( \
               select ctid as place from held_deletion_records \
               where tenant_id = $1 and held_deletion_id = any($2) and source = page.source \
                 and source_account in (page.source_account, $6) and source_id = page.source_id \
               offset 0) held)) \
           returning held_deletion_id), \
         counted as (select held_deletion_id, count(*) as records from released group by held_deletion_id), \
         changed as ( \
           update held_deletions one set records = one.records - counted.records from counted \
           where one.tenant_id = $1 and one.id = counted.held_deletion_id and one.state = 'pending' \
           returning one.id, one.records) \
         select id from changed where records = 0")
    .bind::<Text, _>(by.company_id.to_string())
    .bind::<Array<BigInt>, _>(open)
    .bind::<Array<Text>, _>(records.iter().map(|key| key.source.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(records.iter().map(|key| key.source_account.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(records.iter().map(|key| key.source_id.as_str()).collect::<Vec<_>>())
    .bind::<Text, _>(DocumentKey::unread_account(by.connection_id))
    .load(connection)
    .await?;
    Ok(emptied.into_iter().map(|emptied| emptied.id).collect())
}

/// Removes these: there is nothing left to decide.
pub(crate) async fn delete(connection: &mut AsyncPgConnection, company_id: CompanyId, ids: &[i64]) -> QueryResult<()> {
    sql("delete from held_deletions where tenant_id = $1 and id = any($2)")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Array<BigInt>, _>(ids)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes what nobody decided of a connection that ends: what it brought in stays or goes by another word.
pub(crate) async fn drop_pending(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: ConnectionId,
) -> QueryResult<()> {
    sql("delete from held_deletions \
         where tenant_id = $1 and connection_id = $2 and settled_at is null and state = 'pending'")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .execute(connection)
    .await?;
    Ok(())
}

/// At most `limit` of them, from before `before` on, the last first.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    sql("select one.id, one.user_id, account.user_email, one.connection_id, account.connection_id as broker_id, \
           one.provider, one.model, one.job_id, one.records, one.documents_removed, one.state, one.created_at, \
           one.decided_at, one.decided_by \
         from held_deletions one \
         join connections account on account.tenant_id = $1 and account.id = one.connection_id \
         where one.tenant_id = $1 and one.id < $2 \
         order by one.id desc limit $3")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(before.unwrap_or(i64::MAX))
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await
}

/// Decides of one, if nobody did before. One that is rejected is settled.
pub(crate) async fn decide(
    connection: &mut AsyncPgConnection,
    decision: &DeletionDecision,
) -> QueryResult<Option<Decided>> {
    sql("update held_deletions \
         set state = $3, decided_at = now(), decided_by = $4, settled_at = case when $3 = 'rejected' then now() end \
         where tenant_id = $1 and id = $2 and state = 'pending' \
         returning connection_id, user_id, provider, model, records")
    .bind::<Text, _>(decision.company_id.to_string())
    .bind::<BigInt, _>(decision.id)
    .bind::<Text, _>(decision.verdict.state().name())
    .bind::<Text, _>(decision.by.to_string())
    .get_result(connection)
    .await
    .optional()
}

pub(crate) async fn exists(connection: &mut AsyncPgConnection, company_id: CompanyId, id: i64) -> QueryResult<bool> {
    let found: Option<Id> = sql("select id from held_deletions where tenant_id = $1 and id = $2")
        .bind::<Text, _>(company_id.to_string())
        .bind::<BigInt, _>(id)
        .get_result(connection)
        .await
        .optional()?;
    Ok(found.is_some())
}

/// A confirmed one, which nobody else changes before the transaction ends.
pub(crate) async fn lock_confirmed(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: i64,
) -> QueryResult<Option<Confirmed>> {
    sql("select connection_id, documents_removed, settled_at is not null as is_settled from held_deletions \
         where tenant_id = $1 and id = $2 and state = 'confirmed' for update")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id)
    .get_result(connection)
    .await
    .optional()
}

/// Takes at most `most` of its records off it.
pub(crate) async fn take_records(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: i64,
    most: i64,
) -> QueryResult<Vec<DocumentKey>> {
    let taken: Vec<RecordRow> = sql("delete from held_deletion_records \
         where tenant_id = $1 and ctid = any(array( \
           select ctid from held_deletion_records where tenant_id = $1 and held_deletion_id = $2 \
           order by source, source_account, source_id limit $3)) \
         returning source, source_account, source_id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id)
    .bind::<BigInt, _>(most)
    .load(connection)
    .await?;
    Ok(taken.into_iter().map(RecordRow::into_key).collect())
}

/// Takes all of its records off it.
pub(crate) async fn drop_records(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: i64,
) -> QueryResult<()> {
    sql("delete from held_deletion_records where tenant_id = $1 and held_deletion_id = $2")
        .bind::<Text, _>(company_id.to_string())
        .bind::<BigInt, _>(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes down how far a confirmed one is carried out.
pub(crate) async fn record_step(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: i64,
    documents_removed: i64,
    is_done: bool,
) -> QueryResult<()> {
    sql("update held_deletions \
         set documents_removed = $3, settled_at = case when $4 then now() end \
         where tenant_id = $1 and id = $2")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id)
    .bind::<BigInt, _>(documents_removed)
    .bind::<Bool, _>(is_done)
    .execute(connection)
    .await?;
    Ok(())
}

/// A confirmed one that is not carried out to its end.
pub(crate) async fn find_unfinished(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Option<i64>> {
    let found: Option<Id> = sql("select id from held_deletions \
         where tenant_id = $1 and settled_at is null and state = 'confirmed' order by id limit 1")
    .bind::<Text, _>(company_id.to_string())
    .get_result(connection)
    .await
    .optional()?;
    Ok(found.map(|found| found.id))
}

impl RecordRow {
    fn into_key(self) -> DocumentKey {
        DocumentKey {
            source: SourceName::new(self.source),
            source_account: self.source_account,
            source_id: self.source_id,
        }
    }
}

impl TryFrom<Row> for HeldDeletion {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "held_deletions", row: &row.id };
        Ok(Self {
            id: row.id,
            user_id: reading.parse("user_id", &row.user_id)?,
            user_email: row.user_email,
            connection_id: ConnectionId::new(row.connection_id),
            broker_id: BrokerConnectionId::new(row.broker_id),
            provider: reading.parse("provider", &row.provider)?,
            model: row.model,
            job_id: JobId::new(row.job_id),
            records: row.records.unsigned_abs(),
            documents_removed: row.documents_removed.unsigned_abs(),
            state: reading.parse::<DeletionState>("state", &row.state)?,
            created_at: row.created_at,
            decided_at: row.decided_at,
            decided_by: row.decided_by.as_deref().map(|by| reading.parse("decided_by", by)).transpose()?,
        })
    }
}
