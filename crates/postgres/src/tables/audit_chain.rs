//! The seals of the audit log, the rows under them, and those that wait for theirs. Rows are taken as they stand: somebody
//! may have changed them.

use std::time::Duration;

use cortex_identity::model::audit::{ChainHash, Covers, EntryFacts, Link, NewSeal, Personal, SealHead, StoredSeal};
use cortex_kernel::CompanyId;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bytea, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::inconsistency::Reading;
use super::scalars::{Count, Id};
use super::{Inconsistency, sql};

/// A row, or nothing where a seal leads nowhere.
#[derive(QueryableByName)]
pub(crate) struct FactsRow {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    row_tenant_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    company_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    user_id: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    session_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    action: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    resource_type: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    resource_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    request_id: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    at_micros: Option<i64>,
    #[diesel(sql_type = Nullable<Bytea>)]
    salt: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    ip_address: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    user_agent: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    details: Option<String>,
    #[diesel(sql_type = Nullable<Bytea>)]
    address_digest: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Bytea>)]
    agent_digest: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Bytea>)]
    details_digest: Option<Vec<u8>>,
}

#[derive(QueryableByName)]
pub(crate) struct LinkRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    audit_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<BigInt>)]
    covered: Option<i64>,
    #[diesel(sql_type = Bytea)]
    previous: Vec<u8>,
    #[diesel(sql_type = Bytea)]
    hash: Vec<u8>,
    #[diesel(embed)]
    facts: FactsRow,
}

/// A row that waits for its seal.
#[derive(QueryableByName)]
pub(crate) struct WaitingRow {
    #[diesel(sql_type = BigInt)]
    pub(crate) number: i64,
    #[diesel(embed)]
    pub(crate) facts: FactsRow,
}

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Bytea)]
    hash: Vec<u8>,
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Nullable<Text>)]
    told: Option<String>,
}

/// What a row `l` of the log says, for hashing.
macro_rules! facts {
    () => {
        "l.id, l.tenant_id as row_tenant_id, l.company_id, l.user_id, l.session_id, l.action, l.resource_type, \
         l.resource_id, l.request_id, \
         case when isfinite(l.created_at) then (extract(epoch from l.created_at) * 1000000)::bigint end as at_micros, \
         l.salt, l.ip_address, l.user_agent, l.details::text as details, l.address_digest, l.agent_digest, \
         l.details_digest"
    };
}

/// The newest seal.
pub(crate) async fn find_head(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Option<Result<SealHead, Inconsistency>>> {
    let row: Option<HeadRow> =
        sql("select seq, hash from admin_audit_seals where tenant_id = $1 order by seq desc limit 1")
            .bind::<Text, _>(company_id.to_string())
            .get_result(connection)
            .await
            .optional()?;
    Ok(row.map(SealHead::try_from))
}

/// The hash of one seal.
pub(crate) async fn find_seal(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    seq: i64,
) -> QueryResult<Option<Result<SealHead, Inconsistency>>> {
    let row: Option<HeadRow> = sql("select seq, hash from admin_audit_seals where tenant_id = $1 and seq = $2")
        .bind::<Text, _>(company_id.to_string())
        .bind::<BigInt, _>(seq)
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(SealHead::try_from))
}

