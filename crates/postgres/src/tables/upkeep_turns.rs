//! Whose turn it is to do what has to be done now and then. All times are the database's.

use std::time::Duration;

use cortex_kernel::CompanyId;
use diesel::QueryResult;
use diesel::sql_types::{Double, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sql;

/// Takes the turn, if it is due. Answers whether it was. Of several at once one writes the row, and the others find it
/// not due.
pub(crate) async fn take(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    name: &str,
    every: Duration,
) -> QueryResult<bool> {
    let taken = sql("insert into upkeep_turns as turn (tenant_id, name, next_at) \
         values ($1, $2, now() + make_interval(secs => $3)) \
         on conflict (tenant_id, name) do update set next_at = excluded.next_at where turn.next_at <= now()")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(name)
    .bind::<Double, _>(every.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(taken > 0)
}
