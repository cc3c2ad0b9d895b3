//! [`PgDocumentWriter`], [`PgUsageReader`] and [`PgIdempotencyKeys`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_ingestion::model::{Amount, Document, DocumentDraft, DocumentSource, PageCommit, Stream};
use cortex_ingestion::ports::{DocumentWriter, IdempotencyKeys, PageStore, UsageReader};
use cortex_ingestion::testing::intake::{AuditView, Harness};
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B, USER_1, a_commit, a_draft, a_put, a_stream};
use cortex_kernel::{CompanyId, DocumentId, JobId, Lease, Provider, StoreError};
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgDocumentWriter, PgIdempotencyKeys, PgPageStore, PgUsageReader};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn writer(&self, company_id: CompanyId) -> Arc<dyn DocumentWriter> {
        Arc::new(PgDocumentWriter::new(self.0.pool(company_id)))
    }

    fn usage(&self, company_id: CompanyId) -> Arc<dyn UsageReader> {
        Arc::new(PgUsageReader::new(self.0.pool(company_id)))
    }

    fn keys(&self, company_id: CompanyId) -> Arc<dyn IdempotencyKeys> {
        Arc::new(PgIdempotencyKeys::new(self.0.pool(company_id)))
    }

    async fn documents(&self, company_id: CompanyId) -> Vec<Document> {
        self.0.documents(company_id).await
    }

    async fn sources(&self, company_id: CompanyId, id: DocumentId) -> Vec<DocumentSource> {
        self.0.sources(company_id, id).await
    }

    async fn audit(&self, company_id: CompanyId) -> Vec<AuditView> {
        let query = "select user_id, action, resource_id, request_id from admin_audit_log where tenant_id = $1 \
                     and resource_type = 'document' order by created_at";
        let rows = self.0.superuser().query(query, &[&company_id.to_string()]).await.unwrap();
        rows.into_iter()
            .map(|row| AuditView {
                user_id: row.get::<_, Option<String>>(0).map(|id| id.parse().unwrap()),
                action: row.get(1),
                resource_id: row.get(2),
                request_id: row.get(3),
            })
            .collect()
    }

    async fn pass(&self, time: Duration) {
        let past = format!(
            "update usage_days set day = day - {days}; \
             update idempotency_keys set created_at = created_at - interval '{seconds} s', \
               claimed_until = claimed_until - interval '{seconds} s'",
            days = time.as_secs() / (24 * 60 * 60),
            seconds = time.as_secs(),
        );
        self.0.superuser().batch_execute(&past).await.unwrap();
    }
}

cortex_ingestion::intake_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    use cortex_ingestion::testing::intake::{
        the_answer_is_kept_with_the_document, twenty_puts_at_once_do_not_overrun_the_quota,
    };
    let pooled = async || PgHarness(World::with(Database::Company, [COMPANY_A, COMPANY_B], Pooler::Transaction).await);

    the_answer_is_kept_with_the_document(&pooled().await).await;
    twenty_puts_at_once_do_not_overrun_the_quota(&pooled().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_stores_themselves_tell_companies_apart() {
    use cortex_ingestion::testing::intake::{
        a_document_is_found_by_its_key, another_companys_document_of_the_same_key_is_another_document,
        another_companys_usage_is_not_told, the_same_key_of_another_person_address_or_company_is_another_key,
        what_is_older_is_forgotten_and_no_other_companys,
    };
    let open = async || {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;
        harness
    };

    another_companys_document_of_the_same_key_is_another_document(&open().await).await;
    a_document_is_found_by_its_key(&open().await).await;
    another_companys_usage_is_not_told(&open().await).await;
    the_same_key_of_another_person_address_or_company_is_another_key(&open().await).await;
    what_is_older_is_forgotten_and_no_other_companys(&open().await).await;
}

/// All or nothing: documents and usage are written before the audit row.
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_its_midst_leaves_nothing() {
    let harness = PgHarness::new().await;
    harness.0.superuser().batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();

    let refused = harness.writer(COMPANY_A).put(&a_put("1")).await;

    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(harness.documents(COMPANY_A).await, []);
    let usage = harness.usage(COMPANY_A).of_user(COMPANY_A, USER_1).await.unwrap();
    assert_eq!(usage.total, Amount::default());
}

/// What is known already is no news, and a deletion takes nothing back.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_sync_brings_in_is_counted_once() {
    let harness = PgHarness::new().await;
    let run = running(&harness.0).await;
    let store = PgPageStore::new(harness.0.pool(COMPANY_A));
    let document = |id: &str, content: &str| DocumentDraft { content: content.to_owned(), ..a_draft(id) }.finish();
    let first = PageCommit {
        documents: vec![document("1", "four"), document("2", "zwölf")],
        ..PageCommit { lease: run.0, stream: run.1, ..a_commit() }
    };
    let second = PageCommit {
        read_from: first.moved_to.clone(),
        documents: vec![document("1", "four"), document("2", "changed"), document("3", "new")],
        ..first.clone()
    };
    let third = PageCommit { documents: Vec::new(), deletions: vec![a_draft("1").key], ..second.clone() };

    for page in [&first, &second, &third] {
        store.commit_page(page).await.unwrap();
    }

    let usage = harness.usage(COMPANY_A).of_user(COMPANY_A, USER_1).await.unwrap();
    let expected = Amount { documents: 3, bytes: 4 + 6 + 3 };
    assert_eq!((usage.total, usage.today), (expected, expected));
}

/// More than the quota is no reason to lose a mail.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_sync_brings_in_uses_up_the_quota_of_what_is_brought_in_by_hand() {
    use cortex_ingestion::model::{DocumentPut, PutOutcome, Quota};
    let harness = PgHarness::new().await;
    let (lease, stream) = running(&harness.0).await;
    let documents = ["1", "2", "3"].map(|id| a_draft(id).finish()).to_vec();
    let store = PgPageStore::new(harness.0.pool(COMPANY_A));
    store.commit_page(&PageCommit { lease, stream, documents, ..a_commit() }).await.unwrap();

    let quota = Quota { documents: Some(3), bytes: None };
    let outcome = harness.writer(COMPANY_A).put(&DocumentPut { quota, ..a_put("1") }).await.unwrap();

    assert!(matches!(outcome, PutOutcome::QuotaExceeded { .. }), "{outcome:?}");
}

/// The first run of a job of [`USER_1`]'s Gmail.
async fn running(world: &World) -> (Lease, Stream) {
    let connection_id = world.connect(COMPANY_A, USER_1, Provider::Gmail).await;
    let insert = "insert into sync_jobs (tenant_id, user_id, connection_id, job_type, kind, trigger, status, attempt, \
                    lease_owner, lease_epoch, lease_until) \
                  values ($1, $2, $3, 'gmail', 'initial', 'user', 'running', 1, 'test', 1, now() + interval '1 hour') \
                  returning id";
    let values = (COMPANY_A.to_string(), USER_1.to_string(), connection_id.get());
    let row = world.superuser().query_one(insert, &[&values.0, &values.1, &values.2]).await.unwrap();
    let lease = Lease { job: JobId::new(row.get(0)), epoch: 1 };
    (lease, Stream { connection_id, ..a_stream() })
}
