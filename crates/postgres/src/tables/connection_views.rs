//! Connections as people see them: one statement a question, whatever has to be looked up for it.

use cortex_connections::model::{
    ConnectionStatus, ConnectionView, CountedConnection, ProviderAccount, Standing, ViewFilter,
};
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Email, Provider, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

/// A connection, with all columns empty where there is none.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<BigInt>)]
    id: Option<i64>,
    #[diesel(sql_type = Text)]
    provider_key: String,
    #[diesel(sql_type = Nullable<Text>)]
    connection_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    user_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    user_email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    account_email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    account_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    connected_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    status_changed_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_read_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Bool)]
    may_begin: bool,
    #[diesel(sql_type = Bool)]
    is_complete: bool,
}

#[derive(QueryableByName)]
pub(crate) struct StandingRow {
    #[diesel(embed)]
    own: Row,
    #[diesel(sql_type = Nullable<Text>)]
    refused: Option<String>,
}

#[derive(QueryableByName)]
pub(crate) struct CountedRow {
    #[diesel(embed)]
    own: Row,
    #[diesel(sql_type = BigInt)]
    documents: i64,
}

/// How the person stands with each provider. Of the jobs and sessions of an account, of which there may be thousands, only
/// the latest is looked up.
pub(crate) async fn find_standing(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<Vec<StandingRow>> {
    sql("select provider.name as provider_key, own.id, own.connection_id, own.user_id, own.user_email, \
           own.account_email, own.account_id, own.status, own.reason, \
           coalesce(own.connected_at, own.created_at) as connected_at, \
           coalesce(own.status_changed_at, own.connected_at, own.created_at) as status_changed_at, \
           coalesce(own.can_manual_sync, true) as may_begin, \
           coalesce(own.initial_sync_completed, false) as is_complete, \
           latest.completed_at as last_read_at, session.reason as refused \
         from unnest($3) with ordinality as provider(name, place) \
         left join connections own \
           on own.tenant_id = $1 and own.user_id = $2 and own.provider_key = provider.name \
         left join lateral ( \
           select completed_at from sync_jobs \
           where tenant_id = $1 and connection_id = own.id \
             and status = 'completed' and kind is distinct from 'content' \
             and completed_at >= coalesce(own.connected_at, own.created_at) \
           order by created_at desc limit 1) latest on true \
         left join lateral ( \
           select state, reason from connect_sessions \
           where tenant_id = $1 and user_id = $2 and provider_key = provider.name \
           order by created_at desc limit 1) session on session.state = 'refused' \
         order by provider.place")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .bind::<Array<Text>, _>(Provider::ALL.map(Provider::name).to_vec())
    .load(connection)
    .await
}

/// Connections that the filter lets through, the newest first, from before `before` on; of providers of ours.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    filter: &ViewFilter,
    before: Option<i64>,
    most: i64,
) -> QueryResult<Vec<CountedRow>> {
    sql("select one.provider_key, one.id, one.connection_id, one.user_id, one.user_email, one.account_email, \
           one.account_id, one.status, one.reason, coalesce(one.connected_at, one.created_at) as connected_at, \
           coalesce(one.status_changed_at, one.connected_at, one.created_at) as status_changed_at, \
           coalesce(one.can_manual_sync, true) as may_begin, \
           coalesce(one.initial_sync_completed, false) as is_complete, \
           latest.completed_at as last_read_at, brought.documents \
         from ( \
           select * from connections \
           where tenant_id = $1 and ($2 is null or user_id = $2) and ($3 is null or status = $3) \
             and ($4 is null or id < $4) and provider_key = any($6) \
           order by id desc limit $5) one \
         left join lateral ( \
           select completed_at from sync_jobs \
           where tenant_id = $1 and connection_id = one.id and status = 'completed' and kind is distinct from 'content' \
             and completed_at >= coalesce(one.connected_at, one.created_at) \
           order by created_at desc limit 1) latest on true \
         cross join lateral ( \
           select count(distinct document_id) as documents from document_sources \
           where tenant_id = $1 and connection_id = one.id and vanished_at is null) brought \
         order by one.id desc")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Nullable<Text>, _>(filter.user_id.map(|user_id| user_id.to_string()))
    .bind::<Nullable<Text>, _>(filter.status.map(ConnectionStatus::name))
    .bind::<Nullable<BigInt>, _>(before)
    .bind::<BigInt, _>(most)
    .bind::<Array<Text>, _>(Provider::ALL.map(Provider::name).to_vec())
    .load(connection)
    .await
}

impl Row {
    fn read(self) -> Result<Option<ConnectionView>, Inconsistency> {
        let Some(id) = self.id else { return Ok(None) };
        let reading = Reading { table: "connections", row: &id };
        let status = reading.required("status", self.status.as_deref())?;
        // Addresses that people wrote by hand long ago are not worth a list that cannot be read.
        let email = |text: Option<String>| text.and_then(|text| text.parse::<Email>().ok());
        let account_email = email(self.account_email);
        Ok(Some(ConnectionView {
            id: ConnectionId::new(id),
            provider: reading.parse("provider_key", &self.provider_key)?,
            broker_id: BrokerConnectionId::new(reading.required("connection_id", self.connection_id)?),
            user_id: self.user_id.as_deref().map(|user| reading.parse("user_id", user)).transpose()?,
            user_email: email(self.user_email),
            account: (self.account_id.is_some() || account_email.is_some())
                .then_some(ProviderAccount { id: self.account_id, email: account_email }),
            status: reading.parse("status", status)?,
            reason: self.reason.as_deref().map(|reason| reading.parse("reason", reason)).transpose()?,
            connected_at: reading.required("connected_at", self.connected_at)?,
            status_changed_at: reading.required("status_changed_at", self.status_changed_at)?,
            last_read_at: self.last_read_at,
            may_begin: self.may_begin,
            is_complete: self.is_complete,
        }))
    }
}

impl TryFrom<StandingRow> for Standing {
    type Error = Inconsistency;

    fn try_from(row: StandingRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "connect_sessions", row: &row.own.provider_key };
        Ok(Self {
            provider: reading.parse("provider_key", &row.own.provider_key)?,
            refused: row.refused.as_deref().map(|reason| reading.parse("reason", reason)).transpose()?,
            connection: row.own.read()?,
        })
    }
}

impl TryFrom<CountedRow> for CountedConnection {
    type Error = Inconsistency;

    fn try_from(row: CountedRow) -> Result<Self, Inconsistency> {
        let documents = row.documents.unsigned_abs();
        let reading = Reading { table: "connections", row: &"without a number" };
        Ok(Self { connection: reading.required("id", row.own.read()?)?, documents })
    }
}
