//! What documents and mails say of a day.

use cortex_insights::model::{
    Among, DayCounts, DayOf, Exchanges, LOOKED_INTO, MACHINES, MOST_LOOKED_INTO, Mention, MentionQuery, Mentions,
    Partner, Unanswered, WAITS_DAYS, WaitingThread,
};
use cortex_kernel::{CompanyId, DocumentId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::{Duration, OffsetDateTime};

use super::document_views::moment;
use super::sql;

#[derive(QueryableByName)]
pub(crate) struct SourceRow {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
pub(crate) struct HourRow {
    #[diesel(sql_type = Integer)]
    hour: i32,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
pub(crate) struct ExchangedRow {
    #[diesel(sql_type = BigInt)]
    received: i64,
    #[diesel(sql_type = BigInt)]
    sent: i64,
}

#[derive(QueryableByName)]
pub(crate) struct PartnerRow {
    #[diesel(sql_type = BigInt)]
    people: i64,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = BigInt)]
    received: i64,
    #[diesel(sql_type = BigInt)]
    sent: i64,
    #[diesel(sql_type = BigInt)]
    last_id: i64,
    #[diesel(sql_type = Text)]
    last_title: String,
}

#[derive(QueryableByName)]
pub(crate) struct WaitingRow {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    document_id: i64,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    since: OffsetDateTime,
}

#[derive(QueryableByName)]
pub(crate) struct MentionRow {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    document_id: i64,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Nullable<Text>)]
    sender: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    words: Vec<String>,
    #[diesel(sql_type = Nullable<Text>)]
    passage: Option<String>,
}

/// Whether an address is the company's own: one of `$4`, or of a domain of `$5`.
macro_rules! is_own {
    ($address:literal) => {
        concat!("(", $address, " = any ($4) or split_part(", $address, ", '@', -1) = any ($5))")
    };
}

/// The mails of the day, from `$2` until before `$3`.
macro_rules! mails {
    () => {
        "select * from mail_records where tenant_id = $1 and sent_at >= $2 and sent_at < $3 and sender is not null"
    };
}

