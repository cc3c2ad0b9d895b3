//! Webhooks that wait for being worked off. Who holds one is told by `run_after`, the moment at which it can be claimed
//! again: each claim ends at another one. All times are the database's.

use std::collections::HashSet;
use std::time::Duration;

use cortex_connections::model::{ClaimedWebhook, InboxEntry, NewWebhook, WebhookClaim, WebhookState};
use cortex_kernel::CompanyId;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Double, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::inconsistency::Reading;
use super::scalars::Answer;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
    #[diesel(sql_type = Nullable<Text>)]
    request_id: Option<String>,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Timestamptz)]
    run_after: OffsetDateTime,
    #[diesel(sql_type = Double)]
    age: f64,
}

#[derive(QueryableByName)]
struct StoredRow {
    #[diesel(sql_type = Text)]
    tenant_id: String,
    #[diesel(sql_type = Binary)]
    body_hash: Vec<u8>,
}

/// A webhook without its body.
#[derive(QueryableByName)]
pub(crate) struct EntryRow {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Nullable<Text>)]
    last_error: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    request_id: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    received_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ended_at: Option<OffsetDateTime>,
}

/// Where an ended claim leaves its webhook.
pub(crate) struct Settlement<'a> {
    pub(crate) state: &'static str,
    /// Whether the claim counts as an attempt.
    pub(crate) is_attempt: bool,
    pub(crate) note: Option<&'a str>,
    /// When it may be claimed again; none where it will not be.
    pub(crate) after: Option<Duration>,
}

/// Stores webhooks, each unless an equal one waits. Answers of each in their order whether it did.
pub(crate) async fn insert(connection: &mut AsyncPgConnection, webhooks: &[NewWebhook]) -> QueryResult<Vec<bool>> {
    let companies: Vec<String> = webhooks.iter().map(|webhook| webhook.company_id.to_string()).collect();
    let hashes: Vec<[u8; 32]> = webhooks.iter().map(|webhook| Sha256::digest(&webhook.body).into()).collect();
    let mut order: Vec<usize> = (0..webhooks.len()).collect();
    // Two who store the same ones at once wait for each other in one order, or they would wait forever.
    order.sort_by_key(|at| (&companies[*at], hashes[*at]));
    let stored: Vec<StoredRow> = sql("insert into webhook_inbox (tenant_id, body, body_hash, request_id) \
         select * from unnest($1, $2, $3, $4) \
         on conflict (tenant_id, body_hash) where state = 'pending' do nothing \
         returning tenant_id, body_hash")
    .bind::<Array<Text>, _>(in_order(&order, |at| companies[at].as_str()))
    .bind::<Array<Binary>, _>(in_order(&order, |at| webhooks[at].body.as_slice()))
    .bind::<Array<Binary>, _>(in_order(&order, |at| hashes[at].as_slice()))
    .bind::<Array<Nullable<Text>>, _>(in_order(&order, |at| webhooks[at].request_id.as_deref()))
    .load(connection)
    .await?;
    // Of equal ones among them the first is the one that is stored.
    let mut stored: HashSet<_> = stored.into_iter().map(|row| (row.tenant_id, row.body_hash)).collect();
    let of_each = companies.into_iter().zip(hashes);
    Ok(of_each.map(|(company, hash)| stored.remove(&(company, hash.to_vec()))).collect())
}

fn in_order<T>(order: &[usize], of: impl Fn(usize) -> T) -> Vec<T> {
    order.iter().map(|at| of(*at)).collect()
}

/// Takes the webhook that has been due longest.
pub(crate) async fn claim_next(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    hold: Duration,
) -> QueryResult<Option<Row>> {
    sql("with due as ( \
           select id from webhook_inbox \
           where tenant_id = $1 and state = 'pending' and run_after <= now() \
           order by run_after, id limit 1 \
           for update skip locked) \
         update webhook_inbox inbox \
         set attempts = inbox.attempts + 1, run_after = now() + make_interval(secs => $2) \
         from due where inbox.id = due.id \
         returning inbox.id, inbox.body, inbox.request_id, inbox.attempts, inbox.run_after, \
           extract(epoch from now() - inbox.received_at)::float8 as age")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Double, _>(hold.as_secs_f64())
    .get_result(connection)
    .await
    .optional()
}

