//! How many documents came in on each day: rows that triggers on documents add, and their sums.

use cortex_ingestion::model::SourceName;
use cortex_insights::model::{DocumentShare, NewDocuments, Week};
use cortex_kernel::{CompanyId, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date as SqlDate, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::{Duration, OffsetDateTime, UtcOffset};

use super::sql;

#[derive(QueryableByName)]
pub(crate) struct ShareRow {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Nullable<Text>)]
    user_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    documents: i64,
}

#[derive(QueryableByName)]
pub(crate) struct SourceRow {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = BigInt)]
    documents: i64,
}

#[derive(QueryableByName)]
pub(crate) struct NewRow {
    #[diesel(sql_type = BigInt)]
    this_week: i64,
    #[diesel(sql_type = BigInt)]
    last_week: i64,
    #[diesel(sql_type = BigInt)]
    last_week_by_now: i64,
}

#[derive(QueryableByName)]
struct Folded {
    #[diesel(sql_type = BigInt)]
    folded: i64,
}

/// How many documents there are of each source and person.
pub(crate) async fn count_by_source_and_person(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Vec<ShareRow>> {
    sql("select source, nullif(user_id, '') as user_id, sum(documents)::bigint as documents from document_days \
         where tenant_id = $1 \
         group by document_days.source, document_days.user_id having sum(documents) > 0 \
         order by source, nullif(user_id, '') nulls last")
    .bind::<Text, _>(company_id.to_string())
    .load(connection)
    .await
}

/// How many documents there are of each source.
pub(crate) async fn count_by_source(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Vec<SourceRow>> {
    sql("select source, sum(documents)::bigint as documents from document_days \
         where tenant_id = $1 group by source having sum(documents) > 0 order by source")
    .bind::<Text, _>(company_id.to_string())
    .load(connection)
    .await
}

/// How many documents came in this week and last week. Of today, and of this day a week ago, which count by the hour, the
/// documents themselves are counted, by an index that holds all that this asks for.
pub(crate) async fn count_new(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    now: OffsetDateTime,
) -> QueryResult<NewRow> {
    let today = now.to_offset(UtcOffset::UTC).date();
    let week = Week::of(today);
    let day_of_last_week = today.saturating_sub(Duration::WEEK);
    sql("select \
           (select coalesce(sum(documents), 0)::bigint from document_days \
            where tenant_id = $1 and day >= $3 and day < $5) \
           + (select count(*) from documents \
              where tenant_id = $1 and superseded_at is null and ingested_at >= $7 and ingested_at < $6) as this_week, \
           (select coalesce(sum(documents), 0)::bigint from document_days \
            where tenant_id = $1 and day >= $2 and day < $3) as last_week, \
           (select coalesce(sum(documents), 0)::bigint from document_days \
            where tenant_id = $1 and day >= $2 and day < $4) \
           + (select count(*) from documents \
              where tenant_id = $1 and superseded_at is null and ingested_at >= $9 and ingested_at < $8) \
             as last_week_by_now")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlDate, _>(week.previous().first())
    .bind::<SqlDate, _>(week.first())
    .bind::<SqlDate, _>(day_of_last_week)
    .bind::<SqlDate, _>(today)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(today.midnight().assume_utc())
    .bind::<Timestamptz, _>(now.saturating_sub(Duration::WEEK))
    .bind::<Timestamptz, _>(day_of_last_week.midnight().assume_utc())
    .get_result(connection)
    .await
}

/// Adds what the rows that are `gone` come to, where that is anything.
macro_rules! add_up_gone {
    () => {
        "insert into document_days (tenant_id, day, source, user_id, documents) \
         select tenant_id, day, source, user_id, sum(documents) from gone \
         group by tenant_id, day, source, user_id having sum(documents) <> 0"
    };
}

/// Makes one row of those of at most `most` days that have several of a source and person, and answers of how many days. Who
/// comes second finds them gone, and adds nothing.
pub(crate) async fn fold(connection: &mut AsyncPgConnection, company_id: CompanyId, most: u16) -> QueryResult<usize> {
    let done: Folded = sql(concat!(
        "with split as ( \
           select tenant_id, day, source, user_id from document_days where tenant_id = $1 \
           group by tenant_id, day, source, user_id having count(*) > 1 limit $2), \
         gone as ( \
           delete from document_days using split \
           where (document_days.tenant_id, document_days.day, document_days.source, document_days.user_id) \
             = (split.tenant_id, split.day, split.source, split.user_id) \
           returning document_days.*), \
         folded as (",
        add_up_gone!(),
        ") select count(*) as folded from split"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(i64::from(most))
    .get_result(connection)
    .await?;
    Ok(usize::try_from(done.folded).unwrap_or_default())
}

/// Folds the rows of the person; of somebody whose documents are gone, no row is left.
pub(crate) async fn fold_those_of(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<()> {
    sql(concat!(
        "with gone as (delete from document_days where tenant_id = $1 and user_id = $2 returning *) ",
        add_up_gone!()
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

impl From<ShareRow> for DocumentShare {
    fn from(ShareRow { source, user_id, documents }: ShareRow) -> Self {
        Self { source, user_id, documents: documents.unsigned_abs() }
    }
}

impl From<NewRow> for NewDocuments {
    fn from(row: NewRow) -> Self {
        Self {
            this_week: row.this_week.unsigned_abs(),
            last_week: row.last_week.unsigned_abs(),
            last_week_by_now: row.last_week_by_now.unsigned_abs(),
        }
    }
}

impl SourceRow {
    /// The source, and how many.
    pub(crate) fn into_pair(self) -> (SourceName, u64) {
        (SourceName::new(self.source), self.documents.unsigned_abs())
    }
}
