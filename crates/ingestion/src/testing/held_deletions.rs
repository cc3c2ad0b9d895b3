//! The contract of [`HeldDeletions`](crate::ports::HeldDeletions), one case a bullet. What it decides of is held by the
//! store of pages, so it runs on the same [`Harness`].

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::{CompanyId, Origin, PageRequest, UserId};
use uuid::Uuid;

use super::page_store::{Harness, Run, all_held, bring_in, committed, lose, next, only_held};
use super::{COMPANY_A, COMPANY_B, USER_1, USER_2, a_document, an_attachment};
use crate::model::{CarriedOut, DecisionOutcome, DeletionDecision, DeletionState, Verdict};
use crate::ports::ListError;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! held_deletions_contract {
    ($harness:expr) => {
        $crate::held_deletions_contract! { $harness =>
            held_deletions_are_listed_with_the_last_first,
            pages_of_held_deletions_follow_each_other_without_a_gap_and_without_repetition,
            a_cursor_of_held_deletions_that_is_none_is_refused,
            another_companys_held_deletions_are_not_listed,
            what_is_confirmed_goes_and_who_confirmed_it_is_told,
            what_is_rejected_stays_and_who_rejected_it_is_told,
            what_is_decided_is_not_decided_again,
            another_companys_held_deletions_are_not_decided,
            what_others_brought_in_as_well_stays_when_it_is_confirmed,
            the_attachments_of_a_message_go_with_it_when_it_is_confirmed,
            what_is_confirmed_is_carried_out_in_steps_and_a_step_that_was_left_is_found,
            a_record_that_comes_back_while_what_is_confirmed_is_carried_out_stays,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::held_deletions::$case(&$harness).await;
            }
        )+
    };
}

pub async fn held_deletions_are_listed_with_the_last_first(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    for run in [&run, &colleagues] {
        hold(harness, run).await;
    }

    let owners: Vec<_> = all_held(harness, COMPANY_A).await.into_iter().map(|held| held.user_id).collect();
    assert_eq!(owners, [USER_2, USER_1]);
}

pub async fn pages_of_held_deletions_follow_each_other_without_a_gap_and_without_repetition(harness: &impl Harness) {
    let mut ids = Vec::new();
    for n in 0..3 {
        let run = harness.run(COMPANY_A, somebody(n)).await;
        ids.insert(0, hold(harness, &run).await);
    }

    let mut cursor = None;
    for (expected, is_last, newcomer) in [(&ids[..2], false, 7), (&ids[2..], true, 8)] {
        let request = PageRequest::new(Some(2), cursor);
        let page = harness.held(COMPANY_A).list(COMPANY_A, &request).await.expect("an answer");
        assert_eq!(page.items.iter().map(|held| held.id).collect::<Vec<_>>(), expected);
        assert_eq!(page.next_cursor.is_none(), is_last);
        cursor = page.next_cursor;
        let run = harness.run(COMPANY_A, somebody(newcomer)).await;
        hold(harness, &run).await;
    }
}

pub async fn a_cursor_of_held_deletions_that_is_none_is_refused(harness: &impl Harness) {
    for cursor in ["", "one", "1;", "99999999999999999999"] {
        let page = PageRequest::new(None, Some(cursor.to_owned()));
        let outcome = harness.held(COMPANY_A).list(COMPANY_A, &page).await;
        assert!(matches!(outcome, Err(ListError::Cursor(_))), "{cursor}: {outcome:?}");
    }
}

pub async fn another_companys_held_deletions_are_not_listed(harness: &impl Harness) {
    let elsewhere = harness.run(COMPANY_B, USER_1).await;
    hold(harness, &elsewhere).await;

    assert_eq!(all_held(harness, COMPANY_A).await, []);
    assert_eq!(all_held(harness, COMPANY_B).await.len(), 1);
}

