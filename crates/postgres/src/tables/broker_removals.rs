//! Connections that are to go at the broker. Who holds one is told by `run_after`, the moment at which it can be claimed
//! again. All times are the database's.

use std::time::Duration;

use cortex_connections::model::{BrokerReference, ClaimedRemoval, Removal};
use cortex_kernel::{BrokerConnectionId, CompanyId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::inconsistency::Reading;
use super::scalars::Answer;
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

/// Remembers one and takes it, unless a connected row holds it, somebody else is at it, or it is gone.
pub(crate) async fn take(
    connection: &mut AsyncPgConnection,
    removal: &Removal,
    hold: Duration,
) -> QueryResult<Option<Row>> {
    sql("insert into broker_removals as removal (tenant_id, provider_key, connection_id, attempts, run_after) \
         select $1, $2, $3, 1, now() + make_interval(secs => $4) \
         where not exists ( \
           select from connections \
           where tenant_id = $1 and connection_id = $3 and provider_key = $2 and status <> 'disconnected') \
         on conflict on constraint unique_broker_removal do update \
         set attempts = removal.attempts + 1, run_after = excluded.run_after \
         where removal.removed_at is null and removal.run_after <= now() \
         returning id, provider_key, connection_id, attempts")
    .bind::<Text, _>(removal.company_id.to_string())
    .bind::<Text, _>(removal.reference.provider.name())
    .bind::<Text, _>(removal.reference.id.as_str())
    .bind::<Double, _>(hold.as_secs_f64())
    .get_result(connection)
    .await
    .optional()
}

/// Whether the connection was given up, some time ago or just now.
pub(crate) async fn is_given_up(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    reference: &BrokerReference,
) -> QueryResult<bool> {
    let Answer { answer } = sql("select exists ( \
           select from broker_removals where tenant_id = $1 and provider_key = $2 and connection_id = $3) as answer")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(reference.provider.name())
    .bind::<Text, _>(reference.id.as_str())
    .get_result(connection)
    .await?;
    Ok(answer)
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
           where removal.tenant_id = $1 and removal.removed_at is null), \
         forgotten as (delete from broker_removals where tenant_id = $1 and id in (select id from in_use)), \
         due as ( \
           select id from broker_removals \
           where tenant_id = $1 and removed_at is null and run_after <= now() and id not in (select id from in_use) \
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

/// It is gone.
pub(crate) async fn settle(connection: &mut AsyncPgConnection, removal: &Removal) -> QueryResult<()> {
    sql("update broker_removals set removed_at = now(), last_error = null \
         where tenant_id = $1 and provider_key = $2 and connection_id = $3 and removed_at is null")
    .bind::<Text, _>(removal.company_id.to_string())
    .bind::<Text, _>(removal.reference.provider.name())
    .bind::<Text, _>(removal.reference.id.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets some of those that are gone for longer than `age`.
pub(crate) async fn forget(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    age: Duration,
    most: i64,
) -> QueryResult<usize> {
    sql("delete from broker_removals where tenant_id = $1 and id in ( \
           select id from broker_removals \
           where tenant_id = $1 and removed_at < now() - make_interval(secs => $2) \
           limit $3)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Double, _>(age.as_secs_f64())
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await
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

/// All that are not gone yet.
pub(crate) async fn list(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<Vec<Row>> {
    sql("select id, provider_key, connection_id, attempts from broker_removals \
         where tenant_id = $1 and removed_at is null order by id")
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
