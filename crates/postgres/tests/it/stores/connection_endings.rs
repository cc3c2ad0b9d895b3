//! [`PgConnectionEndings`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::model::{Documents, EndConnection, Purge, Purged};
use cortex_connections::ports::{ConnectionEndings, ConnectionStore};
use cortex_connections::testing::connection_endings::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, an_origin};
use cortex_kernel::{CompanyId, ConnectionId, Provider, StoreError};
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgConnectionEndings, PgConnectionStore};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn endings(&self, company_id: CompanyId) -> Arc<dyn ConnectionEndings> {
        Arc::new(PgConnectionEndings::new(self.0.pool(company_id)))
    }

    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore> {
        Arc::new(PgConnectionStore::new(self.0.pool(company_id)))
    }

    async fn put_unclaimed(&self, company_id: CompanyId) -> ConnectionId {
        self.0.put_unclaimed(company_id, "old-1", NOON).await
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }

    async fn to_be_removed(&self, company_id: CompanyId) -> Vec<String> {
        self.0.to_be_removed(company_id).await
    }
}

cortex_connections::connection_endings_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    let world = World::with(Database::Company, [COMPANY_A, COMPANY_B], Pooler::Transaction).await;

    cortex_connections::testing::connection_endings::what_was_ended_before_is_not_ended_again(&PgHarness(world)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_connections::testing::connection_endings::another_companys_connection_is_not_ended(&harness).await;
}

fn an_end(id: ConnectionId) -> EndConnection {
    let documents = Documents::Keep;
    EndConnection { company_id: COMPANY_A, id, by: USER_1, documents, at: NOON, origin: an_origin() }
}

