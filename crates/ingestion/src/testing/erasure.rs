//! The contract of [`Erasure`](crate::ports::Erasure), one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::{CompanyId, DocumentId, Origin, UserId};
use time::Duration;

use super::custody::{Harness, all, put};
use super::library::{a_document_view, a_source_view};
use super::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2};
use crate::model::{DocumentKind, DocumentText, DocumentView, Erase, ErasureReceipt, IngestionMethod, SourceView};

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! erasure_contract {
    ($harness:expr) => {
        $crate::erasure_contract! { $harness =>
            what_only_he_brought_in_goes,
            what_others_brought_in_too_stays_without_his_name,
            what_others_brought_in_before_him_stays_theirs,
            an_attachment_stays_with_its_mail,
            what_nobody_else_is_known_to_have_brought_in_goes,
            colleagues_and_other_companies_keep_what_they_have,
            the_last_part_leaves_a_receipt_and_an_audit_row,
            who_was_erased_has_nothing_here,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::erasure::$case(&$harness).await;
            }
        )+
    };
}

/// [`USER_1`] is erased by [`USER_2`], to the end.
async fn erase(harness: &impl Harness, deployment: CompanyId) -> ErasureReceipt {
    let erase = Erase { company_id: COMPANY_A, user_id: USER_1, by: USER_2, at: NOON, origin: Origin::default() };
    let erasure = harness.erasure(deployment);
    loop {
        if let Some(receipt) = erasure.erase_some(&erase).await.expect("an answer") {
            return receipt;
        }
    }
}

/// The numbers of a receipt: documents that went, that stay, and sources.
fn numbers(receipt: ErasureReceipt) -> [u64; 3] {
    [receipt.documents, receipt.documents_kept, receipt.sources]
}

/// Uploaded by the person, so many hours after noon.
fn by(user_id: UserId, hours: i64) -> SourceView {
    SourceView {
        user_id: user_id.to_string(),
        user_email: Some(format!("{user_id}@example.com")),
        connection_id: None,
        method: IngestionMethod::ManualUpload.name().to_owned(),
        first_seen_at: NOON + Duration::hours(hours),
        last_seen_at: NOON + Duration::hours(hours),
        ..a_source_view("1")
    }
}

/// A document that the first of them brought in first.
async fn put_by(harness: &impl Harness, source_id: &str, people: &[UserId]) -> DocumentId {
    let document = DocumentView {
        ingested_by: people.first().map(ToString::to_string),
        ingested_by_email: people.first().map(|user_id| format!("{user_id}@example.com")),
        ..a_document_view(source_id)
    };
    let id = put(harness, document).await;
    for (user_id, hours) in people.iter().zip(1..) {
        harness.put_source(COMPANY_A, id, by(*user_id, hours)).await;
    }
    id
}

async fn put_attachment(harness: &impl Harness, mail: DocumentId, by_user: UserId) -> DocumentId {
    let kind = DocumentKind::new("attachment");
    let document = DocumentView { kind, parent: Some(mail), ..a_document_view(&format!("{mail}_a")) };
    let id = put(harness, DocumentView { ingested_by: Some(by_user.to_string()), ..document }).await;
    harness.put_source(COMPANY_A, id, by(by_user, 1)).await;
    id
}

/// The documents that are left, with who brought them in first.
async fn left(harness: &impl Harness) -> Vec<(DocumentId, Option<String>)> {
    let documents = all(harness, COMPANY_A).await;
    documents.into_iter().rev().map(|document| (document.id, document.ingested_by)).collect()
}

pub async fn what_only_he_brought_in_goes(harness: &impl Harness) {
    let his = put_by(harness, "1", &[USER_1]).await;
    put_attachment(harness, his, USER_1).await;
    put_by(harness, "2", &[USER_1]).await;

    assert_eq!(numbers(erase(harness, COMPANY_A).await), [3, 0, 3]);

    assert_eq!(left(harness).await, []);
}

