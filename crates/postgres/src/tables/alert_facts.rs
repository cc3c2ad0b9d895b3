//! What rules of alerts look at: bounded by time or by what is open, page by page.

use cortex_insights::model::{
    AlarmingMail, AlertRule, BookKind, OpenEntry, OpenThread, OwnAddresses, SenderWeeks, SyncFailures, UsedToday, Week,
};
use cortex_kernel::{CompanyId, ConnectionId, DocumentId, Provider};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date as SqlDate, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::{Date, Duration, OffsetDateTime};

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

/// Which part of the facts is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) company_id: CompanyId,
    /// The subject of the fact before.
    pub(crate) after: Option<&'a str>,
    pub(crate) most: i64,
}

#[derive(QueryableByName)]
pub(crate) struct EntryRow {
    #[diesel(sql_type = BigInt)]
    document_id: i64,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Nullable<Text>)]
    number: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    party: Option<String>,
    #[diesel(sql_type = SqlDate)]
    due_day: Date,
    #[diesel(sql_type = Text)]
    balance: String,
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<String>,
}

#[derive(QueryableByName)]
pub(crate) struct MailRow {
    #[diesel(sql_type = BigInt)]
    document_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    sender: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    sender_name: Option<String>,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Array<Text>)]
    keywords: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    categories: Vec<String>,
}

#[derive(QueryableByName)]
pub(crate) struct ThreadRow {
    #[diesel(sql_type = Text)]
    thread: String,
    #[diesel(sql_type = BigInt)]
    document_id: i64,
    #[diesel(sql_type = Text)]
    sender: String,
    #[diesel(sql_type = Nullable<Text>)]
    sender_name: Option<String>,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Timestamptz)]
    sent_at: OffsetDateTime,
}

#[derive(QueryableByName)]
pub(crate) struct SenderRow {
    #[diesel(sql_type = Text)]
    sender: String,
    #[diesel(sql_type = Nullable<Text>)]
    sender_name: Option<String>,
    #[diesel(sql_type = BigInt)]
    mails: i64,
    #[diesel(sql_type = BigInt)]
    mails_before: i64,
}

#[derive(QueryableByName)]
pub(crate) struct ConnectionRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    provider_key: String,
    #[diesel(sql_type = Nullable<Text>)]
    user_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    account: Option<String>,
    #[diesel(sql_type = Bool)]
    needs_reauthorization: bool,
    #[diesel(sql_type = Timestamptz)]
    connected_at: OffsetDateTime,
    #[diesel(sql_type = BigInt)]
    failures: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_completed_at: Option<OffsetDateTime>,
}

#[derive(QueryableByName)]
pub(crate) struct UsageRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = SqlDate)]
    day: Date,
    #[diesel(sql_type = BigInt)]
    documents: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// Whether an address is ours, as `OwnAddresses::own` says: `$2` are the addresses, `$3` the domains.
macro_rules! own {
    ($address:literal) => {
        concat!(
            "(",
            $address,
            " = any($2) or position('@' in ",
            $address,
            ") > 0 and substring(",
            $address,
            " from '[^@]*$') = any($3))"
        )
    };
}

/// Entries of this kind with an open balance that were due on that day or before.
pub(crate) async fn list_entries(
    connection: &mut AsyncPgConnection,
    part: Part<'_>,
    kind: BookKind,
    due_until: Date,
) -> QueryResult<Vec<EntryRow>> {
    sql("select record.document_id, document.title, document.metadata ->> 'doc_number' as number, record.party, \
           record.due_day, round(record.balance, 2)::text as balance, record.currency \
         from book_records record \
         join documents document on document.tenant_id = $1 and document.id = record.document_id \
         where record.tenant_id = $1 and record.kind = $2 and record.due_day <= $3 and record.balance > 0 \
           and record.document_id > $4 \
         order by record.document_id limit $5")
    .bind::<Text, _>(part.company_id.to_string())
    .bind::<Text, _>(kind.name())
    .bind::<SqlDate, _>(due_until)
    .bind::<BigInt, _>(part.after_number())
    .bind::<BigInt, _>(part.most)
    .load(connection)
    .await
}

