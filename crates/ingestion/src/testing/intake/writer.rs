//! The contract of [`DocumentWriter`](crate::ports::DocumentWriter).

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, DocumentId, UserId};
use futures_util::future::join_all;
use uuid::Uuid;

use super::super::{COMPANY_A, COMPANY_B, USER_1, USER_2, a_draft};
use super::keys::{a_claim, a_request, an_answer};
use super::{AuditView, Harness, a_contributor, a_put};
use crate::model::{
    Amount, ClaimOutcome, Contributor, DocumentDraft, DocumentPut, DocumentText, IngestionMethod, Known, Once,
    PutChange, PutDocument, PutOutcome, Quota,
};

const DAY: Duration = Duration::from_hours(24);

pub async fn a_new_document_has_its_contributor_and_no_connection(harness: &impl Harness) {
    let done = put(harness, &a_put("1")).await;

    assert_eq!(done.change, PutChange::Created);
    let [document] = harness.documents(COMPANY_A).await.try_into().expect("one document");
    assert_eq!((document.ingested_by, document.method), (Some(USER_1), Some(IngestionMethod::Api)));
    assert_eq!(document.ingested_by_email, Some(a_contributor().user_email));
    assert_eq!((document.title.as_str(), document.content.as_str()), ("Subject 1", "Text 1"));
    assert_eq!((done.stored.document.id, done.stored.content), (document.id, document.content));
    let [source] = harness.sources(COMPANY_A, document.id).await.try_into().expect("one source");
    assert_eq!((source.user_id, source.method), (USER_1, IngestionMethod::Api));
    assert_eq!((source.connection_id, source.job_id, source.vanished_at), (None, None, None));
    assert_eq!(source.record, a_put("1").document.key);
}

pub async fn the_parts_of_a_document_belong_to_it(harness: &impl Harness) {
    let parent = Some(a_put("1").document.key);
    let part = |id: &str| DocumentDraft { key: a_put(id).document.key, parent: parent.clone(), ..a_draft(id) }.finish();
    let with_parts = DocumentPut { parts: vec![part("1_1"), part("1_2")], ..a_put("1") };

    let mail = put(harness, &with_parts).await;

    let writer = harness.writer(COMPANY_A);
    for key in with_parts.parts.iter().map(|part| &part.key) {
        let stored = writer.find_by_key(COMPANY_A, key).await.expect("an answer").expect("a part");
        assert_eq!(stored.document.parent, Some(mail.stored.document.id), "{key:?}");
        assert_eq!(harness.sources(COMPANY_A, stored.document.id).await.len(), 1);
    }
    let usage = harness.usage(COMPANY_A).of_user(COMPANY_A, USER_1).await.expect("an answer");
    assert_eq!(usage.today, Amount { documents: 3, bytes: 50 });
}

pub async fn a_document_of_a_known_key_is_written_over_and_keeps_its_first_contributor(harness: &impl Harness) {
    let first = put(harness, &a_put("1")).await;

    let second = put(harness, &saying("1", "New text")).await;

    assert_eq!((second.change, id(&second)), (PutChange::Updated, id(&first)));
    assert_eq!(second.stored.content, "New text");
    let colleagues = DocumentPut { by: colleague(), ..saying("1", "Newer text") };
    let third = put(harness, &colleagues).await;
    assert_eq!(third.stored.document.ingested_by, Some(USER_1.to_string()));
    let [document] = harness.documents(COMPANY_A).await.try_into().expect("one document");
    assert_eq!((document.content.as_str(), document.ingested_by), ("Newer text", Some(USER_1)));
}

pub async fn a_colleague_who_writes_over_a_document_is_a_further_source_of_it(harness: &impl Harness) {
    let first = put(harness, &a_put("1")).await;

    put(harness, &DocumentPut { by: colleague(), ..a_put("1") }).await;
    put(harness, &DocumentPut { by: colleague(), ..a_put("1") }).await;

    let sources = harness.sources(COMPANY_A, id(&first)).await;
    assert_eq!(sources.iter().map(|source| source.user_id).collect::<Vec<_>>(), [USER_1, USER_2]);
}

pub async fn a_document_of_a_known_key_is_left_where_its_key_says_so(harness: &impl Harness) {
    let first = put(harness, &a_put("1")).await;

    let again = put(harness, &DocumentPut { known: Known::Left, ..saying("1", "New text") }).await;

    assert_eq!((again.change, id(&again)), (PutChange::Unchanged, id(&first)));
    assert_eq!(again.stored, first.stored);
    let usage = harness.usage(COMPANY_A).of_user(COMPANY_A, USER_1).await.expect("an answer");
    assert_eq!(usage.today, Amount { documents: 1, bytes: 50 });
    assert_eq!(harness.audit(COMPANY_A).await.len(), 1);
}