pub async fn what_is_confirmed_goes_and_who_confirmed_it_is_told(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let id = hold(harness, &run).await;

    let outcome = decide(harness, COMPANY_A, id, Verdict::Confirm).await;

    assert_eq!(outcome, DecisionOutcome::Decided { records: 30 });
    let done = CarriedOut { documents_removed: 30, is_done: true };
    assert_eq!(carry_out(harness, id, 1_000).await, done);
    assert_eq!(harness.documents(COMPANY_A).await.len(), 10);
    let held = only_held(harness).await;
    assert_eq!((held.state, held.decided_by), (DeletionState::Confirmed, Some(USER_2)));
    assert!(held.decided_at.is_some());
    assert_eq!((held.records, held.documents_removed), (30, 30));
    assert_eq!(harness.audited(COMPANY_A).await, ["deletions_confirmed"]);
    assert_eq!(carry_out(harness, id, 1_000).await, done, "nothing is left to do");
}

pub async fn what_is_rejected_stays_and_who_rejected_it_is_told(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let id = hold(harness, &run).await;
    let before = (harness.documents(COMPANY_A).await, harness.versions(COMPANY_A).await);

    let outcome = decide(harness, COMPANY_A, id, Verdict::Reject).await;

    assert_eq!(outcome, DecisionOutcome::Decided { records: 30 });
    assert_eq!(carry_out(harness, id, 1_000).await, CarriedOut { documents_removed: 0, is_done: true });
    assert_eq!((harness.documents(COMPANY_A).await, harness.versions(COMPANY_A).await), before);
    let held = only_held(harness).await;
    assert_eq!((held.state, held.decided_by, held.records), (DeletionState::Rejected, Some(USER_2), 30));
    assert_eq!(harness.audited(COMPANY_A).await, ["deletions_rejected"]);

    lose(harness, &run, 0..30).await;
    let states: Vec<_> = all_held(harness, COMPANY_A).await.into_iter().map(|held| held.state).collect();
    assert_eq!(states, [DeletionState::Pending, DeletionState::Rejected], "if it is told again, it is asked again");
}

pub async fn what_is_decided_is_not_decided_again(harness: &impl Harness) {
    let verdicts = [(USER_1, Verdict::Confirm, Verdict::Reject), (USER_2, Verdict::Reject, Verdict::Confirm)];
    for (owner, verdict, other) in verdicts {
        let run = harness.run(COMPANY_A, owner).await;
        let id = hold(harness, &run).await;
        decide(harness, COMPANY_A, id, verdict).await;

        for again in [verdict, other] {
            assert_eq!(decide(harness, COMPANY_A, id, again).await, DecisionOutcome::AlreadyDecided);
        }
        assert_eq!(all_held(harness, COMPANY_A).await[0].state, verdict.state());
    }
    assert_eq!(harness.audited(COMPANY_A).await, ["deletions_confirmed", "deletions_rejected"]);
    assert_eq!(decide(harness, COMPANY_A, i64::MAX, Verdict::Confirm).await, DecisionOutcome::NotFound);
}

pub async fn another_companys_held_deletions_are_not_decided(harness: &impl Harness) {
    let elsewhere = harness.run(COMPANY_B, USER_1).await;
    let id = hold(harness, &elsewhere).await;

    assert_eq!(decide(harness, COMPANY_A, id, Verdict::Confirm).await, DecisionOutcome::NotFound);
    assert_eq!(all_held(harness, COMPANY_B).await[0].state, DeletionState::Pending);

    decide(harness, COMPANY_B, id, Verdict::Confirm).await;
    assert_eq!(harness.held(COMPANY_A).find_unfinished(COMPANY_A).await.expect("an answer"), None);
    assert_eq!(carry_out(harness, id, 1_000).await, CarriedOut { documents_removed: 0, is_done: true });
    assert_eq!(harness.documents(COMPANY_B).await.len(), 40);
}

