//! Counts by day, over documents and the narrow rows beside them.

use cortex_insights::model::{DayFigures, KindCount, MailsWanted, Stretch, SummarySource};
use cortex_kernel::{CompanyId, DocumentId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date as SqlDate, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::Date;

use super::inconsistency::Reading;
use super::mail_months::months;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct KindRow {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    documents: i64,
}

#[derive(QueryableByName)]
pub(crate) struct DayRow {
    #[diesel(sql_type = SqlDate)]
    day: Date,
    #[diesel(sql_type = BigInt)]
    documents: i64,
    #[diesel(sql_type = BigInt)]
    mails: i64,
    #[diesel(sql_type = Text)]
    revenue: String,
    #[diesel(sql_type = Text)]
    expenses: String,
    #[diesel(sql_type = Text)]
    payments: String,
}

#[derive(QueryableByName)]
pub(crate) struct SourceRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    quote: String,
    #[diesel(sql_type = Nullable<Text>)]
    from: Option<String>,
}

/// The documents of some days, by the index that has their moments.
pub(crate) async fn count_kinds(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    stretch: Stretch,
) -> QueryResult<Vec<KindRow>> {
    sql("select source, document_type as kind, count(*) as documents \
         from ( \
           select source, document_type, \
             case when source_created_at is not null then source_created_at \
               when ingested_at is not null then ingested_at \
               else timestamptz '1970-01-01 00:00:00+00' end as moment \
           from documents where tenant_id = $1 and superseded_at is null) shown \
         where moment >= $2 and moment < $3 \
         group by source, document_type \
         order by count(*) desc, source collate \"C\", document_type collate \"C\"")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(stretch.begins_at())
    .bind::<Timestamptz, _>(stretch.ends_at())
    .load(connection)
    .await
}

/// Each of the three is read by an index that holds its days; mails of months that are kept are not counted again.
pub(crate) async fn list_days(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    stretch: Stretch,
) -> QueryResult<Vec<DayRow>> {
    sql(concat!(
        "with ",
        months!(),
        "select day, sum(documents)::bigint as documents, sum(mails)::bigint as mails, \
           round(coalesce(sum(revenue), 0), 2)::text as revenue, round(coalesce(sum(expenses), 0), 2)::text as expenses, \
           round(coalesce(sum(payments), 0), 2)::text as payments \
         from ( \
           select day, sum(documents) as documents, 0 as mails, \
             null::numeric as revenue, null::numeric as expenses, null::numeric as payments \
           from document_days where tenant_id = $1 and day >= $4 and day <= $5 \
           group by 1 having sum(documents) > 0 \
           union all \
           select (sent_at at time zone 'UTC')::date, 0, count(*), null, null, null \
           from months \
           cross join lateral ( \
             select sent_at from mail_records \
             where tenant_id = $1 and sent_at >= begins_at and sent_at < ends_at) sent \
           where not is_kept \
           group by 1 \
           union all \
           select month + place::integer - 1, 0, mails, null, null, null \
           from months join mail_months using (month) \
           cross join unnest(mails_by_day) with ordinality as days(mails, place) \
           where tenant_id = $1 and is_kept and mails > 0 \
           union all \
           select day, 0, 0, sum(total) filter (where kind = 'invoice'), sum(total) filter (where kind = 'bill'), \
             sum(total) filter (where kind = 'payment') \
           from book_records \
           where tenant_id = $1 and day >= $4 and day <= $5 and kind in ('invoice', 'bill', 'payment') \
           group by 1) told \
         group by day order by day"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(stretch.begins_at())
    .bind::<Timestamptz, _>(stretch.ends_at())
    .bind::<SqlDate, _>(stretch.first)
    .bind::<SqlDate, _>(stretch.last)
    .load(connection)
    .await
}

/// The newest mails of some days that the condition holds for.
macro_rules! mails {
    ($condition:literal) => {
        concat!(
            "select document_id as id, subject as quote, sender as \"from\" from mail_records \
             where tenant_id = $1 and sent_at >= $2 and sent_at < $3 and ",
            $condition,
            " order by sent_at desc, document_id desc limit $4"
        )
    };
}

const ALL: &str = mails!("$5::text[] is not null");
const FROM: &str = mails!("sender = any($5)");
const ABOUT: &str =
    mails!("exists (select from regexp_split_to_table(lower(subject), '[^[:alnum:]]+') word where word = any($5))");

pub(crate) async fn list_mails(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    stretch: Stretch,
    wanted: &MailsWanted,
    most: u16,
) -> QueryResult<Vec<SourceRow>> {
    let (text, words) = match wanted {
        MailsWanted::All => (ALL, &[][..]),
        MailsWanted::From(writers) => (FROM, writers.as_slice()),
        MailsWanted::About(words) => (ABOUT, words.as_slice()),
    };
    sql(text)
        .bind::<Text, _>(company_id.to_string())
        .bind::<Timestamptz, _>(stretch.begins_at())
        .bind::<Timestamptz, _>(stretch.ends_at())
        .bind::<BigInt, _>(i64::from(most))
        .bind::<Array<Text>, _>(words)
        .load(connection)
        .await
}

pub(crate) async fn describe(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    ids: &[DocumentId],
) -> QueryResult<Vec<SourceRow>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    sql("select documents.id, left(documents.title, 300) as quote, coalesce(mail.sender, entry.party) as \"from\" \
         from documents \
         left join mail_records mail on mail.document_id = documents.id and mail.tenant_id = $1 \
         left join book_records entry on entry.document_id = documents.id and entry.tenant_id = $1 \
         where documents.tenant_id = $1 and documents.id = any($2) and documents.superseded_at is null")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .load(connection)
    .await
}

impl From<KindRow> for KindCount {
    fn from(row: KindRow) -> Self {
        let KindRow { source, kind, documents } = row;
        Self { source, kind, documents: documents.unsigned_abs() }
    }
}

impl TryFrom<DayRow> for DayFigures {
    type Error = Inconsistency;

    fn try_from(row: DayRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "book_records", row: &row.day };
        Ok(Self {
            day: row.day,
            documents: row.documents.unsigned_abs(),
            mails: row.mails.unsigned_abs(),
            revenue: reading.parse("total", &row.revenue)?,
            expenses: reading.parse("total", &row.expenses)?,
            payments: reading.parse("total", &row.payments)?,
        })
    }
}

impl From<SourceRow> for SummarySource {
    fn from(row: SourceRow) -> Self {
        Self { document_id: DocumentId::new(row.id), quote: row.quote, from: row.from }
    }
}
