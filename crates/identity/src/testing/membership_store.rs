//! The contract of [`MembershipStore`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Origin};
use futures_util::future::join_all;
use time::Duration;

use super::{COMPANY_A, COMPANY_B, InMemoryMembershipStore, NOON, USER_1, USER_2, a_company, a_membership};
use crate::model::{Company, CompanyStatus, Membership, Role, Standing};
use crate::ports::{Acceptance, MembershipStore};

/// A fresh, empty store and a way to look at it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test.
    fn store(&self) -> Arc<dyn MembershipStore>;
    /// Puts a company there.
    async fn put_company(&self, company: Company);
    /// Puts a membership there; its company is there already.
    async fn put_membership(&self, membership: Membership);
    /// The actions of Master's audit rows of the company, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! membership_store_contract {
    ($harness:expr) => {
        $crate::membership_store_contract! { $harness =>
            a_company_that_is_not_there_reads_as_absent,
            a_company_is_found_with_its_status,
            a_membership_in_another_company_reads_as_absent,
            a_membership_is_found_with_its_role_and_its_standing,
            an_open_invitation_becomes_an_active_membership,
            an_acceptance_leaves_one_audit_row,
            an_invitation_accepted_twenty_times_at_once_leaves_one_audit_row,
            an_invitation_that_ran_out_is_not_accepted,
            a_deactivated_membership_is_not_accepted,
            an_invitation_with_the_address_of_an_active_colleague_is_not_accepted,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::membership_store::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryMembershipStore`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryMembershipStore>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn store(&self) -> Arc<dyn MembershipStore> {
        self.0.clone()
    }

    async fn put_company(&self, company: Company) {
        self.0.put_company(company);
    }

    async fn put_membership(&self, membership: Membership) {
        self.0.put_membership(membership);
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id).into_iter().map(ToOwned::to_owned).collect()
    }
}

pub async fn a_company_that_is_not_there_reads_as_absent(harness: &impl Harness) {
    assert_eq!(harness.store().find_company(COMPANY_A).await.expect("an answer"), None);
}

pub async fn a_company_is_found_with_its_status(harness: &impl Harness) {
    let suspended = Company { status: CompanyStatus::Suspended, ..a_company() };
    harness.put_company(suspended.clone()).await;

    assert_eq!(harness.store().find_company(COMPANY_A).await.expect("an answer"), Some(suspended));
}

pub async fn a_membership_in_another_company_reads_as_absent(harness: &impl Harness) {
    put_both_companies(harness).await;
    harness.put_membership(Membership { company_id: COMPANY_B, ..a_membership() }).await;

    assert_eq!(harness.store().find_membership(COMPANY_A, USER_1).await.expect("an answer"), None);
}

pub async fn a_membership_is_found_with_its_role_and_its_standing(harness: &impl Harness) {
    put_both_companies(harness).await;
    let membership = Membership { role: Role::Owner, ..invited() };
    harness.put_membership(membership.clone()).await;

    let found = harness.store().find_membership(COMPANY_A, USER_1).await.expect("an answer");

    assert_eq!(found, Some(membership));
}

pub async fn an_open_invitation_becomes_an_active_membership(harness: &impl Harness) {
    put_both_companies(harness).await;
    harness.put_membership(invited()).await;

    let accepted = harness.store().accept_invitation(&acceptance()).await.expect("an answer");

    let stored = harness.store().find_membership(COMPANY_A, USER_1).await.expect("an answer");
    assert_eq!(accepted, stored);
    assert_eq!(stored.map(|m| m.standing(NOON)), Some(Standing::Active));
}

pub async fn an_acceptance_leaves_one_audit_row(harness: &impl Harness) {
    put_both_companies(harness).await;
    harness.put_membership(invited()).await;

    for _ in 0..2 {
        let accepted = harness.store().accept_invitation(&acceptance()).await.expect("an answer");
        assert!(accepted.is_some(), "who is a member already is answered as one");
    }

    assert_eq!(harness.audited(COMPANY_A).await, ["invitation_accepted"]);
}

pub async fn an_invitation_accepted_twenty_times_at_once_leaves_one_audit_row(harness: &impl Harness) {
    put_both_companies(harness).await;
    harness.put_membership(invited()).await;

    let (store, acceptance) = (harness.store(), acceptance());
    for accepted in join_all((0..20).map(|_| store.accept_invitation(&acceptance))).await {
        assert!(accepted.expect("an answer").is_some());
    }
    assert_eq!(harness.audited(COMPANY_A).await, ["invitation_accepted"]);
}

pub async fn an_invitation_that_ran_out_is_not_accepted(harness: &impl Harness) {
    put_both_companies(harness).await;
    let ran_out = Membership { invitation_expires_at: Some(NOON), ..invited() };
    harness.put_membership(ran_out.clone()).await;

    assert_stays(harness, ran_out).await;
}

pub async fn a_deactivated_membership_is_not_accepted(harness: &impl Harness) {
    put_both_companies(harness).await;
    let deactivated = Membership { invitation_expires_at: None, ..invited() };
    harness.put_membership(deactivated.clone()).await;

    assert_stays(harness, deactivated).await;
}

pub async fn an_invitation_with_the_address_of_an_active_colleague_is_not_accepted(harness: &impl Harness) {
    put_both_companies(harness).await;
    harness.put_membership(invited()).await;
    let email = "ONE@example.com".parse().expect("an address");
    harness.put_membership(Membership { user_id: USER_2, email, ..a_membership() }).await;

    assert_stays(harness, invited()).await;
}

async fn assert_stays(harness: &impl Harness, membership: Membership) {
    assert_eq!(harness.store().accept_invitation(&acceptance()).await.expect("an answer"), None);

    let stored = harness.store().find_membership(COMPANY_A, USER_1).await.expect("an answer");
    assert_eq!(stored, Some(membership));
    assert_eq!(harness.audited(COMPANY_A).await, [""; 0]);
}

async fn put_both_companies(harness: &impl Harness) {
    harness.put_company(a_company()).await;
    harness.put_company(Company { id: COMPANY_B, slug: "company-b".to_owned(), ..a_company() }).await;
}

fn invited() -> Membership {
    Membership { is_active: false, invitation_expires_at: Some(NOON + Duration::DAY), ..a_membership() }
}

fn acceptance() -> Acceptance {
    Acceptance { company_id: COMPANY_A, user_id: USER_1, at: NOON, origin: Origin::default() }
}
