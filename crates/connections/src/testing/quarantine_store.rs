//! The contract of [`QuarantineStore`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::CompanyId;

use super::{COMPANY_A, InMemoryQuarantineStore, a_quarantined_connection};
use crate::model::{QuarantineReason, QuarantinedConnection};
use crate::ports::QuarantineStore;

/// A fresh, empty store and a way to look at it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test, as the deployment of this company uses it.
    fn quarantine(&self, company_id: CompanyId) -> Arc<dyn QuarantineStore>;
    /// The broker's id, the claimed user and the reason of what the company has in quarantine.
    async fn kept(&self, company_id: CompanyId) -> Vec<(String, String, String)>;
    /// The actions of the company's audit rows, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! quarantine_store_contract {
    ($harness:expr) => {
        $crate::quarantine_store_contract! { $harness =>
            a_quarantined_connection_is_kept_with_its_reason_and_its_audit_row,
            a_connection_quarantined_twice_is_kept_once_with_one_audit_row,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::quarantine_store::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryQuarantineStore`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryQuarantineStore>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn quarantine(&self, _: CompanyId) -> Arc<dyn QuarantineStore> {
        self.0.clone()
    }

    async fn kept(&self, company_id: CompanyId) -> Vec<(String, String, String)> {
        let kept = self.0.kept(company_id).into_iter();
        kept.map(|row| (row.reference.id.to_string(), row.claimed_user_id, row.reason.name().to_owned())).collect()
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.kept(company_id).iter().map(|_| "connection_quarantined".to_owned()).collect()
    }
}

pub async fn a_quarantined_connection_is_kept_with_its_reason_and_its_audit_row(harness: &impl Harness) {
    let first = a_quarantined_connection();
    let mut second = QuarantinedConnection {
        claimed_user_id: "no id of ours".to_owned(),
        reason: QuarantineReason::TakenByAnother,
        ..a_quarantined_connection()
    };
    second.reference.provider = cortex_kernel::Provider::Outlook;
    quarantine(harness, &first).await;
    quarantine(harness, &second).await;

    let expected = [&first, &second].map(told);
    assert_eq!(harness.kept(COMPANY_A).await, expected);
    assert_eq!(harness.audited(COMPANY_A).await, ["connection_quarantined", "connection_quarantined"]);
}

pub async fn a_connection_quarantined_twice_is_kept_once_with_one_audit_row(harness: &impl Harness) {
    let first = a_quarantined_connection();
    let again = QuarantinedConnection { reason: QuarantineReason::NotAskedFor, ..a_quarantined_connection() };

    quarantine(harness, &first).await;
    quarantine(harness, &again).await;

    assert_eq!(harness.kept(COMPANY_A).await, [told(&first)]);
    assert_eq!(harness.audited(COMPANY_A).await, ["connection_quarantined"]);
}

async fn quarantine(harness: &impl Harness, connection: &QuarantinedConnection) {
    harness.quarantine(COMPANY_A).quarantine(connection).await.expect("kept");
}

fn told(row: &QuarantinedConnection) -> (String, String, String) {
    (row.reference.id.to_string(), row.claimed_user_id.clone(), row.reason.name().to_owned())
}
