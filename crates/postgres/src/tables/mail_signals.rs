//! Which words of the lexicon stand in which mails.

use cortex_insights::model::{Keyword, KeywordCount, MailText, Period, ReadMail};
use cortex_kernel::{CompanyId, DocumentId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date as SqlDate, Nullable, SmallInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::Date;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct TextRow {
    #[diesel(sql_type = BigInt)]
    document_id: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    content: String,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    document_id: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
pub(crate) struct WordRow {
    #[diesel(sql_type = Text)]
    keyword: String,
    #[diesel(sql_type = Text)]
    category: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Array<SqlDate>)]
    weeks: Vec<Date>,
    #[diesel(sql_type = Array<BigInt>)]
    counts: Vec<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    documents: Vec<i64>,
}

/// At most `most` mails that were not read by this version, with the state that they are in: whatever is written to a row makes
/// another one of it. More of a text than the lexicon looks through is not read.
pub(crate) async fn list_unread(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    version: i16,
    most: u8,
) -> QueryResult<Vec<TextRow>> {
    sql("select mail.document_id, mail.state, document.title, left(document.content, 100000) as content \
         from ( \
           select document_id, lexicon, xmin::text || '.' || ctid::text as state from mail_records \
           where tenant_id = $1 and lexicon < $2 order by lexicon, document_id limit $3) mail \
         join documents document on document.tenant_id = $1 and document.id = mail.document_id \
         order by mail.lexicon, mail.document_id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SmallInt, _>(version)
    .bind::<BigInt, _>(i64::from(most))
    .load(connection)
    .await
}

/// Says of the mails that are in the same state still that this version read them, and answers which ones.
pub(crate) async fn mark_read(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    version: i16,
    mails: &[ReadMail],
) -> QueryResult<Vec<i64>> {
    let ids: Vec<i64> = mails.iter().map(|mail| mail.document_id.get()).collect();
    let states: Vec<&str> = mails.iter().map(|mail| mail.state.as_str()).collect();
    let marked: Vec<Id> = sql("with held as ( \
           select mail.document_id from mail_records mail \
           join unnest($3, $4) as read(id, state) on mail.document_id = read.id \
           where mail.tenant_id = $1 and mail.xmin::text || '.' || mail.ctid::text = read.state \
           order by mail.document_id for update of mail) \
         update mail_records set lexicon = $2 from held \
         where mail_records.tenant_id = $1 and mail_records.document_id = held.document_id \
         returning mail_records.document_id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SmallInt, _>(version)
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Text>, _>(states)
    .load(connection)
    .await?;
    Ok(marked.into_iter().map(|marked| marked.document_id).collect())
}

/// Forgets what was found in these mails.
pub(crate) async fn delete(connection: &mut AsyncPgConnection, company_id: CompanyId, ids: &[i64]) -> QueryResult<()> {
    sql("delete from mail_signals where tenant_id = $1 and document_id = any($2)")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Array<BigInt>, _>(ids)
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps what was found in mails, of which nothing is kept.
pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    found: &[(DocumentId, Keyword)],
) -> QueryResult<()> {
    sql("insert into mail_signals (tenant_id, document_id, keyword, category, sent_at) \
         select $1, mail.document_id, found.keyword, found.category, mail.sent_at \
         from unnest($2, $3, $4) as found(id, keyword, category) \
         join mail_records mail on mail.tenant_id = $1 and mail.document_id = found.id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(found.iter().map(|(id, _)| id.get()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(found.iter().map(|(_, keyword)| keyword.text).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(found.iter().map(|(_, keyword)| keyword.category.name()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// How many mails of a period were read.
pub(crate) async fn count_read(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    period: Period,
) -> QueryResult<u64> {
    let counted: Count = sql("select count(*) as count from mail_records \
         where tenant_id = $1 and lexicon > 0 \
           and ($2 is null or sent_at >= $2::timestamp at time zone 'UTC') \
           and ($3 is null or sent_at < ($3 + 1)::timestamp at time zone 'UTC')")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Nullable<SqlDate>, _>(period.first)
    .bind::<Nullable<SqlDate>, _>(period.last)
    .get_result(connection)
    .await?;
    Ok(counted.count.unsigned_abs())
}

/// How many mails of a period have each word in them, what stands in most first.
pub(crate) async fn count_words(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    period: Period,
) -> QueryResult<Vec<WordRow>> {
    sql("with found as ( \
           select keyword, category, document_id, \
             date_trunc('week', sent_at at time zone 'UTC')::date as week, \
             row_number() over (partition by keyword, category order by sent_at desc, document_id desc) as place \
           from mail_signals \
           where tenant_id = $1 \
             and ($2 is null or sent_at >= $2::timestamp at time zone 'UTC') \
             and ($3 is null or sent_at < ($3 + 1)::timestamp at time zone 'UTC')), \
         newest as ( \
           select keyword, category, array_agg(document_id order by place) as documents \
           from found where place <= $4 group by keyword, category), \
         weekly as (select keyword, category, week, count(*) as count from found group by keyword, category, week) \
         select keyword, category, sum(count)::bigint as count, array_agg(week order by week) as weeks, \
           array_agg(count order by week) as counts, newest.documents \
         from weekly join newest using (keyword, category) \
         group by keyword, category, newest.documents order by sum(count) desc, keyword collate \"C\", category")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Nullable<SqlDate>, _>(period.first)
    .bind::<Nullable<SqlDate>, _>(period.last)
    .bind::<BigInt, _>(i64::try_from(KeywordCount::MOST_DOCUMENTS).unwrap_or(i64::MAX))
    .load(connection)
    .await
}

impl From<TextRow> for MailText {
    fn from(TextRow { document_id, state, title, content }: TextRow) -> Self {
        Self { document_id: DocumentId::new(document_id), state, title, content }
    }
}

impl TryFrom<WordRow> for KeywordCount {
    type Error = Inconsistency;

    fn try_from(row: WordRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "mail_signals", row: &row.keyword };
        let category = reading.parse("category", &row.category)?;
        Ok(Self {
            category,
            count: row.count.unsigned_abs(),
            weeks: row.weeks.into_iter().zip(row.counts.into_iter().map(i64::unsigned_abs)).collect(),
            documents: row.documents.into_iter().map(DocumentId::new).collect(),
            keyword: row.keyword,
        })
    }
}
