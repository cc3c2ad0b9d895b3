//! How far each stream was read. Of the older columns `sync_name` holds the model too; nothing here reads it.

use cortex_ingestion::model::{Cursor, Stream};
use cortex_kernel::{BrokerConnectionId, CompanyId, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

diesel::table! {
    nango_sync_cursors (id) {
        id -> Uuid,
        tenant_id -> Text,
        user_id -> Nullable<Text>,
        provider -> Text,
        sync_name -> Text,
        connection_id -> Text,
        model -> Nullable<Text>,
        variant -> Text,
        last_cursor -> Nullable<Text>,
        last_sync_at -> Nullable<Timestamptz>,
        updated_at -> Nullable<Timestamptz>,
    }
}

use nango_sync_cursors as table;

pub(crate) async fn find(connection: &mut AsyncPgConnection, stream: &Stream) -> QueryResult<Option<Cursor>> {
    let cursor: Option<Option<String>> = of(stream).select(table::last_cursor).first(connection).await.optional()?;
    Ok(cursor.flatten().map(Cursor::new))
}

/// Moves the cursor, if it still stands at `from`. Answers whether it did.
pub(crate) async fn advance(
    connection: &mut AsyncPgConnection,
    stream: &Stream,
    from: Option<&Cursor>,
    to: Option<&Cursor>,
) -> QueryResult<bool> {
    let (from, to) = (from.map(Cursor::as_str), to.map(Cursor::as_str));
    let standing = of(stream).filter(table::last_cursor.is_not_distinct_from(from));
    let moved = diesel::update(standing)
        .set((
            table::last_cursor.eq(to),
            table::last_sync_at.eq(diesel::dsl::now),
            table::updated_at.eq(diesel::dsl::now),
        ))
        .execute(connection)
        .await?;
    if moved > 0 || from.is_some() {
        return Ok(moved > 0);
    }
    let begun = diesel::insert_into(table::table)
        .values((
            table::tenant_id.eq(stream.company_id.to_string()),
            table::user_id.eq(stream.user_id.to_string()),
            table::provider.eq(stream.provider.name()),
            table::sync_name.eq(&stream.model),
            table::connection_id.eq(stream.broker_id.as_str()),
            table::model.eq(&stream.model),
            table::variant.eq(&stream.variant),
            table::last_cursor.eq(to),
            table::last_sync_at.eq(diesel::dsl::now),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(begun > 0)
}

/// Lets all streams of a connection begin at their first record again.
pub(crate) async fn forget(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    broker_id: &BrokerConnectionId,
) -> QueryResult<()> {
    let of_person =
        table::table.filter(table::tenant_id.eq(company_id.to_string())).filter(table::user_id.eq(user_id.to_string()));
    diesel::delete(of_person.filter(table::connection_id.eq(broker_id.as_str()))).execute(connection).await?;
    Ok(())
}

/// The one row of a stream.
#[diesel::dsl::auto_type(no_type_alias)]
fn of(stream: &Stream) -> _ {
    let tenant_id: String = stream.company_id.to_string();
    let user_id: String = stream.user_id.to_string();
    let broker_id: String = stream.broker_id.as_str().to_owned();
    let model: String = stream.model.clone();
    let variant: String = stream.variant.clone();
    table::table
        .filter(table::tenant_id.eq(tenant_id))
        .filter(table::user_id.eq(user_id))
        .filter(table::connection_id.eq(broker_id))
        .filter(table::model.eq(model))
        .filter(table::variant.eq(variant))
}
