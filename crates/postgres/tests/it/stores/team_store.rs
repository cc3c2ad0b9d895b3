//! [`PgTeamStore`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_identity::model::{Invitation, MemberChange, Membership, Role};
use cortex_identity::ports::{ChangeTeamError, TeamStore};
use cortex_identity::testing::team_store::{self, Harness};
use cortex_identity::testing::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_membership};
use cortex_kernel::{CompanyId, Origin, PageRequest, StoreError};
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgTeamStore;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self::with(Pooler::Session).await
    }

    async fn with(pooler: Pooler) -> Self {
        let world = World::with(Database::Master, [COMPANY_A, COMPANY_B], pooler).await;
        world.put_companies().await;
        Self(world)
    }

    async fn one_text(&self, query: &str) -> String {
        self.0.superuser().query_one(query, &[]).await.unwrap().get(0)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn store(&self, company_id: CompanyId) -> Arc<dyn TeamStore> {
        Arc::new(PgTeamStore::new(self.0.pool(company_id)))
    }

    async fn put(&self, membership: Membership) {
        let Membership { user_id, company_id, email, role, is_active, invitation_expires_at } = membership;
        let insert = "insert into company_users (user_id, company_id, email, role, is_active, invitation_expires_at) \
                      values ($1, $2, $3, $4, $5, $6)";
        let (user, company) = (user_id.as_uuid(), company_id.as_uuid());
        let superuser = self.0.superuser();
        superuser
            .execute(insert, &[&user, &company, &email.as_str(), &role.name(), &is_active, &invitation_expires_at])
            .await
            .unwrap();
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("audit_log_global", company_id).await
    }

    async fn pass(&self, time: Duration) {
        let update = "update company_users set binding_due_at = binding_due_at - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
    }
}

cortex_identity::team_store_contract!(PgHarness::new().await);

fn owner() -> Membership {
    let email = "boss@example.com".parse().unwrap();
    Membership { user_id: USER_2, email, role: Role::Owner, ..a_membership() }
}

fn invitation() -> Invitation {
    Invitation {
        company_id: COMPANY_A,
        user_id: USER_1,
        email: "one@example.com".parse().unwrap(),
        role: Role::User,
        by: USER_2,
        at: NOON,
        expires_at: NOON,
        origin: Origin { request_id: Some("request-1".to_owned()), ..Origin::default() },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    let harness = PgHarness::with(Pooler::Transaction).await;

    team_store::twenty_invitations_of_one_address_at_once_make_one_place(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;
    team_store::a_member_of_another_company_is_none(&harness).await;

    let harness = PgHarness::new().await;
    harness.0.open_walls().await;
    team_store::members_of_another_company_are_not_listed(&harness).await;

    let harness = PgHarness::new().await;
    harness.0.open_walls().await;
    team_store::marks_of_another_company_are_not_found(&harness).await;
}

/// All or nothing: the place is written before the audit row.
#[tokio::test(flavor = "multi_thread")]
async fn without_its_audit_row_nothing_changes() {
    let harness = PgHarness::new().await;
    harness.put(owner()).await;
    harness.0.superuser().batch_execute("revoke insert on audit_log_global from cortex_app").await.unwrap();
    let store = harness.store(COMPANY_A);

    let refused = store.invite(&invitation()).await;

    assert!(matches!(refused, Err(ChangeTeamError::Store(StoreError::Broken(_)))), "{refused:?}");
    let page = store.list_members(COMPANY_A, &PageRequest::new(None, None)).await.unwrap();
    assert_eq!(page.total, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_rows_tell_who_did_what_to_whom_by_which_request() {
    let harness = PgHarness::new().await;
    harness.put(owner()).await;
    let store = harness.store(COMPANY_A);

    store.invite(&invitation()).await.unwrap();
    let change = MemberChange {
        company_id: COMPANY_A,
        user_id: USER_1,
        role: Some(Role::Viewer),
        is_active: None,
        by: USER_2,
        at: NOON,
        origin: Origin::default(),
    };
    store.change(&change).await.unwrap();

    let told = "select string_agg(concat_ws(' ', action, company_id, user_id, resource_id, details ->> 'request_id', \
                details ->> 'role', details ->> 'from', details ->> 'to'), '; ' order by created_at) from audit_log_global";
    let expected = format!(
        "user_invited {COMPANY_A} {USER_2} {USER_1} request-1 user; \
         user_role_changed {COMPANY_A} {USER_2} {USER_1} user viewer"
    );
    assert_eq!(harness.one_text(told).await, expected);
}

/// Rows of old: nobody's list fails on them.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_hides_no_other() {
    let harness = PgHarness::new().await;
    harness.put(owner()).await;
    harness.put(a_membership()).await;
    let spoil = "update company_users set email = 'nobody' where role = 'user'";
    harness.0.superuser().batch_execute(spoil).await.unwrap();

    let page = harness.store(COMPANY_A).list_members(COMPANY_A, &PageRequest::new(None, None)).await.unwrap();

    assert_eq!(page.members.iter().map(|member| member.membership.user_id).collect::<Vec<_>>(), [USER_2]);
}
