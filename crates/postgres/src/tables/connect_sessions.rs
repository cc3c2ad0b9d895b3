//! The connect sessions that we issued.

use cortex_connections::model::{ConnectSession, ConnectSessionId, Owner, TokenHash};
use cortex_kernel::{CompanyId, Provider, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

diesel::table! {
    connect_sessions (id) {
        id -> Uuid,
        tenant_id -> Text,
        user_id -> Text,
        user_email -> Text,
        provider_key -> Text,
        purpose -> Text,
        token_hash -> Bytea,
        state -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

const OPEN: &str = "open";

#[derive(Queryable, Selectable)]
#[diesel(table_name = connect_sessions)]
pub(crate) struct Row {
    id: Uuid,
    tenant_id: String,
    user_id: String,
    user_email: String,
    provider_key: String,
    purpose: String,
    token_hash: Vec<u8>,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

pub(crate) async fn insert(connection: &mut AsyncPgConnection, session: &ConnectSession) -> QueryResult<()> {
    use connect_sessions as table;
    diesel::insert_into(table::table)
        .values((
            table::id.eq(session.id.0),
            table::tenant_id.eq(session.owner.company_id.to_string()),
            table::user_id.eq(session.owner.user_id.to_string()),
            table::user_email.eq(session.owner.email.as_str()),
            table::provider_key.eq(session.provider.name()),
            table::purpose.eq(session.purpose.name()),
            table::token_hash.eq(session.token_hash.as_bytes().as_slice()),
            table::state.eq(OPEN),
            table::created_at.eq(session.opened_at),
            table::expires_at.eq(session.expires_at),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The latest one that is open at `now`.
pub(crate) async fn find_open(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    provider: Provider,
    now: OffsetDateTime,
) -> QueryResult<Option<Row>> {
    connect_sessions::table
        .filter(connect_sessions::tenant_id.eq(company_id.to_string()))
        .filter(connect_sessions::user_id.eq(user_id.to_string()))
        .filter(connect_sessions::provider_key.eq(provider.name()))
        .filter(connect_sessions::state.eq(OPEN))
        .filter(connect_sessions::expires_at.gt(now))
        .order(connect_sessions::created_at.desc())
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()
}

/// Deletes some of those that ran out before `before` and that are not the latest of their person and provider.
pub(crate) async fn forget(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    before: OffsetDateTime,
    most: i64,
) -> QueryResult<usize> {
    sql("delete from connect_sessions where tenant_id = $1 and id in ( \
           select id from connect_sessions old \
           where tenant_id = $1 and expires_at < $2 and exists ( \
             select from connect_sessions later \
             where later.tenant_id = $1 and later.user_id = old.user_id and later.provider_key = old.provider_key \
               and later.created_at > old.created_at) \
           limit $3)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await
}

impl TryFrom<Row> for ConnectSession {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "connect_sessions", row: &row.id };
        Ok(Self {
            id: ConnectSessionId(row.id),
            owner: Owner {
                company_id: reading.parse("tenant_id", &row.tenant_id)?,
                user_id: reading.parse("user_id", &row.user_id)?,
                email: reading.parse("user_email", &row.user_email)?,
            },
            provider: reading.parse("provider_key", &row.provider_key)?,
            purpose: reading.parse("purpose", &row.purpose)?,
            token_hash: TokenHash::new(reading.required("token_hash", row.token_hash.try_into().ok())?),
            opened_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}