pub async fn twenty_who_put_the_same_key_at_once_put_one_document(harness: &impl Harness) {
    let put = &a_put("1");
    let writer = harness.writer(COMPANY_A);

    let outcomes = join_all((0..20).map(|_| writer.put(put))).await;

    let changes = outcomes.into_iter().map(|outcome| done(outcome.expect("an answer")).change);
    assert_eq!(changes.filter(|change| *change == PutChange::Created).count(), 1);
    assert_eq!(harness.documents(COMPANY_A).await.len(), 1);
}

pub async fn another_companys_document_of_the_same_key_is_another_document(harness: &impl Harness) {
    put(harness, &a_put("1")).await;
    let by = Contributor { company_id: COMPANY_B, ..a_contributor() };

    let elsewhere = put(harness, &DocumentPut { by, ..saying("1", "Other text") }).await;

    assert_eq!(elsewhere.change, PutChange::Created);
    for (company_id, content) in [(COMPANY_A, "Text 1"), (COMPANY_B, "Other text")] {
        let [document] = harness.documents(company_id).await.try_into().expect("one document");
        assert_eq!(document.content, content);
    }
}

pub async fn what_is_put_is_counted(harness: &impl Harness) {
    put(harness, &a_put("1")).await;
    put(harness, &a_put("2")).await;
    put(harness, &a_put("2")).await;
    put(harness, &DocumentPut { by: colleague(), bytes: 7, ..a_put("3") }).await;

    let usage = harness.usage(COMPANY_A);
    let of = async |user_id| usage.of_user(COMPANY_A, user_id).await.expect("an answer").today;
    // What is written over is no new document, and its bytes came in nevertheless.
    assert_eq!(of(USER_1).await, Amount { documents: 2, bytes: 150 });
    assert_eq!(of(USER_2).await, Amount { documents: 1, bytes: 7 });
}

pub async fn more_than_the_quota_is_refused_and_nothing_is_written(harness: &impl Harness) {
    let of_documents = Quota { documents: Some(1), bytes: None };
    let of_bytes = Quota { documents: None, bytes: Some(100) };
    put(harness, &DocumentPut { quota: of_documents, ..a_put("1") }).await;
    let before = harness.documents(COMPANY_A).await;

    let too_many = DocumentPut { quota: of_documents, ..a_put("2") };
    let too_much = DocumentPut { quota: of_bytes, bytes: 51, ..a_put("2") };
    let too_much_at_once = DocumentPut { quota: of_bytes, bytes: 101, by: colleague(), ..a_put("2") };
    let too_much_over_it = DocumentPut { quota: of_bytes, bytes: 51, ..saying("1", "New text") };
    for refused in [too_many, too_much, too_much_at_once, too_much_over_it] {
        let outcome = harness.writer(COMPANY_A).put(&refused).await.expect("an answer");
        let PutOutcome::QuotaExceeded { resets_at } = outcome else { panic!("{outcome:?}") };
        assert_eq!((resets_at.hour(), resets_at.minute(), resets_at.offset().is_utc()), (0, 0, true));
    }

    assert_eq!(harness.documents(COMPANY_A).await, before);
    assert_eq!(harness.audit(COMPANY_A).await.len(), 1);
    let last = DocumentPut { quota: of_bytes, ..a_put("2") };
    assert_eq!(put(harness, &last).await.change, PutChange::Created, "the last byte is his too");
    let over_it = DocumentPut { quota: of_documents, ..a_put("1") };
    assert_eq!(put(harness, &over_it).await.change, PutChange::Updated, "what is there is no further document");
}

/// Whoever looks before he works, by [`Quota::admits`], sees what the writer will say.
pub async fn what_the_quota_admits_is_written_and_nothing_else(harness: &impl Harness) {
    let limits = [None, Some(0), Some(1), Some(2), Some(3)];
    let quotas = limits.into_iter().flat_map(|documents| limits.map(|bytes| Quota { documents, bytes }));
    let mut written = 0;
    for (number, quota) in (0..).zip(quotas) {
        let by = Contributor { user_id: UserId::new(Uuid::from_u128(1_000 + number)), ..a_contributor() };
        let user_id = by.user_id;
        for (times, parts) in [(0, 0), (1, 0), (2, 1), (2, 0)] {
            let id = format!("{number}-{times}");
            let is_known = harness.documents(COMPANY_A).await.iter().any(|document| document.key.source_id == id);
            let parts: Vec<_> = (0..parts).map(|part| a_put(&format!("{id}-{parts}-{part}")).document).collect();
            let documents = if is_known { 0 } else { 1 + parts.len() as u64 };
            let text = DocumentPut { quota, parts, bytes: 1, by: by.clone(), ..a_put(&id) };
            let today = harness.usage(COMPANY_A).of_user(COMPANY_A, user_id).await.expect("an answer").today;

            let outcome = harness.writer(COMPANY_A).put(&text).await.expect("an answer");

            let is_written = matches!(outcome, PutOutcome::Put(_));
            let more = Amount { documents, bytes: 1 };
            assert_eq!(is_written, quota.admits(today, more), "{quota:?}: {today:?} and {more:?}");
            written += u32::from(is_written);
        }
    }
    assert!((20..90).contains(&written), "{written} of 100: both are there");
}

