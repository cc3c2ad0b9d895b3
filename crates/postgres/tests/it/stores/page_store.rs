//! [`PgPageStore`], [`PgSetAsideRecords`], [`PgHeldDeletions`], [`PgContentLedger`] and [`PgBlobRemovals`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_ingestion::model::{
    BlobKey, CommitOutcome, Document, DocumentDraft, DocumentKey, DocumentSource, NewDocument, PageCommit, PageCounts,
    Stream,
};
use cortex_ingestion::ports::{BlobRemovals, ContentLedger, HeldDeletions, PageStore, SetAsideRecords};
use cortex_ingestion::testing::page_store::{Harness, JobView, Run};
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B, USER_1, a_commit, a_document, a_draft, a_stream};
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, DocumentId, JobId, Lease, StoreError, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgBlobRemovals, PgContentLedger, PgHeldDeletions, PgPageStore, PgSetAsideRecords};
use cortex_postgres::{Pool, Pooler};
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use serde_json::Value;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::world::World;

pub(super) struct PgHarness(pub(super) World);

impl PgHarness {
    pub(super) async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn store(&self, company_id: CompanyId) -> Arc<dyn PageStore> {
        Arc::new(PgPageStore::new(self.0.pool(company_id)))
    }

    fn set_aside(&self, company_id: CompanyId) -> Arc<dyn SetAsideRecords> {
        Arc::new(PgSetAsideRecords::new(self.0.pool(company_id)))
    }

    fn held(&self, company_id: CompanyId) -> Arc<dyn HeldDeletions> {
        Arc::new(PgHeldDeletions::new(self.0.pool(company_id)))
    }

    fn removals(&self, company_id: CompanyId) -> Arc<dyn BlobRemovals> {
        Arc::new(PgBlobRemovals::new(self.0.pool(company_id)))
    }

    fn ledger(&self, company_id: CompanyId) -> Arc<dyn ContentLedger> {
        Arc::new(PgContentLedger::new(self.0.pool(company_id)))
    }

    async fn run(&self, company_id: CompanyId, user_id: UserId) -> Run {
        let insert = "with connection as ( \
                        insert into connections (tenant_id, provider_key, connection_id, user_id) \
                        values ($1, 'gmail', gen_random_uuid()::text, $2) returning id, connection_id) \
                      insert into sync_jobs (tenant_id, user_id, connection_id, job_type, kind, trigger, status, \
                        attempt, lease_owner, lease_epoch, lease_until) \
                      select $1, $2, id, 'gmail', 'initial', 'user', 'running', 1, 'test', 1, now() + interval '1 hour' \
                      from connection \
                      returning id, connection_id, (select connection_id from connection)";
        let row = self.0.superuser().query_one(insert, &[&company_id.to_string(), &user_id.to_string()]).await.unwrap();
        let stream = Stream {
            company_id,
            user_id,
            connection_id: ConnectionId::new(row.get(1)),
            broker_id: BrokerConnectionId::new(row.get::<_, String>(2)),
            ..a_stream()
        };
        Run { lease: Lease { job: JobId::new(row.get(0)), epoch: 1 }, stream }
    }

    async fn run_again(&self, run: &Run) -> Run {
        let complete =
            "update sync_jobs set status = 'completed', lease_owner = null, lease_until = null where id = $1";
        self.0.superuser().execute(complete, &[&run.lease.job.as_uuid()]).await.unwrap();
        let insert = "insert into sync_jobs (tenant_id, user_id, connection_id, job_type, kind, trigger, status, \
                        attempt, lease_owner, lease_epoch, lease_until) \
                      select tenant_id, user_id, connection_id, job_type, kind, trigger, 'running', \
                        1, 'test', 1, now() + interval '1 hour' from sync_jobs where id = $1 returning id";
        let row = self.0.superuser().query_one(insert, &[&run.lease.job.as_uuid()]).await.unwrap();
        Run { lease: Lease { job: JobId::new(row.get(0)), epoch: 1 }, ..run.clone() }
    }

    async fn claim_again(&self, run: &Run) -> Lease {
        let update = "update sync_jobs set lease_epoch = lease_epoch + 1, attempt = attempt + 1 where id = $1 \
                      returning lease_epoch";
        let row = self.0.superuser().query_one(update, &[&run.lease.job.as_uuid()]).await.unwrap();
        Lease { epoch: row.get(0), ..run.lease }
    }

