//! Connections that are to go at the broker. Who holds one is told by `run_after`, the moment at which it can be claimed
//! again. All times are the database's.

use std::time::Duration;

use cortex_connections::model::{BrokerReference, ClaimedRemoval, Removal};
use cortex_kernel::{BrokerConnectionId, CompanyId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    provider_key: String,
    #[diesel(sql_type = Text)]
    connection_id: String,
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

/// Remembers one, unless it is remembered already.
pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    reference: &BrokerReference,
) -> QueryResult<()> {
    sql("insert into broker_removals (tenant_id, provider_key, connection_id) values ($1, $2, $3) \
         on conflict on constraint unique_broker_removal do nothing")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(reference.provider.name())
    .bind::<Text, _>(reference.id.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets those that a connected row holds, and takes the one of the others that has been due longest.
pub(crate) async fn claim_next(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    hold: Duration,
) -> QueryResult<Option<Row>> {
    sql("with in_use as ( \
           select removal.id from broker_removals removal \
           join connections used \
             on used.tenant_id = $1 and used.connection_id = removal.connection_id \
             and used.provider_key = removal.provider_key and used.status <> 'disconnected' \
           where removal.tenant_id = $1), \
         forgotten as (delete from broker_removals where tenant_id = $1 and id in (select id from in_use)), \
         due as ( \
           select id from broker_removals \
           where tenant_id = $1 and run_after <= now() and id not in (select id from in_use) \
           order by run_after, id limit 1 \
           for update skip locked) \
         update broker_removals removal \
         set attempts = removal.attempts + 1, run_after = now() + make_interval(secs => $2) \
         from due where removal.tenant_id = $1 and removal.id = due.id \
         returning removal.id, removal.provider_key, removal.connection_id, removal.attempts")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Double, _>(hold.as_secs_f64())
    .get_result(connection)
    .await
    .optional()
}

pub(crate) async fn delete(connection: &mut AsyncPgConnection, removal: &Removal) -> QueryResult<()> {
    sql("delete from broker_removals where tenant_id = $1 and provider_key = $2 and connection_id = $3")
        .bind::<Text, _>(removal.company_id.to_string())
        .bind::<Text, _>(removal.reference.provider.name())
        .bind::<Text, _>(removal.reference.id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn put_off(
    connection: &mut AsyncPgConnection,
    removal: &Removal,
    error: &str,
    after: Duration,
) -> QueryResult<()> {
    sql("update broker_removals set run_after = now() + make_interval(secs => $4), last_error = $5 \
         where tenant_id = $1 and provider_key = $2 and connection_id = $3")
    .bind::<Text, _>(removal.company_id.to_string())
    .bind::<Text, _>(removal.reference.provider.name())
    .bind::<Text, _>(removal.reference.id.as_str())
    .bind::<Double, _>(after.as_secs_f64())
    .bind::<Text, _>(error)
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn list(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<Vec<Row>> {
    sql("select id, provider_key, connection_id, attempts from broker_removals where tenant_id = $1 order by id")
        .bind::<Text, _>(company_id.to_string())
        .load(connection)
        .await
}

impl TryFrom<Row> for ClaimedRemoval {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "broker_removals", row: &row.id };
        Ok(Self {
            reference: BrokerReference {
                provider: reading.parse("provider_key", &row.provider_key)?,
                id: BrokerConnectionId::new(row.connection_id),
            },
            attempt: reading.natural("attempts", row.attempts)?,
        })
    }
}
