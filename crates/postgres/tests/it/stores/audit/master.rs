//! The stores on Master.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_identity::model::audit::MasterAction;
use cortex_identity::ports::{AuditHeads, MasterActions, MasterCopies};
use cortex_identity::testing::audit::MasterHarness;
use cortex_identity::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgAuditHeads, PgMasterActions, PgMasterCopies};

use crate::stores::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        let world = World::new(Database::Master, [COMPANY_A, COMPANY_B]).await;
        world.put_companies().await;
        Self(world)
    }
}

#[async_trait]
impl MasterHarness for PgHarness {
    fn heads(&self, company_id: CompanyId) -> Arc<dyn AuditHeads> {
        Arc::new(PgAuditHeads::new(self.0.pool(company_id)))
    }

    fn actions(&self, company_id: CompanyId) -> Arc<dyn MasterActions> {
        Arc::new(PgMasterActions::new(self.0.pool(company_id)))
    }

    fn copies(&self, company_id: CompanyId) -> Arc<dyn MasterCopies> {
        Arc::new(PgMasterCopies::new(self.0.pool(company_id)))
    }

    /// As our own stores write it: the request stands among the details.
    async fn put(&self, company_id: CompanyId, done: MasterAction) {
        let insert = "insert into audit_log_global \
                        (id, company_id, user_id, action, resource_type, resource_id, details, ip_address, user_agent, \
                         created_at) \
                      values ($1, $2, $3::text::uuid, $4, $5, $6, \
                        coalesce($7::text::jsonb, '{}') || jsonb_build_object('request_id', $8::text), $9, $10, $11)";
        let MasterAction { id, user_id, action, resource_type, resource_id, .. } = &done;
        self.0
            .superuser()
            .execute(
                insert,
                &[
                    id,
                    &company_id.as_uuid(),
                    user_id,
                    action,
                    resource_type,
                    resource_id,
                    &done.details,
                    &done.request_id,
                    &done.address,
                    &done.user_agent,
                    &done.at,
                ],
            )
            .await
            .unwrap();
    }
}

cortex_identity::master_audit_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_stores_themselves_tell_companies_apart() {
    use cortex_identity::testing::audit;

    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    audit::actions_of_another_company_are_not_listed(&harness).await;
    audit::a_head_of_another_company_reads_as_absent(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_head_goes_back_for_nobody() {
    let harness = PgHarness::new().await;
    let superuser = harness.0.superuser();
    let insert = format!("insert into audit_heads (company_id, seq, hash) values ('{COMPANY_A}', 7, sha256('head'))");
    superuser.batch_execute(&insert).await.unwrap();

    for change in ["seq = 6", "hash = sha256('other')", &format!("company_id = '{COMPANY_B}'")] {
        assert!(superuser.batch_execute(&format!("update audit_heads set {change}")).await.is_err(), "{change}");
    }
    superuser.batch_execute("update audit_heads set seq = 8, hash = sha256('other')").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_others_wrote_are_told_as_they_stand() {
    let harness = PgHarness::new().await;
    let admin = "aaaaaaaa-0000-4000-8000-000000000001";
    harness
        .0
        .superuser()
        .batch_execute(&format!(
            "insert into master_admins (id, email, password_hash, name) values ('{admin}', 'o@example', 'hash', 'O'); \
             insert into audit_log_global (company_id, action, details, created_at) values \
               ('{COMPANY_A}', 'scalar', '7', null), ('{COMPANY_A}', 'none', null, '2026-01-01'), \
               ('{COMPANY_A}', 'empty', '{{}}', '2026-01-02'); \
             insert into audit_log_global (company_id, action, admin_id, created_at) \
               values ('{COMPANY_A}', 'by_an_admin', '{admin}', '2026-01-03')"
        ))
        .await
        .unwrap();

    let listed = harness.actions(COMPANY_A).list_actions(COMPANY_A, None, 10).await.unwrap();

    let told: Vec<_> = listed.iter().map(|action| (action.action.as_str(), action.details.as_deref())).collect();
    let by_an_admin = format!(r#"{{"admin_id": "{admin}"}}"#);
    assert_eq!(
        told,
        [("scalar", Some("7")), ("none", None), ("empty", None), ("by_an_admin", Some(by_an_admin.as_str()))]
    );
    assert_eq!(listed[0].at, time::OffsetDateTime::UNIX_EPOCH);
}

#[tokio::test(flavor = "multi_thread")]
async fn master_is_told_all_that_the_original_says() {
    use cortex_identity::testing::audit::a_master_action;

    let harness = PgHarness::new().await;
    let action =
        MasterAction { action: "connection_created".to_owned(), ..a_master_action(1, cortex_identity::testing::NOON) };
    let odd = MasterAction {
        user_id: Some("nobody".to_owned()),
        details: Some("7".to_owned()),
        ..a_master_action(2, cortex_identity::testing::NOON)
    };

    harness.copies(COMPANY_A).copy(COMPANY_A, &[action.clone(), odd]).await.unwrap();

    let told = "select format('%s %s %s %s %s %s %s %s %s', id, user_id, action, resource_type, resource_id, \
                  details, ip_address, user_agent, extract(epoch from created_at)::bigint) \
                from audit_log_global order by id";
    let rows = harness.0.superuser().query(told, &[]).await.unwrap();
    let (first, second): (String, String) = (rows[0].get(0), rows[1].get(0));
    let expected = format!(
        "{} {} connection_created company_user somebody {{\"role\": \"admin\", \"request_id\": \"request-1\"}} \
         203.0.113.7 browser {}",
        action.id,
        action.user_id.unwrap(),
        action.at.unix_timestamp()
    );
    assert_eq!(first, expected);
    assert!(second.contains("{\"request_id\": \"request-2\"}"), "{second}");
}
