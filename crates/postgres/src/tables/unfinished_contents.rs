//! What is known of contents that records do not carry: the records of which something lacks, each once a stream, and what
//! the others said when everything of them was had, in `document_sources`.

use std::collections::BTreeSet;

use cortex_ingestion::model::{
    DocumentKey, Fingerprint, Lacks, MessageKey, PageContents, RecordKey, Stream, Unfinished,
};
use cortex_kernel::{CompanyId, ConnectionId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Integer, Jsonb, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    record_key: String,
    #[diesel(sql_type = Jsonb)]
    record: Value,
    #[diesel(sql_type = Text)]
    fingerprint: String,
    #[diesel(sql_type = Nullable<Text>)]
    message_key: Option<String>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    attachments: Option<Vec<String>>,
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    place: i64,
}

#[derive(QueryableByName)]
struct Next {
    #[diesel(sql_type = Nullable<Double>)]
    seconds: Option<f64>,
}

/// Writes down what a page came to: records that are `settled` go, and those that were postponed are there, for the first
/// time or again. No record may be both: a statement changes a row once.
pub(crate) async fn renew(
    connection: &mut AsyncPgConnection,
    by: &Stream,
    settled: &BTreeSet<RecordKey>,
    contents: &PageContents,
) -> QueryResult<()> {
    let postponed = &contents.postponed;
    let unfinished: Vec<&Unfinished> = postponed.iter().map(|postponed| &postponed.unfinished).collect();
    let attempts = unfinished.iter().map(|one| i32::try_from(one.attempts).unwrap_or(i32::MAX));
    sql("with settled as ( \
           delete from unfinished_contents \
           where tenant_id = $1 and connection_id = $2 and model = $3 and variant = $4 and record_key = any($5)) \
         insert into unfinished_contents \
           (tenant_id, connection_id, model, variant, user_id, record_key, record, fingerprint, message_key, \
            attachments, attempts, next_at, reason) \
         select $1, $2, $3, $4, $6, record_key, record, fingerprint, message_key, \
           case when attachments is not null then array(select jsonb_array_elements_text(attachments)) end, \
           attempts, now() + make_interval(secs => wait), reason \
         from unnest($7, $8, $9, $10, $11, $12, $13, $14) \
           as page(record_key, record, fingerprint, message_key, attachments, attempts, wait, reason) \
         order by page.record_key \
         on conflict (connection_id, tenant_id, model, variant, record_key) do update \
         set record = excluded.record, fingerprint = excluded.fingerprint, message_key = excluded.message_key, \
             attachments = excluded.attachments, attempts = excluded.attempts, next_at = excluded.next_at, \
             reason = excluded.reason")
    .bind::<Text, _>(by.company_id.to_string())
    .bind::<BigInt, _>(by.connection_id.get())
    .bind::<Text, _>(by.model.as_str())
    .bind::<Text, _>(by.variant.as_str())
    .bind::<Array<Text>, _>(settled.iter().map(RecordKey::as_str).collect::<Vec<_>>())
    .bind::<Text, _>(by.user_id.to_string())
    .bind::<Array<Text>, _>(unfinished.iter().map(|one| one.key.as_str()).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(unfinished.iter().map(|one| &one.record).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(unfinished.iter().map(|one| one.fingerprint.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(unfinished.iter().map(|one| message_key(one)).collect::<Vec<_>>())
    .bind::<Array<Nullable<Jsonb>>, _>(unfinished.iter().map(|one| pending(one)).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(attempts.collect::<Vec<_>>())
    .bind::<Array<Double>, _>(postponed.iter().map(|one| one.wait.as_secs_f64()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(postponed.iter().map(|one| one.reason).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes down what finished records said. Each is looked up by itself: joined as a whole, everything that the connection
/// brought in is read for every page.
pub(crate) async fn stamp(
    connection: &mut AsyncPgConnection,
    by: &Stream,
    records: &[(&DocumentKey, &Fingerprint)],
) -> QueryResult<()> {
    sql("update document_sources source set fingerprint = said.fingerprint \
         from ( \
           select known.id, page.fingerprint \
           from unnest($3, $4, $5, $6) as page(source, source_account, source_id, fingerprint) \
           cross join lateral ( \
             select id, fingerprint from document_sources \
             where tenant_id = $1 and connection_id = $2 and source = page.source \
               and source_account = page.source_account and source_id = page.source_id offset 0) known \
           where known.fingerprint is distinct from page.fingerprint) said \
         where source.tenant_id = $1 and source.id = said.id")
    .bind::<Text, _>(by.company_id.to_string())
    .bind::<BigInt, _>(by.connection_id.get())
    .bind::<Array<Text>, _>(column(records, |(key, _)| key.source.as_str()))
    .bind::<Array<Text>, _>(column(records, |(key, _)| &key.source_account))
    .bind::<Array<Text>, _>(column(records, |(key, _)| &key.source_id))
    .bind::<Array<Text>, _>(column(records, |(_, fingerprint)| fingerprint.as_str()))
    .execute(connection)
    .await?;
    Ok(())
}

/// The places, from 0, of those records that say what they said when everything of them was had, and that are there still.
/// Each is looked up by itself: see [`match_page`](super::document_sources::match_page). The order is written so that no
/// index by id alone could serve it, as going through that from the beginning looks cheap and is not.
pub(crate) async fn list_unchanged(
    connection: &mut AsyncPgConnection,
    by: &Stream,
    records: &[(&DocumentKey, &Fingerprint)],
) -> QueryResult<Vec<usize>> {
    let found: Vec<Place> = sql("select page.place \
         from unnest($3, $4, $5, $6) with ordinality \
           as page(source, source_account, source_id, fingerprint, place) \
         cross join lateral ( \
           select fingerprint from document_sources \
           where tenant_id = $1 and connection_id = $2 and source = page.source \
             and source_account = page.source_account and source_id = page.source_id and vanished_at is null \
           order by vanished_at desc nulls first, id limit 1) known \
         where known.fingerprint = page.fingerprint")
    .bind::<Text, _>(by.company_id.to_string())
    .bind::<BigInt, _>(by.connection_id.get())
    .bind::<Array<Text>, _>(column(records, |(key, _)| key.source.as_str()))
    .bind::<Array<Text>, _>(column(records, |(key, _)| &key.source_account))
    .bind::<Array<Text>, _>(column(records, |(key, _)| &key.source_id))
    .bind::<Array<Text>, _>(column(records, |(_, fingerprint)| fingerprint.as_str()))
    .load(connection)
    .await?;
    Ok(found.into_iter().filter_map(|found| usize::try_from(found.place - 1).ok()).collect())
}

/// At most `most` of those of the stream that are due, what waits longest first.
pub(crate) async fn list_due(connection: &mut AsyncPgConnection, of: &Stream, most: i64) -> QueryResult<Vec<Row>> {
    sql("select id, record_key, record, fingerprint, message_key, attachments, attempts from unfinished_contents \
         where tenant_id = $1 and connection_id = $2 and model = $3 and variant = $4 and next_at <= now() \
         order by next_at, id limit $5")
    .bind::<Text, _>(of.company_id.to_string())
    .bind::<BigInt, _>(of.connection_id.get())
    .bind::<Text, _>(of.model.as_str())
    .bind::<Text, _>(of.variant.as_str())
    .bind::<BigInt, _>(most)
    .load(connection)
    .await
}

/// How many seconds nothing of the connection is due; none where nothing lacks.
pub(crate) async fn next_due(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: ConnectionId,
) -> QueryResult<Option<f64>> {
    let next: Next =
        sql("select extract(epoch from min(next_at) - now())::float8 as seconds from unfinished_contents \
         where tenant_id = $1 and connection_id = $2")
        .bind::<Text, _>(company_id.to_string())
        .bind::<BigInt, _>(id.get())
        .get_result(connection)
        .await?;
    Ok(next.seconds)
}

/// Forgets these records of the connection: they lack nothing any more.
pub(crate) async fn settle(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: ConnectionId,
    records: &[RecordKey],
) -> QueryResult<()> {
    sql("delete from unfinished_contents where tenant_id = $1 and connection_id = $2 and record_key = any($3)")
        .bind::<Text, _>(company_id.to_string())
        .bind::<BigInt, _>(id.get())
        .bind::<Array<Text>, _>(records.iter().map(RecordKey::as_str).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets all of the connection.
pub(crate) async fn forget(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: ConnectionId,
) -> QueryResult<()> {
    sql("delete from unfinished_contents where tenant_id = $1 and connection_id = $2")
        .bind::<Text, _>(company_id.to_string())
        .bind::<BigInt, _>(id.get())
        .execute(connection)
        .await?;
    Ok(())
}

fn message_key(unfinished: &Unfinished) -> Option<&str> {
    match &unfinished.lacks {
        Lacks::Everything => None,
        Lacks::Attachments { of, .. } => of.as_ref().map(MessageKey::as_str),
    }
}

/// As JSON: a list of lists of texts is no array in SQL.
fn pending(unfinished: &Unfinished) -> Option<Value> {
    match &unfinished.lacks {
        Lacks::Everything => None,
        Lacks::Attachments { pending, .. } => Some(Value::from(pending.clone())),
    }
}

fn column<'a>(
    records: &'a [(&DocumentKey, &Fingerprint)],
    part: impl Fn((&'a DocumentKey, &'a Fingerprint)) -> &'a str,
) -> Vec<&'a str> {
    records.iter().map(|(key, fingerprint)| part((key, fingerprint))).collect()
}

impl TryFrom<Row> for Unfinished {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "unfinished_contents", row: &row.id };
        Ok(Self {
            key: RecordKey::of(&row.record_key),
            record: row.record,
            lacks: match row.attachments {
                None => Lacks::Everything,
                Some(pending) => Lacks::Attachments { of: row.message_key.map(MessageKey::new), pending },
            },
            fingerprint: Fingerprint::new(row.fingerprint),
            attempts: reading.natural("attempts", row.attempts)?,
        })
    }
}
