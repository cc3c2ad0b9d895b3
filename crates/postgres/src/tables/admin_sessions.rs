//! The sessions of the admin panel that are open. Times are the database's.

use std::time::Duration;

use cortex_identity::model::{AdminSession, AdminTokenHash, NewAdminSession};
use cortex_kernel::{AdminSessionId, CompanyId};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::sql;

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    expires_at: OffsetDateTime,
}

pub(crate) async fn insert(connection: &mut AsyncPgConnection, session: &NewAdminSession) -> QueryResult<Row> {
    let NewAdminSession { id, company_id, token, lasts, origin } = session;
    sql("insert into admin_sessions (id, tenant_id, token_hash, expires_at, ip_address, user_agent) \
         values ($1, $2, $3, now() + make_interval(secs => $4), $5, $6) returning id, expires_at")
    .bind::<SqlUuid, _>(id.as_uuid())
    .bind::<Text, _>(company_id.to_string())
    .bind::<Binary, _>(token.as_bytes().as_slice())
    .bind::<Double, _>(Duration::as_secs_f64(lasts))
    .bind::<Nullable<Text>, _>(origin.address.map(|address| address.to_string()))
    .bind::<Nullable<Text>, _>(origin.user_agent.as_deref())
    .get_result(connection)
    .await
}

pub(crate) async fn find_open(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    token: &AdminTokenHash,
) -> QueryResult<Option<Row>> {
    sql("select id, expires_at from admin_sessions where tenant_id = $1 and token_hash = $2 and expires_at > now()")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Binary, _>(token.as_bytes().as_slice())
        .get_result(connection)
        .await
        .optional()
}

/// Removes a session that is open. Answers whether it was.
pub(crate) async fn delete_open(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: AdminSessionId,
) -> QueryResult<bool> {
    let deleted = sql("delete from admin_sessions where tenant_id = $1 and id = $2 and expires_at > now()")
        .bind::<Text, _>(company_id.to_string())
        .bind::<SqlUuid, _>(id.as_uuid())
        .execute(connection)
        .await?;
    Ok(deleted > 0)
}

/// Removes the company's sessions whose time is over. Those that somebody else removes meanwhile are left to him.
pub(crate) async fn delete_ended(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<()> {
    sql("delete from admin_sessions where tenant_id = $1 and id in ( \
           select id from admin_sessions where tenant_id = $1 and expires_at <= now() for update skip locked)")
    .bind::<Text, _>(company_id.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

impl Row {
    /// The session of this company.
    pub(crate) fn of(self, company_id: CompanyId) -> AdminSession {
        AdminSession { id: AdminSessionId::new(self.id), company_id, expires_at: self.expires_at }
    }
}
