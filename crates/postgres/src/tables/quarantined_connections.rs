//! Connections at the broker that fit nobody.

use cortex_connections::model::{BrokerReference, KeptInQuarantine, QuarantinedConnection};
use cortex_kernel::{BrokerConnectionId, CompanyId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::json;
use time::OffsetDateTime;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = Text)]
    provider_key: String,
    #[diesel(sql_type = Text)]
    connection_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    claimed_user_id: Option<String>,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
}

/// Keeps the connection, and tells so in the audit log, unless it is there already. The audit row has no user: whom the
/// connection names did nothing.
pub(crate) async fn insert(connection: &mut AsyncPgConnection, kept: &QuarantinedConnection) -> QueryResult<()> {
    let details = json!({
        "provider": kept.reference.provider.name(),
        "connection_id": kept.reference.id.as_str(),
        "claimed_user_id": kept.claimed_user_id,
        "reason": kept.reason.name(),
    });
    sql("with kept as ( \
           insert into quarantined_connections (tenant_id, provider_key, connection_id, claimed_user_id, reason) \
           values ($1, $2, $3, $4, $5) \
           on conflict on constraint unique_quarantined_connection do nothing \
           returning id) \
         insert into admin_audit_log \
           (tenant_id, action, resource_type, resource_id, details, ip_address, user_agent, request_id) \
         select $1, 'connection_quarantined', 'quarantined_connection', id::text, $6, $7, $8, $9 from kept")
    .bind::<Text, _>(kept.company_id.to_string())
    .bind::<Text, _>(kept.reference.provider.name())
    .bind::<Text, _>(kept.reference.id.as_str())
    .bind::<Text, _>(kept.claimed_user_id.as_str())
    .bind::<Text, _>(kept.reason.name())
    .bind::<Jsonb, _>(details)
    .bind::<Nullable<Text>, _>(kept.origin.address.map(|address| address.to_string()))
    .bind::<Nullable<Text>, _>(kept.origin.user_agent.as_deref())
    .bind::<Nullable<Text>, _>(kept.origin.request_id.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

/// It is somebody's now.
pub(crate) async fn delete(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    reference: &BrokerReference,
) -> QueryResult<()> {
    sql("delete from quarantined_connections where tenant_id = $1 and provider_key = $2 and connection_id = $3")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Text, _>(reference.provider.name())
        .bind::<Text, _>(reference.id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest first, from before `before` on.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    before: Option<i64>,
    most: i64,
) -> QueryResult<Vec<Row>> {
    sql("select id, provider_key, connection_id, claimed_user_id, reason, created_at from quarantined_connections \
         where tenant_id = $1 and ($2 is null or id < $2) order by id desc limit $3")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Nullable<BigInt>, _>(before)
    .bind::<BigInt, _>(most)
    .load(connection)
    .await
}

impl TryFrom<Row> for KeptInQuarantine {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "quarantined_connections", row: &row.id };
        Ok(Self {
            id: row.id,
            provider: reading.parse("provider_key", &row.provider_key)?,
            broker_id: BrokerConnectionId::new(row.connection_id),
            claimed_user_id: row.claimed_user_id,
            reason: row.reason,
            created_at: row.created_at,
        })
    }
}
