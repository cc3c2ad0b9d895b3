//! What admins said about further initial syncs. A row that is consumed says nothing any more.

use cortex_kernel::{CompanyId, Provider};
use cortex_sync_jobs::model::{NewOverride, Override, SyncRequest};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;

use super::sql;

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

#[derive(QueryableByName)]
pub(crate) struct KeptRow {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) created_at: OffsetDateTime,
}

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

/// Keeps a word in the place of another one about the same that is not used up.
pub(crate) async fn say(connection: &mut AsyncPgConnection, word: &NewOverride) -> QueryResult<KeptRow> {
    sql("insert into sync_overrides (tenant_id, user_id, provider, allow, reason, by) values ($1, $2, $3, $4, $5, $6) \
         on conflict (tenant_id, user_id, provider) where consumed_at is null \
         do update set allow = excluded.allow, reason = excluded.reason, by = excluded.by, created_at = now() \
         returning id, created_at")
    .bind::<Text, _>(word.company_id.to_string())
    .bind::<Nullable<Text>, _>(word.user_id.map(|user_id| user_id.to_string()))
    .bind::<Nullable<Text>, _>(word.provider.map(Provider::name))
    .bind::<Bool, _>(word.says == Override::Allow)
    .bind::<Text, _>(&word.reason)
    .bind::<Text, _>(word.session_id.to_string())
    .get_result(connection)
    .await
}

pub(crate) async fn use_up(connection: &mut AsyncPgConnection, company_id: CompanyId, id: i64) -> QueryResult<()> {
    diesel::update(table::table.filter(table::tenant_id.eq(company_id.to_string())).filter(table::id.eq(id)))
        .set(table::consumed_at.eq(diesel::dsl::now.into_sql::<diesel::sql_types::Timestamptz>().nullable()))
        .execute(connection)
        .await?;
    Ok(())
}
