//! The cases about deletions that are held back.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::{CompanyId, PageRequest};

use super::cases::{committed, page, text};
use super::{Harness, JobView, Run};
use crate::model::{Cursor, DeletionState, HeldDeletion, NewDocument, PageCommit, PageCounts, Stream};
use crate::testing::{COMPANY_A, USER_1, USER_2, a_document, a_key, an_attachment};

pub async fn a_page_that_would_end_most_of_what_a_connection_brought_in_is_held_back(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    bring_in(harness, &run, 60).await;

    let counts = lose(harness, &run, 0..30).await;
    assert_eq!(counts, PageCounts { deleted: 30, ..PageCounts::default() }, "half is not most");
    let run = harness.run_again(&run).await;
    let new = text("new", "It comes in all the same.");
    let mixed = PageCommit { deletions: keys(29..60), ..next(harness, &run, [new]).await };
    let counts = committed(harness, &mixed).await;

    assert_eq!(counts, PageCounts { added: 1, held: 30, ..PageCounts::default() });
    assert_eq!(harness.documents(COMPANY_A).await.len(), 31);
    let held = only_held(harness).await;
    let expected = HeldDeletion {
        id: held.id,
        user_id: USER_1,
        user_email: held.user_email.clone(),
        connection_id: run.stream.connection_id,
        broker_id: run.stream.broker_id.clone(),
        provider: run.stream.provider,
        model: run.stream.model.clone(),
        job_id: run.lease.job,
        records: 30,
        documents_removed: 0,
        state: DeletionState::Pending,
        created_at: held.created_at,
        decided_at: None,
        decided_by: None,
    };
    assert_eq!(held, expected);
    let JobView { seen, counts, .. } = harness.job(&run).await;
    assert_eq!((seen, counts.deleted, counts.held), (32, 0, 30));
}

pub async fn few_deletions_are_never_held_back(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    bring_in(harness, &run, 20).await;

    let unknown = PageCommit { deletions: keys(100..200), ..next(harness, &run, []).await };
    assert_eq!(committed(harness, &unknown).await, PageCounts::default(), "it never had these");
    let counts = lose(harness, &run, 0..20).await;

    assert_eq!(counts, PageCounts { deleted: 20, ..PageCounts::default() });
    assert_eq!(all_held(harness, COMPANY_A).await, []);
}

/// With what hangs on them: of 45 messages, 15 have an attachment.
pub async fn the_pages_of_a_job_count_together(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let attachments = (0..15).map(|n| an_attachment(&n.to_string(), "a"));
    let documents: Vec<_> = (0..45).map(|n| a_document(&n.to_string())).chain(attachments).collect();
    let commit = next(harness, &run, documents).await;
    committed(harness, &commit).await;

    let first = lose(harness, &run, 0..10).await;
    let second = lose(harness, &run, 15..25).await;
    let third = lose(harness, &run, 10..11).await;

    let [first, second, third] = [first, second, third].map(|counts| (counts.deleted, counts.held));
    assert_eq!((first, second), ((20, 0), (10, 0)), "half of sixty");
    assert_eq!(third, (0, 2), "one message more, with its attachment");
    assert_eq!(only_held(harness).await.records, 1);

    let next_job = harness.run_again(&run).await;
    let counts = lose(harness, &next_job, 26..27).await;
    assert_eq!((counts.deleted, counts.held), (1, 0), "the next job begins anew");
}

pub async fn whatever_else_a_job_deletes_is_held_too_once_something_is(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    bring_in(harness, &run, 60).await;

    assert_eq!(lose(harness, &run, 0..31).await.held, 31);
    assert_eq!(lose(harness, &run, 31..32).await.held, 1);
    assert_eq!(only_held(harness).await.records, 32);

    let other_model = Run { stream: Stream { model: "Message".to_owned(), ..run.stream.clone() }, ..run.clone() };
    let counts = lose(harness, &other_model, 40..41).await;
    assert_eq!((counts.deleted, counts.held), (1, 0), "one of another model is none of what was lost");
}

