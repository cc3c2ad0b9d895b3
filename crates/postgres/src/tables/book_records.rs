//! What the documents of `QuickBooks` say in numbers. Triggers of `documents` keep the rows.

use std::collections::BTreeSet;

use cortex_insights::model::{
    BookEntry, BookKind, BookTotals, EntryCursor, KindTotals, MAX_ENTRY_CONTENT, Money, Party, PartyTotal, Period,
    RecordCounts,
};
use cortex_kernel::{CompanyId, DocumentId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date as SqlDate, Integer, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::Date;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct TotalsRow {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Text)]
    total: String,
    #[diesel(sql_type = Text)]
    balance: String,
    #[diesel(sql_type = Text)]
    paid: String,
    #[diesel(sql_type = Array<Text>)]
    currencies: Vec<String>,
}

#[derive(QueryableByName)]
pub(crate) struct CountRow {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
pub(crate) struct PartyRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    total: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
pub(crate) struct EntryRow {
    #[diesel(sql_type = BigInt)]
    document_id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Nullable<Text>)]
    number: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    party: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    total: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    balance: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Nullable<SqlDate>)]
    day: Option<Date>,
    #[diesel(sql_type = Nullable<SqlDate>)]
    due_day: Option<Date>,
    #[diesel(sql_type = Nullable<Text>)]
    payment_method: Option<String>,
    #[diesel(sql_type = Text)]
    content: String,
}

/// What the entries of a period add up to, a row for each kind that there is. They are read once, by their currencies.
pub(crate) async fn sum_up(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    period: Period,
) -> QueryResult<Vec<TotalsRow>> {
    sql("select kind, sum(count)::bigint as count, round(coalesce(sum(total), 0), 2)::text as total, \
           round(coalesce(sum(balance), 0), 2)::text as balance, round(coalesce(sum(paid), 0), 2)::text as paid, \
           array_remove(array_agg(currency), null) as currencies \
         from ( \
           select kind, currency, count(*) as count, sum(total) as total, sum(balance) as balance, \
             sum(total - balance) as paid \
           from book_records \
           where tenant_id = $1 and kind = any($2) and ($3 is null or day >= $3) and ($4 is null or day <= $4) \
           group by kind, currency) of_currency \
         group by kind")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<Text>, _>(BookKind::ALL.map(BookKind::name).to_vec())
    .bind::<Nullable<SqlDate>, _>(period.first)
    .bind::<Nullable<SqlDate>, _>(period.last)
    .load(connection)
    .await
}

/// How many records there are of each kind.
pub(crate) async fn count(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<Vec<CountRow>> {
    sql("select kind, count(*) as count from book_records where tenant_id = $1 group by kind")
        .bind::<Text, _>(company_id.to_string())
        .load(connection)
        .await
}

/// The parties with the greatest totals of a period.
pub(crate) async fn list_parties(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    party: Party,
    period: Period,
    most: u16,
) -> QueryResult<Vec<PartyRow>> {
    sql("select party as name, round(coalesce(sum(total), 0), 2)::text as total, count(*) as count \
         from book_records \
         where tenant_id = $1 and kind = $2 and ($3 is null or day >= $3) and ($4 is null or day <= $4) \
           and party is not null \
         group by party order by coalesce(sum(total), 0) desc, party collate \"C\" limit $5")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(party.kind().name())
    .bind::<Nullable<SqlDate>, _>(period.first)
    .bind::<Nullable<SqlDate>, _>(period.last)
    .bind::<BigInt, _>(i64::from(most))
    .load(connection)
    .await
}

/// At most `most` entries of a period after `after`, the newest first.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    kind: Option<BookKind>,
    period: Period,
    after: Option<EntryCursor>,
    most: i64,
) -> QueryResult<Vec<EntryRow>> {
    let kinds = kind.map_or_else(|| BookKind::ALL.to_vec(), |kind| vec![kind]);
    sql("select entry.document_id, entry.kind, title, entry.party, entry.day, entry.currency, \
           coalesce(metadata ->> 'doc_number', metadata ->> 'reference_number') as number, \
           round(entry.total, 2)::text as total, round(entry.balance, 2)::text as balance, \
           metadata ->> 'status' as status, cortex_day(metadata ->> 'due_date') as due_day, \
           metadata ->> 'payment_method' as payment_method, left(content, $8) as content \
         from ( \
           select * from book_records \
           where tenant_id = $1 and kind = any($2) and ($3 is null or day >= $3) and ($4 is null or day <= $4) \
             and ($6 is null or case when $5 is null then day is null and document_id < $6 \
               else day is null or day < $5 or (day = $5 and document_id < $6) end) \
           order by day desc nulls last, document_id desc limit $7) entry \
         join documents on documents.id = entry.document_id and documents.tenant_id = $1 \
         order by entry.day desc nulls last, entry.document_id desc")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<Text>, _>(kinds.into_iter().map(BookKind::name).collect::<Vec<_>>())
    .bind::<Nullable<SqlDate>, _>(period.first)
    .bind::<Nullable<SqlDate>, _>(period.last)
    .bind::<Nullable<SqlDate>, _>(after.and_then(|after| after.day))
    .bind::<Nullable<BigInt>, _>(after.map(|after| after.id.get()))
    .bind::<BigInt, _>(most)
    .bind::<Integer, _>(i32::from(MAX_ENTRY_CONTENT))
    .load(connection)
    .await
}

