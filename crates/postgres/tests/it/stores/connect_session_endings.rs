//! [`PgConnectSessionEndings`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::model::{ConnectSessionId, RefusalReason};
use cortex_connections::ports::{ConnectSessionEndings, ConnectSessionStore};
use cortex_connections::testing::connect_session_endings::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B, SessionState, USER_1, a_connect_session, a_refusal};
use cortex_kernel::{BrokerConnectionId, CompanyId, Origin, StoreError};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgConnectSessionEndings, PgConnectSessionStore};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn sessions(&self, company_id: CompanyId) -> Arc<dyn ConnectSessionStore> {
        Arc::new(PgConnectSessionStore::new(self.0.pool(company_id)))
    }

    fn endings(&self, company_id: CompanyId) -> Arc<dyn ConnectSessionEndings> {
        Arc::new(PgConnectSessionEndings::new(self.0.pool(company_id)))
    }

    async fn state_of(&self, company_id: CompanyId, id: ConnectSessionId) -> SessionState {
        let query = "select state, reason, coalesce(connection_id, ''), ended_at is not null \
                     from connect_sessions where tenant_id = $1 and id = $2";
        let row = self.0.superuser().query_one(query, &[&company_id.to_string(), &id.0]).await.unwrap();
        let (state, reason, broker_id): (String, Option<String>, String) = (row.get(0), row.get(1), row.get(2));
        let (broker_id, has_ended) = (BrokerConnectionId::new(broker_id), row.get::<_, bool>(3));
        match (state.as_str(), reason.as_deref(), has_ended) {
            ("open", None, false) => SessionState::Open,
            ("completed", None, true) => SessionState::Completed(broker_id),
            ("refused", Some("account_mismatch"), true) => {
                SessionState::Refused(RefusalReason::AccountMismatch, broker_id)
            }
            other => panic!("a session of no known state: {other:?}"),
        }
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }

    async fn to_be_removed(&self, company_id: CompanyId) -> Vec<String> {
        self.0.to_be_removed(company_id).await
    }
}

cortex_connections::connect_session_endings_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_row_tells_who_was_refused_what_and_why() {
    let harness = PgHarness::new().await;

    harness.endings(COMPANY_A).refuse(&a_refusal()).await.unwrap();

    let told = "select format('%s %s %s %s %s', tenant_id, user_id, request_id, details ->> 'connection_id', \
                details ->> 'reason') from admin_audit_log";
    let row = harness.0.superuser().query_one(told, &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), format!("{COMPANY_A} {USER_1} request-1 broker-2 account_mismatch"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_audit_row_no_session_is_refused() {
    let harness = PgHarness::new().await;
    harness.sessions(COMPANY_A).remember(&a_connect_session(), &Origin::default()).await.unwrap();
    harness.0.superuser().batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();

    let refused = harness.endings(COMPANY_A).refuse(&a_refusal()).await;

    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(harness.state_of(COMPANY_A, a_connect_session().id).await, SessionState::Open);
}