/// Mails from outside with words in them, sent since then or with an active alert, that nobody answered.
pub(crate) async fn list_mails(
    connection: &mut AsyncPgConnection,
    part: Part<'_>,
    own: &OwnAddresses,
    since: Option<OffsetDateTime>,
) -> QueryResult<Vec<MailRow>> {
    sql(concat!(
        "with wanted as ( \
           select document_id from mail_signals \
           where tenant_id = $1 and ($4 is null or sent_at >= $4) and document_id > $5 \
           union \
           select document_id from cortex_alerts \
           where tenant_id = $1 and rule = $7 and resolved_at is null and dismissed_at is null and document_id > $5) \
         select mail.document_id, mail.sender, mail.sender_name, mail.subject, \
           array_agg(signal.keyword order by signal.keyword collate \"C\") as keywords, \
           array_agg(signal.category order by signal.keyword collate \"C\") as categories \
         from wanted \
         join mail_records mail on mail.tenant_id = $1 and mail.document_id = wanted.document_id \
         join mail_signals signal on signal.tenant_id = $1 and signal.document_id = mail.document_id \
         where not coalesce(",
        own!("mail.sender"),
        ", false) and not exists ( \
             select from mail_records answer \
             where answer.tenant_id = $1 and answer.thread = mail.thread and answer.sent_at > mail.sent_at and ",
        own!("answer.sender"),
        ") \
         group by mail.document_id order by mail.document_id limit $6"
    ))
    .bind::<Text, _>(part.company_id.to_string())
    .bind::<Array<Text>, _>(own.addresses())
    .bind::<Array<Text>, _>(own.domains())
    .bind::<Nullable<Timestamptz>, _>(since)
    .bind::<BigInt, _>(part.after_number())
    .bind::<BigInt, _>(part.most)
    .bind::<Text, _>(AlertRule::UrgentMail.name())
    .load(connection)
    .await
}

/// Threads whose last mail is from outside to one of ours and was sent in that time, or that have an active alert.
pub(crate) async fn list_threads(
    connection: &mut AsyncPgConnection,
    part: Part<'_>,
    own: &OwnAddresses,
    since: Option<OffsetDateTime>,
    until: OffsetDateTime,
) -> QueryResult<Vec<ThreadRow>> {
    sql(concat!(
        "with wanted as ( \
           select thread from mail_records \
           where tenant_id = $1 and ($4 is null or sent_at >= $4) and sent_at <= $5 and thread collate \"C\" > $6 and not ",
        own!("sender"),
        " \
           union \
           select subject from cortex_alerts \
           where tenant_id = $1 and rule = $8 and resolved_at is null and dismissed_at is null \
             and subject collate \"C\" > $6) \
         select wanted.thread, latest.document_id, latest.sender, latest.sender_name, latest.subject, latest.sent_at \
         from wanted \
         cross join lateral ( \
           select document_id, sender, sender_name, subject, sent_at, receivers from mail_records \
           where tenant_id = $1 and thread = wanted.thread order by sent_at desc, document_id desc limit 1) latest \
         where latest.sent_at <= $5 and not ",
        own!("latest.sender"),
        " and exists (select from unnest(latest.receivers) as told(receiver) where ",
        own!("receiver"),
        ") \
         order by wanted.thread collate \"C\" limit $7"
    ))
    .bind::<Text, _>(part.company_id.to_string())
    .bind::<Array<Text>, _>(own.addresses())
    .bind::<Array<Text>, _>(own.domains())
    .bind::<Nullable<Timestamptz>, _>(since)
    .bind::<Timestamptz, _>(until)
    .bind::<Text, _>(part.after.unwrap_or_default())
    .bind::<BigInt, _>(part.most)
    .bind::<Text, _>(AlertRule::UnansweredMail.name())
    .load(connection)
    .await
}

/// Who wrote from outside at least so often in this week or in the one before.
pub(crate) async fn list_senders(
    connection: &mut AsyncPgConnection,
    part: Part<'_>,
    own: &OwnAddresses,
    week: Week,
    at_least: u64,
) -> QueryResult<Vec<SenderRow>> {
    sql(concat!(
        "select sender, (array_agg(sender_name order by sent_at desc) filter (where sender_name is not null))[1] \
           as sender_name, \
           count(*) filter (where sent_at >= $5) as mails, count(*) filter (where sent_at < $5) as mails_before \
         from mail_records \
         where tenant_id = $1 and sent_at >= $4 and sent_at < $6 and sender collate \"C\" > $7 and not ",
        own!("sender"),
        " \
         group by sender \
         having greatest(count(*) filter (where sent_at >= $5), count(*) filter (where sent_at < $5)) >= $8 \
         order by sender collate \"C\" limit $9"
    ))
    .bind::<Text, _>(part.company_id.to_string())
    .bind::<Array<Text>, _>(own.addresses())
    .bind::<Array<Text>, _>(own.domains())
    .bind::<Timestamptz, _>(week.previous().begins_at())
    .bind::<Timestamptz, _>(week.begins_at())
    .bind::<Timestamptz, _>(week.begins_at().saturating_add(Duration::WEEK))
    .bind::<Text, _>(part.after.unwrap_or_default())
    .bind::<BigInt, _>(i64::try_from(at_least).unwrap_or(i64::MAX))
    .bind::<BigInt, _>(part.most)
    .load(connection)
    .await
}

