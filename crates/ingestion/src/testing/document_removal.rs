//! The contract of [`DocumentRemoval`](crate::ports::DocumentRemoval), one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::{CompanyId, DocumentId, Origin};

use super::custody::{Harness, all, put};
use super::library::{a_document_view, a_source_view};
use super::{COMPANY_A, COMPANY_B, USER_1, USER_2};
use crate::model::{DocumentKind, DocumentText, DocumentView, RemoveDocument, SourceView};

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! document_removal_contract {
    ($harness:expr) => {
        $crate::document_removal_contract! { $harness =>
            a_removed_document_is_gone_with_its_attachments_and_its_sources,
            an_attachment_can_be_removed_alone,
            an_audit_row_tells_who_removed_a_document,
            what_is_not_there_is_not_removed,
            another_companys_document_is_not_removed,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::document_removal::$case(&$harness).await;
            }
        )+
    };
}

async fn remove(harness: &impl Harness, deployment: CompanyId, id: DocumentId) -> Option<u64> {
    let request = RemoveDocument { company_id: COMPANY_A, id, by: USER_1, origin: Origin::default() };
    harness.removal(deployment).remove(&request).await.expect("an answer")
}

async fn ids(harness: &impl Harness) -> Vec<DocumentId> {
    all(harness, COMPANY_A).await.into_iter().map(|document| document.id).collect()
}

/// A mail with two attachments, that two people brought in.
async fn a_mail(harness: &impl Harness) -> [DocumentId; 3] {
    let mail = put(harness, a_document_view("1")).await;
    let attachment = |source_id: &str| DocumentView {
        kind: DocumentKind::new("attachment"),
        parent: Some(mail),
        ..a_document_view(source_id)
    };
    let attachments = [put(harness, attachment("1_a")).await, put(harness, attachment("1_b")).await];
    for user_id in [USER_1, USER_2] {
        let source = SourceView { user_id: user_id.to_string(), connection_id: None, ..a_source_view("1") };
        harness.put_source(COMPANY_A, mail, source).await;
    }
    [mail, attachments[0], attachments[1]]
}

pub async fn a_removed_document_is_gone_with_its_attachments_and_its_sources(harness: &impl Harness) {
    let [mail, ..] = a_mail(harness).await;
    let other = put(harness, a_document_view("2")).await;

    assert_eq!(remove(harness, COMPANY_A, mail).await, Some(3));

    assert_eq!(ids(harness).await, [other]);
    assert_eq!(harness.reader(COMPANY_A).find_sources(COMPANY_A, mail).await.expect("an answer"), None);
}

pub async fn an_attachment_can_be_removed_alone(harness: &impl Harness) {
    let [mail, first, second] = a_mail(harness).await;

    assert_eq!(remove(harness, COMPANY_A, first).await, Some(1));

    assert_eq!(ids(harness).await, [second, mail]);
}

pub async fn an_audit_row_tells_who_removed_a_document(harness: &impl Harness) {
    let [mail, ..] = a_mail(harness).await;

    remove(harness, COMPANY_A, mail).await;

    assert_eq!(harness.audited(COMPANY_A).await, ["document_deleted"]);
}

pub async fn what_is_not_there_is_not_removed(harness: &impl Harness) {
    let [mail, ..] = a_mail(harness).await;
    remove(harness, COMPANY_A, mail).await;

    assert_eq!(remove(harness, COMPANY_A, mail).await, None);

    assert_eq!(harness.audited(COMPANY_A).await.len(), 1);
}

pub async fn another_companys_document_is_not_removed(harness: &impl Harness) {
    let text = DocumentText { document: a_document_view("1"), content: "Text".to_owned() };
    let id = harness.put_document(COMPANY_B, text).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        assert_eq!(remove(harness, deployment, id).await, None);
    }

    assert_eq!(all(harness, COMPANY_B).await.len(), 1);
    assert_eq!(harness.audited(COMPANY_A).await, [""; 0]);
}
