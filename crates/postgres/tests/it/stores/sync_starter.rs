//! [`PgSyncStarter`], and what [`PgJobQueue`] makes of the locks.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, JobId, Provider, StoreError, UserId};
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgJobQueue, PgSyncStarter};
use cortex_sync_jobs::model::{Access, Override, SyncStart};
use cortex_sync_jobs::ports::{JobQueue, SyncStarter};
use cortex_sync_jobs::testing::sync_starter::{Harness, LockView};
use cortex_sync_jobs::testing::{COMPANY_A, COMPANY_B, USER_1, a_new_job, a_request};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn starter(&self, company_id: CompanyId) -> Arc<dyn SyncStarter> {
        Arc::new(PgSyncStarter::new(self.0.pool(company_id)))
    }

    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue> {
        Arc::new(PgJobQueue::new(self.0.pool(company_id)))
    }

    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
        self.0.connect(company_id, user_id, provider).await
    }

    async fn set_access(&self, id: ConnectionId, access: Access) {
        self.0.set_access(id, access).await;
    }

    async fn lock(&self, id: ConnectionId) -> LockView {
        let query = "select can_manual_sync, initial_sync_completed, initial_sync_completed_at is not null, \
                     sync_lock_reason is not null from connections where id = $1";
        let row = self.0.superuser().query_one(query, &[&id.get()]).await.unwrap();
        let (can_sync, is_completed): (bool, bool) = (row.get(0), row.get(1));
        assert_eq!(is_completed, row.get::<_, bool>(2), "it says when");
        assert_eq!(!can_sync, row.get::<_, bool>(3), "it says why");
        LockView { is_locked: !can_sync, is_completed }
    }

    async fn put_cursor(&self, id: ConnectionId) {
        let insert = "insert into nango_sync_cursors \
                        (tenant_id, user_id, provider, sync_name, connection_id, model, variant, last_cursor) \
                      select tenant_id, user_id, provider_key, 'Message', connection_id, 'Message', 'base', 'cursor' \
                      from connections where id = $1";
        self.0.superuser().execute(insert, &[&id.get()]).await.unwrap();
    }

    async fn has_cursor(&self, id: ConnectionId) -> bool {
        let query = "select exists (select from nango_sync_cursors cursor \
                     join connections using (tenant_id, user_id, connection_id) where connections.id = $1)";
        self.0.superuser().query_one(query, &[&id.get()]).await.unwrap().get(0)
    }

    async fn put_override(
        &self,
        company_id: CompanyId,
        user_id: Option<UserId>,
        provider: Option<Provider>,
        says: Override,
    ) {
        let insert = "insert into sync_overrides (tenant_id, user_id, provider, allow, reason, by) \
                      values ($1, $2, $3, $4, 'because', 'an admin')";
        let (company, user) = (company_id.to_string(), user_id.map(|user_id| user_id.to_string()));
        let (provider, allow) = (provider.map(Provider::name), says == Override::Allow);
        self.0.superuser().execute(insert, &[&company, &user, &provider, &allow]).await.unwrap();
    }

    async fn take_back_overrides(&self) {
        self.0.superuser().batch_execute("delete from sync_overrides").await.unwrap();
    }

    async fn get_on(&self, id: JobId) {
        let update = "update sync_jobs set progress = jsonb_build_object('pages', 1) where id = $1";
        self.0.superuser().execute(update, &[&id.as_uuid()]).await.unwrap();
    }

    async fn pass(&self, time: Duration) {
        let update = "update sync_jobs set run_after = run_after - make_interval(secs => $1), \
                      lease_until = lease_until - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }
}

cortex_sync_jobs::sync_starter_contract!(PgHarness::new().await);

fn a_start() -> SyncStart {
    SyncStart { request: a_request(), id: a_new_job().id, max_attempts: 3, has_leave: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    let world = World::with(Database::Company, [COMPANY_A, COMPANY_B], Pooler::Transaction).await;

    cortex_sync_jobs::testing::sync_starter::a_leave_is_used_up_by_the_start_that_needs_it(&PgHarness(world)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_sync_jobs::testing::sync_starter::another_companys_connection_reads_as_absent(&harness).await;
}

/// All or nothing: the job and the lock are written before the audit row.
#[tokio::test(flavor = "multi_thread")]
async fn without_its_audit_row_nothing_is_started() {
    let harness = PgHarness::new().await;
    let connection = harness.connect(COMPANY_A, USER_1, Provider::Gmail).await;
    harness.0.superuser().batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();

    let refused = harness.starter(COMPANY_A).start(&a_start()).await;

    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(harness.lock(connection).await, LockView::default());
    assert_eq!(harness.queue(COMPANY_A).find_job(COMPANY_A, a_start().id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_row_tells_whose_account_and_by_which_request() {
    let harness = PgHarness::new().await;
    harness.connect(COMPANY_A, USER_1, Provider::Gmail).await;

    harness.starter(COMPANY_A).start(&a_start()).await.unwrap();

    let told = "select format('%s %s %s %s %s %s', tenant_id, user_id, request_id, resource_id, details ->> 'provider', \
                details ->> 'triggered_by') from admin_audit_log";
    let row = harness.0.superuser().query_one(told, &[]).await.unwrap();
    let job = a_start().id;
    assert_eq!(row.get::<_, String>(0), format!("{COMPANY_A} {USER_1} request-1 {job} gmail {USER_1}"));
}

/// A leave for everybody may be used by two people at once, and is used up by one.
#[tokio::test(flavor = "multi_thread")]
async fn a_leave_that_two_people_use_at_once_lets_one_start() {
    use cortex_sync_jobs::model::{StartRefusal, SyncRequest};
    use cortex_sync_jobs::ports::StartOutcome;
    use cortex_sync_jobs::testing::USER_2;
    use uuid::Uuid;

    let harness = PgHarness::new().await;
    for user in [USER_1, USER_2] {
        harness.connect(COMPANY_A, user, Provider::Gmail).await;
    }
    harness.0.superuser().batch_execute("update connections set can_manual_sync = false").await.unwrap();
    harness.put_override(COMPANY_A, None, None, Override::Allow).await;
    let starts = [(USER_1, 1), (USER_2, 2)].map(|(user_id, n)| SyncStart {
        request: SyncRequest { user_id, ..a_request() },
        id: JobId::new(Uuid::from_u128(n)),
        max_attempts: 3,
        has_leave: false,
    });
    let store = harness.starter(COMPANY_A);

    let (one, other) = tokio::join!(store.start(&starts[0]), store.start(&starts[1]));

    let outcomes = [one.unwrap(), other.unwrap()];
    let started = outcomes.iter().filter(|outcome| matches!(outcome, StartOutcome::Started(_))).count();
    let refused = outcomes.iter().filter(|outcome| **outcome == StartOutcome::Refused(StartRefusal::Locked)).count();
    assert_eq!((started, refused), (1, 1), "{outcomes:?}");
}
