//! The contract of [`DocumentCounts`](crate::ports::DocumentCounts), one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::{CompanyId, DocumentId, Provider};

use super::library::{Harness, a_document_view};
use super::{COMPANY_A, COMPANY_B, a_key};
use crate::model::{DocumentKey, DocumentText, DocumentView, SourceName};

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! document_counts_contract {
    ($harness:expr) => {
        $crate::document_counts_contract! { $harness =>
            documents_are_counted_by_their_sources,
            superseded_documents_are_not_counted,
            another_companys_documents_are_not_counted,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::document_counts::$case(&$harness).await;
            }
        )+
    };
}

async fn put(harness: &impl Harness, company_id: CompanyId, source: Provider, id: &str) -> DocumentId {
    let key = DocumentKey { source: source.into(), ..a_key(id) };
    let document = DocumentView { key, ..a_document_view(id) };
    harness.put_document(company_id, DocumentText { document, content: "Text".to_owned() }).await
}

async fn counted(harness: &impl Harness, deployment: CompanyId) -> Vec<(SourceName, u64)> {
    harness.counts(deployment).count_by_source(COMPANY_A).await.expect("an answer")
}

pub async fn documents_are_counted_by_their_sources(harness: &impl Harness) {
    put(harness, COMPANY_A, Provider::Outlook, "1").await;
    put(harness, COMPANY_A, Provider::Gmail, "2").await;
    put(harness, COMPANY_A, Provider::Gmail, "3").await;

    let expected = [(Provider::Gmail.into(), 2), (Provider::Outlook.into(), 1)];
    assert_eq!(counted(harness, COMPANY_A).await, expected);
}

pub async fn superseded_documents_are_not_counted(harness: &impl Harness) {
    for (source, id) in [(Provider::Outlook, "1"), (Provider::Gmail, "2")] {
        let superseded = put(harness, COMPANY_A, source, id).await;
        harness.supersede(COMPANY_A, superseded).await;
    }
    put(harness, COMPANY_A, Provider::Gmail, "3").await;

    assert_eq!(counted(harness, COMPANY_A).await, [(Provider::Gmail.into(), 1)]);
}

pub async fn another_companys_documents_are_not_counted(harness: &impl Harness) {
    put(harness, COMPANY_B, Provider::Gmail, "1").await;

    for deployment in [COMPANY_A, COMPANY_B] {
        assert_eq!(counted(harness, deployment).await, []);
    }
}