/// The totals that the rows say.
pub(crate) fn totals(rows: Vec<TotalsRow>) -> Result<BookTotals, Inconsistency> {
    let currencies: BTreeSet<_> = rows.iter().flat_map(|row| row.currencies.iter().cloned()).collect();
    let mut totals = BookTotals { currencies: currencies.into_iter().collect(), ..BookTotals::default() };
    for row in rows {
        if let Some(kind) = kind_of(&row.kind) {
            let reading = Reading { table: "book_records", row: &row.kind };
            *totals.of_mut(kind) = KindTotals {
                count: row.count.unsigned_abs(),
                total: reading.parse("total", &row.total)?,
                balance: reading.parse("balance", &row.balance)?,
                paid: reading.parse("balance", &row.paid)?,
            };
        }
    }
    Ok(totals)
}

/// The counts that the rows say.
pub(crate) fn counts(rows: Vec<CountRow>) -> RecordCounts {
    let mut counts = RecordCounts::default();
    for CountRow { kind, count } in rows {
        let count = count.unsigned_abs();
        counts.all += count;
        match (kind_of(&kind), kind.as_str()) {
            (Some(BookKind::Invoice), _) => counts.invoices = count,
            (Some(BookKind::Bill), _) => counts.bills = count,
            (Some(BookKind::Payment), _) => counts.payments = count,
            (None, "customer") => counts.customers = count,
            (None, _) => {}
        }
    }
    counts
}

fn kind_of(name: &str) -> Option<BookKind> {
    BookKind::ALL.into_iter().find(|kind| kind.name() == name)
}

impl TryFrom<PartyRow> for PartyTotal {
    type Error = Inconsistency;

    fn try_from(PartyRow { name, total, count }: PartyRow) -> Result<Self, Inconsistency> {
        let total = Reading { table: "book_records", row: &name }.parse("total", &total)?;
        Ok(Self { name, total, count: count.unsigned_abs() })
    }
}

impl TryFrom<EntryRow> for BookEntry {
    type Error = Inconsistency;

    fn try_from(row: EntryRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "book_records", row: &row.document_id };
        let money = |column, text: Option<String>| -> Result<Option<Money>, Inconsistency> {
            text.map(|text| reading.parse(column, &text)).transpose()
        };
        Ok(Self {
            id: DocumentId::new(row.document_id),
            kind: reading.required("kind", kind_of(&row.kind))?,
            title: row.title,
            number: row.number,
            party: row.party,
            total: money("total", row.total)?,
            balance: money("balance", row.balance)?,
            currency: row.currency,
            status: row.status,
            day: row.day,
            due_day: row.due_day,
            payment_method: row.payment_method,
            content: row.content,
        })
    }
}
