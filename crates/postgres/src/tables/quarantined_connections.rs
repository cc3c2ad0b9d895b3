//! Connections at the broker that fit nobody.

use cortex_connections::model::QuarantinedConnection;
use diesel::QueryResult;
use diesel::sql_types::{Jsonb, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::json;

use super::sql;

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
