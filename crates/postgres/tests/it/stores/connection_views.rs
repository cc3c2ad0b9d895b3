//! [`PgConnectionViews`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::model::ViewFilter;
use cortex_connections::ports::{ConnectSessionEndings, ConnectSessionStore, ConnectionStore, ConnectionViews};
use cortex_connections::testing::connection_views::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B, NOON, USER_1};
use cortex_kernel::{CompanyId, ConnectionId, PageRequest, Provider};
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgConnectSessionEndings, PgConnectSessionStore, PgConnectionStore, PgConnectionViews};
use time::OffsetDateTime;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn views(&self, company_id: CompanyId) -> Arc<dyn ConnectionViews> {
        Arc::new(PgConnectionViews::new(self.0.pool(company_id)))
    }

    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore> {
        Arc::new(PgConnectionStore::new(self.0.pool(company_id)))
    }

    fn sessions(&self, company_id: CompanyId) -> Arc<dyn ConnectSessionStore> {
        Arc::new(PgConnectSessionStore::new(self.0.pool(company_id)))
    }

    fn session_endings(&self, company_id: CompanyId) -> Arc<dyn ConnectSessionEndings> {
        Arc::new(PgConnectSessionEndings::new(self.0.pool(company_id)))
    }

    async fn put_unclaimed(&self, company_id: CompanyId) -> ConnectionId {
        self.0.put_unclaimed(company_id, "old-1", NOON).await
    }

    async fn disconnect(&self, company_id: CompanyId, id: ConnectionId, at: OffsetDateTime) {
        self.0.disconnect(company_id, id, at).await;
    }

    async fn begin(&self, id: ConnectionId, is_complete: bool) {
        let update = "update connections set can_manual_sync = false, initial_sync_completed = $2 where id = $1";
        self.0.superuser().execute(update, &[&id.get(), &is_complete]).await.unwrap();
    }

    async fn put_job(&self, id: ConnectionId, is_completed: bool, at: OffsetDateTime) {
        let insert = "insert into sync_jobs (tenant_id, user_id, connection_id, job_type, kind, trigger, status, \
                        created_at, completed_at) \
                      select tenant_id, user_id, id, 'gmail', 'incremental', 'user', $2, $3, $3 \
                      from connections where id = $1";
        let status = if is_completed { "completed" } else { "failed" };
        self.0.superuser().execute(insert, &[&id.get(), &status, &at]).await.unwrap();
    }

    async fn bring_in(&self, id: ConnectionId, documents: u64) {
        let fill = format!(
            "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content) \
             select tenant_id, 'gmail', '', 'm-' || n, 'email', 't', 'c' \
             from connections, generate_series(0, {documents}) n where connections.id = {id}; \
             insert into document_sources (tenant_id, document_id, user_id, connection_id, method, source, source_id, \
               vanished_at) \
             select tenant_id, id, 'u', {id}, 'oauth_sync', source, source_id, \
               case source_id when 'm-0' then now() end from documents"
        );
        self.0.superuser().batch_execute(&fill).await.unwrap();
    }
}

cortex_connections::connection_views_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    let world = World::with(Database::Company, [COMPANY_A, COMPANY_B], Pooler::Transaction).await;

    cortex_connections::testing::connection_views::a_person_is_told_how_he_stands_with_every_provider(&PgHarness(
        world,
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_connections::testing::connection_views::connections_of_another_company_are_not_told_of(&harness).await;
}

/// Rows that people wrote by hand long ago.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_odd_in_old_rows_does_not_hide_the_others() {
    let harness = PgHarness::new().await;
    harness.0.connect(COMPANY_A, USER_1, Provider::Gmail).await;
    let fill = format!(
        "insert into connections (tenant_id, provider_key, connection_id, user_email, account_email) values \
         ('{COMPANY_A}', 'slack', 'old-1', null, null), ('{COMPANY_A}', 'outlook', 'old-2', 'nobody', 'nowhere')"
    );
    harness.0.superuser().batch_execute(&fill).await.unwrap();

    let page = PageRequest::new(None, None);
    let listed = harness.views(COMPANY_A).list_connections(COMPANY_A, &ViewFilter::default(), &page).await.unwrap();

    let told: Vec<_> = listed.items.iter().map(|one| (one.connection.provider, &one.connection.user_email)).collect();
    assert_eq!(told, [(Provider::Outlook, &None), (Provider::Gmail, &None)]);
}
