//! Rows of `connections` from before connections had owners.

use cortex_connections::model::{BrokerReference, ProviderAccount, SaveConnection, StatusReason, UnclaimedConnection};
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Email, Provider};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
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
    #[diesel(sql_type = Nullable<Text>)]
    account_email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    account_id: Option<String>,
}

#[derive(QueryableByName)]
struct Previous {
    #[diesel(sql_type = Text)]
    connection_id: String,
}

/// All of them that were not ended; of providers of ours.
pub(crate) async fn list(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<Vec<Row>> {
    sql("select id, provider_key, connection_id, account_email, account_id from connections \
         where tenant_id = $1 and user_id is null and status <> 'disconnected' and provider_key = any($2) order by id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<Text>, _>(Provider::ALL.map(Provider::name).to_vec())
    .load(connection)
    .await
}

pub(crate) async fn identify(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: ConnectionId,
    account: &ProviderAccount,
) -> QueryResult<()> {
    sql("update connections set account_email = $3, account_id = $4, updated_at = now() \
         where tenant_id = $1 and id = $2 and user_id is null")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .bind::<Nullable<Text>, _>(account.email.as_ref().map(Email::as_str))
    .bind::<Nullable<Text>, _>(account.id.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends those that hold a connection of the broker that is in somebody's row now.
pub(crate) async fn end(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    reference: &BrokerReference,
) -> QueryResult<()> {
    sql(
        "update connections set status = 'disconnected', reason = null, status_changed_at = now(), updated_at = now() \
         where tenant_id = $1 and connection_id = $3 and provider_key = $2 and user_id is null \
           and status <> 'disconnected'",
    )
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(reference.provider.name())
    .bind::<Text, _>(reference.id.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives the row to who saves, to begin anew with it, and answers which connection of the broker it held before; none where it is somebody's by
/// now, or was ended.
pub(crate) async fn claim(
    connection: &mut AsyncPgConnection,
    id: ConnectionId,
    save: &SaveConnection,
) -> QueryResult<Option<BrokerConnectionId>> {
    let account = save.account.as_ref();
    let claimed: Option<Previous> = sql("with before as ( \
           select id, connection_id from connections \
           where tenant_id = $1 and id = $2 and provider_key = $3 and user_id is null and status <> 'disconnected' \
           for update) \
         update connections row \
         set user_id = $4, user_email = $5, connection_id = $6, account_email = $7, account_id = $8, \
             status = 'active', reason = $9, connected_at = coalesce(row.connected_at, row.created_at), \
             status_changed_at = $10, follow_up = 'first', can_manual_sync = true, sync_lock_reason = null, \
             initial_sync_started_at = null, initial_sync_completed = false, initial_sync_completed_at = null, \
             updated_at = now() \
         from before where row.tenant_id = $1 and row.id = before.id \
         returning before.connection_id")
    .bind::<Text, _>(save.owner.company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .bind::<Text, _>(save.provider.name())
    .bind::<Text, _>(save.owner.user_id.to_string())
    .bind::<Text, _>(save.owner.email.as_str())
    .bind::<Text, _>(save.broker_id.as_str())
    .bind::<Nullable<Text>, _>(account.and_then(|account| account.email.as_ref()).map(Email::as_str))
    .bind::<Nullable<Text>, _>(account.and_then(|account| account.id.as_deref()))
    .bind::<Nullable<Text>, _>(save.reason.map(StatusReason::name))
    .bind::<Timestamptz, _>(save.at)
    .get_result(connection)
    .await
    .optional()?;
    Ok(claimed.map(|claimed| BrokerConnectionId::new(claimed.connection_id)))
}

impl TryFrom<Row> for UnclaimedConnection {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "connections", row: &row.id };
        let email: Option<Email> = row.account_email.map(|email| reading.parse("account_email", &email)).transpose()?;
        Ok(Self {
            id: ConnectionId::new(row.id),
            provider: reading.parse("provider_key", &row.provider_key)?,
            broker_id: BrokerConnectionId::new(row.connection_id),
            account: (row.account_id.is_some() || email.is_some())
                .then_some(ProviderAccount { id: row.account_id, email }),
        })
    }
}
