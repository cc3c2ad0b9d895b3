//! How much each person brought in on each day. A day is one of the calendar of UTC, by the database's clock: the same for
//! every process.

use cortex_ingestion::model::{Amount, MemberUsage, Quota, Usage};
use cortex_kernel::{CompanyId, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

/// What was brought in, ever and today.
#[derive(QueryableByName)]
pub(crate) struct UsageRow {
    #[diesel(sql_type = BigInt)]
    documents: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = BigInt)]
    documents_today: i64,
    #[diesel(sql_type = BigInt)]
    bytes_today: i64,
    #[diesel(sql_type = Timestamptz)]
    resets_at: OffsetDateTime,
}

#[derive(QueryableByName)]
pub(crate) struct MemberRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    documents: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = BigInt)]
    documents_today: i64,
    #[diesel(sql_type = BigInt)]
    bytes_today: i64,
}

#[derive(QueryableByName)]
struct Moment {
    #[diesel(sql_type = Timestamptz)]
    moment: OffsetDateTime,
}

/// The columns of a [`UsageRow`].
macro_rules! totals {
    () => {
        "select coalesce(sum(documents), 0)::bigint as documents, coalesce(sum(bytes), 0)::bigint as bytes, \
           coalesce(sum(documents) filter (where day = (now() at time zone 'UTC')::date), 0)::bigint \
             as documents_today, \
           coalesce(sum(bytes) filter (where day = (now() at time zone 'UTC')::date), 0)::bigint as bytes_today, \
           (date_trunc('day', now() at time zone 'UTC') + interval '1 day') at time zone 'UTC' as resets_at \
         from usage_days"
    };
}

/// Counts what the person brings in, whatever he brought in before. The last statement of its transaction, or nearly so:
/// until that ends, whatever else the person brings in waits.
pub(crate) async fn add(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    amount: Amount,
) -> QueryResult<()> {
    add_within(connection, company_id, user_id, amount, Quota::default()).await.map(|_| ())
}

/// Counts what the person brings in, unless it is more than his quota leaves him today; says whether it counted.
///
/// What brings no document in is held to the bytes only.
pub(crate) async fn add_within(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    amount: Amount,
    quota: Quota,
) -> QueryResult<bool> {
    let counted = sql("insert into usage_days as stored (tenant_id, user_id, day, documents, bytes) \
         select $1, $2, (now() at time zone 'UTC')::date, $3, $4 \
         where ($5 is null or $3 = 0 or $3 <= $5) and ($6 is null or $4 <= $6) \
         on conflict (tenant_id, user_id, day) do update \
         set documents = stored.documents + excluded.documents, bytes = stored.bytes + excluded.bytes \
         where ($5 is null or excluded.documents = 0 or stored.documents + excluded.documents <= $5) \
           and ($6 is null or stored.bytes + excluded.bytes <= $6)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .bind::<BigInt, _>(number(amount.documents))
    .bind::<BigInt, _>(number(amount.bytes))
    .bind::<Nullable<BigInt>, _>(quota.documents.map(number))
    .bind::<Nullable<BigInt>, _>(quota.bytes.map(number))
    .execute(connection)
    .await?;
    Ok(counted > 0)
}

/// When the next day begins.
pub(crate) async fn end_of_day(connection: &mut AsyncPgConnection) -> QueryResult<OffsetDateTime> {
    let Moment { moment } =
        sql("select (date_trunc('day', now() at time zone 'UTC') + interval '1 day') at time zone 'UTC' as moment")
            .get_result(connection)
            .await?;
    Ok(moment)
}

/// What a person brought in; all of the company, where none is named.
pub(crate) async fn sum(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: Option<UserId>,
) -> QueryResult<UsageRow> {
    match user_id {
        Some(user_id) => {
            sql(concat!(totals!(), " where tenant_id = $1 and user_id = $2"))
                .bind::<Text, _>(company_id.to_string())
                .bind::<Text, _>(user_id.to_string())
                .get_result(connection)
                .await
        }
        None => {
            sql(concat!(totals!(), " where tenant_id = $1"))
                .bind::<Text, _>(company_id.to_string())
                .get_result(connection)
                .await
        }
    }
}

/// What at most `limit` of the company's people brought in, of those after `after` by their ids.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    after: Option<UserId>,
    limit: i64,
) -> QueryResult<Vec<MemberRow>> {
    // Any id comes after the empty text.
    sql("select user_id, sum(documents)::bigint as documents, sum(bytes)::bigint as bytes, \
           coalesce(sum(documents) filter (where day = (now() at time zone 'UTC')::date), 0)::bigint as documents_today, \
           coalesce(sum(bytes) filter (where day = (now() at time zone 'UTC')::date), 0)::bigint as bytes_today \
         from usage_days where tenant_id = $1 and user_id > $2 group by user_id order by user_id limit $3")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(after.map(|user_id| user_id.to_string()).unwrap_or_default())
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await
}

impl From<UsageRow> for Usage {
    fn from(row: UsageRow) -> Self {
        Self {
            total: amount(row.documents, row.bytes),
            today: amount(row.documents_today, row.bytes_today),
            resets_at: row.resets_at,
        }
    }
}

impl TryFrom<MemberRow> for MemberUsage {
    type Error = Inconsistency;

    fn try_from(row: MemberRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "usage_days", row: &row.user_id };
        Ok(Self {
            user_id: reading.parse("user_id", &row.user_id)?,
            total: amount(row.documents, row.bytes),
            today: amount(row.documents_today, row.bytes_today),
        })
    }
}

fn amount(documents: i64, bytes: i64) -> Amount {
    Amount { documents: documents.unsigned_abs(), bytes: bytes.unsigned_abs() }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