/// Two people with a Gmail connection each; with a job that runs, a cursor and a lock.
async fn two_connections(harness: &PgHarness) -> [ConnectionId; 2] {
    let mine = harness.0.connect(COMPANY_A, USER_1, Provider::Gmail).await;
    let colleagues = harness.0.connect(COMPANY_A, USER_2, Provider::Gmail).await;
    let fill = "insert into sync_jobs (tenant_id, user_id, connection_id, job_type, kind, trigger, status, \
                  lease_owner, lease_until) \
                select tenant_id, user_id, id, 'gmail', 'initial', 'user', 'running', 'w', now() + interval '1 hour' \
                from connections; \
                insert into nango_sync_cursors (tenant_id, user_id, provider, sync_name, connection_id, model) \
                select tenant_id, user_id, provider_key, 'GmailEmail', connection_id, 'GmailEmail' from connections; \
                update connections set can_manual_sync = false, initial_sync_started_at = now(), \
                  initial_sync_completed = true";
    harness.0.superuser().batch_execute(fill).await.unwrap();
    [mine, colleagues]
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_runs_on_for_an_ended_connection_and_everything_for_a_colleagues() {
    let harness = PgHarness::new().await;
    let [mine, _] = two_connections(&harness).await;

    harness.endings(COMPANY_A).end(&an_end(mine)).await.unwrap();

    let query = "select format('%s %s %s %s %s', status, can_manual_sync, initial_sync_completed, \
                   (select string_agg(job.status, ',') from sync_jobs job where job.connection_id = connections.id), \
                   (select count(*) from nango_sync_cursors where connection_id = connections.connection_id)) \
                 from connections order by id";
    let rows = harness.0.superuser().query(query, &[]).await.unwrap();
    let told: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(told, ["disconnected t f cancelled 0", "active f t running 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_audit_row_no_connection_is_ended() {
    let harness = PgHarness::new().await;
    let [mine, _] = two_connections(&harness).await;
    let superuser = harness.0.superuser();
    superuser.batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();

    let ended = harness.endings(COMPANY_A).end(&an_end(mine)).await;

    assert!(matches!(ended, Err(StoreError::Broken(_))), "{ended:?}");
    let query = "select count(*) filter (where status = 'active') + (select count(*) from sync_jobs \
                   where status = 'running') - (select count(*) from broker_removals) from connections";
    assert_eq!(superuser.query_one(query, &[]).await.unwrap().get::<_, i64>(0), 4);
}

/// 1,500 documents that only one brought in, one that both did, and one that only the other did.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_removes_what_the_connection_alone_brought_in_and_nothing_else() {
    let harness = PgHarness::new().await;
    let [mine, colleagues] = two_connections(&harness).await;
    let fill = format!(
        "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content) \
         select '{COMPANY_A}', 'gmail', '', 'm-' || n, 'email', 't', 'c' from generate_series(1, 1502) n; \
         insert into document_sources (tenant_id, document_id, user_id, connection_id, method, source, source_id) \
         select tenant_id, id, '{USER_1}', {mine}, 'oauth_sync', source, source_id from documents \
         where source_id <> 'm-1502'; \
         insert into document_sources (tenant_id, document_id, user_id, connection_id, method, source, source_id) \
         select tenant_id, id, '{USER_2}', {colleagues}, 'oauth_sync', source, source_id from documents \
         where source_id in ('m-1501', 'm-1502')"
    );
    harness.0.superuser().batch_execute(&fill).await.unwrap();
    let endings = harness.endings(COMPANY_A);
    endings.end(&an_end(mine)).await.unwrap();
    let purge = Purge { company_id: COMPANY_A, id: mine, by: USER_1, origin: an_origin() };

    assert_eq!(endings.purge_some(&purge).await.unwrap(), Purged { documents: 1000, is_done: false });
    assert_eq!(endings.purge_some(&purge).await.unwrap(), Purged { documents: 500, is_done: true });
    assert_eq!(endings.purge_some(&purge).await.unwrap(), Purged { documents: 0, is_done: true });

    let query = "select (select string_agg(source_id, ' ' order by source_id) from documents), \
                   (select string_agg(distinct user_id, ' ') from document_sources)";
    let row = harness.0.superuser().query_one(query, &[]).await.unwrap();
    assert_eq!((row.get::<_, String>(0), row.get::<_, String>(1)), ("m-1501 m-1502".to_owned(), USER_2.to_string()));
    let audited = harness.audited(COMPANY_A).await;
    assert_eq!(audited, ["connection_disconnected", "documents_purged", "documents_purged"]);
}

/// 1,500 records that were read by one connection and could not be taken in, and one by the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_forgets_what_the_connection_set_aside_and_nothing_else() {
    let harness = PgHarness::new().await;
    let [mine, colleagues] = two_connections(&harness).await;
    let fill = format!(
        "insert into set_aside_records \
           (tenant_id, user_id, connection_id, provider, model, variant, record_key, reason, job_id) \
         select tenant_id, user_id, id, 'gmail', 'GmailEmail', 'base', 'm-' || n, 'draft', gen_random_uuid() \
         from connections, generate_series(1, 1500) n where id = {mine} or n = 1"
    );
    harness.0.superuser().batch_execute(&fill).await.unwrap();
    let endings = harness.endings(COMPANY_A);
    endings.end(&an_end(mine)).await.unwrap();
    let purge = Purge { company_id: COMPANY_A, id: mine, by: USER_1, origin: an_origin() };

    assert_eq!(endings.purge_some(&purge).await.unwrap(), Purged { documents: 0, is_done: false });
    assert_eq!(endings.purge_some(&purge).await.unwrap(), Purged { documents: 0, is_done: true });

    let rows = harness.0.superuser().query("select connection_id from set_aside_records", &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<i64>>(), [colleagues.get()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lacks_is_forgotten_with_the_connection_and_a_colleagues_is_not() {
    let harness = PgHarness::new().await;
    let [mine, colleagues] = two_connections(&harness).await;
    let fill = "insert into unfinished_contents \
                  (tenant_id, user_id, connection_id, model, variant, record_key, record, fingerprint, attempts, next_at, \
                   reason) \
                select tenant_id, user_id, id, 'Message', 'base', 'm', '{}', 'says', 1, now(), 'unavailable' \
                from connections";
    harness.0.superuser().batch_execute(fill).await.unwrap();

    harness.endings(COMPANY_A).end(&an_end(mine)).await.unwrap();

    let rows = harness.0.superuser().query("select connection_id from unfinished_contents", &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<i64>>(), [colleagues.get()]);
}

/// The attachments stand in the part of the documents that a second step would look at.
#[tokio::test(flavor = "multi_thread")]
async fn attachments_are_purged_with_their_messages_and_counted() {
    let harness = PgHarness::new().await;
    let [mine, colleagues] = two_connections(&harness).await;
    let fill = format!(
        "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content) \
         select '{COMPANY_A}', 'gmail', '', 'm-' || n, 'email', 't', 'c' from generate_series(1, 1000) n; \
         insert into documents (tenant_id, source, source_account, source_id, document_type, title, content, \
           parent_document_id) \
         select tenant_id, source, '', source_id || '_a', 'attachment', 't', 'c', id from documents \
         where source_id in ('m-1', 'm-2'); \
         insert into document_sources (tenant_id, document_id, user_id, connection_id, method, source, source_id) \
         select tenant_id, id, '{USER_1}', {mine}, 'oauth_sync', source, source_id from documents; \
         insert into document_sources (tenant_id, document_id, user_id, connection_id, method, source, source_id) \
         select tenant_id, id, '{USER_2}', {colleagues}, 'oauth_sync', source, source_id from documents \
         where source_id in ('m-2', 'm-2_a')"
    );
    harness.0.superuser().batch_execute(&fill).await.unwrap();
    let endings = harness.endings(COMPANY_A);
    endings.end(&an_end(mine)).await.unwrap();
    let purge = Purge { company_id: COMPANY_A, id: mine, by: USER_1, origin: an_origin() };

    assert_eq!(endings.purge_some(&purge).await.unwrap(), Purged { documents: 1000, is_done: false });
    assert_eq!(endings.purge_some(&purge).await.unwrap(), Purged { documents: 0, is_done: true });

    let query = "select string_agg(source_id, ' ' order by source_id) from documents";
    let left: String = harness.0.superuser().query_one(query, &[]).await.unwrap().get(0);
    assert_eq!(left, "m-2 m-2_a");
}

/// What was decided is carried out all the same.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_connection_ends_what_waits_for_a_word_on_it_and_nothing_else() {
    let harness = PgHarness::new().await;
    let [mine, _] = two_connections(&harness).await;
    let fill = "insert into held_deletions \
                  (tenant_id, user_id, connection_id, provider, model, variant, job_id, records, state) \
                select tenant_id, user_id, id, 'gmail', 'GmailEmail', 'base', gen_random_uuid(), 1, state \
                from connections, unnest(array['pending', 'confirmed']) state; \
                insert into held_deletion_records (tenant_id, held_deletion_id, source, source_account, source_id) \
                select tenant_id, id, 'gmail', '', 'm-1' from held_deletions";
    harness.0.superuser().batch_execute(fill).await.unwrap();

    harness.endings(COMPANY_A).end(&an_end(mine)).await.unwrap();

    let query = "select string_agg(format('%s %s', user_id, state), ', ' order by connection_id, state), \
                   (select count(*) from held_deletion_records) from held_deletions";
    let row = harness.0.superuser().query_one(query, &[]).await.unwrap();
    let expected = format!("{USER_1} confirmed, {USER_2} confirmed, {USER_2} pending");
    assert_eq!((row.get::<_, String>(0), row.get::<_, i64>(1)), (expected, 3));
}

/// He connected again while it went on: what comes in now is wanted.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_ends_where_the_account_is_connected_again() {
    let harness = PgHarness::new().await;
    let [mine, _] = two_connections(&harness).await;
    let fill = format!(
        "with one as ( \
           insert into documents (tenant_id, source, source_account, source_id, document_type, title, content) \
           values ('{COMPANY_A}', 'gmail', '', 'm-1', 'email', 't', 'c') returning *) \
         insert into document_sources (tenant_id, document_id, user_id, connection_id, method, source, source_id) \
         select tenant_id, id, '{USER_1}', {mine}, 'oauth_sync', source, source_id from one"
    );
    harness.0.superuser().batch_execute(&fill).await.unwrap();
    let purge = Purge { company_id: COMPANY_A, id: mine, by: USER_1, origin: an_origin() };

    let purged = harness.endings(COMPANY_A).purge_some(&purge).await.unwrap();

    assert_eq!(purged, Purged { documents: 0, is_done: true });
    let left = "select count(*) from documents";
    assert_eq!(harness.0.superuser().query_one(left, &[]).await.unwrap().get::<_, i64>(0), 1);
}