    async fn expire(&self, run: &Run) {
        let update = "update sync_jobs set lease_until = now() where id = $1";
        self.0.superuser().execute(update, &[&run.lease.job.as_uuid()]).await.unwrap();
    }

    async fn pass(&self, time: Duration) {
        let update = "update set_aside_records set first_seen_at = first_seen_at - make_interval(secs => $1), \
                      last_seen_at = last_seen_at - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
        let update = "update blob_removals set due_at = due_at - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
        let update = "update unfinished_contents set next_at = next_at - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
    }

    async fn job(&self, run: &Run) -> JobView {
        let query = "select attempt, progress from sync_jobs where id = $1";
        let row = self.0.superuser().query_one(query, &[&run.lease.job.as_uuid()]).await.unwrap();
        let progress: Value = row.get(1);
        let number = |name: &str| progress.get(name).and_then(Value::as_u64).unwrap_or_default();
        JobView {
            attempt: row.get::<_, i32>(0).try_into().unwrap(),
            pages: number("pages"),
            seen: number("seen"),
            counts: PageCounts {
                added: number("added"),
                updated: number("updated"),
                unchanged: number("unchanged"),
                deleted: number("deleted"),
                held: number("held"),
            },
            set_aside: number("set_aside"),
        }
    }

    async fn documents(&self, company_id: CompanyId) -> Vec<Document> {
        self.0.documents(company_id).await
    }

    async fn put_thread(&self, company_id: CompanyId, key: DocumentKey) -> DocumentId {
        let insert = "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content) \
                      values ($1, $2, $3, $4, 'email', '', 'All that was said') returning id";
        let (company, source) = (company_id.to_string(), key.source.as_str());
        let values: [&(dyn ToSql + Sync); 4] = [&company, &source, &key.source_account, &key.source_id];
        DocumentId::new(self.0.superuser().query_one(insert, &values).await.unwrap().get(0))
    }

    async fn superseded(&self, company_id: CompanyId) -> Vec<DocumentId> {
        let query = "select id from documents where tenant_id = $1 and superseded_at is not null";
        let rows = self.0.superuser().query(query, &[&company_id.to_string()]).await.unwrap();
        rows.into_iter().map(|row| DocumentId::new(row.get(0))).collect()
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }

    async fn sources(&self, company_id: CompanyId, id: DocumentId) -> Vec<DocumentSource> {
        self.0.sources(company_id, id).await
    }

    /// Every write of a row leaves another transaction's number on it.
    async fn versions(&self, company_id: CompanyId) -> Vec<String> {
        let query = "select 'document ' || id || ' ' || xmin from documents where tenant_id = $1 \
                     union all select 'source ' || id || ' ' || xmin from document_sources where tenant_id = $1 \
                     order by 1";
        let rows = self.0.superuser().query(query, &[&company_id.to_string()]).await.unwrap();
        rows.into_iter().map(|row| row.get(0)).collect()
    }
}

cortex_ingestion::page_store_contract!(PgHarness::new().await);

mod held_deletions {
    use super::PgHarness;

    cortex_ingestion::held_deletions_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        use cortex_ingestion::testing::held_deletions::{
            another_companys_held_deletions_are_not_decided, another_companys_held_deletions_are_not_listed,
        };
        let harnesses = [PgHarness::new().await, PgHarness::new().await];
        for harness in &harnesses {
            harness.0.open_walls().await;
        }

        another_companys_held_deletions_are_not_listed(&harnesses[0]).await;
        another_companys_held_deletions_are_not_decided(&harnesses[1]).await;
    }
}

mod set_aside_records {
    use super::PgHarness;

    cortex_ingestion::set_aside_records_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        use cortex_ingestion::testing::set_aside_records::{
            another_companys_records_are_not_forgotten, another_companys_records_are_not_listed,
        };
        let harnesses = [PgHarness::new().await, PgHarness::new().await];
        for harness in &harnesses {
            harness.0.open_walls().await;
        }

        another_companys_records_are_not_listed(&harnesses[0]).await;
        another_companys_records_are_not_forgotten(&harnesses[1]).await;
    }
}

mod blob_removals {
    use super::PgHarness;

    cortex_ingestion::blob_removals_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        use cortex_ingestion::testing::blob_removals::{
            another_companys_bytes_are_not_claimed, another_companys_bytes_are_not_forgotten,
        };
        let harnesses = [PgHarness::new().await, PgHarness::new().await];
        for harness in &harnesses {
            harness.0.open_walls().await;
        }

