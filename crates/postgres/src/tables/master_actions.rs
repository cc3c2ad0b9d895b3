//! What was done in Master, as the companies' own logs are told.

use cortex_identity::model::audit::{MasterAction, MasterPosition};
use cortex_kernel::CompanyId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::scalars::Count;
use super::sql;

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    user_id: Option<String>,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Nullable<Text>)]
    resource_type: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    resource_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    details: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ip_address: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    user_agent: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    request_id: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    at: OffsetDateTime,
}

/// At most `limit` of the company's actions after a position, oldest first. What happened to connections stands in the
/// company's log from the beginning: a copy of that in Master must not come back.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    after: Option<MasterPosition>,
    limit: u16,
) -> QueryResult<Vec<Row>> {
    let (at, id) = after.map(|MasterPosition { at, id }| (at, id)).unzip();
    // The request stands among the details: Master's table has no column for it. Who of Master's administrators did it
    // has no column here.
    sql("select id, user_id::text as user_id, action, resource_type, resource_id, \
           case when jsonb_typeof(details) is distinct from 'object' and admin_id is null then details::text \
             else nullif( \
               case when jsonb_typeof(details) = 'object' then details - 'request_id'::text else '{}' end \
               || case when admin_id is null then '{}' else jsonb_build_object('admin_id', admin_id) end, '{}')::text \
           end as details, \
           ip_address, user_agent, details ->> 'request_id' as request_id, \
           coalesce(created_at, '1970-01-01 00:00:00+00'::timestamptz) as at \
         from audit_log_global \
         where company_id = $1 and action not like 'connection\\_%' \
           and (coalesce(created_at, '1970-01-01 00:00:00+00'::timestamptz), id) \
             > (coalesce($2, '-infinity'), coalesce($3, '00000000-0000-0000-0000-000000000000')) \
         order by coalesce(created_at, '1970-01-01 00:00:00+00'::timestamptz), id \
         limit $4")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<Nullable<Timestamptz>, _>(at)
    .bind::<Nullable<SqlUuid>, _>(id)
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)
    .await
}

/// Forgets what is personal in some old rows, and answers in how many.
pub(crate) async fn forget_details(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    before: OffsetDateTime,
    most: u16,
) -> QueryResult<u64> {
    let Count { count } = sql("select cortex_forget_master_audit_details($1, $2, $3::integer) as count")
        .bind::<SqlUuid, _>(company_id.as_uuid())
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(i64::from(most))
        .get_result(connection)
        .await?;
    Ok(count.unsigned_abs())
}

impl From<Row> for MasterAction {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            action: row.action,
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            details: row.details,
            address: row.ip_address,
            user_agent: row.user_agent,
            request_id: row.request_id,
            at: row.at,
        }
    }
}
