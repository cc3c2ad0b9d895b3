//! Which account a person first connected. `tenant_id` holds the *user's* id here, alone among all tables. Older
//! programs wrote rows as well, so what cannot be read in one counts as not told.

use cortex_connections::model::{ConnectedAccount, OriginalConnection, ProviderAccount};
use cortex_kernel::{BrokerConnectionId, CompanyId, Email, Provider, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

diesel::table! {
    nango_original_connections (id) {
        id -> Uuid,
        company_id -> Uuid,
        tenant_id -> Text,
        provider -> Text,
        original_email -> Text,
        account_id -> Nullable<Text>,
        nango_connection_id -> Text,
        connected_at -> Nullable<Timestamptz>,
        connected_by -> Nullable<Text>,
        last_reconnected_at -> Nullable<Timestamptz>,
        reconnection_count -> Nullable<Int4>,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = nango_original_connections)]
pub(crate) struct Row {
    original_email: String,
    account_id: Option<String>,
    nango_connection_id: String,
    connected_at: Option<OffsetDateTime>,
    last_reconnected_at: Option<OffsetDateTime>,
    reconnection_count: Option<i32>,
}

/// What a connect that begins anew brings.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = nango_original_connections, treat_none_as_null = true)]
struct Begun<'a> {
    original_email: &'a str,
    account_id: Option<String>,
    nango_connection_id: &'a str,
    connected_at: OffsetDateTime,
    connected_by: &'a str,
    last_reconnected_at: Option<OffsetDateTime>,
    reconnection_count: i32,
}

pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    provider: Provider,
) -> QueryResult<Option<Row>> {
    of(company_id, user_id, provider).select(Row::as_select()).first(connection).await.optional()
}

/// The account is the original one from now on.
pub(crate) async fn begin(connection: &mut AsyncPgConnection, connected: &ConnectedAccount) -> QueryResult<()> {
    use nango_original_connections as table;
    let begun = || Begun {
        original_email: connected.account.email.as_ref().map_or("", Email::as_str),
        account_id: connected.account.id.clone(),
        nango_connection_id: connected.broker_id.as_str(),
        connected_at: connected.at,
        connected_by: connected.owner.email.as_str(),
        last_reconnected_at: None,
        reconnection_count: 0,
    };
    diesel::insert_into(table::table)
        .values((
            table::company_id.eq(connected.owner.company_id.as_uuid()),
            table::tenant_id.eq(connected.owner.user_id.to_string()),
            table::provider.eq(connected.provider.name()),
            begun(),
        ))
        .on_conflict((table::company_id, table::tenant_id, table::provider))
        .do_update()
        .set(begun())
        .execute(connection)
        .await?;
    Ok(())
}

/// The account was connected again.
pub(crate) async fn count(connection: &mut AsyncPgConnection, connected: &ConnectedAccount) -> QueryResult<()> {
    use nango_original_connections as table;
    let noted = of(connected.owner.company_id, connected.owner.user_id, connected.provider);
    let so_far = diesel::dsl::sql::<Nullable<Integer>>("coalesce(reconnection_count, 0) + 1");
    diesel::update(noted)
        .set((
            table::nango_connection_id.eq(connected.broker_id.as_str()),
            table::last_reconnected_at.eq(connected.at),
            table::reconnection_count.eq(so_far),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

impl From<Row> for OriginalConnection {
    fn from(row: Row) -> Self {
        Self {
            account: ProviderAccount { id: row.account_id, email: row.original_email.parse().ok() },
            broker_id: BrokerConnectionId::new(row.nango_connection_id),
            connected_at: row.last_reconnected_at.max(row.connected_at),
            reconnects: row.reconnection_count.and_then(|count| count.try_into().ok()).unwrap_or(0),
        }
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of(company_id: CompanyId, user_id: UserId, provider: Provider) -> _ {
    let company_id: Uuid = company_id.as_uuid();
    let user_id: String = user_id.to_string();
    let provider: &'static str = provider.name();
    nango_original_connections::table
        .filter(nango_original_connections::company_id.eq(company_id))
        .filter(nango_original_connections::tenant_id.eq(user_id))
        .filter(nango_original_connections::provider.eq(provider))
}