        another_companys_bytes_are_not_claimed(&harnesses[0]).await;
        another_companys_bytes_are_not_forgotten(&harnesses[1]).await;
    }
}

mod content_ledger {
    use super::PgHarness;

    cortex_ingestion::content_ledger_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        use cortex_ingestion::testing::content_ledger::{
            another_connections_record_is_not_known, what_another_stream_postponed_stays_its_own,
        };
        let harnesses = [PgHarness::new().await, PgHarness::new().await];
        for harness in &harnesses {
            harness.0.open_walls().await;
        }

        another_connections_record_is_not_known(&harnesses[0]).await;
        what_another_stream_postponed_stays_its_own(&harnesses[1]).await;
    }
}

/// The files of a mail go with it, by a constraint and by nobody's statement.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_what_goes_with_its_parent_are_due_too() {
    let harness = PgHarness::new().await;
    let removals = harness.removals(COMPANY_A);
    let key = BlobKey::new(Uuid::from_u128(1));
    removals.announce(COMPANY_A, key, Duration::from_hours(1)).await.unwrap();
    let run = harness.run(COMPANY_A, USER_1).await;
    let page =
        PageCommit { lease: run.lease, stream: run.stream.clone(), documents: vec![a_document("1")], ..a_commit() };
    harness.store(COMPANY_A).commit_page(&page).await.unwrap();
    let file = format!(
        "insert into documents (tenant_id, source, source_id, document_type, title, content, parent_document_id, blob_key) \
         select tenant_id, source, 'file', 'file', '', '', id, '{}' from documents",
        key.as_uuid()
    );
    harness.0.superuser().batch_execute(&file).await.unwrap();

    let deletion = PageCommit {
        read_from: page.moved_to.clone(),
        deletions: vec![a_document("1").key],
        documents: vec![],
        ..page
    };
    harness.store(COMPANY_A).commit_page(&deletion).await.unwrap();

    assert_eq!(harness.documents(COMPANY_A).await, []);
    assert_eq!(removals.claim_due(COMPANY_A, 9, Duration::from_hours(1)).await.unwrap(), [key]);
}

/// A document takes bytes at the very moment at which they are claimed, and waits for what comes of that.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_removal_and_a_document_that_meet_one_has_the_bytes() {
    let harness = PgHarness::new().await;
    let key = BlobKey::new(Uuid::from_u128(1));
    harness.removals(COMPANY_A).announce(COMPANY_A, key, Duration::ZERO).await.unwrap();
    let run = harness.run(COMPANY_A, USER_1).await;
    let document = NewDocument { blob: Some(key), ..a_document("1") };
    let page = PageCommit { lease: run.lease, stream: run.stream.clone(), documents: vec![document], ..a_commit() };
    let superuser = harness.0.superuser();
    superuser.batch_execute("begin; update blob_removals set is_being_removed = true").await.unwrap();

    let store = harness.store(COMPANY_A);
    let end_of_the_claim = async {
        harness.0.somebody_waits().await;
        superuser.batch_execute("commit").await.unwrap();
    };
    let (outcome, ()) = tokio::join!(store.commit_page(&page), end_of_the_claim);

    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert_eq!(harness.documents(COMPANY_A).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    let world = World::with(Database::Company, [COMPANY_A, COMPANY_B], Pooler::Transaction).await;

    cortex_ingestion::testing::page_store::the_last_deletion_takes_the_document(&PgHarness(world)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_ingestion::testing::page_store::another_companys_equal_record_is_another_document(&harness).await;
}

/// All or nothing: cursor and documents are written before the sources.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_fails_in_its_midst_leaves_nothing() {
    let harness = PgHarness::new().await;
    let run = harness.run(COMPANY_A, USER_1).await;
    let page =
        PageCommit { lease: run.lease, stream: run.stream.clone(), documents: vec![a_document("1")], ..a_commit() };
    let store = harness.store(COMPANY_A);
    harness.0.superuser().batch_execute("revoke insert on document_sources from cortex_app").await.unwrap();

    let refused = store.commit_page(&page).await;

    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(store.find_cursor(&run.stream).await.unwrap(), None);
    assert_eq!(harness.documents(COMPANY_A).await, []);
    assert_eq!(harness.job(&run).await.pages, 0);

    harness.0.superuser().batch_execute("grant insert on document_sources to cortex_app").await.unwrap();
    let outcome = store.commit_page(&page).await.unwrap();
    assert_eq!(outcome, CommitOutcome::Committed(PageCounts { added: 1, ..PageCounts::default() }));
}

