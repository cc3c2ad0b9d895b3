//! [`PgPageStore`] and [`PgSetAsideRecords`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_ingestion::model::{
    CommitOutcome, Document, DocumentDraft, DocumentKey, DocumentKind, DocumentSource, PageCommit, PageCounts,
    SourceName, Stream,
};
use cortex_ingestion::ports::{PageStore, SetAsideRecords};
use cortex_ingestion::testing::page_store::{Harness, JobView, Run};
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B, USER_1, a_commit, a_document, a_draft, a_stream};
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, DocumentId, JobId, Lease, StoreError, UserId};
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgPageStore, PgSetAsideRecords};
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
            },
            set_aside: number("set_aside"),
        }
    }

    async fn documents(&self, company_id: CompanyId) -> Vec<Document> {
        let query = "select id, source, source_account, source_id, document_type, title, content, content_incomplete, \
                     metadata, ingested_by_user_id, ingested_by_user_email, ingestion_method \
                     from documents where tenant_id = $1 order by source, source_account, source_id collate \"C\"";
        let rows = self.0.superuser().query(query, &[&company_id.to_string()]).await.unwrap();
        rows.into_iter()
            .map(|row| Document {
                id: DocumentId::new(row.get(0)),
                key: key(row.get(1), row.get(2), row.get(3)),
                kind: DocumentKind::new(row.get::<_, String>(4)),
                title: row.get(5),
                content: row.get(6),
                content_incomplete: row.get(7),
                metadata: row.get::<_, Value>(8).as_object().cloned().unwrap(),
                ingested_by: row.get::<_, Option<String>>(9).map(|id| id.parse().unwrap()),
                ingested_by_email: row.get::<_, Option<String>>(10).map(|email| email.parse().unwrap()),
                method: row.get::<_, Option<String>>(11).map(|method| method.parse().unwrap()),
            })
            .collect()
    }

    async fn sources(&self, company_id: CompanyId, id: DocumentId) -> Vec<DocumentSource> {
        let query = "select user_id, connection_id, job_id, method, source, source_account, source_id, vanished_at \
                     from document_sources where tenant_id = $1 and document_id = $2 \
                     order by user_id, source, source_account, source_id collate \"C\"";
        let rows = self.0.superuser().query(query, &[&company_id.to_string(), &id.get()]).await.unwrap();
        rows.into_iter()
            .map(|row| DocumentSource {
                document_id: id,
                user_id: row.get::<_, String>(0).parse().unwrap(),
                connection_id: row.get::<_, Option<i64>>(1).map(ConnectionId::new),
                job_id: row.get::<_, Option<Uuid>>(2).map(JobId::new),
                method: row.get::<_, String>(3).parse().unwrap(),
                record: key(row.get(4), row.get(5), row.get(6)),
                vanished_at: row.get(7),
            })
            .collect()
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

    let waits = "select exists (select from pg_locks where not granted \
                 and pg_backend_pid() = any(pg_blocking_pids(pid)))";
    let is_waiting = async { while !superuser.query_one(waits, &[]).await.unwrap().get::<_, bool>(0) {} };
    let end_of_the_whole = async {
        tokio::time::timeout(Duration::from_secs(30), is_waiting).await.expect("the page waits for the document");
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
    let connection = run.stream.connection_id;
    let many = format!(
        "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content, message_key) \
         select '{COMPANY_A}', 'gmail', 'a', 'of-old-' || n, 'email', '', '', 'message-' || n from generate_series(1, 3000) n; \
         insert into document_sources (tenant_id, document_id, user_id, connection_id, method, source, source_account, \
           source_id) \
         select tenant_id, id, '{USER_1}', {connection}, 'oauth_sync', source, source_account, source_id from documents; \
         analyze documents, document_sources"
    );
    harness.0.superuser().batch_execute(&many).await.unwrap();
    let pool = harness.0.pool_of(COMPANY_A, 1);
    let commit =
        PageCommit { lease: run.lease, stream: run.stream.clone(), documents: vec![a_document("1")], ..a_commit() };
    PgPageStore::new(pool.clone()).commit_page(&commit).await.unwrap();

    let plan = pool
        .run(async |connection: &mut AsyncPgConnection| {
            connection.batch_execute("set plan_cache_mode = force_custom_plan").await?;
            let name = "select name as line from pg_prepared_statements \
                        where statement like '/* %select page.place, document.id%'";
            let Line { line: name } = diesel::sql_query(name).get_result(connection).await?;
            let page = "array['gmail'], array['a'], array['1'], array['hash'], array[false], array['key']";
            let explain = format!("explain execute {name}('{COMPANY_A}', 1, {page}, 'c:1')");
            // The answer of `explain` has a column of a name that no field can have.
            let explain = format!(
                "create function pg_temp.explained() returns setof text language plpgsql as \
                 $body$ begin return query execute $explain${explain}$explain$; end $body$"
            );
            connection.batch_execute(&explain).await?;
            diesel::sql_query("select line from pg_temp.explained() as line").load::<Line>(connection).await
        })
        .await
        .unwrap();

    let plan: Vec<_> = plan.into_iter().map(|Line { line }| line).collect();
    let of_index = |line: &String| Some(line.split_once("Index Scan using ")?.1.split(' ').next()?.to_owned());
    let indexes: BTreeSet<_> = plan.iter().filter_map(of_index).filter(|name| name.contains("document")).collect();
    let expected = ["documents_pkey", "idx_document_sources_record", "idx_documents_message", "unique_document_record"];
    assert_eq!(indexes, expected.map(str::to_owned).into(), "{plan:#?}");
    assert!(!plan.iter().any(|line| line.contains("Seq Scan on document")), "{plan:#?}");
}

fn key(source: String, source_account: String, source_id: String) -> DocumentKey {
    DocumentKey { source: SourceName::new(source), source_account, source_id }
}
