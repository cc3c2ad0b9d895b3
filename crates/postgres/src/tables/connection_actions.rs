//! Rows of the audit log about connections, as Master is told of them.

use cortex_identity::model::audit::MasterPosition;
use cortex_kernel::CompanyId;
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::master_actions::Row;
use super::sql;

/// At most `limit` of them after a position, oldest first.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    after: Option<MasterPosition>,
    limit: u16,
) -> QueryResult<Vec<Row>> {
    let (at, id) = after.map(|MasterPosition { at, id }| (at, id)).unzip();
    sql("select id, user_id, action, resource_type, resource_id, details::text as details, ip_address, user_agent, \
           request_id, created_at as at \
         from admin_audit_log \
         where tenant_id = $1 and action like 'connection\\_%' and created_at >= coalesce($2, '-infinity') \
           and (created_at, id) > (coalesce($2, '-infinity'), coalesce($3, '00000000-0000-0000-0000-000000000000')) \
         order by created_at, id limit $4")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Nullable<Timestamptz>, _>(at)
    .bind::<Nullable<SqlUuid>, _>(id)
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)
    .await
}
