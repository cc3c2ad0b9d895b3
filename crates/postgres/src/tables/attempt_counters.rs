//! How often something was tried. Windows live on the database's clock, which all replicas share.

use std::time::Duration;

use cortex_identity::ports::Attempts;
use cortex_kernel::CompanyId;
use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sql;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    attempts: i64,
    #[diesel(sql_type = Double)]
    window_ends_in: f64,
}

/// Counts an attempt, and removes some of the rows whose windows have ended. Those that somebody else holds are left to
/// him, so that two who count never wait for one another's leavings.
pub(crate) async fn count(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    key: &str,
    window: Duration,
) -> QueryResult<Attempts> {
    let row: Row = sql("with ended as ( \
           select key from attempt_counters \
           where tenant_id = $1 and window_ends_at <= now() and key <> $2 \
           order by window_ends_at limit 20 \
           for update skip locked), \
         removed as ( \
           delete from attempt_counters counter using ended \
           where counter.tenant_id = $1 and counter.key = ended.key) \
         insert into attempt_counters as counter (tenant_id, key, attempts, window_ends_at) \
         values ($1, $2, 1, now() + make_interval(secs => $3)) \
         on conflict (tenant_id, key) do update set \
           attempts = case when counter.window_ends_at <= now() then 1 else counter.attempts + 1 end, \
           window_ends_at = case when counter.window_ends_at <= now() \
             then excluded.window_ends_at else counter.window_ends_at end \
         returning attempts, \
           least(greatest(extract(epoch from window_ends_at - now())::float8, 0), $3) as window_ends_in")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(key)
    .bind::<Double, _>(window.as_secs_f64())
    .get_result(connection)
    .await?;
    Ok(Attempts {
        count: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        window_ends_in: Duration::try_from_secs_f64(row.window_ends_in).unwrap_or_default(),
    })
}

/// Takes one attempt of the open window back.
pub(crate) async fn give_back(connection: &mut AsyncPgConnection, company_id: CompanyId, key: &str) -> QueryResult<()> {
    sql("update attempt_counters set attempts = attempts - 1 \
         where tenant_id = $1 and key = $2 and attempts > 0 and window_ends_at > now()")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(key)
    .execute(connection)
    .await?;
    Ok(())
}
