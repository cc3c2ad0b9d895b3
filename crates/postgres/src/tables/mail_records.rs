//! Who wrote to whom: narrow rows of mails, kept by triggers on documents.

use cortex_insights::model::{
    Acquainted, Comparison, Correspondent, Correspondents, HourShare, LEAST_MENTIONS, LONGEST_REPLY,
    MostCorrespondents, Network, Occurrences, Stretch, Tie, Topic, TopicKind, TouchedThread, Touches,
};
use cortex_kernel::CompanyId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::{Duration, OffsetDateTime, UtcOffset};

use super::mail_months::months;
use super::sql;

#[derive(QueryableByName)]
pub(crate) struct CorrespondentRow {
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = BigInt)]
    mails: i64,
}

/// Somebody, or a pair.
#[derive(QueryableByName)]
struct EndRow {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = BigInt)]
    mails: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    contacts: Option<i64>,
    /// To whom, and when last: of a pair.
    #[diesel(sql_type = Nullable<Text>)]
    receiver: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_at: Option<OffsetDateTime>,
}

#[derive(QueryableByName)]
pub(crate) struct HourRow {
    #[diesel(sql_type = Integer)]
    weekday: i32,
    #[diesel(sql_type = Integer)]
    hour: i32,
    #[diesel(sql_type = BigInt)]
    mails: i64,
}

#[derive(QueryableByName)]
struct MedianRow {
    #[diesel(sql_type = Nullable<Double>)]
    seconds: Option<f64>,
}

#[derive(QueryableByName)]
pub(crate) struct ThreadRow {
    #[diesel(sql_type = Text)]
    thread: String,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = BigInt)]
    now: i64,
    #[diesel(sql_type = BigInt)]
    before: i64,
    #[diesel(sql_type = Timestamptz)]
    last_at: OffsetDateTime,
}

#[derive(QueryableByName)]
pub(crate) struct TopicRow {
    /// None in the row of all.
    #[diesel(sql_type = Nullable<Text>)]
    what: Option<String>,
    #[diesel(sql_type = BigInt)]
    now: i64,
    #[diesel(sql_type = BigInt)]
    before: i64,
}

/// The mails from `$2` until `$3` of months that are not kept, each for whom it went to, and who wrote how many, of all months.
/// Mails are taken apart once for all that is counted. `offset 0` has each month looked up by the index, and not all.
macro_rules! letters {
    () => {
        concat!(
            months!(),
            ", \
             letters as materialized ( \
               select sender, sender_name, receivers, sent_at \
               from months \
               cross join lateral ( \
                 select sender, sender_name, receivers, sent_at from mail_records \
                 where tenant_id = $1 and sent_at >= begins_at and sent_at < ends_at) sent \
               where not is_kept), \
             sent as materialized (select sender, unnest(receivers) as receiver, sent_at from letters), \
             writers as materialized ( \
               select address, max(name) as name, sum(mails)::bigint as mails \
               from ( \
                 select sender as address, max(sender_name) as name, count(*) as mails from letters \
                 where sender is not null group by sender \
                 union all \
                 select kept.* from months \
                 cross join lateral ( \
                   select sender, sender_name, mails from mail_month_ties ties \
                   where tenant_id = $1 and ties.month = months.month and role = 'wrote' offset 0) kept \
                 where is_kept) wrote \
               group by address) "
        )
    };
}

/// Who wrote how many mails to whom in months that are kept.
macro_rules! kept_ties {
    () => {
        "select kept.* from months \
         cross join lateral ( \
           select sender, receiver, mails, last_at from mail_month_ties ties \
           where tenant_id = $1 and ties.month = months.month and role = 'tie' offset 0) kept \
         where is_kept "
    };
}

