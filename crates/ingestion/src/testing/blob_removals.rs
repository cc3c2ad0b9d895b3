//! The contract of [`BlobRemovals`](crate::ports::BlobRemovals), one case a bullet. Documents take and give up bytes by the
//! store of pages, so it runs on the same [`Harness`].

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::time::Duration;

use cortex_kernel::{CompanyId, StoreError};
use uuid::Uuid;

use super::page_store::{Harness, Run};
use super::{COMPANY_A, COMPANY_B, USER_1, a_commit, a_document, a_key};
use crate::model::{BlobKey, CommitOutcome, Cursor, NewDocument, PageCommit};

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! blob_removals_contract {
    ($harness:expr) => {
        $crate::blob_removals_contract! { $harness =>
            what_was_announced_is_due_when_no_document_took_it_in_time,
            what_a_document_took_is_not_due,
            what_a_document_has_no_more_is_due_at_once,
            what_a_document_gave_up_for_other_bytes_is_due_at_once,
            bytes_that_were_not_announced_become_no_documents,
            bytes_that_are_being_removed_become_no_documents,
            what_is_claimed_is_nobody_elses_until_the_claim_runs_out,
            what_has_been_due_longest_is_claimed_first,
            what_is_forgotten_is_not_due_again,
            another_companys_bytes_are_not_claimed,
            another_companys_bytes_are_not_forgotten,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::blob_removals::$case(&$harness).await;
            }
        )+
    };
}

const HOUR: Duration = Duration::from_hours(1);

pub async fn what_was_announced_is_due_when_no_document_took_it_in_time(harness: &impl Harness) {
    announce(harness, key(1), HOUR).await;
    assert_eq!(claimed(harness).await, []);

    harness.pass(2 * HOUR).await;

    assert_eq!(claimed(harness).await, [key(1)]);
}

pub async fn what_a_document_took_is_not_due(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    announce(harness, key(1), HOUR).await;
    commit(harness, &run, None, [with_bytes("1", key(1))]).await.expect("bytes that are there");

    harness.pass(2 * HOUR).await;

    assert_eq!(claimed(harness).await, []);
}

pub async fn what_a_document_has_no_more_is_due_at_once(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    announce(harness, key(1), HOUR).await;
    commit(harness, &run, None, [with_bytes("1", key(1)), a_document("2")]).await.expect("bytes that are there");

    let deletions = vec![a_key("1"), a_key("2")];
    let deletion = PageCommit { deletions, ..page(&run, Some("after 2"), []) };
    harness.store(COMPANY_A).commit_page(&deletion).await.expect("an answer");

    assert_eq!(claimed(harness).await, [key(1)]);
}

pub async fn what_a_document_gave_up_for_other_bytes_is_due_at_once(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    for number in [1, 2] {
        announce(harness, key(number), HOUR).await;
    }
    commit(harness, &run, None, [with_bytes("1", key(1))]).await.expect("bytes that are there");

    let changed = NewDocument { content_hash: a_document("other").content_hash, ..with_bytes("1", key(2)) };
    commit(harness, &run, Some("after 1"), [changed]).await.expect("bytes that are there");

    assert_eq!(claimed(harness).await, [key(1)]);
    harness.pass(2 * HOUR).await;
    assert_eq!(claimed(harness).await, [key(1)], "the other ones are in use");
}

pub async fn bytes_that_were_not_announced_become_no_documents(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;

    let outcome = commit(harness, &run, None, [with_bytes("1", key(1))]).await;

    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert_eq!(harness.documents(COMPANY_A).await, []);
}

pub async fn bytes_that_are_being_removed_become_no_documents(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    announce(harness, key(1), Duration::ZERO).await;
    assert_eq!(claimed(harness).await, [key(1)]);

    let outcome = commit(harness, &run, None, [with_bytes("1", key(1))]).await;

    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert_eq!(harness.documents(COMPANY_A).await, []);
}

