//! How connections fare, in `connections`. Every change holds only for the row as it was read: it is the same person's,
//! and holds the same connection of the broker.

use cortex_connections::model::{BrokerReference, Connection, Fetch, StatusReason};
use cortex_kernel::CompanyId;
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;

use super::scalars::Answer;
use super::sql;

/// Whether it is active, as it was read.
pub(crate) async fn is_active(connection: &mut AsyncPgConnection, read: &Connection) -> QueryResult<bool> {
    let Answer { answer } = sql("select exists ( \
           select from connections \
           where tenant_id = $1 and id = $2 and user_id = $3 and connection_id = $4 and status = 'active') as answer")
    .bind::<Text, _>(read.owner.company_id.to_string())
    .bind::<BigInt, _>(read.id.get())
    .bind::<Text, _>(read.owner.user_id.to_string())
    .bind::<Text, _>(read.broker_id.as_str())
    .get_result(connection)
    .await?;
    Ok(answer)
}

/// Whether it was active until now.
pub(crate) async fn mark_needs_reauthorization(
    connection: &mut AsyncPgConnection,
    read: &Connection,
    reason: StatusReason,
    at: OffsetDateTime,
) -> QueryResult<bool> {
    let changed = sql("update connections \
         set status = 'needs_reauthorization', reason = $5, status_changed_at = $6, updated_at = now() \
         where tenant_id = $1 and id = $2 and user_id = $3 and connection_id = $4 and status = 'active'")
    .bind::<Text, _>(read.owner.company_id.to_string())
    .bind::<BigInt, _>(read.id.get())
    .bind::<Text, _>(read.owner.user_id.to_string())
    .bind::<Text, _>(read.broker_id.as_str())
    .bind::<Text, _>(reason.name())
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(changed > 0)
}

/// Whether it needed re-authorization until now.
pub(crate) async fn mark_healthy(
    connection: &mut AsyncPgConnection,
    read: &Connection,
    at: OffsetDateTime,
) -> QueryResult<bool> {
    let changed = sql("update connections \
         set status = 'active', status_changed_at = $5, updated_at = now(), \
             reason = case when account_email is null and account_id is null then $6 end \
         where tenant_id = $1 and id = $2 and user_id = $3 and connection_id = $4 and status = 'needs_reauthorization'")
    .bind::<Text, _>(read.owner.company_id.to_string())
    .bind::<BigInt, _>(read.id.get())
    .bind::<Text, _>(read.owner.user_id.to_string())
    .bind::<Text, _>(read.broker_id.as_str())
    .bind::<Timestamptz, _>(at)
    .bind::<Text, _>(StatusReason::AccountUnverified.name())
    .execute(connection)
    .await?;
    Ok(changed > 0)
}

/// Writes down how the broker fared. What there is to say besides stays said.
pub(crate) async fn note_fetch(connection: &mut AsyncPgConnection, read: &Connection, fetch: Fetch) -> QueryResult<()> {
    sql("update connections \
         set reason = case when $5 then $6 end, updated_at = now() \
         where tenant_id = $1 and id = $2 and user_id = $3 and connection_id = $4 and status = 'active' \
           and case when $5 then reason is null else reason = $6 end")
    .bind::<Text, _>(read.owner.company_id.to_string())
    .bind::<BigInt, _>(read.id.get())
    .bind::<Text, _>(read.owner.user_id.to_string())
    .bind::<Text, _>(read.broker_id.as_str())
    .bind::<Bool, _>(fetch == Fetch::Failed)
    .bind::<Text, _>(StatusReason::FetchFailed.name())
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether it is from before connections had owners, or in quarantine.
pub(crate) async fn is_nobodys(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    reference: &BrokerReference,
) -> QueryResult<bool> {
    let Answer { answer } = sql("select exists ( \
           select from connections \
           where tenant_id = $1 and connection_id = $3 and provider_key = $2 and user_id is null \
             and status <> 'disconnected') \
         or exists ( \
           select from quarantined_connections \
           where tenant_id = $1 and provider_key = $2 and connection_id = $3) as answer")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(reference.provider.name())
    .bind::<Text, _>(reference.id.as_str())
    .get_result(connection)
    .await?;
    Ok(answer)
}