/// A page in which nothing stands is committed without a look at what is set aside.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_page_needs_nothing_of_what_is_set_aside() {
    let harness = PgHarness::new().await;
    let run = harness.run(COMPANY_A, USER_1).await;
    let empty = PageCommit { lease: run.lease, stream: run.stream.clone(), ..a_commit() };
    let store = harness.store(COMPANY_A);
    harness.0.superuser().batch_execute("revoke all on set_aside_records from cortex_app").await.unwrap();

    let outcome = store.commit_page(&empty).await.unwrap();

    assert_eq!(outcome, CommitOutcome::Committed(PageCounts::default()));
    let next = PageCommit { read_from: empty.moved_to.clone(), documents: vec![a_document("1")], ..empty };
    let refused = store.commit_page(&next).await;
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
}

/// Two connections find the same record new at the same moment, and the one that has its whole text commits first.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_comes_in_while_the_whole_is_being_written_leaves_the_whole() {
    let harness = PgHarness::new().await;
    let run = harness.run(COMPANY_A, USER_1).await;
    let part = DocumentDraft { content: "Tex".to_owned(), content_incomplete: true, ..a_draft("1") }.finish();
    let page = PageCommit { lease: run.lease, stream: run.stream.clone(), documents: vec![part], ..a_commit() };
    let store = harness.store(COMPANY_A);
    let whole = a_document("1");
    let insert = "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content, \
                    content_hash) values ($1, $2, $3, $4, 'email', $5, $6, $7)";
    let superuser = harness.0.superuser();
    superuser.batch_execute("begin").await.unwrap();
    let (company, source) = (COMPANY_A.to_string(), whole.key.source.as_str());
    let values: [&(dyn ToSql + Sync); 7] = [
        &company,
        &source,
        &whole.key.source_account,
        &whole.key.source_id,
        &whole.title,
        &whole.content,
        &whole.content_hash.as_str(),
    ];
    superuser.execute(insert, &values).await.unwrap();

    let end_of_the_whole = async {
        harness.0.somebody_waits().await;
        superuser.batch_execute("commit").await.unwrap();
    };
    let (outcome, ()) = tokio::join!(store.commit_page(&page), end_of_the_whole);
    outcome.unwrap();

    let row = superuser.query_one("select content, content_incomplete from documents", &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (whole.content.as_str(), false));
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// What behind row level security cannot be asked of an index is asked of each row, and that shows only in large companies.
#[tokio::test(flavor = "multi_thread")]
async fn the_records_of_a_page_are_looked_up_by_keys_behind_the_walls_too() {
    let harness = PgHarness::new().await;
    let run = harness.run(COMPANY_A, USER_1).await;
    let pool = large_company(&harness, &run).await;
    let commit =
        PageCommit { lease: run.lease, stream: run.stream.clone(), documents: vec![a_document("1")], ..a_commit() };
    PgPageStore::new(pool.clone()).commit_page(&commit).await.unwrap();

    let page = "array['gmail'], array['a'], array['1'], array['hash'], array[false], array['key']";
    let values = format!("'{COMPANY_A}', 1, {page}, 'c:1', array[false]");
    let indexes = indexes_of(&pool, "select page.place, document.id", values).await;

    let expected =
        ["documents_pkey", "idx_document_sources_of_record", "idx_documents_message", "unique_document_record"];
    assert_eq!(indexes, expected.map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_and_attachments_are_looked_up_by_keys_behind_the_walls_too() {
    let harness = PgHarness::new().await;
    let run = harness.run(COMPANY_A, USER_1).await;
    let pool = large_company(&harness, &run).await;
    let old =
        |n: u32| DocumentKey { source_account: "a".to_owned(), source_id: format!("of-old-{n}"), ..a_document("").key };
    let attachment = NewDocument { parent: Some(old(7)), ..a_document("1") };
    let commit = PageCommit {
        lease: run.lease,
        stream: run.stream.clone(),
        documents: vec![attachment],
        deletions: (100..200).map(old).collect(),
        ..a_commit()
    };
    let outcome = PgPageStore::new(pool.clone()).commit_page(&commit).await.unwrap();
    let counts = PageCounts { added: 1, deleted: 101, ..PageCounts::default() };
    assert_eq!(outcome, CommitOutcome::Committed(counts));

    let connection = run.stream.connection_id;
    let page = "array['gmail'], array['a'], array['1']";
    let records = format!("'{COMPANY_A}', {connection}, {page}, 'c:1'");
    let of_record = BTreeSet::from(["idx_document_sources_of_record".to_owned()]);
    assert_eq!(indexes_of(&pool, "select page.place, live.id", records.clone()).await, of_record);
    let parents = indexes_of(&pool, "select page.place, case when known", records).await;
    assert_eq!(parents, ["idx_document_sources_of_record", "unique_document_record"].map(str::to_owned).into());
    let attached = format!("'{COMPANY_A}', {connection}, array[1, 2]");
    let attached = indexes_of(&pool, "select attachment.id", attached).await;
    assert_eq!(attached, ["idx_document_sources_of_document", "idx_documents_parent"].map(str::to_owned).into());
    let vanishing = format!("'{COMPANY_A}', {connection}, array[1, 2]");
    let begins = "update document_sources set vanished_at = now() where tenant_id = $1 and vanished_at is null and id";
    let vanishing = indexes_of(&pool, begins, vanishing).await;
    let expected = ["document_sources_pkey", "documents_pkey", "idx_document_sources_of_document"];
    assert_eq!(vanishing, expected.map(str::to_owned).into());
    let live = format!("'{COMPANY_A}', {connection}, 220");
    let live = indexes_of(&pool, "select count(*) as count from ( select from document_sources", live).await;
    assert_eq!(live, ["idx_document_sources_of_document".to_owned()].into());
}

/// A pool of one connection to a company with 3,000 documents, of which a thousand hang on others.
async fn large_company(harness: &PgHarness, run: &Run) -> Pool {
    let connection = run.stream.connection_id;
    let many = format!(
        "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content, message_key) \
         select '{COMPANY_A}', 'gmail', 'a', 'of-old-' || n, 'email', '', '', 'message-' || n from generate_series(1, 3000) n; \
         update documents set parent_document_id = parent.id from documents parent \
         where documents.source_id like 'of-old-2___' and parent.source_id = 'of-old-' || \
           case documents.source_id when 'of-old-2150' then 150 else right(documents.source_id, 3)::int % 50 end; \
         insert into document_sources (tenant_id, document_id, user_id, connection_id, method, source, source_account, \
           source_id) \
         select tenant_id, id, '{USER_1}', {connection}, 'oauth_sync', source, source_account, source_id from documents"
    );
    harness.0.superuser().batch_execute(&many).await.unwrap();
    harness.0.superuser().batch_execute("vacuum analyze documents").await.unwrap();
    harness.0.superuser().batch_execute("vacuum analyze document_sources").await.unwrap();
    harness.0.pool_of(COMPANY_A, 1)
}

/// By which indexes the statement that begins so, which the pool's connection has run, reads documents and sources for
/// these values. It must not go through all of them.
async fn indexes_of(pool: &Pool, begins: &str, values: String) -> BTreeSet<String> {
    let name = format!("select name as line from pg_prepared_statements where statement like '/* %*/ {begins}%'");
    let plan = pool
        .run(async |connection: &mut AsyncPgConnection| {
            connection.batch_execute("set plan_cache_mode = force_custom_plan").await?;
            let Line { line: name } = diesel::sql_query(&name).get_result(connection).await?;
            let explain = format!("explain execute {name}({values})");
            // The answer of `explain` has a column of a name that no field can have.
            let explain = format!(
                "create or replace function pg_temp.explained() returns setof text language plpgsql as \
                 $body$ begin return query execute $explain${explain}$explain$; end $body$"
            );
            connection.batch_execute(&explain).await?;
            diesel::sql_query("select line from pg_temp.explained() as line").load::<Line>(connection).await
        })
        .await
        .unwrap();
    let plan: Vec<_> = plan.into_iter().map(|Line { line }| line).collect();
    assert!(!plan.iter().any(|line| line.contains("Seq Scan on document")), "{plan:#?}");
    let scans = ["Index Scan using ", "Index Only Scan using ", "Bitmap Index Scan on "];
    let of_index = |line: &String| {
        let (_, after) = scans.iter().find_map(|scan| line.split_once(scan))?;
        Some(after.split(' ').next()?.to_owned())
    };
    plan.iter().filter_map(of_index).filter(|name| name.contains("document")).collect()
}