pub async fn what_others_brought_in_too_stays_without_his_name(harness: &impl Harness) {
    let both = put_by(harness, "1", &[USER_1, USER_2]).await;

    assert_eq!(numbers(erase(harness, COMPANY_A).await), [0, 1, 1]);

    let documents = all(harness, COMPANY_A).await;
    let expected = DocumentView {
        id: both,
        ingested_by: Some(USER_2.to_string()),
        ingested_by_email: Some(format!("{USER_2}@example.com")),
        method: Some(IngestionMethod::ManualUpload.name().to_owned()),
        ..a_document_view("1")
    };
    assert_eq!(documents, [expected]);
    let sources = harness.reader(COMPANY_A).find_sources(COMPANY_A, both).await.expect("an answer");
    assert_eq!(sources, Some(vec![by(USER_2, 2)]));
}

pub async fn what_others_brought_in_before_him_stays_theirs(harness: &impl Harness) {
    let both = put_by(harness, "1", &[USER_2, USER_1]).await;
    let before = all(harness, COMPANY_A).await;
    // A colleague had it too, and it vanished there: nobody has it any more.
    let gone = put_by(harness, "2", &[USER_1]).await;
    let vanished = SourceView { vanished_at: Some(NOON + Duration::DAY), ..by(USER_2, 2) };
    harness.put_source(COMPANY_A, gone, vanished).await;

    assert_eq!(numbers(erase(harness, COMPANY_A).await), [1, 1, 2]);

    assert_eq!(all(harness, COMPANY_A).await, before);
    let sources = harness.reader(COMPANY_A).find_sources(COMPANY_A, both).await.expect("an answer");
    assert_eq!(sources, Some(vec![by(USER_2, 1)]));
}

pub async fn an_attachment_stays_with_its_mail(harness: &impl Harness) {
    let both = put_by(harness, "1", &[USER_1, USER_2]).await;
    let attachment = put_attachment(harness, both, USER_1).await;

    assert_eq!(numbers(erase(harness, COMPANY_A).await), [0, 2, 2]);

    let colleague = Some(USER_2.to_string());
    assert_eq!(left(harness).await, [(both, colleague.clone()), (attachment, colleague)]);
}

pub async fn what_nobody_else_is_known_to_have_brought_in_goes(harness: &impl Harness) {
    // His name is on it, and no source was kept.
    put(harness, a_document_view("1")).await;

    assert_eq!(numbers(erase(harness, COMPANY_A).await), [1, 0, 0]);

    assert_eq!(left(harness).await, []);
}

pub async fn colleagues_and_other_companies_keep_what_they_have(harness: &impl Harness) {
    let colleagues = put_by(harness, "1", &[USER_2]).await;
    let nobodys = put(harness, DocumentView { ingested_by: None, ..a_document_view("2") }).await;
    let text = DocumentText { document: a_document_view("1"), content: "Text".to_owned() };
    let elsewhere = harness.put_document(COMPANY_B, text).await;
    harness.put_source(COMPANY_B, elsewhere, by(USER_1, 1)).await;
    let before = all(harness, COMPANY_B).await;

    assert_eq!(numbers(erase(harness, COMPANY_A).await), [0, 0, 0]);

    assert_eq!(left(harness).await, [(colleagues, Some(USER_2.to_string())), (nobodys, None)]);
    assert_eq!(all(harness, COMPANY_B).await, before);
    let sources = harness.reader(COMPANY_B).find_sources(COMPANY_B, elsewhere).await.expect("an answer");
    assert_eq!(sources, Some(vec![by(USER_1, 1)]));
}

pub async fn the_last_part_leaves_a_receipt_and_an_audit_row(harness: &impl Harness) {
    put_by(harness, "1", &[USER_1]).await;

    let receipt = erase(harness, COMPANY_A).await;
    assert_eq!((numbers(receipt), receipt.connections), ([1, 0, 1], 0));
    assert_eq!(harness.audited(COMPANY_A).await, ["person_erased"]);

    assert_eq!(numbers(erase(harness, COMPANY_A).await), [0, 0, 0]);
    assert_eq!(harness.audited(COMPANY_A).await.len(), 2);
}

pub async fn who_was_erased_has_nothing_here(harness: &impl Harness) {
    let erasure = harness.erasure(COMPANY_A);
    let has_any = async |user_id| erasure.has_any(COMPANY_A, user_id).await.expect("an answer");
    assert!(!has_any(USER_1).await);
    put_by(harness, "1", &[USER_2, USER_1]).await;
    assert!(has_any(USER_1).await);

    erase(harness, COMPANY_A).await;

    assert_eq!((has_any(USER_1).await, has_any(USER_2).await), (false, true));
}
