//! The contract of [`CompanyLeaves`], one case a bullet. There is no fake: a mock says all that tests of others need.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::CompanyId;
use futures_util::future::join_all;

use super::{COMPANY_A, COMPANY_B};
use crate::ports::CompanyLeaves;

/// Companies at Master, and a way to give them leave.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn leaves(&self, company_id: CompanyId) -> Arc<dyn CompanyLeaves>;
    /// Writes down whether the company has leave, as whoever runs Master does.
    async fn put(&self, company_id: CompanyId, leave: Option<bool>);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! company_leaves_contract {
    ($harness:expr) => {
        $crate::company_leaves_contract! { $harness =>
            a_companys_leave_is_used_up_once,
            of_twenty_who_want_a_companys_leave_one_gets_it,
            without_a_leave_of_the_company_none_is_used_up,
            a_leave_that_was_given_back_is_there_again,
            another_companys_leave_is_not_used_up,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::company_leaves::$case(&$harness).await;
            }
        )+
    };
}

async fn use_up(harness: &impl Harness) -> bool {
    harness.leaves(COMPANY_A).use_up(COMPANY_A).await.expect("an answer")
}

pub async fn a_companys_leave_is_used_up_once(harness: &impl Harness) {
    harness.put(COMPANY_A, Some(true)).await;

    assert_eq!([use_up(harness).await, use_up(harness).await], [true, false]);
}

pub async fn of_twenty_who_want_a_companys_leave_one_gets_it(harness: &impl Harness) {
    harness.put(COMPANY_A, Some(true)).await;

    let got = join_all((0..20).map(|_| use_up(harness))).await;

    assert_eq!(got.into_iter().filter(|got| *got).count(), 1);
}

pub async fn without_a_leave_of_the_company_none_is_used_up(harness: &impl Harness) {
    assert!(!use_up(harness).await, "there is no row");
    harness.put(COMPANY_A, None).await;
    assert!(!use_up(harness).await, "nothing was said");
    harness.put(COMPANY_A, Some(false)).await;
    assert!(!use_up(harness).await);
}

pub async fn a_leave_that_was_given_back_is_there_again(harness: &impl Harness) {
    harness.put(COMPANY_A, Some(true)).await;
    assert!(use_up(harness).await);

    harness.leaves(COMPANY_A).give_back(COMPANY_A).await.expect("given back");

    assert!(use_up(harness).await);
}

pub async fn another_companys_leave_is_not_used_up(harness: &impl Harness) {
    harness.put(COMPANY_B, Some(true)).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        assert!(!harness.leaves(deployment).use_up(COMPANY_A).await.expect("an answer"));
    }
    assert!(!harness.leaves(COMPANY_A).use_up(COMPANY_B).await.unwrap_or(false));
    assert!(harness.leaves(COMPANY_B).use_up(COMPANY_B).await.expect("an answer"));
}
