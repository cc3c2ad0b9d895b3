//! What admins said about further initial syncs. A row that is consumed says nothing any more.

use cortex_kernel::CompanyId;
use cortex_sync_jobs::model::{Override, SyncRequest};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

diesel::table! {
    sync_overrides (id) {
        id -> Int8,
        tenant_id -> Text,
        user_id -> Nullable<Text>,
        provider -> Nullable<Text>,
        allow -> Bool,
        consumed_at -> Nullable<Timestamptz>,
    }
}

use sync_overrides as table;

/// The word about the fewest that holds for the request, and where it stands. Nobody else uses it up before the
/// transaction ends.
pub(crate) async fn hold(
    connection: &mut AsyncPgConnection,
    request: &SyncRequest,
) -> QueryResult<Option<(i64, Override)>> {
    let (user_id, provider) = (request.user_id.to_string(), request.provider.name());
    let word: Option<(i64, bool)> = table::table
        .filter(table::tenant_id.eq(request.company_id.to_string()))
        .filter(table::consumed_at.is_null())
        .filter(table::user_id.is_null().or(table::user_id.eq(user_id)))
        .filter(table::provider.is_null().or(table::provider.eq(provider)))
        .order((table::user_id.is_null(), table::provider.is_null()))
        .select((table::id, table::allow))
        .for_update()
        .first(connection)
        .await
        .optional()?;
    Ok(word.map(|(id, allow)| (id, if allow { Override::Allow } else { Override::Block })))
}

pub(crate) async fn use_up(connection: &mut AsyncPgConnection, company_id: CompanyId, id: i64) -> QueryResult<()> {
    diesel::update(table::table.filter(table::tenant_id.eq(company_id.to_string())).filter(table::id.eq(id)))
        .set(table::consumed_at.eq(diesel::dsl::now.into_sql::<diesel::sql_types::Timestamptz>().nullable()))
        .execute(connection)
        .await?;
    Ok(())
}
