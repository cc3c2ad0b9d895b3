//! Which connections were not read for long, by `connections` and their latest rows of `sync_jobs`.

use std::time::Duration;

use cortex_kernel::{CompanyId, Provider, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    provider_key: String,
}

/// Those for which a new stretch of the interval has begun since a job that reads them was last made. Where its stretches begin a
/// connection's number decides, so that they are spread over the interval.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    interval: Duration,
    most: i64,
) -> QueryResult<Vec<Row>> {
    sql("select one.id, one.user_id, one.provider_key from connections one \
         cross join lateral ( \
           select (((hashint8extended(one.id, 0) % 1000003) + 1000003) % 1000003)::float8 / 1000003 * $2 as phase \
         ) own \
         left join lateral ( \
           select created_at, status in ('queued', 'running') as is_live from sync_jobs \
           where tenant_id = $1 and connection_id = one.id and kind <> 'content' \
           order by created_at desc limit 1) latest on true \
         where one.tenant_id = $1 and one.user_id is not null and one.status = 'active' \
           and one.provider_key = any($4) \
           and (one.initial_sync_started_at is not null or coalesce(one.initial_sync_completed, false)) \
           and not coalesce(latest.is_live, false) \
           and floor((extract(epoch from now())::float8 - own.phase) / $2) \
             > floor((extract(epoch from coalesce(latest.created_at, one.initial_sync_started_at, one.created_at)) \
                 ::float8 - own.phase) / $2) \
         order by coalesce(latest.created_at, one.initial_sync_started_at, one.created_at), one.id limit $3")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Double, _>(interval.as_secs_f64())
    .bind::<BigInt, _>(most)
    .bind::<Array<Text>, _>(Provider::ALL.map(Provider::name).to_vec())
    .load(connection)
    .await
}

impl TryFrom<Row> for (UserId, Provider) {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "connections", row: &row.id };
        Ok((reading.parse("user_id", &row.user_id)?, reading.parse("provider_key", &row.provider_key)?))
    }
}
