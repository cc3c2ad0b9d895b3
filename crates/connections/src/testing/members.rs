//! The contract of [`Members`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Email, UserId};

use super::{COMPANY_A, COMPANY_B, InMemoryMembers, USER_1, USER_2, an_owner};
use crate::ports::Members;

/// Where a person stands in a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A member.
    Active,
    /// Invited, and not come yet.
    Invited,
    /// A member no longer.
    Deactivated,
}

/// A fresh store with [`COMPANY_A`] and [`COMPANY_B`] in it, and nobody.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test, as the deployment of this company uses it.
    fn members(&self, company_id: CompanyId) -> Arc<dyn Members>;
    /// Puts a person into a company.
    async fn put(&self, company_id: CompanyId, user_id: UserId, email: &Email, standing: Standing);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! members_contract {
    ($harness:expr) => {
        $crate::members_contract! { $harness =>
            an_active_member_is_found_with_his_address,
            who_is_invited_or_deactivated_is_no_active_member,
            a_member_of_another_company_is_no_active_member,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::members::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryMembers`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryMembers>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn members(&self, _: CompanyId) -> Arc<dyn Members> {
        self.0.clone()
    }

    async fn put(&self, company_id: CompanyId, user_id: UserId, email: &Email, standing: Standing) {
        if standing == Standing::Active {
            self.0.add(company_id, user_id, email.clone());
        }
    }
}

pub async fn an_active_member_is_found_with_his_address(harness: &impl Harness) {
    harness.put(COMPANY_A, USER_1, &an_owner().email, Standing::Active).await;

    assert_eq!(found(harness, COMPANY_A, USER_1).await.as_ref(), Some(&an_owner().email));
    assert_eq!(found(harness, COMPANY_A, USER_2).await, None);
}

pub async fn who_is_invited_or_deactivated_is_no_active_member(harness: &impl Harness) {
    let other = "two@example.com".parse().expect("an address");
    harness.put(COMPANY_A, USER_1, &an_owner().email, Standing::Invited).await;
    harness.put(COMPANY_A, USER_2, &other, Standing::Deactivated).await;

    assert_eq!(found(harness, COMPANY_A, USER_1).await, None);
    assert_eq!(found(harness, COMPANY_A, USER_2).await, None);
}

pub async fn a_member_of_another_company_is_no_active_member(harness: &impl Harness) {
    harness.put(COMPANY_B, USER_1, &an_owner().email, Standing::Active).await;

    assert_eq!(found(harness, COMPANY_A, USER_1).await, None);
}

async fn found(harness: &impl Harness, company_id: CompanyId, user_id: UserId) -> Option<Email> {
    harness.members(company_id).find_active(company_id, user_id).await.expect("an answer")
}