pub async fn what_is_claimed_is_nobody_elses_until_the_claim_runs_out(harness: &impl Harness) {
    announce(harness, key(1), Duration::ZERO).await;
    assert_eq!(claimed(harness).await, [key(1)]);
    assert_eq!(claimed(harness).await, []);

    harness.pass(2 * HOUR).await;

    assert_eq!(claimed(harness).await, [key(1)]);
}

pub async fn what_has_been_due_longest_is_claimed_first(harness: &impl Harness) {
    for number in [3, 1, 2] {
        announce(harness, key(number), Duration::ZERO).await;
        harness.pass(HOUR).await;
    }

    let claim = async || harness.removals(COMPANY_A).claim_due(COMPANY_A, 2, HOUR).await.expect("an answer");
    let first = claim().await;
    assert!(first.len() == 2 && [3, 1].iter().all(|number| first.contains(&key(*number))), "{first:?}");
    assert_eq!(claim().await, [key(2)]);
}

pub async fn what_is_forgotten_is_not_due_again(harness: &impl Harness) {
    for number in [1, 2] {
        announce(harness, key(number), Duration::ZERO).await;
    }
    assert_eq!(claimed(harness).await.len(), 2);

    harness.removals(COMPANY_A).forget(COMPANY_A, &[key(1)]).await.expect("an answer");

    harness.pass(2 * HOUR).await;
    assert_eq!(claimed(harness).await, [key(2)]);
}

pub async fn another_companys_bytes_are_not_claimed(harness: &impl Harness) {
    harness.removals(COMPANY_B).announce(COMPANY_B, key(1), Duration::ZERO).await.expect("an answer");

    assert_eq!(claimed(harness).await, []);
    assert_eq!(claimed_of(harness, COMPANY_B).await, [key(1)]);
}

pub async fn another_companys_bytes_are_not_forgotten(harness: &impl Harness) {
    harness.removals(COMPANY_B).announce(COMPANY_B, key(1), Duration::ZERO).await.expect("an answer");

    harness.removals(COMPANY_A).forget(COMPANY_A, &[key(1)]).await.expect("an answer");

    assert_eq!(claimed_of(harness, COMPANY_B).await, [key(1)]);
}

fn key(number: u128) -> BlobKey {
    BlobKey::new(Uuid::from_u128(number))
}

fn with_bytes(source_id: &str, blob: BlobKey) -> NewDocument {
    NewDocument { blob: Some(blob), ..a_document(source_id) }
}

async fn announce(harness: &impl Harness, key: BlobKey, within: Duration) {
    harness.removals(COMPANY_A).announce(COMPANY_A, key, within).await.expect("an answer");
}

async fn claimed(harness: &impl Harness) -> Vec<BlobKey> {
    claimed_of(harness, COMPANY_A).await
}

async fn claimed_of(harness: &impl Harness, company_id: CompanyId) -> Vec<BlobKey> {
    harness.removals(company_id).claim_due(company_id, 9, HOUR).await.expect("an answer")
}

/// Commits a page of the run, whose cursor is then `after` the number of its documents.
async fn commit<const N: usize>(
    harness: &impl Harness,
    run: &Run,
    read_from: Option<&str>,
    documents: [NewDocument; N],
) -> Result<CommitOutcome, StoreError> {
    let page = page(run, read_from, documents);
    let outcome = harness.store(COMPANY_A).commit_page(&page).await?;
    assert!(matches!(outcome, CommitOutcome::Committed(_)), "{outcome:?}");
    Ok(outcome)
}

fn page<const N: usize>(run: &Run, read_from: Option<&str>, documents: [NewDocument; N]) -> PageCommit {
    PageCommit {
        lease: run.lease,
        stream: run.stream.clone(),
        read_from: read_from.map(Cursor::new),
        moved_to: Some(Cursor::new(format!("after {N}"))),
        documents: documents.into(),
        ..a_commit()
    }
}