pub async fn twenty_puts_at_once_do_not_overrun_the_quota(harness: &impl Harness) {
    let quota = Quota { documents: Some(7), bytes: Some(10_000) };
    let puts: Vec<_> = (0..20).map(|n| DocumentPut { quota, ..a_put(&n.to_string()) }).collect();
    let writer = harness.writer(COMPANY_A);

    let outcomes = join_all(puts.iter().map(|put| writer.put(put))).await;

    let is_put = |outcome: &Result<PutOutcome, _>| matches!(outcome, Ok(PutOutcome::Put(_)));
    assert_eq!(outcomes.iter().filter(|outcome| is_put(outcome)).count(), 7, "{outcomes:?}");
    assert_eq!(harness.documents(COMPANY_A).await.len(), 7);
}

pub async fn a_new_day_begins_at_nothing(harness: &impl Harness) {
    let quota = Quota { documents: Some(1), bytes: Some(50) };
    put(harness, &DocumentPut { quota, ..a_put("1") }).await;

    harness.pass(DAY).await;

    assert_eq!(put(harness, &DocumentPut { quota, ..a_put("2") }).await.change, PutChange::Created);
}

pub async fn what_is_put_stands_in_the_audit_log(harness: &impl Harness) {
    let document = put(harness, &a_put("1")).await;
    put(harness, &DocumentPut { by: colleague(), ..a_put("1") }).await;
    let upload = put(harness, &DocumentPut { method: IngestionMethod::ManualUpload, ..a_put("2") }).await;

    let row = |user_id, action: &str, put: &PutDocument| AuditView {
        user_id: Some(user_id),
        action: action.to_owned(),
        resource_id: id(put).to_string(),
        request_id: Some("request-1".to_owned()),
    };
    let expected = [
        row(USER_1, "document_created", &document),
        row(USER_2, "document_updated", &document),
        row(USER_1, "document_uploaded", &upload),
    ];
    assert_eq!(harness.audit(COMPANY_A).await, expected);
}

pub async fn the_answer_is_kept_with_the_document(harness: &impl Harness) {
    let claim = a_claim(harness, &a_request()).await;
    let answer = Arc::new(|put: &PutDocument| an_answer(&id(put).to_string()));

    let done = put(harness, &DocumentPut { once: Some(Once { claim, answer }), ..a_put("1") }).await;

    let again = harness.keys(COMPANY_A).claim(&a_request(), uuid::Uuid::from_u128(9), DAY).await.expect("an answer");
    assert_eq!(again, ClaimOutcome::Answered(an_answer(&id(&done).to_string())));
}

pub async fn under_a_claim_that_was_lost_nothing_is_written(harness: &impl Harness) {
    let claim = a_claim(harness, &a_request()).await;
    harness.pass(DAY).await;
    a_claim(harness, &a_request()).await;
    let answer = Arc::new(|_: &PutDocument| an_answer("late"));

    let late = DocumentPut { once: Some(Once { claim, answer }), ..a_put("1") };
    let outcome = harness.writer(COMPANY_A).put(&late).await.expect("an answer");

    assert_eq!(outcome, PutOutcome::ClaimLost);
    assert_eq!(harness.documents(COMPANY_A).await, []);
    assert_eq!(harness.audit(COMPANY_A).await, []);
}

pub async fn a_document_is_found_by_its_key(harness: &impl Harness) {
    let done = put(harness, &a_put("1")).await;

    let find = async |company_id: CompanyId, source_id: &str| -> Option<DocumentText> {
        let key = a_put(source_id).document.key;
        harness.writer(company_id).find_by_key(company_id, &key).await.expect("an answer")
    };
    assert_eq!(find(COMPANY_A, "1").await, Some(done.stored));
    assert_eq!(find(COMPANY_A, "2").await, None);
    assert_eq!(find(COMPANY_B, "1").await, None);
}

/// Puts what is taken.
pub(super) async fn put(harness: &impl Harness, put: &DocumentPut) -> PutDocument {
    done(harness.writer(put.by.company_id).put(put).await.expect("an answer"))
}

fn done(outcome: PutOutcome) -> PutDocument {
    match outcome {
        PutOutcome::Put(done) => *done,
        PutOutcome::QuotaExceeded { .. } | PutOutcome::ClaimLost => panic!("{outcome:?}"),
    }
}

fn id(put: &PutDocument) -> DocumentId {
    put.stored.document.id
}

fn colleague() -> Contributor {
    Contributor { user_id: USER_2, user_email: "two@example.com".parse().expect("an address"), ..a_contributor() }
}

fn saying(source_id: &str, content: &str) -> DocumentPut {
    let put = a_put(source_id);
    let draft = DocumentDraft { key: put.document.key.clone(), content: content.to_owned(), ..a_draft(source_id) };
    DocumentPut { document: draft.finish(), ..put }
}
