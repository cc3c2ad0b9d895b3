//! [`PgBooks`] and [`PgCompanyOverview`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_insights::model::{ConnectionStanding, Period};
use cortex_insights::ports::{Books, CompanyOverview};
use cortex_insights::testing::books::{self, Record};
use cortex_insights::testing::company_overview::{self, Brought, Ended};
use cortex_insights::testing::{COMPANY_A, COMPANY_B, a_record};
use cortex_kernel::{CompanyId, DocumentId};
use cortex_postgres::migrate;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgBooks, PgCompanyOverview};
use serde_json::{Map, Value, json};

use super::world::World;
use crate::support::{Host, Owned, Past};

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }

    async fn put_with(&self, company_id: CompanyId, record: &Record, metadata: &Value) -> DocumentId {
        let put = "insert into documents (tenant_id, source_id, source, document_type, title, content, \
                     source_created_at, metadata) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8) returning id";
        let change = "update documents set source = $3, document_type = $4, title = $5, content = $6, \
                        source_created_at = $7, metadata = $8 \
                      where tenant_id = $1 and source_id = $2 returning id";
        for statement in [change, put] {
            let rows = self
                .0
                .superuser()
                .query(
                    statement,
                    &[
                        &company_id.to_string(),
                        &record.source_id,
                        &record.source,
                        &record.kind,
                        &record.title,
                        &record.content,
                        &record.entered_at,
                        metadata,
                    ],
                )
                .await
                .unwrap();
            if let Some(row) = rows.first() {
                return DocumentId::new(row.get(0));
            }
        }
        unreachable!("what is put is answered")
    }
}

/// As the normaliser of records writes them.
fn metadata(record: &Record) -> Value {
    let mut metadata = Map::new();
    let party = if record.kind == "bill" { "vendor_name" } else { "customer_name" };
    let number = if record.kind == "payment" { "reference_number" } else { "doc_number" };
    for (name, value) in [
        (number, record.number.clone()),
        (party, record.party.clone()),
        ("total", record.total.clone()),
        ("balance", record.balance.clone()),
        ("currency", record.currency.clone()),
        ("status", record.status.clone()),
        ("date", record.day.map(|day| day.to_string())),
        ("due_date", record.due_day.map(|day| day.to_string())),
        ("payment_method", record.payment_method.clone()),
    ] {
        if let Some(value) = value {
            metadata.insert(name.to_owned(), Value::from(value));
        }
    }
    Value::Object(metadata)
}

#[async_trait]
impl books::Harness for PgHarness {
    fn books(&self, company_id: CompanyId) -> Arc<dyn Books> {
        Arc::new(PgBooks::new(self.0.pool(company_id)))
    }

    async fn put(&self, company_id: CompanyId, record: Record) -> DocumentId {
        self.put_with(company_id, &record, &metadata(&record)).await
    }

    async fn remove(&self, id: DocumentId) {
        self.0.superuser().execute("delete from documents where id = $1", &[&id.get()]).await.unwrap();
    }
}

#[async_trait]
impl company_overview::Harness for PgHarness {
    fn overview(&self, company_id: CompanyId) -> Arc<dyn CompanyOverview> {
        Arc::new(PgCompanyOverview::new(self.0.pool(company_id)))
    }

