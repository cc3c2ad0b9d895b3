//! Who connected which account of which provider. Rows without user are from before people owned connections; nothing
//! here reads or writes them.

use cortex_connections::model::{
    BrokerReference, Connect, Connection, ConnectionStatus, Owner, ProviderAccount, SaveConnection, StatusReason,
};
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Email, Provider, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;

use super::Inconsistency;
use super::inconsistency::Reading;

diesel::table! {
    connections (id) {
        id -> Int8,
        tenant_id -> Text,
        provider_key -> Text,
        connection_id -> Text,
        user_id -> Nullable<Text>,
        user_email -> Nullable<Text>,
        account_email -> Nullable<Text>,
        account_id -> Nullable<Text>,
        status -> Text,
        reason -> Nullable<Text>,
        connected_at -> Nullable<Timestamptz>,
        status_changed_at -> Nullable<Timestamptz>,
        follow_up -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = connections)]
pub(crate) struct Row {
    id: i64,
    tenant_id: String,
    provider_key: String,
    connection_id: String,
    user_id: Option<String>,
    user_email: Option<String>,
    account_email: Option<String>,
    account_id: Option<String>,
    status: String,
    reason: Option<String>,
    connected_at: Option<OffsetDateTime>,
    status_changed_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
}

/// A connection for which something is still to be done.
#[derive(Queryable, Selectable)]
#[diesel(table_name = connections)]
pub(crate) struct FollowUpRow {
    #[diesel(embed)]
    row: Row,
    follow_up: Option<String>,
}

/// What every connect brings.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = connections, treat_none_as_null = true)]
struct Brought<'a> {
    connection_id: &'a str,
    user_email: &'a str,
    account_email: Option<String>,
    account_id: Option<String>,
    status: &'static str,
    reason: Option<String>,
    connected_at: OffsetDateTime,
    status_changed_at: OffsetDateTime,
    follow_up: &'static str,
}

pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    provider: Provider,
) -> QueryResult<Option<Row>> {
    own(company_id, user_id)
        .filter(connections::provider_key.eq(provider.name()))
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()
}

