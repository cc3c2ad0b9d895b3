//! What was done in a company, by whom. Rows are written once and never changed.

use cortex_kernel::{AdminSessionId, CompanyId, Origin, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

diesel::table! {
    admin_audit_log (id) {
        id -> Uuid,
        tenant_id -> Text,
        user_id -> Nullable<Text>,
        session_id -> Nullable<Uuid>,
        action -> Text,
        resource_type -> Nullable<Text>,
        resource_id -> Nullable<Text>,
        details -> Nullable<Jsonb>,
        ip_address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

/// An action to be told.
pub(crate) struct Entry<'a> {
    pub(crate) company_id: CompanyId,
    /// The member who did it, or whom an admin did it to; none where neither is known.
    pub(crate) user_id: Option<UserId>,
    /// The session of the admin who did it.
    pub(crate) session_id: Option<AdminSessionId>,
    pub(crate) action: &'a str,
    pub(crate) resource_type: &'a str,
    pub(crate) resource_id: String,
    pub(crate) details: Value,
    pub(crate) origin: &'a Origin,
}

pub(crate) async fn insert(connection: &mut AsyncPgConnection, entry: &Entry<'_>) -> QueryResult<()> {
    use admin_audit_log as table;
    diesel::insert_into(table::table)
        .values((
            table::tenant_id.eq(entry.company_id.to_string()),
            table::user_id.eq(entry.user_id.map(|user_id| user_id.to_string())),
            table::session_id.eq(entry.session_id.map(AdminSessionId::as_uuid)),
            table::action.eq(entry.action),
            table::resource_type.eq(entry.resource_type),
            table::resource_id.eq(&entry.resource_id),
            table::details.eq(&entry.details),
            table::ip_address.eq(entry.origin.address.map(|address| address.to_string())),
            table::user_agent.eq(entry.origin.user_agent.as_deref()),
            table::request_id.eq(entry.origin.request_id.as_deref()),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
