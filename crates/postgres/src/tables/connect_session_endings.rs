//! What became of the connect sessions that we issued, in `connect_sessions`.

use cortex_connections::model::{Connection, Refusal};
use cortex_kernel::{CompanyId, Provider, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::sql;

/// A person's latest session of a provider.
#[derive(QueryableByName)]
pub(crate) struct Latest {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    connection_id: Option<String>,
}

/// The latest session, which nobody else changes before the transaction ends.
pub(crate) async fn lock_latest(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    provider: Provider,
) -> QueryResult<Option<Latest>> {
    sql("select id, state, connection_id from connect_sessions \
         where tenant_id = $1 and user_id = $2 and provider_key = $3 \
         order by created_at desc limit 1 for update")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .bind::<Text, _>(provider.name())
    .get_result(connection)
    .await
    .optional()
}

pub(crate) async fn complete(
    connection: &mut AsyncPgConnection,
    session: &Latest,
    brought: &Connection,
    at: OffsetDateTime,
) -> QueryResult<()> {
    sql("update connect_sessions set state = 'completed', reason = null, connection_id = $3, ended_at = $4 \
         where tenant_id = $1 and id = $2")
    .bind::<Text, _>(brought.owner.company_id.to_string())
    .bind::<SqlUuid, _>(session.id)
    .bind::<Text, _>(brought.broker_id.as_str())
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn refuse(connection: &mut AsyncPgConnection, session: &Latest, refusal: &Refusal) -> QueryResult<()> {
    sql("update connect_sessions set state = 'refused', reason = $3, connection_id = $4, ended_at = $5 \
         where tenant_id = $1 and id = $2")
    .bind::<Text, _>(refusal.owner.company_id.to_string())
    .bind::<SqlUuid, _>(session.id)
    .bind::<Text, _>(refusal.reason.name())
    .bind::<Text, _>(refusal.reference.id.as_str())
    .bind::<Timestamptz, _>(refusal.at)
    .execute(connection)
    .await?;
    Ok(())
}

impl Latest {
    /// Whether it tells this refusal already.
    pub(crate) fn tells(&self, refusal: &Refusal) -> bool {
        self.state == "refused" && self.connection_id.as_deref() == Some(refusal.reference.id.as_str())
    }
}
