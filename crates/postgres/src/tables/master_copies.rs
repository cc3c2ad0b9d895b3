//! What companies tell of their connections, in `audit_log_global`.

use cortex_identity::model::audit::{MasterAction, MasterPosition};
use cortex_kernel::CompanyId;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::audit_entries::texts;
use super::sql;

#[derive(QueryableByName)]
pub(crate) struct Position {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    at: OffsetDateTime,
}

/// The latest action about a connection that is there.
pub(crate) async fn find_latest(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Option<Position>> {
    sql("select id, coalesce(created_at, '1970-01-01 00:00:00+00'::timestamptz) as at from audit_log_global \
         where company_id = $1 and action like 'connection\\_%' \
         order by coalesce(created_at, '1970-01-01 00:00:00+00'::timestamptz) desc, id desc limit 1")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .get_result(connection)
    .await
    .optional()
}

/// Writes those that are not there yet, under the ids of their originals. The request stands among the details: Master's
/// table has no column for it. A user that is no id of Master's is not told.
pub(crate) async fn copy(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    actions: &[MasterAction],
) -> QueryResult<usize> {
    let ids: Vec<Uuid> = actions.iter().map(|action| action.id).collect();
    let names: Vec<&str> = actions.iter().map(|action| action.action.as_str()).collect();
    let moments: Vec<OffsetDateTime> = actions.iter().map(|action| action.at).collect();
    let users: Vec<Option<Uuid>> =
        actions.iter().map(|action| action.user_id.as_deref().and_then(|user| user.parse().ok())).collect();
    sql("insert into audit_log_global \
           (company_id, id, action, created_at, user_id, resource_type, resource_id, details, ip_address, user_agent) \
         select $1, id, action, at, user_id, resource_type, resource_id, \
           case when jsonb_typeof(details::jsonb) is distinct from 'object' then '{}' else details::jsonb end \
             || jsonb_build_object('request_id', request_id), address, agent \
         from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
           as told (id, action, at, user_id, resource_type, resource_id, details, address, agent, request_id) \
         order by at, id \
         on conflict (id) do nothing")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Text>, _>(names)
    .bind::<Array<Timestamptz>, _>(moments)
    .bind::<Array<Nullable<SqlUuid>>, _>(users)
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.resource_type))
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.resource_id))
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.details))
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.address))
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.user_agent))
    .bind::<Array<Nullable<Text>>, _>(texts(actions, |action| &action.request_id))
    .execute(connection)
    .await
}

impl From<Position> for MasterPosition {
    fn from(Position { id, at }: Position) -> Self {
        Self { at, id }
    }
}