pub async fn a_record_that_comes_back_is_held_no_longer(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    bring_in(harness, &run, 40).await;
    lose(harness, &run, 0..40).await;
    let held = only_held(harness).await;
    let run = harness.run_again(&run).await;

    let commit = next(harness, &run, [a_document("1"), text("2", "changed")]).await;
    let counts = committed(harness, &commit).await;
    assert_eq!(counts, PageCounts { updated: 1, unchanged: 1, ..PageCounts::default() });
    assert_eq!(only_held(harness).await, HeldDeletion { records: 38, ..held.clone() });

    // One that vanishes once more, by itself, is not held either: it is gone.
    assert_eq!(lose(harness, &run, 3..4).await.deleted, 1);
    assert_eq!(only_held(harness).await, HeldDeletion { records: 37, ..held });

    let commit = next(harness, &run, (4..40).chain([0]).map(|n| a_document(&n.to_string()))).await;
    committed(harness, &commit).await;
    assert_eq!(all_held(harness, COMPANY_A).await, [], "nothing is left to decide");
}

/// It is told by what the record said when it was read, and perhaps by a provider that lost it since.
pub async fn what_a_record_lacked_is_no_word_that_it_came_back(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    bring_in(harness, &run, 40).await;
    lose(harness, &run, 0..30).await;
    let held = only_held(harness).await;

    let read_on = next(harness, &run, [text("1", "with all that it lacked")]).await;
    let standing = read_on.read_from.clone();
    committed(harness, &PageCommit { moved_to: standing, ..read_on }).await;

    assert_eq!(only_held(harness).await, held);
}

pub async fn what_is_held_is_not_held_twice(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    bring_in(harness, &run, 40).await;
    lose(harness, &run, 0..30).await;
    let held = only_held(harness).await;

    assert_eq!(lose(harness, &run, 0..30).await.held, 30, "it is held back, whoever holds it");
    let next_job = harness.run_again(&run).await;
    lose(harness, &next_job, 0..30).await;
    assert_eq!(only_held(harness).await, held);

    lose(harness, &next_job, 5..40).await;
    let records: Vec<_> = all_held(harness, COMPANY_A).await.into_iter().map(|held| held.records).collect();
    assert_eq!(records, [10, 30]);
}

pub async fn a_colleagues_deletions_are_not_held(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    for run in [&run, &colleagues] {
        bring_in(harness, run, 40).await;
    }
    lose(harness, &run, 0..40).await;

    let counts = lose(harness, &colleagues, 0..5).await;
    let back = next(harness, &colleagues, [text("7", "changed")]).await;
    committed(harness, &back).await;

    assert_eq!((counts.deleted, counts.held), (5, 0));
    assert_eq!(only_held(harness).await.records, 40, "what he has is no word on mine");
}

/// Has the connection bring in so many messages, numbered from 0.
pub(in crate::testing) async fn bring_in(harness: &impl Harness, run: &Run, messages: u32) {
    let commit = next(harness, run, (0..messages).map(|n| a_document(&n.to_string()))).await;
    committed(harness, &commit).await;
}

/// Has the provider say that these are gone.
pub(in crate::testing) async fn lose(harness: &impl Harness, run: &Run, messages: std::ops::Range<u32>) -> PageCounts {
    let commit = PageCommit { deletions: keys(messages), ..next(harness, run, []).await };
    committed(harness, &commit).await
}

/// What the company's deletions wait for, or waited for, the last first.
pub(in crate::testing) async fn all_held(harness: &impl Harness, company_id: CompanyId) -> Vec<HeldDeletion> {
    let page = PageRequest::new(None, None);
    harness.held(company_id).list(company_id, &page).await.expect("an answer").items
}

pub(in crate::testing) async fn only_held(harness: &impl Harness) -> HeldDeletion {
    let mut held = all_held(harness, COMPANY_A).await;
    assert_eq!(held.len(), 1, "{held:?}");
    held.remove(0)
}

/// The next page of the stream.
pub(in crate::testing) async fn next(
    harness: &impl Harness,
    run: &Run,
    documents: impl IntoIterator<Item = NewDocument>,
) -> PageCommit {
    let cursor = harness.store(run.stream.company_id).find_cursor(&run.stream).await.expect("an answer");
    let from = cursor.as_ref().map(Cursor::as_str);
    page(run, from, &format!("{}+", from.unwrap_or("c")), documents)
}

fn keys(messages: std::ops::Range<u32>) -> Vec<crate::model::DocumentKey> {
    messages.map(|n| a_key(&n.to_string())).collect()
}