    async fn put_document(&self, company_id: CompanyId, document: Brought) {
        let insert = "insert into documents (tenant_id, source, source_id, document_type, title, content, \
                        ingested_by_user_id, ingested_by_user_email, ingested_at, superseded_at) \
                      values ($1, $2, gen_random_uuid()::text, 'email', 't', 'c', $3, $4, $5, $6)";
        let Brought { source, user_id, email, at, is_superseded } = document;
        let superseded_at = is_superseded.then_some(at);
        let company = company_id.to_string();
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&company, &source, &user_id, &email, &at, &superseded_at];
        self.0.superuser().execute(insert, &values).await.unwrap();
    }

    async fn put_connection(&self, company_id: CompanyId, connection: ConnectionStanding) {
        let insert = "insert into connections (tenant_id, id, provider_key, connection_id, user_id, user_email, \
                        account_email, status, reason, connected_at) \
                      values ($1, $2, $3, 'broker-' || $2::bigint, $4, $5, $6, $7, $8, $9)";
        self.0
            .superuser()
            .execute(
                insert,
                &[
                    &company_id.to_string(),
                    &connection.id.get(),
                    &connection.provider.name(),
                    &connection.user_id.map(|user_id| user_id.to_string()),
                    &connection.user_email,
                    &connection.account_email,
                    &connection.state.name(),
                    &connection.reason,
                    &connection.connected_at,
                ],
            )
            .await
            .unwrap();
    }

    async fn put_job(&self, company_id: CompanyId, job: Ended) {
        let insert = "insert into sync_jobs (tenant_id, user_id, job_type, kind, status, connection_id, created_at, \
                        completed_at, error_code, lease_owner, lease_until) \
                      values ($1, 'somebody', 'gmail', $2, $3, $4, $5, $6, $7, \
                        case when $3 = 'running' then 'worker' end, case when $3 = 'running' then now() end)";
        let kind = if job.is_for_contents { "content" } else { "incremental" };
        self.0
            .superuser()
            .execute(
                insert,
                &[
                    &company_id.to_string(),
                    &kind,
                    &job.status,
                    &job.connection_id.get(),
                    &job.created_at,
                    &job.ended_at,
                    &job.error_code,
                ],
            )
            .await
            .unwrap();
    }
}

mod books_of_postgres {
    use super::*;

    cortex_insights::books_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        books::another_companys_books_are_closed(&harness).await;
    }

    /// Whatever clients and older programs left in metadata is kept as it stands, and gives an amount, a day, or nothing.
    #[tokio::test(flavor = "multi_thread")]
    async fn metadata_of_any_form_are_entered() {
        let harness = PgHarness::new().await;
        let forms = [
            Value::Null,
            json!(["total"]),
            json!("total"),
            json!({"total": {"amount": 7}, "balance": [], "date": 20_260_302, "currency": {}}),
            json!({"total": "much", "balance": "1e3", "date": "2026-02-30"}),
            json!({"total": "1,000", "balance": "", "date": "0000-01-01"}),
            json!({"total": "NaN", "balance": "Infinity", "date": "2026-13-01"}),
            json!({"total": "9".repeat(25), "balance": "0x10", "date": "soon"}),
            json!({"total": 12.5, "balance": -2, "date": "2026-03-02T00:00:00Z", "customer_name": "x".repeat(2_000)}),
        ];
        for (number, metadata) in forms.iter().enumerate() {
            harness.put_with(COMPANY_A, &a_record(&number.to_string()), metadata).await;
        }

        let totals = PgBooks::new(harness.0.pool(COMPANY_A)).sum_up(COMPANY_A, Period::ALL).await.unwrap();

        assert_eq!((totals.invoices.count, totals.invoices.total.cents()), (9, 1_250));
        assert_eq!((totals.invoices.balance.cents(), totals.invoices.paid.cents()), (-200, 1_450));
    }
}

/// A database as it was before `migration`, with what `fill` brings in, then migrated. The rows of `table` as the migration
/// made them, and as they are when each document is written again: a digest, and how many.
async fn kept_of_before(migration: &str, fill: &str, table: &str) -> [(String, i64); 2] {
    let owned = Owned::new(Database::Company, Past::Empty, Host::Plain).await;
    let names = migrate::names(Database::Company);
    let first = names.iter().position(|name| name.starts_with(migration)).unwrap();
    owned.migrator().up(Some(names[first - 1].clone())).await.unwrap();
    let client = owned.as_owner().await;
    client.batch_execute(fill).await.unwrap();

    owned.migrator().up(None).await.unwrap();

    let rows = format!("select md5(string_agg(kept::text, ' ' order by document_id)), count(*) from {table} kept");
    let before = client.query_one(&rows, &[]).await.unwrap();
    client.batch_execute(&format!("delete from {table}; update documents set metadata = metadata")).await.unwrap();
    let after = client.query_one(&rows, &[]).await.unwrap();
    [before, after].map(|row| (row.get(0), row.get(1)))
}

