//! The connect sessions that we issued.

use cortex_connections::model::{ConnectSession, ConnectSessionId, Owner, TokenHash};
use cortex_kernel::{CompanyId, Provider, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Inconsistency;
use super::inconsistency::Reading;

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
