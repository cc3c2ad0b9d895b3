//! [`PgAlerts`], [`PgMailSignals`] and [`PgFacts`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_insights::model::{
    AlertRule, BookKind, DayLimit, Evaluation, Fact, FactQuery, Finding, OwnAddresses, RuleSetting, Week,
};
use cortex_insights::ports::{Alerts, Facts as _, MailSignals};
use cortex_insights::testing::alerts::{self, VIEWER, a_finding};
use cortex_insights::testing::mail_signals;
use cortex_insights::testing::{COMPANY_A, COMPANY_B, NOON, TODAY, USER_1};
use cortex_kernel::{CompanyId, DocumentId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgAlerts, PgFacts, PgMailSignals};
use serde_json::{Value, json};
use time::macros::date;
use time::{Duration, OffsetDateTime};

use super::world::World;

struct PgHarness(World);

/// A mail as a test puts it.
#[derive(Clone, Copy)]
struct Mail {
    from: &'static str,
    to: &'static str,
    thread: &'static str,
    /// Before noon.
    days: i64,
    text: &'static str,
}

const OURS: &str = "marta@kestrel.example";
const MAIL: Mail = Mail { from: "nora@yard.example", to: OURS, thread: "t", days: 1, text: "This is urgent." };

fn own() -> OwnAddresses {
    OwnAddresses::new([OURS.to_owned(), "kestrel@gmail.com".to_owned()])
}

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }

    fn signals_of(&self, company_id: CompanyId) -> PgMailSignals {
        PgMailSignals::new(self.0.pool(company_id))
    }

    async fn insert(&self, company_id: CompanyId, source: &str, kind: &str, metadata: &Value) -> DocumentId {
        self.insert_at(company_id, source, kind, metadata, NOON, ("Crane", "This is urgent.")).await
    }

    async fn insert_at(
        &self,
        company_id: CompanyId,
        source: &str,
        kind: &str,
        metadata: &Value,
        at: OffsetDateTime,
        (title, content): (&str, &str),
    ) -> DocumentId {
        let insert = "insert into documents (tenant_id, source, source_id, document_type, title, content, metadata, \
                        source_created_at) \
                      values ($1, $2, gen_random_uuid()::text, $3, $4, $5, $6, $7) returning id";
        let row = self
            .0
            .superuser()
            .query_one(insert, &[&company_id.to_string(), &source, &kind, &title, &content, metadata, &at])
            .await
            .unwrap();
        DocumentId::new(row.get(0))
    }

    async fn mail(&self, mail: Mail) -> DocumentId {
        let Mail { from, to, thread, days, text } = mail;
        let metadata = json!({ "sender_address": from, "to_addresses": [to], "thread_id": thread });
        self.insert_at(COMPANY_A, "gmail", "email", &metadata, NOON - Duration::days(days), ("Crane", text)).await
    }

    /// Looks through all mails.
    async fn read_mails(&self) {
        let signals = self.signals_of(COMPANY_A);
        let unread = signals.list_unread(COMPANY_A, 1, 200).await.unwrap();
        let read: Vec<_> = unread
            .into_iter()
            .map(|mail| cortex_insights::model::ReadMail {
                keywords: cortex_insights::model::find_keywords(&mail.title, &mail.content),
                document_id: mail.document_id,
                state: mail.state,
            })
            .collect();
        signals.keep(COMPANY_A, 1, &read).await.unwrap();
    }

    async fn facts(&self, query: &FactQuery) -> Vec<Fact> {
        PgFacts::new(self.0.pool(COMPANY_A)).list(COMPANY_A, query, None, 100).await.unwrap()
    }

    async fn subjects(&self, query: &FactQuery) -> Vec<String> {
        self.facts(query).await.iter().map(Fact::subject).collect()
    }

    /// Has an active alert about this.
    async fn alert_about(&self, rule: AlertRule, subject: &str, document_id: Option<DocumentId>) {
        let finding = Finding { document_id, ..a_finding(subject) };
        PgAlerts::new(self.0.pool(COMPANY_A)).record(COMPANY_A, rule, &[finding]).await.unwrap();
    }

    async fn execute(&self, statement: &str) {
        self.0.superuser().batch_execute(statement).await.unwrap();
    }
}

#[async_trait]
impl alerts::Harness for PgHarness {
    fn alerts(&self, company_id: CompanyId) -> Arc<dyn Alerts> {
        Arc::new(PgAlerts::new(self.0.pool(company_id)))
    }

    async fn put_document(&self, company_id: CompanyId, title: &str, content: &str) -> DocumentId {
        self.insert_at(company_id, "gmail", "email", &Value::Null, NOON, (title, content)).await
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }
}