/// More than a batch of them, and other documents between them.
#[tokio::test(flavor = "multi_thread")]
async fn records_of_before_are_entered_as_later_ones_are() {
    let fill = format!(
        "insert into documents (tenant_id, source, source_id, document_type, title, content, metadata, source_created_at, \
           superseded_at) \
         select '{COMPANY_A}', case when n % 7 = 0 then 'gmail' else 'quickbooks' end, n::text, \
           (array['invoice', 'bill', 'customer'])[1 + n % 3], 't', 'c', \
           case when n % 5 > 0 then jsonb_build_object('total', n || '.07', 'balance', 'x', 'vendor_name', 'V' || n % 9, \
             'currency', 'USD', 'date', '2026-0' || n % 11 || '-28', 'due_date', '2026-1' || n % 4 || '-02') end, \
           case when n % 4 > 0 then timestamptz '2026-03-01 23:30:00-05' end, \
           case when n % 50 = 1 then now() end \
         from generate_series(1, 3000) n"
    );

    for migration in ["090", "120"] {
        let [before, after] = kept_of_before(migration, &fill, "book_records").await;

        assert_eq!(before, after);
        assert!(before.1 > 2_000, "{before:?}");
    }
}

/// More than a batch of them, other documents between them, and metadata of any shape.
#[tokio::test(flavor = "multi_thread")]
async fn mails_of_before_are_entered_as_later_ones_are() {
    let fill = format!(
        "insert into documents (tenant_id, source, source_id, document_type, title, content, metadata, source_created_at, \
           superseded_at) \
         select '{COMPANY_A}', 'gmail', n::text, case when n % 7 = 0 then 'attachment' else 'email' end, 'About ' || n, 'c', \
           case n % 5 when 0 then null when 1 then jsonb '[]' when 2 then jsonb '{{\"to_addresses\": {{\"a\": 1}}}}' \
             else jsonb_build_object('sender_address', 'P' || n % 9 || '@Yard.example', 'sender_name', n, \
               'to_addresses', jsonb_build_array('B@x.example', 'b@X.example', 7, null), 'cc_addresses', 'c@x.example', \
               'thread_id', 't' || n % 100) end, \
           case when n % 4 > 0 then timestamptz '2026-03-01 23:30:00-05' end, \
           case when n % 50 = 1 then now() end \
         from generate_series(1, 3000) n"
    );

    let [before, after] = kept_of_before("094", &fill, "mail_records").await;

    assert_eq!(before, after);
    assert!(before.1 > 2_000, "{before:?}");
}

/// Whoever looks through texts looks again where a text was written anew, and nowhere else.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_kept_as_its_document_is() {
    let harness = PgHarness::new().await;
    let client = harness.0.superuser();
    let insert = format!(
        "insert into documents (id, tenant_id, source, source_id, document_type, title, content, metadata) values \
           (1, '{COMPANY_A}', 'gmail', 'm', 'email', 'Crane', 'Free?', \
            '{{\"sender_address\": \"Nora@Yard.example\", \"to_addresses\": [\"b@x.example\", \"a@x.example\"], \
              \"cc_addresses\": [\"A@x.example\"]}}')"
    );
    client.batch_execute(&insert).await.unwrap();
    let kept = async || {
        let row = client.query_opt("select sender, receivers, subject, lexicon from mail_records", &[]).await.unwrap();
        row.map(|row| -> (String, Vec<String>, String, i16) { (row.get(0), row.get(1), row.get(2), row.get(3)) })
    };
    let mail = |subject: &str, lexicon| {
        let receivers = vec!["a@x.example".to_owned(), "b@x.example".to_owned()];
        Some(("nora@yard.example".to_owned(), receivers, subject.to_owned(), lexicon))
    };
    assert_eq!(kept().await, mail("Crane", 0));

    for (change, after) in [
        ("update mail_records set lexicon = 1", mail("Crane", 1)),
        ("update documents set source_created_at = now()", mail("Crane", 1)),
        ("update documents set title = 'Cranes'", mail("Cranes", 0)),
        ("update documents set superseded_at = now()", None),
        ("update documents set superseded_at = null", mail("Cranes", 0)),
        ("update mail_records set lexicon = 1; update documents set content = 'Not free'", mail("Cranes", 0)),
        ("update documents set document_type = 'file'", None),
        ("update documents set document_type = 'email'; delete from documents", None),
    ] {
        client.batch_execute(change).await.unwrap();
        assert_eq!(kept().await, after, "{change}");
    }
}

mod overview_of_postgres {
    use super::*;

    cortex_insights::company_overview_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        company_overview::another_companys_numbers_are_not_told(&harness).await;
    }
}
