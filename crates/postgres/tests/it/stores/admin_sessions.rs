//! [`PgAdminSessions`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_identity::model::{AdminRefusal, AdminRefusalReason};
use cortex_identity::ports::AdminSessions;
use cortex_identity::testing::admin_sessions::Harness;
use cortex_identity::testing::{COMPANY_A, COMPANY_B, a_new_admin_session, an_admin_origin};
use cortex_kernel::{AdminSessionId, CompanyId, StoreError};
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgAdminSessions;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn sessions(&self, company_id: CompanyId) -> Arc<dyn AdminSessions> {
        Arc::new(PgAdminSessions::new(self.0.pool(company_id)))
    }

    async fn pass(&self, time: Duration) {
        let update = "update admin_sessions set expires_at = expires_at - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
    }

    async fn kept(&self, company_id: CompanyId) -> usize {
        let query = "select count(*) from admin_sessions where tenant_id = $1";
        let row = self.0.superuser().query_one(query, &[&company_id.to_string()]).await.unwrap();
        usize::try_from(row.get::<_, i64>(0)).unwrap()
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<(String, Option<AdminSessionId>)> {
        let query = "select action, session_id from admin_audit_log where tenant_id = $1 order by created_at";
        let rows = self.0.superuser().query(query, &[&company_id.to_string()]).await.unwrap();
        rows.into_iter().map(|row| (row.get(0), row.get::<_, Option<_>>(1).map(AdminSessionId::new))).collect()
    }
}

cortex_identity::admin_sessions_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    let world = World::with(Database::Company, [COMPANY_A, COMPANY_B], Pooler::Transaction).await;

    cortex_identity::testing::admin_sessions::a_closed_session_is_not_found_and_the_others_are(&PgHarness(world)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_identity::testing::admin_sessions::another_companys_session_is_not_found(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_audit_row_no_session_is_opened_or_closed() {
    let harness = PgHarness::new().await;
    let sessions = harness.sessions(COMPANY_A);
    let open = sessions.open(&a_new_admin_session(COMPANY_A, "one")).await.unwrap();
    harness.0.superuser().batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();

    let refused = sessions.open(&a_new_admin_session(COMPANY_A, "another")).await;
    let kept = sessions.close(&open, &an_admin_origin()).await;

    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert!(matches!(kept, Err(StoreError::Broken(_))), "{kept:?}");
    assert_eq!(harness.kept(COMPANY_A).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_tell_where_it_was_done_from_and_no_row_tells_a_token() {
    let harness = PgHarness::new().await;
    let sessions = harness.sessions(COMPANY_A);
    sessions.open(&a_new_admin_session(COMPANY_A, "a-token-of-a-session")).await.unwrap();
    let (reason, origin) = (AdminRefusalReason::WrongPin, an_admin_origin());
    sessions.tell_refusal(&AdminRefusal { company_id: COMPANY_A, reason, origin }).await.unwrap();

    let query = "select format('%s %s %s %s', ip_address, user_agent, request_id, coalesce(details ->> 'reason', '-')), \
                 (select string_agg(s::text, '') from admin_sessions s) || admin_audit_log::text \
                 from admin_audit_log order by created_at";
    let rows = harness.0.superuser().query(query, &[]).await.unwrap();
    let told: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(told, ["10.0.0.7 a browser request-1 -", "10.0.0.7 a browser request-1 wrong_pin"]);
    assert!(rows.iter().all(|row| !row.get::<_, String>(1).contains("a-token-of-a-session")));
}