/// Those who wrote most, who were written to most, and who to whom.
pub(crate) async fn list_correspondents(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    stretch: Stretch,
    most: MostCorrespondents,
) -> QueryResult<Correspondents> {
    let rows: Vec<EndRow> = sql(concat!(
        "with ",
        letters!(),
        ", pairs as materialized ( \
           select sender, receiver, sum(mails) as mails, max(last_at) as last_at \
           from (select sender, receiver, 1 as mails, sent_at as last_at from sent union all ",
        kept_ties!(),
        ") ties \
           group by sender, receiver), \
         wrote as (select * from writers order by mails desc, address limit $4), \
         written as ( \
           select receiver as address, sum(mails)::bigint as mails, \
             count(*) filter (where sender <> receiver) as contacts \
           from pairs group by receiver order by 2 desc, 1 limit $4) \
         (select 'writer' as role, address, name, mails, coalesce(contacts, 0) as contacts, \
            null as receiver, null::timestamptz as last_at \
          from wrote \
          left join ( \
            select sender, count(*) filter (where sender <> receiver) as contacts from pairs \
            where sender in (select address from wrote) group by sender) others on others.sender = wrote.address) \
         union all \
         (select 'receiver', address, writers.name, written.mails, contacts, null, null \
          from written left join writers using (address)) \
         union all \
         (select 'tie', sender, null, mails, null, receiver, last_at from pairs \
          where sender <> receiver order by mails desc, sender, receiver limit $5) \
         order by role, mails desc, address, receiver"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(stretch.begins_at())
    .bind::<Timestamptz, _>(stretch.ends_at())
    .bind::<BigInt, _>(i64::from(most.people))
    .bind::<BigInt, _>(i64::from(most.ties))
    .load(connection)
    .await?;
    let mut correspondents = Correspondents::default();
    for row in rows {
        match row.role.as_str() {
            "writer" => correspondents.writers.push(row.into()),
            "receiver" => correspondents.receivers.push(row.into()),
            _ => correspondents.ties.extend(row.into_tie()),
        }
    }
    Ok(correspondents)
}

/// Those at either end of most mails, and the mails between these.
pub(crate) async fn map_network(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    stretch: Stretch,
    most: u16,
) -> QueryResult<Network> {
    let rows: Vec<EndRow> = sql(concat!(
        "with ",
        letters!(),
        ", got as ( \
           select receiver, count(*) as mails from sent where receiver <> sender group by receiver \
           union all \
           select kept.* from months \
           cross join lateral ( \
             select receiver, mails from mail_month_ties ties \
             where tenant_id = $1 and ties.month = months.month and role = 'got' offset 0) kept \
           where is_kept), \
         people as materialized ( \
           select address, max(name) as name, sum(mails)::bigint as mails \
           from (select * from writers union all select receiver, null, mails from got) ends \
           group by address order by 3 desc, 1 limit $4) \
         (select 'person' as role, people.*, null::bigint as contacts, null as receiver, null::timestamptz as last_at \
          from people) \
         union all \
         (select 'tie', sender, null, sum(mails), null, receiver, max(last_at) \
          from (select sender, receiver, 1 as mails, sent_at as last_at from sent union all ",
        kept_ties!(),
        ") ties \
          where receiver <> sender and sender in (select address from people) \
            and receiver in (select address from people) \
          group by sender, receiver order by sum(mails) desc, sender, receiver limit $5) \
         order by role, mails desc, address, receiver"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(stretch.begins_at())
    .bind::<Timestamptz, _>(stretch.ends_at())
    .bind::<BigInt, _>(i64::from(most))
    .bind::<BigInt, _>(10 * i64::from(most))
    .load(connection)
    .await?;
    let mut network = Network::default();
    for row in rows {
        match row.role.as_str() {
            "person" => network.people.push(row.into()),
            _ => network.ties.extend(row.into_tie()),
        }
    }
    Ok(network)
}

/// Whether somebody wrote before is looked up for each who wrote, by the index that has senders.
pub(crate) async fn list_new_writers(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    stretch: Stretch,
    most: u16,
) -> QueryResult<Vec<CorrespondentRow>> {
    sql("with writers as ( \
           select sender as address, max(sender_name) as name, count(*) as mails from mail_records \
           where tenant_id = $1 and sent_at >= $2 and sent_at < $3 and sender is not null group by sender) \
         select * from writers \
         where not exists ( \
           select from mail_records before \
           where before.tenant_id = $1 and before.sender = writers.address and before.sent_at < $2) \
         order by mails desc, address limit $4")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(stretch.begins_at())
    .bind::<Timestamptz, _>(stretch.ends_at())
    .bind::<BigInt, _>(i64::from(most))
    .load(connection)
    .await
}

pub(crate) async fn count_by_hour(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    stretch: Stretch,
) -> QueryResult<Vec<HourRow>> {
    // 1970 began on a Thursday. Numbers are a third of the work of taking each moment apart.
    sql("select hour / 24 as weekday, hour % 24 as hour, mails \
         from ( \
           select mod(mod(floor(date_part('epoch', sent_at) / 3600)::int + 72, 168) + 168, 168) as hour, \
             count(*) as mails \
           from mail_records where tenant_id = $1 and sent_at >= $2 and sent_at < $3 \
           group by 1) hours \
         order by 1, 2")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(stretch.begins_at())
    .bind::<Timestamptz, _>(stretch.ends_at())
    .load(connection)
    .await
}

pub(crate) async fn find_median_reply(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    stretch: Stretch,
) -> QueryResult<Option<Duration>> {
    let row: MedianRow =
        sql("select percentile_cont(0.5) within group (order by date_part('epoch', sent_at - before)) as seconds \
         from ( \
           select sent_at, sender, lag(sent_at) over follows as before, lag(sender) over follows as earlier \
           from mail_records \
           where tenant_id = $1 and sent_at >= $4 and sent_at < $3 and thread is not null and sender is not null \
           window follows as (partition by thread order by sent_at, document_id)) mails \
         where sent_at >= $2 and earlier <> sender and sent_at - before <= make_interval(secs => $5)")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Timestamptz, _>(stretch.begins_at())
        .bind::<Timestamptz, _>(stretch.ends_at())
        .bind::<Timestamptz, _>(stretch.begins_at() - LONGEST_REPLY)
        .bind::<Double, _>(LONGEST_REPLY.as_seconds_f64())
        .get_result(connection)
        .await?;
    Ok(row.seconds.map(|seconds| Duration::seconds(Duration::seconds_f64(seconds).whole_seconds())))
}

pub(crate) async fn list_threads(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    stretch: Stretch,
    most: u16,
) -> QueryResult<Vec<ThreadRow>> {
    sql("with touched as ( \
           select thread, count(*) filter (where sent_at >= $3) as now, count(*) filter (where sent_at < $3) as before, \
             max(sent_at) as last_at \
           from mail_records \
           where tenant_id = $1 and sent_at >= $2 and sent_at < $4 and thread is not null \
           group by thread having count(*) > 1 \
           order by 2 desc, 3 desc, 4 desc, 1 limit $5) \
         select touched.*, latest.subject \
         from touched \
         cross join lateral ( \
           select subject from mail_records \
           where tenant_id = $1 and thread = touched.thread and sent_at = touched.last_at \
           order by document_id desc limit 1) latest \
         order by touched.now desc, touched.before desc, touched.last_at desc, touched.thread")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Timestamptz, _>(stretch.previous().begins_at())
    .bind::<Timestamptz, _>(stretch.begins_at())
    .bind::<Timestamptz, _>(stretch.ends_at())
    .bind::<BigInt, _>(i64::from(most))
    .load(connection)
    .await
}

/// Counts mails by each of what `$what` selects of a mail, of those from `$2` until `$4`; after `$3` it is now.
macro_rules! compare {
    ($what:literal) => {
        concat!(
            "with topics as materialized ( \
               select what, count(*) filter (where sent_at >= $3) as now, count(*) filter (where sent_at < $3) as before \
               from mail_records cross join lateral (",
            $what,
            ") topic(what) \
               where tenant_id = $1 and sent_at >= $2 and sent_at < $4 \
               group by what) \
             (select what, now, before from topics where now >= $5 order by now desc, what limit $6) \
             union all \
             select null, coalesce(sum(now), 0)::bigint, coalesce(sum(before), 0)::bigint from topics"
        )
    };
}

const COMPARE_PEOPLE: &str = compare!("select sender where sender is not null union select unnest(receivers)");
const COMPARE_COMPANIES: &str = compare!(
    "select domain from ( \
       select split_part(sender, '@', 2) as domain where sender is not null \
       union select split_part(unnest(receivers), '@', 2)) domains where domain <> ''"
);
const COMPARE_TERMS: &str = compare!(
    "select distinct word from regexp_split_to_table(lower(subject), '[^[:alnum:]]+') word \
     where length(word) >= 4 and word !~ '^[0-9]+$'"
);

pub(crate) async fn compare(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    stretch: Stretch,
    kind: TopicKind,
    most: u16,
) -> QueryResult<Vec<TopicRow>> {
    let text = match kind {
        TopicKind::People => COMPARE_PEOPLE,
        TopicKind::Companies => COMPARE_COMPANIES,
        TopicKind::Terms => COMPARE_TERMS,
    };
    sql(text)
        .bind::<Text, _>(company_id.to_string())
        .bind::<Timestamptz, _>(stretch.previous().begins_at())
        .bind::<Timestamptz, _>(stretch.begins_at())
        .bind::<Timestamptz, _>(stretch.ends_at())
        .bind::<BigInt, _>(LEAST_MENTIONS.cast_signed())
        .bind::<BigInt, _>(i64::from(most))
        .load(connection)
        .await
}

/// The topics, with the row of all at the end.
pub(crate) fn comparison(rows: Vec<TopicRow>) -> Comparison {
    let mut comparison = Comparison::default();
    for row in rows {
        let occurrences = Occurrences { now: row.now.unsigned_abs(), before: row.before.unsigned_abs() };
        match row.what {
            Some(what) => comparison.topics.push(Topic { what, occurrences }),
            None => comparison.all = occurrences,
        }
    }
    comparison
}

impl From<CorrespondentRow> for Correspondent {
    fn from(row: CorrespondentRow) -> Self {
        let CorrespondentRow { address, name, mails } = row;
        Self { address, name, mails: mails.unsigned_abs() }
    }
}

impl From<EndRow> for Correspondent {
    fn from(row: EndRow) -> Self {
        Self { address: row.address, name: row.name, mails: row.mails.unsigned_abs() }
    }
}

impl From<EndRow> for Acquainted {
    fn from(row: EndRow) -> Self {
        Self { contacts: row.contacts.unwrap_or_default().unsigned_abs(), who: row.into() }
    }
}

impl EndRow {
    /// None of what is no pair.
    fn into_tie(self) -> Option<Tie> {
        let (to, last_at) = (self.receiver?, self.last_at?);
        Some(Tie { from: self.address, to, mails: self.mails.unsigned_abs(), last_at })
    }
}

impl From<HourRow> for HourShare {
    fn from(row: HourRow) -> Self {
        let small = |number: i32| u8::try_from(number).unwrap_or_default();
        Self { weekday: small(row.weekday), hour: small(row.hour), mails: row.mails.unsigned_abs() }
    }
}

impl From<ThreadRow> for TouchedThread {
    fn from(row: ThreadRow) -> Self {
        let last = row.last_at.to_offset(UtcOffset::UTC).date();
        let touches = Touches { now: row.now.unsigned_abs(), before: row.before.unsigned_abs(), last };
        Self { id: row.thread, subject: row.subject, touches }
    }
}
