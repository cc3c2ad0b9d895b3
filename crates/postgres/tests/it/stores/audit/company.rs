//! The stores on a company's database.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_identity::ports::{AuditChain, AuditCopies, AuditLog, AuditRetention, AuditSealer, ConnectionActions};
use cortex_identity::testing::audit::{CompanyHarness, NewRow};
use cortex_identity::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::{CompanyId, UserId};
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{
    PgAuditChain, PgAuditCopies, PgAuditLog, PgAuditRetention, PgAuditSealer, PgConnectionActions,
};
use uuid::Uuid;

use crate::stores::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self::with(Pooler::Session).await
    }

    async fn with(pooler: Pooler) -> Self {
        Self(World::with(Database::Company, [COMPANY_A, COMPANY_B], pooler).await)
    }

    /// Does what only somebody can who owns the database.
    async fn behind_the_triggers(&self, statement: &str) {
        let statement = format!(
            "begin; alter table admin_audit_log disable trigger user; {statement}; \
             alter table admin_audit_log enable trigger user; commit"
        );
        self.0.superuser().batch_execute(&statement).await.unwrap();
    }
}

#[async_trait]
impl CompanyHarness for PgHarness {
    fn sealer(&self, company_id: CompanyId) -> Arc<dyn AuditSealer> {
        Arc::new(PgAuditSealer::new(self.0.pool(company_id)))
    }

    fn chain(&self, company_id: CompanyId) -> Arc<dyn AuditChain> {
        Arc::new(PgAuditChain::new(self.0.pool(company_id)))
    }

    fn copies(&self, company_id: CompanyId) -> Arc<dyn AuditCopies> {
        Arc::new(PgAuditCopies::new(self.0.pool(company_id)))
    }

    fn retention(&self, company_id: CompanyId) -> Arc<dyn AuditRetention> {
        Arc::new(PgAuditRetention::new(self.0.pool(company_id)))
    }

    fn log(&self, company_id: CompanyId) -> Arc<dyn AuditLog> {
        Arc::new(PgAuditLog::new(self.0.pool(company_id)))
    }

    fn connection_actions(&self, company_id: CompanyId) -> Arc<dyn ConnectionActions> {
        Arc::new(PgConnectionActions::new(self.0.pool(company_id)))
    }

    async fn put(&self, company_id: CompanyId, row: NewRow) -> Uuid {
        let NewRow { action, user_id, at, address, user_agent, details } = row;
        let insert = "insert into admin_audit_log \
                        (tenant_id, action, user_id, created_at, ip_address, user_agent, details) \
                      values ($1, $2, $3, $4, $5, $6, $7::text::jsonb) returning id";
        let user_id = user_id.as_ref().map(UserId::to_string);
        let row = self
            .0
            .superuser()
            .query_one(insert, &[&company_id.to_string(), &action, &user_id, &at, &address, &user_agent, &details])
            .await
            .unwrap();
        row.get(0)
    }

    async fn smuggle(&self, company_id: CompanyId, row: NewRow) -> Uuid {
        let id = self.put(company_id, row).await;
        let forget = format!("delete from admin_audit_unsealed where audit_id = '{id}'");
        self.0.superuser().batch_execute(&forget).await.unwrap();
        id
    }

    async fn cut_out(&self, company_id: CompanyId, id: Uuid) {
        self.behind_the_triggers(&format!(
            "delete from admin_audit_log where id = '{id}' and tenant_id = '{company_id}'"
        ))
        .await;
    }

    async fn let_wait(&self) {
        let wait = "update admin_audit_unsealed set queued_at = queued_at - interval '1 minute'";
        self.0.superuser().batch_execute(wait).await.unwrap();
    }
}

cortex_identity::company_audit_contract!(PgHarness::new().await);

mod behind_a_transaction_pooler {
    use cortex_identity::testing::audit;
    use cortex_postgres::Pooler;

    use super::PgHarness;

    #[tokio::test(flavor = "multi_thread")]
    async fn rows_are_sealed_and_forgotten_too() {
        let harness = PgHarness::with(Pooler::Transaction).await;

        audit::rows_are_sealed_once_in_the_order_in_which_they_came(&harness).await;

        let harness = PgHarness::with(Pooler::Transaction).await;
        audit::only_rows_older_than_the_moment_forget_what_is_personal(&harness).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_stores_themselves_tell_companies_apart() {
    use cortex_identity::testing::audit;

    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    audit::rows_of_another_company_are_not_sealed(&harness).await;

    let harness = PgHarness::new().await;
    harness.0.open_walls().await;
    audit::nothing_of_another_company_is_shown(&harness).await;

    let harness = PgHarness::new().await;
    harness.0.open_walls().await;
    audit::rows_of_another_company_forget_nothing(&harness).await;
    audit::rows_of_another_company_are_not_listed(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_old_enough_may_be_forgotten_and_nothing_else_changes() {
    let harness = PgHarness::new().await;
    let superuser = harness.0.superuser();
    superuser
        .batch_execute(&format!(
            "insert into admin_audit_log (tenant_id, action, ip_address, created_at) \
             values ('{COMPANY_A}', 'admin_login', '203.0.113.7', now() - interval '3 days')"
        ))
        .await
        .unwrap();
    let as_app = format!("set role cortex_app; set cortex.tenant_id = '{COMPANY_A}'");
    superuser.batch_execute(&as_app).await.unwrap();
    for call in [
        "select cortex_forget_audit_details('{COMPANY_A}', now(), 10)",
        "select cortex_forget_audit_details('{COMPANY_A}', null, 10)",
        "select cortex_forget_audit_details('{COMPANY_A}', now() - interval '2 days', 0)",
        "select cortex_forget_audit_details('{COMPANY_A}', now() - interval '2 days', 10001)",
        "select cortex_forget_audit_details('{COMPANY_A}', now() - interval '2 days', null)",
        "set cortex.forget_audit_before = '2999-01-01'; update admin_audit_log set ip_address = null",
    ] {
        let call = call.replace("{COMPANY_A}", &COMPANY_A.to_string());
        assert!(superuser.batch_execute(&call).await.is_err(), "{call}");
    }
    superuser.batch_execute("reset role").await.unwrap();

    // The owner, too, gets no further than that, unless he takes the trigger away.
    superuser.batch_execute("set cortex.forget_audit_before = '2999-01-01'").await.unwrap();
    for change in
        ["ip_address = null", "action = 'x', ip_address = null, user_agent = null, details = null, salt = null"]
    {
        assert!(superuser.batch_execute(&format!("update admin_audit_log set {change}")).await.is_err(), "{change}");
    }
    superuser.batch_execute("reset cortex.forget_audit_before").await.unwrap();
    let all = "update admin_audit_log set ip_address = null, user_agent = null, details = null, salt = null";
    assert!(superuser.batch_execute(all).await.is_err());
}
