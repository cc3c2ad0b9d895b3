//! Counts over a company's connections and jobs, and whose they are, as dashboards show them.

use cortex_insights::model::{ConnectionStanding, SyncTotals};
use cortex_kernel::{CompanyId, ConnectionId, Provider};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct AddressRow {
    #[diesel(sql_type = Text)]
    pub(crate) user_id: String,
    #[diesel(sql_type = Text)]
    pub(crate) email: String,
}

#[derive(QueryableByName)]
struct OwnRow {
    #[diesel(sql_type = Text)]
    address: String,
}

#[derive(QueryableByName)]
pub(crate) struct SyncRow {
    #[diesel(sql_type = BigInt)]
    queued: i64,
    #[diesel(sql_type = BigInt)]
    running: i64,
    #[diesel(sql_type = BigInt)]
    completed: i64,
    #[diesel(sql_type = BigInt)]
    failed: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_completed_at: Option<OffsetDateTime>,
}

#[derive(QueryableByName)]
pub(crate) struct StandingRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    provider_key: String,
    #[diesel(sql_type = Nullable<Text>)]
    user_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    user_email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    account_email: Option<String>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    connected_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_sync_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    last_failure: Option<String>,
}

/// The addresses under which these people last brought something in.
pub(crate) async fn find_addresses(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_ids: &[String],
) -> QueryResult<Vec<AddressRow>> {
    sql("select person.id as user_id, latest.email \
         from unnest($2) as person(id) \
         cross join lateral ( \
           select ingested_by_user_email as email from documents \
           where tenant_id = $1 and ingested_by_user_id = person.id order by id desc limit 1) latest \
         where latest.email is not null")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<Text>, _>(user_ids)
    .load(connection)
    .await
}

/// The addresses of accounts and of those who connected them.
pub(crate) async fn list_own_addresses(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Vec<String>> {
    let rows: Vec<OwnRow> = sql("select distinct lower(address) as address \
         from connections cross join lateral (values (account_email), (user_email)) told(address) \
         where tenant_id = $1 and address is not null")
    .bind::<Text, _>(company_id.to_string())
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.address).collect())
}

/// What became of the syncs that were begun since then.
pub(crate) async fn count_syncs(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    since: OffsetDateTime,
) -> QueryResult<SyncRow> {
    sql("select \
           (select count(*) from sync_jobs where tenant_id = $1 and status = 'queued') as queued, \
           (select count(*) from sync_jobs where tenant_id = $1 and status = 'running') as running, \
           count(*) filter (where status = 'completed') as completed, \
           count(*) filter (where status = 'failed') as failed, \
           max(completed_at) filter (where status = 'completed') as last_completed_at \
         from sync_jobs where tenant_id = $1 and created_at >= $2")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(since)
    .get_result(connection)
    .await
}

/// At most `most` connections of providers of ours, the newest first. Of the jobs of an account, of which there may be
/// thousands, only the latest are looked up; and none from a week before it was connected, which are those of whoever was
/// connected before.
pub(crate) async fn list_connections(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    most: u16,
) -> QueryResult<Vec<StandingRow>> {
    sql("select one.id, one.provider_key, one.user_id, one.user_email, one.account_email, one.status, one.reason, \
           one.since as connected_at, latest.completed_at as last_sync_at, \
           case when ended.status = 'failed' then coalesce(ended.error_code, 'unknown') end as last_failure \
         from ( \
           select *, coalesce(connected_at, created_at) as since from connections \
           where tenant_id = $1 and provider_key = any($3) order by id desc limit $2) one \
         left join lateral ( \
           select completed_at from sync_jobs \
           where tenant_id = $1 and connection_id = one.id and status = 'completed' and kind is distinct from 'content' \
             and completed_at >= one.since and created_at >= one.since - interval '7 days' \
           order by created_at desc limit 1) latest on true \
         left join lateral ( \
           select status, error_code from sync_jobs \
           where tenant_id = $1 and connection_id = one.id and status in ('completed', 'failed') \
             and kind is distinct from 'content' and completed_at >= one.since \
             and created_at >= one.since - interval '7 days' \
           order by created_at desc limit 1) ended on true \
         order by one.id desc")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(i64::from(most))
    .bind::<Array<Text>, _>(Provider::ALL.map(Provider::name).to_vec())
    .load(connection)
    .await
}

impl From<SyncRow> for SyncTotals {
    fn from(row: SyncRow) -> Self {
        Self {
            queued: row.queued.unsigned_abs(),
            running: row.running.unsigned_abs(),
            completed: row.completed.unsigned_abs(),
            failed: row.failed.unsigned_abs(),
            last_completed_at: row.last_completed_at,
        }
    }
}

impl TryFrom<StandingRow> for ConnectionStanding {
    type Error = Inconsistency;

    fn try_from(row: StandingRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "connections", row: &row.id };
        Ok(Self {
            id: ConnectionId::new(row.id),
            provider: reading.parse("provider_key", &row.provider_key)?,
            user_id: row.user_id.as_deref().map(|user| reading.parse("user_id", user)).transpose()?,
            user_email: row.user_email,
            account_email: row.account_email,
            state: reading.parse("status", &row.status)?,
            reason: row.reason,
            connected_at: row.connected_at,
            last_sync_at: row.last_sync_at,
            last_failure: row.last_failure,
        })
    }
}
