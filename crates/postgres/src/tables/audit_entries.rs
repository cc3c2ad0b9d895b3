//! Rows of the audit log as readers see them, and those that come from Master.

use cortex_identity::model::audit::{AuditEntry, AuditFilter, MasterAction};
use cortex_kernel::{CompanyId, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::sql;

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Nullable<Text>)]
    user_id: Option<String>,
    #[diesel(sql_type = Text)]
    company_id: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    session_id: Option<Uuid>,
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
    created_at: OffsetDateTime,
}

/// A text a filter, so that each has the index that it wants.
macro_rules! list {
    ($filter:literal) => {
        concat!(
            "select id, action, user_id, company_id, session_id, resource_type, resource_id, details::text as details, \
               ip_address, user_agent, request_id, created_at \
             from admin_audit_log \
             where tenant_id = $1 and created_at <= coalesce($2, 'infinity') \
               and (created_at < coalesce($2, 'infinity') or id > $3) ",
            $filter,
            " order by created_at desc, id limit $6"
        )
    };
}

/// At most `limit` rows after the one of this moment and id, the newest first.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    filter: &AuditFilter,
    after: Option<(OffsetDateTime, Uuid)>,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    let AuditFilter { action, user_id } = filter;
    let text = match (action, user_id) {
        (None, None) => list!(""),
        (Some(_), None) => list!("and action = $4"),
        (None, Some(_)) => list!("and user_id = $5"),
        (Some(_), Some(_)) => list!("and action = $4 and user_id = $5"),
    };
    let (at, id) = after.unzip();
    sql(text)
        .bind::<Text, _>(company_id.to_string())
        .bind::<Nullable<Timestamptz>, _>(at)
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<Nullable<Text>, _>(action.as_deref())
        .bind::<Nullable<Text>, _>(user_id.as_ref().map(UserId::to_string))
        .bind::<BigInt, _>(limit)
        .load(connection)
        .await
}

/// Writes the actions that are not there yet under their ids, and answers how many.
pub(crate) async fn copy(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    actions: &[MasterAction],
) -> QueryResult<usize> {
    let ids: Vec<Uuid> = actions.iter().map(|action| action.id).collect();
    let names: Vec<&str> = actions.iter().map(|action| action.action.as_str()).collect();
    let moments: Vec<OffsetDateTime> = actions.iter().map(|action| action.at).collect();
    sql("insert into admin_audit_log \
           (tenant_id, id, action, created_at, user_id, resource_type, resource_id, details, ip_address, user_agent, \
            request_id) \
         select $1, id, action, at, user_id, resource_type, resource_id, details::jsonb, address, agent, request_id \
         from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
           as copied (id, action, at, user_id, resource_type, resource_id, details, address, agent, request_id) \
         order by at, id \
         on conflict (id) do nothing")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Text>, _>(names)
    .bind::<Array<Timestamptz>, _>(moments)
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.user_id))
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.resource_type))
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.resource_id))
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.details))
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.address))
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.user_agent))
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.request_id))
    .execute(connection)
    .await
}

/// A column of copies.
pub(super) fn texts<'a>(
    actions: &'a [MasterAction],
    text: impl Fn(&'a MasterAction) -> &'a Option<String>,
) -> Vec<Option<&'a str>> {
    actions.iter().map(|action| text(action).as_deref()).collect()
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            action: row.action,
            user_id: row.user_id,
            company_id: row.company_id,
            session_id: row.session_id,
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            details: row.details,
            address: row.ip_address,
            user_agent: row.user_agent,
            request_id: row.request_id,
            at: row.created_at,
        }
    }
}