#[async_trait]
impl mail_signals::Harness for PgHarness {
    fn signals(&self, company_id: CompanyId) -> Arc<dyn MailSignals> {
        Arc::new(self.signals_of(company_id))
    }

    async fn put_mail(&self, company_id: CompanyId, sent_at: OffsetDateTime, title: &str, content: &str) -> DocumentId {
        self.insert_at(company_id, "gmail", "email", &Value::Null, sent_at, (title, content)).await
    }

    async fn change_mail(&self, id: DocumentId, content: &str) {
        let change = "update documents set content = $2 where id = $1";
        self.0.superuser().execute(change, &[&id.get(), &content]).await.unwrap();
    }

    async fn remove_mail(&self, id: DocumentId) {
        self.0.superuser().execute("delete from documents where id = $1", &[&id.get()]).await.unwrap();
    }
}

mod alerts_of_postgres {
    use super::*;

    cortex_insights::alerts_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        alerts::another_companys_alerts_are_absent(&harness).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_about_a_document_goes_with_it_and_is_not_kept_after_it() {
        let harness = PgHarness::new().await;
        let id = harness.mail(MAIL).await;
        let elsewhere = harness.insert(COMPANY_B, "gmail", "email", &Value::Null).await;
        let alerts = PgAlerts::new(harness.0.pool(COMPANY_A));
        let about = |id| Finding { document_id: Some(id), ..a_finding("1") };
        alerts.record(COMPANY_A, AlertRule::UrgentMail, &[about(id)]).await.unwrap();
        assert_eq!(alerts.count_active(VIEWER).await.unwrap().total(), 1);

        harness.execute("delete from documents where source = 'gmail' and tenant_id like '0a%'").await;
        alerts.record(COMPANY_A, AlertRule::UrgentMail, &[about(id), about(elsewhere)]).await.unwrap();

        assert_eq!(alerts.count_active(VIEWER).await.unwrap().total(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_company_says_of_a_rule_counts() {
        let harness = PgHarness::new().await;
        let alerts = PgAlerts::new(harness.0.pool(COMPANY_A));
        alerts.begin_evaluation(COMPANY_A).await.unwrap();
        let change = "update cortex_alert_rules set threshold = 5, is_on = false where rule = 'unanswered_mail'; \
                      insert into cortex_alert_rules (tenant_id, rule, threshold) select tenant_id, 'later', 1 \
                      from cortex_alert_rules limit 1";
        harness.execute(change).await;

        let Evaluation { rules, .. } = alerts.begin_evaluation(COMPANY_A).await.unwrap();

        let rule = AlertRule::UnansweredMail;
        assert_eq!(rules.len(), AlertRule::ALL.len());
        assert!(rules.contains(&RuleSetting { rule, threshold: 5, is_on: false }));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_its_audit_row_nothing_is_dismissed() {
        let harness = PgHarness::new().await;
        harness.alert_about(AlertRule::UrgentMail, "1", None).await;
        harness.execute("revoke insert on admin_audit_log from cortex_app").await;
        let alerts = PgAlerts::new(harness.0.pool(COMPANY_A));
        let id = alerts.list_active(VIEWER, None, 1).await.unwrap().alerts[0].id;
        let origin = cortex_kernel::Origin::default();

        let dismissal = cortex_insights::model::Dismissal { by: VIEWER, id, note: None, origin };
        alerts.dismiss(&dismissal).await.unwrap_err();

        assert_eq!(alerts.count_active(VIEWER).await.unwrap().total(), 1);
    }
}

mod signals_of_postgres {
    use super::*;

    cortex_insights::mail_signals_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        mail_signals::another_companys_mails_are_closed(&harness).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_found_in_a_mail_is_of_its_moment_also_when_that_changes() {
        let harness = PgHarness::new().await;
        let id = harness.mail(MAIL).await;
        let found = "insert into mail_signals (document_id, keyword, tenant_id, category, sent_at) \
                     select document_id, 'urgent', tenant_id, 'urgency', sent_at from mail_records";
        harness.execute(found).await;

        harness.execute("update documents set source_created_at = source_created_at - interval '3 days'").await;

        let apart = "select count(*) filter (where found.sent_at = document.source_created_at), count(*) \
                     from mail_signals found join documents document on document.id = found.document_id \
                     where document.id = $1";
        let row = harness.0.superuser().query_one(apart, &[&id.get()]).await.unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_entries_that_were_due_are_told() {
    let harness = PgHarness::new().await;
    let entry = |due: &str, balance: &str| {
        json!({ "doc_number": "1042", "customer_name": "Tern Hotels", "currency": "GBP", "due_date": due,
                "balance": balance })
    };
    let due = harness.insert(COMPANY_A, "quickbooks", "invoice", &entry("2026-03-01", "480.5")).await;
    for (kind, due, balance) in [
        ("invoice", "2026-03-02", "1"),
        ("invoice", "2026-02-01", "0.00"),
        ("invoice", "2026-02-01", "-5"),
        ("invoice", "2026-02-01", "much"),
        ("invoice", "2026-02-30", "1"),
        ("bill", "2026-02-01", "1"),
    ] {
        harness.insert(COMPANY_A, "quickbooks", kind, &entry(due, balance)).await;
    }
    harness.insert(COMPANY_A, "upload", "invoice", &entry("2026-02-01", "1")).await;
    harness.insert(COMPANY_B, "quickbooks", "invoice", &entry("2026-02-01", "1")).await;
    let query = FactQuery::OpenEntries { kind: BookKind::Invoice, due_until: date!(2026 - 03 - 01) };

    let facts = harness.facts(&query).await;

    let [Fact::OpenEntry(told)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((told.document_id, told.due_day, told.balance.cents()), (due, date!(2026 - 03 - 01), 48_050));
    assert_eq!((told.number.as_deref(), told.party.as_deref()), (Some("1042"), Some("Tern Hotels")));
    // It is paid.
    harness.execute("update documents set metadata = metadata || '{\"balance\": \"0\"}'").await;
    assert_eq!(harness.facts(&query).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_with_words_are_told_until_somebody_answers() {
    let harness = PgHarness::new().await;
    let open = harness.mail(MAIL).await;
    let answered = Mail { thread: "answered", ..MAIL };
    for mail in [
        answered,
        Mail { from: "Nils@Kestrel.example", days: 0, text: "We come.", ..answered },
        Mail { thread: "ours", from: OURS, to: "nora@yard.example", ..MAIL },
        Mail { thread: "calm", text: "All is well.", ..MAIL },
    ] {
        harness.mail(mail).await;
    }
    let old = harness.mail(Mail { thread: "old", days: 20, ..MAIL }).await;
    harness.insert(COMPANY_B, "gmail", "email", &json!({ "sender_address": "nora@yard.example" })).await;
    harness.read_mails().await;
    let query = FactQuery::AlarmingMails { own: own(), since: Some(NOON - Duration::days(14)) };

    let facts = harness.facts(&query).await;

    let [Fact::AlarmingMail(told)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((told.document_id, told.sender.as_deref(), told.keywords.len()), (open, Some("nora@yard.example"), 1));
    assert_eq!(told.subject, "Crane");
    let all = harness.subjects(&FactQuery::AlarmingMails { own: own(), since: None }).await;
    assert_eq!(all, [open.to_string(), old.to_string()]);
    // What has an alert has it for as long as it holds.
    harness.alert_about(AlertRule::UrgentMail, &old.to_string(), Some(old)).await;
    assert_eq!(harness.subjects(&query).await, [open.to_string(), old.to_string()]);
    harness.mail(Mail { from: OURS, thread: "old", text: "We come.", ..MAIL }).await;
    assert_eq!(harness.subjects(&query).await, [open.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_that_wait_for_an_answer_are_told() {
    let harness = PgHarness::new().await;
    let waits = Mail { thread: "waits", days: 4, ..MAIL };
    harness.mail(Mail { from: OURS, to: "nora@yard.example", days: 6, ..waits }).await;
    let last = harness.mail(waits).await;
    for mail in [
        Mail { thread: "too soon", days: 1, ..MAIL },
        Mail { thread: "answered", days: 5, ..MAIL },
        Mail { thread: "answered", days: 4, from: "nils@kestrel.example", ..MAIL },
        Mail { thread: "among others", days: 5, to: "otto@yard.example", ..MAIL },
        Mail { thread: "long ago", days: 40, to: "KESTREL@gmail.com", ..MAIL },
    ] {
        harness.mail(mail).await;
    }
    harness
        .insert(COMPANY_A, "gmail", "email", &json!({ "sender_address": "x@y.example", "to_addresses": [OURS] }))
        .await;
    let query = |days| FactQuery::OpenThreads {
        own: own(),
        since: Some(NOON - Duration::days(days)),
        until: NOON - Duration::days(3),
    };

    let facts = harness.facts(&query(30)).await;

    let [Fact::OpenThread(told)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((told.thread.as_str(), told.document_id), ("waits", last));
    assert_eq!((told.sender.as_str(), told.sent_at), ("nora@yard.example", NOON - Duration::days(4)));
    assert_eq!(harness.subjects(&query(50)).await, ["long ago", "waits"]);
    harness.alert_about(AlertRule::UnansweredMail, "long ago", None).await;
    assert_eq!(harness.subjects(&query(30)).await, ["long ago", "waits"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_are_counted_by_weeks() {
    let harness = PgHarness::new().await;
    // It is a Monday: the week before last is eight to fourteen days ago.
    for (from, days, count) in
        [("nora@yard.example", 3, 1), ("nora@yard.example", 10, 3), ("otto@yard.example", 3, 2), (OURS, 3, 9)]
    {
        for _ in 0..count {
            harness.mail(Mail { from, days, ..MAIL }).await;
        }
    }
    for days in [0, 15] {
        harness.mail(Mail { days, ..MAIL }).await;
    }
    let week = Week::of(TODAY).previous();

    let facts = harness.facts(&FactQuery::Senders { own: own(), week, at_least: 3 }).await;

    let [Fact::Sender(told)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((told.sender.as_str(), told.mails, told.mails_before), ("nora@yard.example", 1, 3));
    assert_eq!(harness.subjects(&FactQuery::Senders { own: own(), week, at_least: 2 }).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_tell_how_often_their_syncs_failed() {
    let harness = PgHarness::new().await;
    let fill = format!(
        "insert into connections (tenant_id, id, provider_key, connection_id, user_id, user_email, status, connected_at) values \
           ('{COMPANY_A}', 1, 'gmail', 'b-1', 'u', 'one@x.example', 'active', '2026-02-01'), \
           ('{COMPANY_A}', 2, 'outlook', 'b-2', 'u', 'one@x.example', 'needs_reauthorization', '2026-02-01'), \
           ('{COMPANY_A}', 3, 'quickbooks', 'b-3', 'u', 'one@x.example', 'disconnected', '2026-02-01'), \
           ('{COMPANY_B}', 4, 'gmail', 'b-4', 'u', 'two@x.example', 'active', '2026-02-01'); \
         insert into sync_jobs (tenant_id, user_id, job_type, kind, status, connection_id, created_at, completed_at) \
         select '{COMPANY_A}', 'u', 'gmail', kind, status, 1, at::timestamptz, at::timestamptz from (values \
           ('incremental', 'failed', '2026-02-20'), ('incremental', 'failed', '2026-02-25'), \
           ('incremental', 'completed', '2026-02-26'), ('incremental', 'failed', '2026-02-27'), \
           ('content', 'failed', '2026-02-28'), ('incremental', 'failed', '2026-03-01')) job(kind, status, at)"
    );
    harness.execute(&fill).await;

    let facts = harness.facts(&FactQuery::Connections { since: NOON - Duration::days(7) }).await;

    let [Fact::Connection(one), Fact::Connection(two)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((one.id.get(), one.failures, one.needs_reauthorization), (1, 2, false));
    assert_eq!(one.last_completed_at.map(OffsetDateTime::date), Some(date!(2026 - 02 - 26)));
    assert_eq!((two.id.get(), two.failures, two.needs_reauthorization), (2, 0, true));
    assert_eq!((two.account.as_deref(), two.user_id.as_deref()), (Some("one@x.example"), Some("u")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_brought_in_today_is_told() {
    let harness = PgHarness::new().await;
    let fill = format!(
        "insert into usage_days (tenant_id, user_id, day, documents, bytes) values \
           ('{COMPANY_A}', '{USER_1}', (now() at time zone 'UTC')::date, 8, 80), \
           ('{COMPANY_A}', '{USER_1}', (now() at time zone 'UTC')::date - 1, 9, 90), \
           ('{COMPANY_B}', 'x', (now() at time zone 'UTC')::date, 7, 70)"
    );
    harness.execute(&fill).await;

    let facts = harness.facts(&FactQuery::Usage).await;

    let [Fact::Usage(told)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((told.user_id.as_str(), told.documents, told.bytes), (USER_1.to_string().as_str(), 8, 80));
    let limit = DayLimit { documents: Some(10), bytes: None };
    let rule = RuleSetting::default_of(AlertRule::QuotaNearlyUsed);
    assert!(rule.judge(&facts[0], limit, NOON).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_follow_each_other_in_pages_without_a_gap() {
    let harness = PgHarness::new().await;
    for thread in ["B", "a", "ä", "Z", "z"] {
        harness.mail(Mail { thread, days: 5, ..MAIL }).await;
    }
    harness.read_mails().await;
    let (until, since) = (NOON, None);
    for query in [FactQuery::OpenThreads { own: own(), since, until }, FactQuery::AlarmingMails { own: own(), since }] {
        let facts = PgFacts::new(harness.0.pool(COMPANY_A));
        let (mut seen, mut after) = (Vec::new(), None::<String>);

        loop {
            let page = facts.list(COMPANY_A, &query, after, 2).await.unwrap();
            seen.extend(page.iter().map(Fact::subject));
            after = page.last().filter(|_| page.len() == 2).map(Fact::subject);
            if after.is_none() {
                break;
            }
        }

        assert_eq!((seen.len(), &seen), (5, &harness.subjects(&query).await));
    }
}