pub async fn what_others_brought_in_as_well_stays_when_it_is_confirmed(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    let id = hold(harness, &run).await;
    bring_in(harness, &colleagues, 25).await;

    decide(harness, COMPANY_A, id, Verdict::Confirm).await;

    assert_eq!(carry_out(harness, id, 1_000).await.documents_removed, 5);
    let documents = harness.documents(COMPANY_A).await;
    assert_eq!(documents.len(), 35);
    let first = harness.sources(COMPANY_A, documents[0].id).await;
    let told: Vec<_> = first.iter().map(|source| (source.user_id, source.vanished_at.is_some())).collect();
    assert_eq!(told, [(USER_1, true), (USER_2, false)]);
}

pub async fn the_attachments_of_a_message_go_with_it_when_it_is_confirmed(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    bring_in(harness, &run, 40).await;
    let with_them = [a_document("1"), an_attachment("1", "a"), a_document("39"), an_attachment("39", "b")];
    let commit = next(harness, &run, with_them).await;
    committed(harness, &commit).await;
    assert_eq!(lose(harness, &run, 0..30).await.held, 31);

    let id = only_held(harness).await.id;
    decide(harness, COMPANY_A, id, Verdict::Confirm).await;

    assert_eq!(carry_out(harness, id, 1_000).await.documents_removed, 31);
    assert_eq!(harness.documents(COMPANY_A).await.len(), 11);
}

pub async fn what_is_confirmed_is_carried_out_in_steps_and_a_step_that_was_left_is_found(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let id = hold(harness, &run).await;
    let unfinished = async || harness.held(COMPANY_A).find_unfinished(COMPANY_A).await.expect("an answer");
    assert_eq!(unfinished().await, None, "nobody has decided");

    decide(harness, COMPANY_A, id, Verdict::Confirm).await;
    assert_eq!(unfinished().await, Some(id));
    for documents_removed in [12, 24] {
        assert_eq!(carry_out(harness, id, 12).await, CarriedOut { documents_removed, is_done: false });
        assert_eq!(unfinished().await, Some(id));
    }
    assert_eq!(carry_out(harness, id, 12).await, CarriedOut { documents_removed: 30, is_done: true });

    assert_eq!(unfinished().await, None);
    assert_eq!(harness.documents(COMPANY_A).await.len(), 10);
}

pub async fn a_record_that_comes_back_while_what_is_confirmed_is_carried_out_stays(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let id = hold(harness, &run).await;
    decide(harness, COMPANY_A, id, Verdict::Confirm).await;

    let commit = next(harness, &run, [a_document("1"), a_document("2")]).await;
    committed(harness, &commit).await;

    assert_eq!(carry_out(harness, id, 1_000).await, CarriedOut { documents_removed: 28, is_done: true });
    assert_eq!(harness.documents(COMPANY_A).await.len(), 12);
    assert_eq!(only_held(harness).await.records, 30, "so many were decided of");
}

/// Has the connection bring in forty messages and its provider lose thirty of them. Answers what waits for a word.
pub async fn hold(harness: &impl Harness, run: &Run) -> i64 {
    bring_in(harness, run, 40).await;
    assert_eq!(lose(harness, run, 0..30).await.held, 30);
    all_held(harness, run.stream.company_id).await[0].id
}

fn somebody(n: u128) -> UserId {
    UserId::new(Uuid::from_u128(n))
}

/// [`USER_2`] decides.
async fn decide(harness: &impl Harness, company_id: CompanyId, id: i64, verdict: Verdict) -> DecisionOutcome {
    let origin = Origin { request_id: Some("request-1".to_owned()), ..Origin::default() };
    let decision = DeletionDecision { company_id, id, verdict, by: USER_2, origin };
    harness.held(company_id).decide(&decision).await.expect("an outcome")
}

async fn carry_out(harness: &impl Harness, id: i64, most: u16) -> CarriedOut {
    harness.held(COMPANY_A).carry_out_some(COMPANY_A, id, most).await.expect("an answer")
}
