//! Requests that may be sent again, and the answers that they got.

use std::time::Duration;

use cortex_ingestion::model::{Claim, KEEP_ANSWERS, KeptAnswer, KeyedRequest};
use cortex_kernel::CompanyId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::sql;

/// A key that is taken.
#[derive(QueryableByName)]
pub(crate) struct Taken {
    #[diesel(sql_type = Text)]
    pub(crate) fingerprint: String,
    #[diesel(sql_type = Nullable<Integer>)]
    pub(crate) status: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) body: Option<String>,
    /// Until the claim runs out; none if it did.
    #[diesel(sql_type = Double)]
    pub(crate) seconds_left: f64,
}

/// Claims the key, and says whether it was free: unused, given up by whoever claimed it, or of another day.
pub(crate) async fn claim(
    connection: &mut AsyncPgConnection,
    request: &KeyedRequest,
    token: Uuid,
    time: Duration,
) -> QueryResult<bool> {
    let claimed = sql("insert into idempotency_keys as stored \
           (tenant_id, user_id, route, key, fingerprint, claim, claimed_until) \
         values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7)) \
         on conflict (tenant_id, user_id, route, key) do update \
         set fingerprint = excluded.fingerprint, claim = excluded.claim, claimed_until = excluded.claimed_until, \
             created_at = excluded.created_at, status = null, body = null \
         where (stored.status is null and stored.claimed_until <= now()) \
           or stored.created_at <= now() - make_interval(secs => $8)")
    .bind::<Text, _>(request.company_id.to_string())
    .bind::<Text, _>(request.user_id.to_string())
    .bind::<Text, _>(request.route)
    .bind::<Text, _>(request.key.as_str())
    .bind::<Text, _>(request.fingerprint.as_str())
    .bind::<SqlUuid, _>(token)
    .bind::<Double, _>(time.as_secs_f64())
    .bind::<Double, _>(KEEP_ANSWERS.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(claimed > 0)
}

pub(crate) async fn find(connection: &mut AsyncPgConnection, request: &KeyedRequest) -> QueryResult<Option<Taken>> {
    sql("select fingerprint, status::integer as status, body, \
           greatest(extract(epoch from claimed_until - now()), 0)::double precision as seconds_left \
         from idempotency_keys where tenant_id = $1 and user_id = $2 and route = $3 and key = $4")
    .bind::<Text, _>(request.company_id.to_string())
    .bind::<Text, _>(request.user_id.to_string())
    .bind::<Text, _>(request.route)
    .bind::<Text, _>(request.key.as_str())
    .get_result(connection)
    .await
    .optional()
}

/// Has the claim run out after `time` from now on, and says whether it still held. Waits for a transaction that keeps
/// the answer under it.
pub(crate) async fn renew(connection: &mut AsyncPgConnection, claim: &Claim, time: Duration) -> QueryResult<bool> {
    let renewed = sql("update idempotency_keys set claimed_until = now() + make_interval(secs => $6) \
         where tenant_id = $1 and user_id = $2 and route = $3 and key = $4 and claim = $5")
    .bind::<Text, _>(claim.company_id.to_string())
    .bind::<Text, _>(claim.user_id.to_string())
    .bind::<Text, _>(claim.route)
    .bind::<Text, _>(claim.key.as_str())
    .bind::<SqlUuid, _>(claim.token)
    .bind::<Double, _>(time.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(renewed > 0)
}

/// Keeps the answer, and says whether the claim still held.
pub(crate) async fn answer(
    connection: &mut AsyncPgConnection,
    claim: &Claim,
    answer: &KeptAnswer,
) -> QueryResult<bool> {
    let status = i16::try_from(answer.status).unwrap_or(i16::MAX);
    let answered = sql("update idempotency_keys set status = $6, body = $7 \
         where tenant_id = $1 and user_id = $2 and route = $3 and key = $4 and claim = $5 and status is null")
    .bind::<Text, _>(claim.company_id.to_string())
    .bind::<Text, _>(claim.user_id.to_string())
    .bind::<Text, _>(claim.route)
    .bind::<Text, _>(claim.key.as_str())
    .bind::<SqlUuid, _>(claim.token)
    .bind::<SmallInt, _>(status)
    .bind::<Text, _>(answer.body.as_str())
    .execute(connection)
    .await?;
    Ok(answered > 0)
}

/// Makes the key free, if the claim still holds and nothing was answered.
pub(crate) async fn release(connection: &mut AsyncPgConnection, claim: &Claim) -> QueryResult<()> {
    sql("delete from idempotency_keys \
         where tenant_id = $1 and user_id = $2 and route = $3 and key = $4 and claim = $5 and status is null")
    .bind::<Text, _>(claim.company_id.to_string())
    .bind::<Text, _>(claim.user_id.to_string())
    .bind::<Text, _>(claim.route)
    .bind::<Text, _>(claim.key.as_str())
    .bind::<SqlUuid, _>(claim.token)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes at most `most` of those that are older than `age`, and answers how many.
pub(crate) async fn forget(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    age: Duration,
    most: i64,
) -> QueryResult<usize> {
    sql("delete from idempotency_keys old using ( \
           select user_id, route, key from idempotency_keys \
           where tenant_id = $1 and created_at <= now() - make_interval(secs => $2) \
           order by created_at limit $3 for update skip locked) past \
         where old.tenant_id = $1 and old.user_id = past.user_id and old.route = past.route and old.key = past.key")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Double, _>(age.as_secs_f64())
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await
}