/// Connections that were not ended, with how many of their syncs failed since one was completed, of those that were begun since
/// then. Jobs from before it was connected are those of whoever was connected before.
pub(crate) async fn list_connections(
    connection: &mut AsyncPgConnection,
    part: Part<'_>,
    since: OffsetDateTime,
) -> QueryResult<Vec<ConnectionRow>> {
    sql("select one.id, one.provider_key, one.user_id, coalesce(one.account_email, one.user_email) as account, \
           one.status = 'needs_reauthorization' as needs_reauthorization, one.since as connected_at, \
           failed.count as failures, latest.completed_at as last_completed_at \
         from ( \
           select *, coalesce(connected_at, created_at) as since from connections \
           where tenant_id = $1 and status in ('active', 'needs_reauthorization') and provider_key = any($3) and id > $4 \
           order by id limit $5) one \
         left join lateral ( \
           select created_at, completed_at from sync_jobs \
           where tenant_id = $1 and connection_id = one.id and status = 'completed' and kind is distinct from 'content' \
             and created_at >= one.since \
           order by created_at desc limit 1) latest on true \
         cross join lateral ( \
           select count(*) as count from sync_jobs \
           where tenant_id = $1 and connection_id = one.id and status = 'failed' and kind is distinct from 'content' \
             and created_at >= greatest($2, one.since, latest.created_at)) failed \
         order by one.id")
    .bind::<Text, _>(part.company_id.to_string())
    .bind::<Timestamptz, _>(since)
    .bind::<Array<Text>, _>(Provider::ALL.map(Provider::name).to_vec())
    .bind::<BigInt, _>(part.after_number())
    .bind::<BigInt, _>(part.most)
    .load(connection)
    .await
}

/// What people brought in today, by the calendar that quotas are counted by.
pub(crate) async fn list_usage(connection: &mut AsyncPgConnection, part: Part<'_>) -> QueryResult<Vec<UsageRow>> {
    sql("select used.user_id, used.day, used.documents, used.bytes, \
           (select user_email from connections \
            where tenant_id = $1 and user_id = used.user_id order by id desc limit 1) as email \
         from usage_days used \
         where used.tenant_id = $1 and used.day = (now() at time zone 'UTC')::date and used.user_id > $2 \
         order by used.user_id limit $3")
    .bind::<Text, _>(part.company_id.to_string())
    .bind::<Text, _>(part.after.unwrap_or_default())
    .bind::<BigInt, _>(part.most)
    .load(connection)
    .await
}

impl Part<'_> {
    /// The number of the fact before; numbers of rows begin at 1.
    fn after_number(self) -> i64 {
        self.after.and_then(|after| after.parse().ok()).unwrap_or(0)
    }
}

impl EntryRow {
    /// The entry, which is of this kind.
    pub(crate) fn into_entry(self, kind: BookKind) -> Result<OpenEntry, Inconsistency> {
        let reading = Reading { table: "book_records", row: &self.document_id };
        Ok(OpenEntry {
            document_id: DocumentId::new(self.document_id),
            kind,
            title: self.title,
            number: self.number,
            party: self.party,
            due_day: self.due_day,
            balance: reading.parse("balance", &self.balance)?,
            currency: self.currency,
        })
    }
}

impl SenderRow {
    /// The sender, of this week and the one before.
    pub(crate) fn into_sender(self, week: Week) -> SenderWeeks {
        SenderWeeks {
            sender: self.sender,
            sender_name: self.sender_name,
            week,
            mails: self.mails.unsigned_abs(),
            mails_before: self.mails_before.unsigned_abs(),
        }
    }
}

impl TryFrom<MailRow> for AlarmingMail {
    type Error = Inconsistency;

    fn try_from(row: MailRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "mail_signals", row: &row.document_id };
        let keywords = row
            .keywords
            .into_iter()
            .zip(row.categories)
            .map(|(keyword, category)| reading.parse("category", &category).map(|category| (keyword, category)));
        Ok(Self {
            document_id: DocumentId::new(row.document_id),
            sender: row.sender,
            sender_name: row.sender_name,
            subject: row.subject,
            keywords: keywords.collect::<Result<_, _>>()?,
        })
    }
}

impl From<ThreadRow> for OpenThread {
    fn from(row: ThreadRow) -> Self {
        let ThreadRow { thread, document_id, sender, sender_name, subject, sent_at } = row;
        Self { thread, document_id: DocumentId::new(document_id), sender, sender_name, subject, sent_at }
    }
}

impl TryFrom<ConnectionRow> for SyncFailures {
    type Error = Inconsistency;

    fn try_from(row: ConnectionRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "connections", row: &row.id };
        Ok(Self {
            id: ConnectionId::new(row.id),
            provider: reading.parse("provider_key", &row.provider_key)?,
            user_id: row.user_id,
            account: row.account,
            needs_reauthorization: row.needs_reauthorization,
            connected_at: row.connected_at,
            failures: row.failures.unsigned_abs(),
            last_completed_at: row.last_completed_at,
        })
    }
}

impl From<UsageRow> for UsedToday {
    fn from(row: UsageRow) -> Self {
        let UsageRow { user_id, email, day, documents, bytes } = row;
        Self { user_id, email, day, documents: documents.unsigned_abs(), bytes: bytes.unsigned_abs() }
    }
}
