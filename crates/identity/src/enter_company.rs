//! From a verified token to a [`UserContext`], or to a refusal.

use std::sync::Arc;

use cortex_kernel::{Clock, CompanyId, Origin, StoreError};
use thiserror::Error;

use crate::Visits;
use crate::model::{Membership, Refusal, Standing, UserContext, VerifiedToken};
use crate::ports::{Acceptance, MembershipStore};

/// Lets a person into the company of this deployment.
///
/// Two layers must agree: the token is bound to this company, and the company counts the person among its active
/// members. Whatever is not clearly allowed is refused, and a store that cannot answer never lets anybody in.
pub struct EnterCompany {
    company_id: CompanyId,
    members: Arc<dyn MembershipStore>,
    visits: Arc<Visits>,
    clock: Arc<dyn Clock>,
}

/// Nobody was let in.
#[derive(Debug, Error)]
pub enum EnterCompanyError {
    /// The token is valid, and its bearer may not enter.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Master could not be asked.
    #[error("the memberships cannot be read")]
    Store(#[from] StoreError),
}

impl EnterCompany {
    /// Guards the entrance of `company_id`, the company of this deployment. `visits` takes note of who came.
    #[must_use]
    pub fn new(
        company_id: CompanyId,
        members: Arc<dyn MembershipStore>,
        visits: Arc<Visits>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { company_id, members, visits, clock }
    }

    /// Lets the bearer of `token` in, or says why not: first the binding, then the company, then the membership. An
    /// open invitation is accepted on the way.
    pub async fn enter(&self, token: &VerifiedToken, origin: &Origin) -> Result<UserContext, EnterCompanyError> {
        token.companies.bind_to(self.company_id)?;
        let company = self.members.find_company(self.company_id).await?.ok_or(Refusal::CompanyUnknown)?;
        if !company.status.may_be_entered() {
            return Err(Refusal::CompanyNotActive.into());
        }
        let membership =
            self.members.find_membership(self.company_id, token.user_id).await?.ok_or(Refusal::NotAMember)?;
        let membership = self.activate(membership, origin).await?;
        self.visits.note(&membership, token, self.clock.now());
        let Membership { user_id, company_id, email, role, .. } = membership;
        let user = user_id.to_string();
        tracing::info!("Authenticated user: {}... (role: {role})", &user[..8]);
        Ok(UserContext { user_id, company_id, email, role })
    }