/// How many documents came from where.
pub(crate) async fn count_sources(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    day: &DayOf,
) -> QueryResult<Vec<SourceRow>> {
    let (begins, ends) = day.bounds();
    sql(concat!(
        "select source, count(*) from documents where tenant_id = $1 and superseded_at is null and ",
        moment!(),
        " >= $2 and ",
        moment!(),
        " < $3 group by source order by count(*) desc, source"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(begins)
    .bind::<Timestamptz, _>(ends)
    .load(connection)
    .await
}

/// How many mails there were in which hour.
pub(crate) async fn count_hours(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    day: &DayOf,
) -> QueryResult<Vec<HourRow>> {
    let (begins, ends) = day.bounds();
    sql("select extract(hour from sent_at at time zone 'UTC')::int as hour, count(*) from mail_records \
         where tenant_id = $1 and sent_at >= $2 and sent_at < $3 group by 1")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(begins)
    .bind::<Timestamptz, _>(ends)
    .load(connection)
    .await
}

/// How many mails came from outside and went there.
pub(crate) async fn count_exchanged(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    day: &DayOf,
) -> QueryResult<ExchangedRow> {
    let (begins, ends) = day.bounds();
    sql(concat!(
        "select count(*) filter (where not ",
        is_own!("sender"),
        ") as received, count(*) filter (where ",
        is_own!("sender"),
        " and exists (select from unnest(receivers) receiver where not ",
        is_own!("receiver"),
        ")) as sent from (",
        mails!(),
        ") mails"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(begins)
    .bind::<Timestamptz, _>(ends)
    .bind::<Array<Text>, _>(day.own.addresses())
    .bind::<Array<Text>, _>(day.own.domains())
    .get_result(connection)
    .await
}

/// With whom, those with the most mails first.
pub(crate) async fn list_partners(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    day: &DayOf,
    most: u16,
) -> QueryResult<Vec<PartnerRow>> {
    let (begins, ends) = day.bounds();
    sql(concat!(
        "with mails as (",
        mails!(),
        "), exchanged as ( \
           select sender as address, sender_name as name, 1 as received, 0 as sent, document_id, sent_at, subject \
           from mails where not ",
        is_own!("sender"),
        " union all \
           select receiver, null, 0, 1, document_id, sent_at, subject from mails, unnest(receivers) receiver where ",
        is_own!("sender"),
        " and not ",
        is_own!("receiver"),
        ") \
         select count(*) over () as people, address, \
           (array_agg(name order by sent_at desc) filter (where name is not null))[1] as name, \
           sum(received) as received, sum(sent) as sent, \
           (array_agg(document_id order by sent_at desc, document_id desc))[1] as last_id, \
           (array_agg(subject order by sent_at desc, document_id desc))[1] as last_title \
         from exchanged group by address order by count(*) desc, address limit $6"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(begins)
    .bind::<Timestamptz, _>(ends)
    .bind::<Array<Text>, _>(day.own.addresses())
    .bind::<Array<Text>, _>(day.own.domains())
    .bind::<Integer, _>(i32::from(most))
    .load(connection)
    .await
}

/// Threads whose last mail came from outside, those that wait longest first.
pub(crate) async fn list_unanswered(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    day: &DayOf,
    most: u16,
) -> QueryResult<Vec<WaitingRow>> {
    let (_, ends) = day.bounds();
    let begins = ends.saturating_sub(Duration::days(i64::from(WAITS_DAYS)));
    sql(concat!(
        "select count(*) over () as total, document_id, subject as title, sender as address, sender_name as name, \
           sent_at as since \
         from (select distinct on (thread) * from (",
        mails!(),
        ") mails where thread is not null order by thread, sent_at desc, document_id desc) last \
         where not ",
        is_own!("sender"),
        " and not exists ( \
           select from unnest($7) machine \
           where starts_with(translate(split_part(split_part(sender, '@', 1), '+', 1), '._-', ''), machine)) \
         order by sent_at, document_id limit $6"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(begins)
    .bind::<Timestamptz, _>(ends)
    .bind::<Array<Text>, _>(day.own.addresses())
    .bind::<Array<Text>, _>(day.own.domains())
    .bind::<Integer, _>(i32::from(most))
    .bind::<Array<Text>, _>(MACHINES.as_slice())
    .load(connection)
    .await
}

/// Documents that speak of something, the newest first.
pub(crate) async fn find_mentions(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    day: &DayOf,
    query: MentionQuery,
) -> QueryResult<Vec<MentionRow>> {
    let (begins, ends) = day.bounds();
    let words = query.group.beginnings().join("|");
    // As many letters around the word as make a sentence.
    let passage = format!(r"(?i)[^.!?\n]{{0,150}}\m(?:{words})[^.!?\n]{{0,150}}");
    sql(concat!(
        "with of_day as ( \
           select id, title, source, metadata, left(content, $8) as content, ",
        moment!(),
        " as moment from documents where tenant_id = $1 and superseded_at is null and ",
        moment!(),
        " >= $2 and ",
        moment!(),
        " < $3 order by ",
        moment!(),
        " desc, id desc limit $9), \
         looked_at as ( \
           select * from of_day where not $7 or exists ( \
             select from mail_records where tenant_id = $1 and document_id = of_day.id and ( \
               sender is not null and not ",
        is_own!("sender"),
        " or exists (select from unnest(receivers) receiver where not ",
        is_own!("receiver"),
        ")))), \
         found as ( \
           select *, array(select distinct lower(word[1]) from \
             regexp_matches(title || chr(10) || content, $10, 'gi') word order by 1) as words from looked_at) \
         select total, id as document_id, left(title, 300) as title, source, \
           coalesce(nullif(metadata ->> 'sender_name', ''), nullif(metadata ->> 'sender_address', '')) as sender, \
           words, btrim(substring(content from $11)) as passage \
         from (select *, count(*) over () as total from found where cardinality(words) > 0 \
               order by moment desc, id desc limit $6) told \
         order by moment desc, id desc"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(begins)
    .bind::<Timestamptz, _>(ends)
    .bind::<Array<Text>, _>(day.own.addresses())
    .bind::<Array<Text>, _>(day.own.domains())
    .bind::<Integer, _>(i32::from(query.most))
    .bind::<Bool, _>(query.among == Among::MailsWithOutside)
    .bind::<Integer, _>(LOOKED_INTO.cast_signed())
    .bind::<Integer, _>(MOST_LOOKED_INTO.cast_signed())
    .bind::<Text, _>(format!(r"\m({words})"))
    .bind::<Text, _>(passage)
    .load(connection)
    .await
}

/// What these rows come to.
pub(crate) fn counts(sources: Vec<SourceRow>, hours: Vec<HourRow>) -> DayCounts {
    let by_source = sources.into_iter().map(|row| (row.source, row.count.unsigned_abs())).collect();
    let mut mails_by_hour = [0; 24];
    for row in hours {
        if let Some(hour) = usize::try_from(row.hour).ok().and_then(|hour| mails_by_hour.get_mut(hour)) {
            *hour = row.count.unsigned_abs();
        }
    }
    DayCounts { by_source, mails_by_hour }
}

/// What these rows come to.
pub(crate) fn exchanges(exchanged: &ExchangedRow, partners: Vec<PartnerRow>) -> Exchanges {
    Exchanges {
        people: partners.as_slice().first().map_or(0, |row| row.people.unsigned_abs()),
        received: exchanged.received.unsigned_abs(),
        sent: exchanged.sent.unsigned_abs(),
        partners: partners.into_iter().map(Partner::from).collect(),
    }
}

/// What these rows come to.
pub(crate) fn unanswered(rows: Vec<WaitingRow>) -> Unanswered {
    let total = rows.as_slice().first().map_or(0, |row| row.total.unsigned_abs());
    Unanswered { total, threads: rows.into_iter().map(WaitingThread::from).collect() }
}

/// What these rows come to.
pub(crate) fn mentions(rows: Vec<MentionRow>) -> Mentions {
    let total = rows.as_slice().first().map_or(0, |row| row.total.unsigned_abs());
    Mentions { total, documents: rows.into_iter().map(Mention::from).collect() }
}

impl From<PartnerRow> for Partner {
    fn from(row: PartnerRow) -> Self {
        Self {
            address: row.address,
            name: row.name,
            received: row.received.unsigned_abs(),
            sent: row.sent.unsigned_abs(),
            last_id: DocumentId::new(row.last_id),
            last_title: row.last_title,
        }
    }
}

impl From<WaitingRow> for WaitingThread {
    fn from(row: WaitingRow) -> Self {
        let document_id = DocumentId::new(row.document_id);
        Self { document_id, title: row.title, address: row.address, name: row.name, since: row.since }
    }
}

impl From<MentionRow> for Mention {
    fn from(row: MentionRow) -> Self {
        Self {
            document_id: DocumentId::new(row.document_id),
            title: row.title,
            source: row.source,
            sender: row.sender,
            words: row.words,
            passage: row.passage,
        }
    }
}