/// The same, and nobody else changes it before the transaction ends.
pub(crate) async fn lock(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    provider: Provider,
) -> QueryResult<Option<Row>> {
    own(company_id, user_id)
        .filter(connections::provider_key.eq(provider.name()))
        .select(Row::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// The connections of these people.
pub(crate) async fn list_of(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    users: &[UserId],
) -> QueryResult<Vec<Row>> {
    let users: Vec<String> = users.iter().map(ToString::to_string).collect();
    connections::table
        .filter(connections::tenant_id.eq(company_id.to_string()))
        .filter(connections::user_id.eq_any(users))
        .order(connections::id)
        .select(Row::as_select())
        .load(connection)
        .await
}

/// The broker's ids of those of these connections that somebody owns.
pub(crate) async fn broker_ids(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    ids: &[ConnectionId],
) -> QueryResult<Vec<(i64, String)>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    connections::table
        .filter(connections::tenant_id.eq(company_id.to_string()))
        .filter(connections::id.eq_any(ids))
        .filter(connections::user_id.is_not_null())
        .select((connections::id, connections::connection_id))
        .load(connection)
        .await
}

pub(crate) async fn count_by_status(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Vec<(String, i64)>> {
    connections::table
        .filter(connections::tenant_id.eq(company_id.to_string()))
        .filter(connections::user_id.is_not_null())
        .group_by(connections::status)
        .select((connections::status, diesel::dsl::count_star()))
        .load(connection)
        .await
}

/// Whether the broker's connection stands in somebody else's row.
pub(crate) async fn is_anothers(connection: &mut AsyncPgConnection, save: &SaveConnection) -> QueryResult<bool> {
    let others = connections::table
        .filter(connections::tenant_id.eq(save.owner.company_id.to_string()))
        .filter(connections::provider_key.eq(save.provider.name()))
        .filter(connections::connection_id.eq(save.broker_id.as_str()))
        .filter(connections::user_id.ne(save.owner.user_id.to_string()));
    diesel::select(diesel::dsl::exists(others)).get_result(connection).await
}

pub(crate) async fn insert(connection: &mut AsyncPgConnection, save: &SaveConnection) -> QueryResult<Row> {
    diesel::insert_into(connections::table)
        .values((
            connections::tenant_id.eq(save.owner.company_id.to_string()),
            connections::user_id.eq(save.owner.user_id.to_string()),
            connections::provider_key.eq(save.provider.name()),
            Brought::of(save, Connect::First, save.at, save.at),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
}

pub(crate) async fn replace(
    connection: &mut AsyncPgConnection,
    stored: &Connection,
    save: &SaveConnection,
    connected_at: OffsetDateTime,
    status_changed_at: OffsetDateTime,
) -> QueryResult<Row> {
    let connect = SaveConnection::connect(Some(stored));
    diesel::update(own(save.owner.company_id, save.owner.user_id).filter(connections::id.eq(stored.id.get())))
        .set((
            Brought::of(save, connect, connected_at, status_changed_at),
            connections::updated_at.eq(diesel::dsl::now),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
}

/// Notes the account behind the row, of which none was known; unless it holds another connection of the broker by now.
pub(crate) async fn identify(
    connection: &mut AsyncPgConnection,
    read: &Connection,
    account: &ProviderAccount,
) -> QueryResult<()> {
    let unidentified =
        as_read(read).filter(connections::account_email.is_null()).filter(connections::account_id.is_null());
    let unverified = StatusReason::AccountUnverified.name();
    diesel::update(unidentified)
        .set((
            connections::account_email.eq(account.email.as_ref().map(Email::as_str)),
            connections::account_id.eq(account.id.as_deref()),
            connections::reason
                .eq(diesel::dsl::case_when(connections::reason.is_distinct_from(unverified), connections::reason)),
            connections::updated_at.eq(diesel::dsl::now),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The connections that somebody owns, by their ids, from after `after` on.
pub(crate) async fn list_owned(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    after: Option<ConnectionId>,
    most: i64,
) -> QueryResult<Vec<Row>> {
    let mut owned = connections::table
        .filter(connections::tenant_id.eq(company_id.to_string()))
        .filter(connections::user_id.is_not_null())
        .into_boxed();
    if let Some(after) = after {
        owned = owned.filter(connections::id.gt(after.get()));
    }
    owned.order(connections::id).limit(most).select(Row::as_select()).load(connection).await
}

/// The connections for which something that follows a connect is still to be done, and what the connect was.
pub(crate) async fn list_follow_ups(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Vec<FollowUpRow>> {
    connections::table
        .filter(connections::tenant_id.eq(company_id.to_string()))
        .filter(connections::follow_up.is_not_null())
        .filter(connections::user_id.is_not_null())
        .filter(connections::status.ne(ConnectionStatus::Disconnected.name()))
        .order(connections::id)
        .select(FollowUpRow::as_select())
        .load(connection)
        .await
}

/// The same for the row, as long as it holds what it held when it was read.
pub(crate) async fn find_follow_up(
    connection: &mut AsyncPgConnection,
    read: &Connection,
) -> QueryResult<Option<FollowUpRow>> {
    as_read(read)
        .filter(connections::follow_up.is_not_null())
        .select(FollowUpRow::as_select())
        .first(connection)
        .await
        .optional()
}

/// It is done.
pub(crate) async fn followed_up(connection: &mut AsyncPgConnection, read: &Connection) -> QueryResult<()> {
    diesel::update(as_read(read)).set(connections::follow_up.eq(None::<String>)).execute(connection).await?;
    Ok(())
}

/// The row that holds the broker's connection, if somebody owns it.
pub(crate) async fn find_brokered(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    reference: &BrokerReference,
) -> QueryResult<Option<Row>> {
    connections::table
        .filter(connections::tenant_id.eq(company_id.to_string()))
        .filter(connections::connection_id.eq(reference.id.as_str()))
        .filter(connections::provider_key.eq(reference.provider.name()))
        .filter(connections::user_id.is_not_null())
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()
}

impl<'a> Brought<'a> {
    fn of(
        save: &'a SaveConnection,
        connect: Connect,
        connected_at: OffsetDateTime,
        status_changed_at: OffsetDateTime,
    ) -> Self {
        let account = save.account.as_ref();
        Self {
            connection_id: save.broker_id.as_str(),
            user_email: save.owner.email.as_str(),
            account_email: account.and_then(|account| account.email.as_ref()).map(Email::to_string),
            account_id: account.and_then(|account| account.id.clone()),
            status: ConnectionStatus::Active.name(),
            reason: save.reason.map(|reason| reason.name().to_owned()),
            connected_at,
            status_changed_at,
            follow_up: connect.name(),
        }
    }
}

impl Row {
    pub(crate) const fn id(&self) -> ConnectionId {
        ConnectionId::new(self.id)
    }
}

impl TryFrom<FollowUpRow> for (Connection, Connect) {
    type Error = Inconsistency;

    fn try_from(row: FollowUpRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "connections", row: &row.row.id };
        let connect = reading.parse("follow_up", reading.required("follow_up", row.follow_up.as_deref())?)?;
        Ok((row.row.try_into()?, connect))
    }
}

impl TryFrom<Row> for Connection {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "connections", row: &row.id };
        let user_id = reading.required("user_id", row.user_id.as_deref())?;
        let user_email = reading.required("user_email", row.user_email.as_deref())?;
        let account_email = row.account_email.as_deref();
        let email = account_email.map(|email| reading.parse("account_email", email)).transpose()?;
        let connected_at = row.connected_at.unwrap_or(row.created_at);
        Ok(Self {
            id: ConnectionId::new(row.id),
            owner: Owner {
                company_id: reading.parse("tenant_id", &row.tenant_id)?,
                user_id: reading.parse("user_id", user_id)?,
                email: reading.parse("user_email", user_email)?,
            },
            provider: reading.parse("provider_key", &row.provider_key)?,
            broker_id: BrokerConnectionId::new(row.connection_id.clone()),
            account: match (row.account_id, email) {
                (None, None) => None,
                (id, email) => Some(ProviderAccount { id, email }),
            },
            status: reading.parse("status", &row.status)?,
            reason: row.reason.as_deref().map(|reason| reading.parse("reason", reason)).transpose()?,
            connected_at,
            status_changed_at: row.status_changed_at.unwrap_or(connected_at),
        })
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn own(company_id: CompanyId, user_id: UserId) -> _ {
    let tenant_id: String = company_id.to_string();
    let user_id: String = user_id.to_string();
    connections::table.filter(connections::tenant_id.eq(tenant_id)).filter(connections::user_id.eq(user_id))
}

/// The row, if it still holds the connection of the broker that it held when it was read.
#[diesel::dsl::auto_type(no_type_alias)]
fn as_read(read: &Connection) -> _ {
    let (tenant_id, user_id): (String, String) = (read.owner.company_id.to_string(), read.owner.user_id.to_string());
    let (id, broker_id): (i64, String) = (read.id.get(), read.broker_id.to_string());
    connections::table
        .filter(connections::tenant_id.eq(tenant_id))
        .filter(connections::user_id.eq(user_id))
        .filter(connections::id.eq(id))
        .filter(connections::connection_id.eq(broker_id))
}
