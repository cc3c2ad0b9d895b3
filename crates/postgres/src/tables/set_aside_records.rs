//! Records that could not be taken in, each once a stream: ids and reasons, and nothing of what they say.

use std::collections::BTreeSet;
use std::time::Duration;

use cortex_ingestion::model::{RecordKey, SetAsideFilter, SetAsideRecord, SetAsideView, Stream};
use cortex_kernel::{CompanyId, ConnectionId, JobId, Provider};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
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
    #[diesel(sql_type = BigInt)]
    connection_id: i64,
    #[diesel(sql_type = Text)]
    provider: String,
    #[diesel(sql_type = Text)]
    model: String,
    #[diesel(sql_type = Nullable<Text>)]
    record_id: Option<String>,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = SqlUuid)]
    job_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    first_seen_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    last_seen_at: OffsetDateTime,
}

/// Writes down what a page came to: records that are `settled` go, and those that were set aside are there, for the
/// first time or again. No record may be both: a statement changes a row once.
pub(crate) async fn renew(
    connection: &mut AsyncPgConnection,
    by: &Stream,
    job: JobId,
    settled: &BTreeSet<RecordKey>,
    set_aside: &[SetAsideRecord],
) -> QueryResult<()> {
    sql("with settled as ( \
           delete from set_aside_records \
           where tenant_id = $1 and connection_id = $2 and model = $3 and variant = $4 and record_key = any($5)) \
         insert into set_aside_records \
           (tenant_id, connection_id, model, variant, user_id, provider, job_id, record_key, record_id, reason) \
         select $1, $2, $3, $4, $6, $7, $8, page.* \
         from unnest($9, $10, $11) as page(record_key, record_id, reason) \
         order by page.record_key \
         on conflict (connection_id, tenant_id, model, variant, record_key) do update \
         set last_seen_at = now(), reason = excluded.reason, job_id = excluded.job_id, record_id = excluded.record_id")
    .bind::<Text, _>(by.company_id.to_string())
    .bind::<BigInt, _>(by.connection_id.get())
    .bind::<Text, _>(by.model.as_str())
    .bind::<Text, _>(by.variant.as_str())
    .bind::<Array<Text>, _>(settled.iter().map(RecordKey::as_str).collect::<Vec<_>>())
    .bind::<Text, _>(by.user_id.to_string())
    .bind::<Text, _>(by.provider.name())
    .bind::<SqlUuid, _>(job.as_uuid())
    .bind::<Array<Text>, _>(set_aside.iter().map(|record| record.key.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(set_aside.iter().map(SetAsideRecord::record_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(set_aside.iter().map(|record| record.reason.name()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// At most `limit` of those that the filter lets through, from before `before` on, those first seen last first.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    filter: SetAsideFilter,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    sql("select id, user_id, connection_id, provider, model, record_id, reason, job_id, first_seen_at, last_seen_at \
         from set_aside_records \
         where tenant_id = $1 and id < $2 and ($3 is null or user_id = $3) and ($4 is null or provider = $4) \
         order by id desc limit $5")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(before.unwrap_or(i64::MAX))
    .bind::<Nullable<Text>, _>(filter.user_id.map(|user_id| user_id.to_string()))
    .bind::<Nullable<Text>, _>(filter.provider.map(Provider::name))
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await
}

/// Forgets some of those that were last seen longer ago than `age`.
pub(crate) async fn forget(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    age: Duration,
    most: i64,
) -> QueryResult<usize> {
    sql("delete from set_aside_records where tenant_id = $1 and id in ( \
           select id from set_aside_records \
           where tenant_id = $1 and last_seen_at < now() - make_interval(secs => $2) \
           limit $3)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Double, _>(age.as_secs_f64())
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await
}

/// Forgets some of those that were read by the connection.
pub(crate) async fn purge(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: ConnectionId,
    most: i64,
) -> QueryResult<usize> {
    sql("delete from set_aside_records where tenant_id = $1 and id in ( \
           select id from set_aside_records where tenant_id = $1 and connection_id = $2 limit $3)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await
}

impl TryFrom<Row> for SetAsideView {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "set_aside_records", row: &row.id };
        Ok(Self {
            id: row.id,
            user_id: reading.parse("user_id", &row.user_id)?,
            connection_id: ConnectionId::new(row.connection_id),
            provider: reading.parse("provider", &row.provider)?,
            model: row.model,
            record_id: row.record_id,
            reason: row.reason,
            job_id: JobId::new(row.job_id),
            first_seen_at: row.first_seen_at,
            last_seen_at: row.last_seen_at,
        })
    }
}
