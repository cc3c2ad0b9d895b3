//! [`PgMembershipStore`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_identity::model::{Company, Membership};
use cortex_identity::ports::{Acceptance, MembershipStore};
use cortex_identity::testing::membership_store::Harness;
use cortex_identity::testing::{COMPANY_A, COMPANY_B, NOON, a_company, a_membership};
use cortex_kernel::{CompanyId, Origin};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgMembershipStore;
use rstest::rstest;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Master, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn store(&self) -> Arc<dyn MembershipStore> {
        Arc::new(PgMembershipStore::new(self.0.pool(COMPANY_A)))
    }

    async fn put_company(&self, company: Company) {
        let Company { id, slug, name, status } = company;
        let insert = "insert into companies (id, slug, name, status) values ($1, $2, $3, $4)";
        self.0.superuser().execute(insert, &[&id.as_uuid(), &slug, &name, &status.name()]).await.unwrap();
    }

    async fn put_membership(&self, membership: Membership) {
        let Membership { user_id, company_id, email, role, is_active, invitation_expires_at } = membership;
        let insert = "insert into company_users (user_id, company_id, email, role, is_active, invitation_expires_at) \
                      values ($1, $2, $3, $4, $5, $6)";
        self.0
            .superuser()
            .execute(
                insert,
                &[
                    &user_id.as_uuid(),
                    &company_id.as_uuid(),
                    &email.as_str(),
                    &role.name(),
                    &is_active,
                    &invitation_expires_at,
                ],
            )
            .await
            .unwrap();
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("audit_log_global", company_id).await
    }
}

cortex_identity::membership_store_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_identity::testing::membership_store::a_membership_in_another_company_reads_as_absent(&harness).await;
}

/// Rows of old: nobody is let in by them, and nobody's request fails on them either.
#[rstest]
#[case::without_a_role("update company_users set role = null")]
#[case::without_an_address("update company_users set email = 'nobody'")]
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_is_no_membership(#[case] spoil: &str) {
    let harness = PgHarness::new().await;
    let store = harness.store();
    let Membership { company_id, user_id, .. } = a_membership();
    harness.put_company(a_company()).await;
    harness.put_membership(a_membership()).await;
    assert_eq!(store.find_membership(company_id, user_id).await.unwrap(), Some(a_membership()));
    harness.0.superuser().batch_execute(spoil).await.unwrap();

    assert_eq!(store.find_membership(company_id, user_id).await.unwrap(), None);
    let acceptance = Acceptance { company_id, user_id, at: NOON, origin: Origin::default() };
    assert_eq!(store.accept_invitation(&acceptance).await.unwrap(), None);
}