    async fn activate(&self, membership: Membership, origin: &Origin) -> Result<Membership, EnterCompanyError> {
        let now = self.clock.now();
        match membership.standing(now) {
            Standing::Active => Ok(membership),
            Standing::Deactivated => Err(Refusal::MembershipNotActive.into()),
            Standing::Invited => {
                let acceptance = Acceptance {
                    company_id: membership.company_id,
                    user_id: membership.user_id,
                    at: now,
                    origin: origin.clone(),
                };
                let accepted = self.members.accept_invitation(&acceptance).await?;
                Ok(accepted.ok_or(Refusal::MembershipNotActive)?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cortex_kernel::UserId;
    use rstest::rstest;
    use time::Duration;

    use super::*;
    use crate::model::{Company, CompanyClaims, CompanyStatus, Role};
    use crate::ports::MockMembershipStore;
    use crate::testing::visit_store::InMemoryVisits;
    use crate::testing::{
        COMPANY_A, COMPANY_B, InMemoryMembershipStore, NOON, USER_1, USER_2, a_company, a_membership, a_token,
    };

    fn entrance(store: impl MembershipStore + 'static) -> EnterCompany {
        EnterCompany::new(COMPANY_A, Arc::new(store), visits(), Arc::new(|| NOON))
    }

    fn visits() -> Arc<Visits> {
        Arc::new(Visits::new(COMPANY_A, Arc::new(InMemoryVisits::default())))
    }

    fn bound_by_the_user(user_id: UserId) -> VerifiedToken {
        let user_metadata = Some(COMPANY_A.to_string());
        VerifiedToken { user_id, companies: CompanyClaims { app_metadata: Vec::new(), user_metadata }, ..a_token() }
    }

    async fn refusal_of(entrance: &EnterCompany, token: &VerifiedToken) -> Refusal {
        match entrance.enter(token, &Origin::default()).await {
            Err(EnterCompanyError::Refused(refusal)) => refusal,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_member_enters_with_the_role_and_address_of_the_membership() {
        let membership =
            Membership { role: Role::Admin, email: "known@example.com".parse().unwrap(), ..a_membership() };
        let store = InMemoryMembershipStore::with([a_company()], [membership]);

        let context = entrance(store).enter(&a_token(), &Origin::default()).await.unwrap();

        let expected = UserContext {
            user_id: USER_1,
            company_id: COMPANY_A,
            email: "known@example.com".parse().unwrap(),
            role: Role::Admin,
        };
        assert_eq!(context, expected);
    }

    #[tokio::test]
    async fn a_member_whose_token_only_the_user_bound_enters_too() {
        let store = InMemoryMembershipStore::with([a_company()], [a_membership()]);

        assert!(entrance(store).enter(&bound_by_the_user(USER_1), &Origin::default()).await.is_ok());
    }

    /// `MockMembershipStore` without expectations panics when it is asked anything.
    #[tokio::test]
    async fn a_token_bound_elsewhere_is_refused_before_anything_is_read() {
        let elsewhere = CompanyClaims { app_metadata: vec![COMPANY_B.to_string()], user_metadata: None };
        let token = VerifiedToken { companies: elsewhere, ..a_token() };

        assert_eq!(refusal_of(&entrance(MockMembershipStore::new()), &token).await, Refusal::OtherCompany);
    }

    #[tokio::test]
    async fn an_edited_user_metadata_does_not_make_a_member() {
        let member_of_b = Membership { user_id: USER_2, company_id: COMPANY_B, ..a_membership() };
        let company_b = Company { id: COMPANY_B, ..a_company() };
        let store = InMemoryMembershipStore::with([a_company(), company_b], [member_of_b]);

        assert_eq!(refusal_of(&entrance(store), &bound_by_the_user(USER_2)).await, Refusal::NotAMember);
    }

    #[tokio::test]
    async fn an_unknown_company_lets_nobody_in() {
        let store = InMemoryMembershipStore::with([], [a_membership()]);

        assert_eq!(refusal_of(&entrance(store), &a_token()).await, Refusal::CompanyUnknown);
    }

    #[rstest]
    #[case(CompanyStatus::Suspended)]
    #[case(CompanyStatus::Trial)]
    #[case(CompanyStatus::Provisioning)]
    #[case(CompanyStatus::Deleted)]
    #[tokio::test]
    async fn a_company_that_is_not_active_lets_nobody_in(#[case] status: CompanyStatus) {
        let store = InMemoryMembershipStore::with([Company { status, ..a_company() }], [a_membership()]);

        assert_eq!(refusal_of(&entrance(store), &a_token()).await, Refusal::CompanyNotActive);
    }

    #[rstest]
    #[case::deactivated(None)]
    #[case::invitation_ran_out(Some(NOON - Duration::SECOND))]
    #[tokio::test]
    async fn an_inactive_member_without_an_open_invitation_is_refused(
        #[case] invitation_expires_at: Option<time::OffsetDateTime>,
    ) {
        let inactive = Membership { is_active: false, invitation_expires_at, ..a_membership() };
        let store = InMemoryMembershipStore::with([a_company()], [inactive]);

        assert_eq!(refusal_of(&entrance(store), &a_token()).await, Refusal::MembershipNotActive);
    }

    #[tokio::test]
    async fn an_invited_person_becomes_a_member_by_coming() {
        let invitation_expires_at = Some(NOON + Duration::DAY);
        let invited = Membership { is_active: false, invitation_expires_at, ..a_membership() };
        let store = Arc::new(InMemoryMembershipStore::with([a_company()], [invited]));
        let entrance = EnterCompany::new(COMPANY_A, store.clone(), visits(), Arc::new(|| NOON));

        entrance.enter(&a_token(), &Origin::default()).await.unwrap();

        let stored = store.find_membership(COMPANY_A, USER_1).await.unwrap().unwrap();
        assert_eq!(stored.standing(NOON), Standing::Active);
        assert_eq!(store.audited(COMPANY_A), ["invitation_accepted"]);
    }

    #[tokio::test]
    async fn an_invitation_that_was_withdrawn_meanwhile_lets_nobody_in() {
        let invitation_expires_at = Some(NOON + Duration::DAY);
        let mut store = MockMembershipStore::new();
        store.expect_find_company().returning(|_| Ok(Some(a_company())));
        store
            .expect_find_membership()
            .returning(move |_, _| Ok(Some(Membership { is_active: false, invitation_expires_at, ..a_membership() })));
        store.expect_accept_invitation().once().returning(|_| Ok(None));

        assert_eq!(refusal_of(&entrance(store), &a_token()).await, Refusal::MembershipNotActive);
    }

    #[tokio::test]
    async fn a_store_that_is_away_lets_nobody_in() {
        let mut store = MockMembershipStore::new();
        store.expect_find_company().returning(|_| Err(StoreError::Unavailable("gone".into())));

        let entered = entrance(store).enter(&a_token(), &Origin::default()).await;

        assert!(matches!(entered, Err(EnterCompanyError::Store(StoreError::Unavailable(_)))), "{entered:?}");
    }
}
