//! What was done in Master, by whom.

use cortex_kernel::{CompanyId, Origin, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};

diesel::table! {
    audit_log_global (id) {
        id -> Uuid,
        company_id -> Nullable<Uuid>,
        user_id -> Nullable<Uuid>,
        action -> Text,
        resource_type -> Nullable<Text>,
        resource_id -> Nullable<Text>,
        details -> Nullable<Jsonb>,
        ip_address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
    }
}

/// An action to be told.
pub(crate) struct Entry<'a> {
    pub(crate) company_id: CompanyId,
    pub(crate) user_id: UserId,
    pub(crate) action: &'a str,
    pub(crate) resource_type: &'a str,
    pub(crate) resource_id: String,
    /// An object; the id of the request is added to it.
    pub(crate) details: Value,
    pub(crate) origin: &'a Origin,
}

pub(crate) async fn insert(connection: &mut AsyncPgConnection, entry: &Entry<'_>) -> QueryResult<()> {
    use audit_log_global as table;
    let mut details = entry.details.clone();
    details["request_id"] = json!(entry.origin.request_id);
    diesel::insert_into(table::table)
        .values((
            table::company_id.eq(entry.company_id.as_uuid()),
            table::user_id.eq(entry.user_id.as_uuid()),
            table::action.eq(entry.action),
            table::resource_type.eq(entry.resource_type),
            table::resource_id.eq(&entry.resource_id),
            table::details.eq(details),
            table::ip_address.eq(entry.origin.address.map(|address| address.to_string())),
            table::user_agent.eq(entry.origin.user_agent.as_deref()),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