/// The next rows that wait for their seals, in the order in which they came. Those that are gone wait for ever.
pub(crate) async fn list_waiting(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    limit: u16,
) -> QueryResult<Vec<WaitingRow>> {
    sql(concat!(
        "select q.number, ",
        facts!(),
        " from admin_audit_unsealed q join admin_audit_log l on l.id = q.audit_id and l.tenant_id = q.tenant_id \
         where q.tenant_id = $1 order by q.number limit $2"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)
    .await
}

pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    seals: &[NewSeal],
) -> QueryResult<()> {
    let number = |number: u64| i64::try_from(number).expect("no chain is that long");
    let seqs: Vec<i64> = seals.iter().map(|seal| number(seal.seq)).collect();
    let covers = seals.iter().map(|seal| match seal.covers {
        Covers::Entry(id) => (Some(id), None),
        Covers::Past(count) => (None, Some(number(count))),
    });
    let (entries, counts): (Vec<Option<Uuid>>, Vec<Option<i64>>) = covers.unzip();
    let hashes: Vec<&[u8]> = seals.iter().map(|seal| seal.hash.as_bytes().as_slice()).collect();
    let previous: Vec<&[u8]> = seals.iter().map(|seal| seal.previous.as_bytes().as_slice()).collect();
    sql("insert into admin_audit_seals (tenant_id, seq, audit_id, covered, previous, hash) \
         select $1, * from unnest($2, $3, $4, $5, $6)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(seqs)
    .bind::<Array<Nullable<SqlUuid>>, _>(entries)
    .bind::<Array<Nullable<BigInt>>, _>(counts)
    .bind::<Array<Bytea>, _>(previous)
    .bind::<Array<Bytea>, _>(hashes)
    .execute(connection)
    .await?;
    Ok(())
}

/// These rows wait no longer.
pub(crate) async fn forget_waiting(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    numbers: &[i64],
) -> QueryResult<()> {
    sql("delete from admin_audit_unsealed where tenant_id = $1 and number = any ($2)")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Array<BigInt>, _>(numbers)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn list_links(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    after: i64,
    limit: u16,
) -> QueryResult<Vec<LinkRow>> {
    sql(concat!(
        "select s.seq, s.audit_id, s.covered, s.previous, s.hash, ",
        facts!(),
        " from admin_audit_seals s \
         left join admin_audit_log l on l.id = s.audit_id and l.tenant_id = s.tenant_id and not l.predates_seals \
         where s.tenant_id = $1 and s.seq > $2 order by s.seq limit $3"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)
    .await
}

pub(crate) async fn list_past(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    after: Option<Uuid>,
    limit: u16,
) -> QueryResult<Vec<FactsRow>> {
    sql(concat!(
        "select ",
        facts!(),
        " from admin_audit_log l \
         where l.tenant_id = $1 and l.predates_seals and ($2 is null or l.id > $2) order by l.id limit $3"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)
    .await
}

/// The first row that is gone although it waits for its seal.
pub(crate) async fn find_gone(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<Option<Uuid>> {
    let found: Option<Id> = sql("select q.audit_id as id from admin_audit_unsealed q \
         where q.tenant_id = $1 \
           and not exists (select from admin_audit_log l where l.id = q.audit_id and l.tenant_id = q.tenant_id) \
         order by q.number limit 1")
    .bind::<Text, _>(company_id.to_string())
    .get_result(connection)
    .await
    .optional()?;
    Ok(found.map(|row| row.id))
}

/// The first row that has no seal and does not wait for one, or does so for longer than `patience`.
pub(crate) async fn find_unsealed(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    patience: Duration,
) -> QueryResult<Option<Uuid>> {
    let found: Option<Id> = sql("select l.id from admin_audit_log l \
         left join admin_audit_unsealed q on q.audit_id = l.id and q.tenant_id = l.tenant_id \
         where l.tenant_id = $1 and not l.predates_seals \
           and not exists (select from admin_audit_seals s where s.audit_id = l.id and s.tenant_id = l.tenant_id) \
           and (q.audit_id is null or q.queued_at < clock_timestamp() - make_interval(secs => $2)) \
         order by q.number nulls first, l.created_at limit 1")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Double, _>(patience.as_secs_f64())
    .get_result(connection)
    .await
    .optional()?;
    Ok(found.map(|row| row.id))
}

/// Forgets what is personal in some rows, and answers in how many.
pub(crate) async fn forget_details(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    before: OffsetDateTime,
    most: u16,
) -> QueryResult<u64> {
    let Count { count } = sql("select cortex_forget_audit_details($1, $2, $3::integer) as count")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(i64::from(most))
        .get_result(connection)
        .await?;
    Ok(count.unsigned_abs())
}

/// Up to which moment that was done, as the row says that tells it.
pub(crate) async fn forgotten_before(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Option<Result<OffsetDateTime, Inconsistency>>> {
    // Written in one form, the texts stand in the order of the moments. A row that tells of a moment which the function
    // would have refused when the row was written was put there by somebody else, and counts for nothing.
    let Told { told } = sql("select max(resource_id collate \"C\") as told from admin_audit_log \
         where tenant_id = $1 and action = 'audit_details_forgotten' and created_at <= now() \
           and resource_id ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$' \
           and resource_id collate \"C\" <= \
             to_char((created_at - interval '1 day') at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
    .bind::<Text, _>(company_id.to_string())
    .get_result(connection)
    .await?;
    Ok(told.map(|told| {
        let reading = Reading { table: "admin_audit_log", row: &told };
        reading.required("resource_id", OffsetDateTime::parse(&told, &Rfc3339).ok())
    }))
}

impl TryFrom<HeadRow> for SealHead {
    type Error = Inconsistency;

    fn try_from(row: HeadRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "admin_audit_seals", row: &row.seq };
        Ok(Self {
            seq: reading.required("seq", row.seq.try_into().ok())?,
            hash: reading.required("hash", ChainHash::try_from(row.hash.as_slice()).ok())?,
        })
    }
}

impl From<LinkRow> for Link {
    fn from(row: LinkRow) -> Self {
        let LinkRow { seq, audit_id, covered, previous, hash, facts } = row;
        Self { seal: StoredSeal { seq, entry: audit_id, covered, previous, hash }, entry: facts.into() }
    }
}

impl From<FactsRow> for Option<EntryFacts> {
    fn from(row: FactsRow) -> Self {
        Some(EntryFacts {
            id: row.id?,
            tenant_id: row.row_tenant_id?,
            company_id: row.company_id?,
            user_id: row.user_id,
            session_id: row.session_id,
            action: row.action?,
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            request_id: row.request_id,
            at_micros: row.at_micros,
            personal: Personal {
                salt: row.salt,
                address: row.ip_address,
                user_agent: row.user_agent,
                details: row.details,
                address_digest: row.address_digest,
                agent_digest: row.agent_digest,
                details_digest: row.details_digest,
            },
        })
    }
}