/// Ends a claim that is still held. Answers whether it was.
pub(crate) async fn settle(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    claim: WebhookClaim,
    settlement: &Settlement<'_>,
) -> QueryResult<bool> {
    let settled = sql("update webhook_inbox \
         set state = $4, attempts = attempts - $5, last_error = $6, \
             run_after = coalesce(now() + make_interval(secs => $7), run_after), ended_at = case when $8 then now() end \
         where tenant_id = $1 and id = $2 and run_after = $3 and state = 'pending'")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(claim.webhook)
    .bind::<Timestamptz, _>(claim.until)
    .bind::<Text, _>(settlement.state)
    .bind::<Integer, _>(i32::from(!settlement.is_attempt))
    .bind::<Nullable<Text>, _>(settlement.note)
    .bind::<Nullable<Double>, _>(settlement.after.map(|after| after.as_secs_f64()))
    .bind::<Bool, _>(settlement.after.is_none())
    .execute(connection)
    .await?;
    Ok(settled > 0)
}

/// Deletes a webhook whose claim is still held. Answers whether it was.
pub(crate) async fn delete(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    claim: WebhookClaim,
) -> QueryResult<bool> {
    let deleted =
        sql("delete from webhook_inbox where tenant_id = $1 and id = $2 and run_after = $3 and state = 'pending'")
            .bind::<Text, _>(company_id.to_string())
            .bind::<BigInt, _>(claim.webhook)
            .bind::<Timestamptz, _>(claim.until)
            .execute(connection)
            .await?;
    Ok(deleted > 0)
}

/// Deletes some of those that ended longer ago than `age`.
pub(crate) async fn forget(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    age: Duration,
    most: i64,
) -> QueryResult<usize> {
    sql("delete from webhook_inbox where tenant_id = $1 and id in ( \
           select id from webhook_inbox \
           where tenant_id = $1 and state in ('done', 'ignored', 'dead') \
             and ended_at < now() - make_interval(secs => $2) \
           limit $3)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Double, _>(age.as_secs_f64())
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await
}

/// Webhooks of a state without their bodies, the newest first, from before `before` on.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    state: WebhookState,
    before: Option<i64>,
    most: i64,
) -> QueryResult<Vec<EntryRow>> {
    sql("select id, state, attempts, last_error, request_id, received_at, ended_at from webhook_inbox \
         where tenant_id = $1 and state = $2 and ($3 is null or id < $3) order by id desc limit $4")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(state.name())
    .bind::<Nullable<BigInt>, _>(before)
    .bind::<BigInt, _>(most)
    .load(connection)
    .await
}

/// Lets a dead webhook wait again, as if it had just come. None where there is none of this number, else whether it was
/// dead. An equal one that waits is a violation of the index of those.
pub(crate) async fn replay(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: i64,
) -> QueryResult<Option<bool>> {
    let told: Option<Answer> = sql("with before as ( \
           select id, state from webhook_inbox where tenant_id = $1 and id = $2 for update), \
         revived as ( \
           update webhook_inbox inbox \
           set state = 'pending', attempts = 0, run_after = now(), last_error = null, ended_at = null \
           from before where inbox.tenant_id = $1 and inbox.id = before.id and before.state = 'dead') \
         select state = 'dead' as answer from before")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id)
    .get_result(connection)
    .await
    .optional()?;
    Ok(told.map(|told| told.answer))
}

impl TryFrom<EntryRow> for InboxEntry {
    type Error = Inconsistency;

    fn try_from(row: EntryRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "webhook_inbox", row: &row.id };
        Ok(Self {
            id: row.id,
            state: reading.parse("state", &row.state)?,
            attempts: reading.natural("attempts", row.attempts)?,
            note: row.last_error,
            request_id: row.request_id,
            received_at: row.received_at,
            ended_at: row.ended_at,
        })
    }
}

impl TryFrom<Row> for ClaimedWebhook {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "webhook_inbox", row: &row.id };
        Ok(Self {
            claim: WebhookClaim { webhook: row.id, until: row.run_after },
            attempt: reading.natural("attempts", row.attempts)?,
            age: Duration::try_from_secs_f64(row.age).unwrap_or_default(),
            body: row.body,
            request_id: row.request_id,
        })
    }
}
