//! The contract of [`ContentLedger`], one case a bullet, on what [`page_store`](super::page_store) brings.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::Origin;
use serde_json::json;

use super::page_store::{Harness, Run, bring_in, committed, lose, only_held, page};
use crate::model::{
    Cursor, DeletionDecision, DocumentKey, Fingerprint, Lacks, MessageKey, PageCommit, PageContents, Postponed,
    RecordKey, SetAside, Stream, Unfinished, Verdict,
};
use crate::ports::ContentLedger;
use crate::testing::{COMPANY_A, COMPANY_B, USER_1, USER_2, a_document, a_key, a_postponed, a_set_aside};

/// Runs every case as a test of its own. Takes an expression that makes a fresh
/// [`Harness`](crate::testing::page_store::Harness); it may `.await`.
#[macro_export]
macro_rules! content_ledger_contract {
    ($harness:expr) => {
        $crate::content_ledger_contract! { $harness =>
            a_finished_record_is_known_by_what_it_said,
            a_record_that_vanished_is_not_known,
            another_connections_record_is_not_known,
            what_was_postponed_is_due_after_its_wait,
            what_was_postponed_again_is_kept_once,
            what_is_finished_unchanged_or_gone_is_postponed_no_longer,
            what_is_held_goes_on_waiting_for_its_contents,
            what_goes_by_somebodys_word_waits_for_them_no_longer,
            of_what_is_due_no_more_than_asked_is_told_and_what_waits_longest_first,
            what_another_stream_postponed_stays_its_own,
            the_next_that_is_due_is_that_of_any_stream_of_the_connection,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::content_ledger::$case(&$harness).await;
            }
        )+
    };
}

const HOUR: Duration = Duration::from_hours(1);

pub async fn a_finished_record_is_known_by_what_it_said(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    finish(harness, &run, ["1", "2"]).await;

    let asked = [says("1", "text"), says("2", "another text"), says("3", "text")];
    assert_eq!(unchanged(harness, &run, &asked).await, [a_key("1")].into());

    let again =
        PageContents { finished: vec![(a_key("1"), Some(Fingerprint::of(["new"])))], ..PageContents::default() };
    commit(harness, &run, again).await;
    let asked = [says("1", "text"), says("2", "text")];
    assert_eq!(unchanged(harness, &run, &asked).await, [a_key("2")].into());
    assert_eq!(unchanged(harness, &run, &[says("1", "new")]).await, [a_key("1")].into());
}

pub async fn a_record_that_vanished_is_not_known(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let colleague = harness.run(COMPANY_A, USER_2).await;
    finish(harness, &run, ["1"]).await;
    finish(harness, &colleague, ["1"]).await;

    let read_from = cursor(harness, &run).await;
    let deletion = PageCommit { deletions: vec![a_key("1")], ..page(&run, read_from.as_deref(), "gone", []) };
    committed(harness, &deletion).await;

    assert_eq!(unchanged(harness, &run, &[says("1", "text")]).await, HashSet::new());
    assert_eq!(unchanged(harness, &colleague, &[says("1", "text")]).await, [a_key("1")].into());
}

pub async fn another_connections_record_is_not_known(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let (colleague, elsewhere) = (harness.run(COMPANY_A, USER_2).await, harness.run(COMPANY_B, USER_1).await);
    finish(harness, &run, ["1"]).await;

    for other in [colleague, elsewhere] {
        assert_eq!(unchanged(harness, &other, &[says("1", "text")]).await, HashSet::new());
    }
}

pub async fn what_was_postponed_is_due_after_its_wait(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let everything = a_postponed("1");
    let files = Unfinished {
        key: RecordKey::of("2"),
        record: json!({ "id": "2", "parts": [1, null] }),
        lacks: Lacks::Attachments { of: Some(MessageKey::new("id:2")), pending: vec!["2_a".to_owned()] },
        fingerprint: Fingerprint::of(["2"]),
        attempts: 3,
    };
    let unkeyed = Unfinished {
        key: RecordKey::of("3"),
        lacks: Lacks::Attachments { of: None, pending: vec!["3_a".to_owned(), "3_b".to_owned()] },
        ..files.clone()
    };
    let all = [everything.unfinished, files, unkeyed];
    postpone(harness, &run, all.clone().map(|unfinished| Postponed { unfinished, wait: HOUR, reason: "unavailable" }))
        .await;
    assert_eq!(due(harness, &run.stream).await, []);

    harness.pass(HOUR).await;

    let mut told = due(harness, &run.stream).await;
    told.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(told, all);
}

pub async fn what_was_postponed_again_is_kept_once(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    postpone(harness, &run, [a_postponed("1")]).await;
    let again = Unfinished {
        record: json!({ "id": "1", "changed": true }),
        lacks: Lacks::Attachments { of: None, pending: vec!["1_a".to_owned()] },
        fingerprint: Fingerprint::of(["changed"]),
        attempts: 2,
        ..a_postponed("1").unfinished
    };

    let wait = 2 * HOUR;
    postpone(harness, &run, [Postponed { unfinished: again.clone(), wait, reason: "throttled" }]).await;

    harness.pass(HOUR).await;
    assert_eq!(due(harness, &run.stream).await, []);
    harness.pass(HOUR).await;
    assert_eq!(due(harness, &run.stream).await, [again]);
}

pub async fn what_is_finished_unchanged_or_gone_is_postponed_no_longer(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    postpone(harness, &run, ["1", "2", "3", "4", "5", "6"].map(a_postponed)).await;

    let read_from = cursor(harness, &run).await;
    let settling = PageCommit {
        deletions: vec![a_key("3")],
        left_out: vec![RecordKey::of("4")],
        set_aside: vec![a_set_aside("5", SetAside::Draft)],
        contents: PageContents {
            unchanged: vec![a_key("1")],
            finished: vec![(a_key("2"), None)],
            postponed: Vec::new(),
        },
        ..page(&run, read_from.as_deref(), "settled", [a_document("2")])
    };
    committed(harness, &settling).await;

    harness.pass(HOUR).await;
    assert_eq!(due(harness, &run.stream).await, [a_postponed("6").unfinished]);
}

/// It may stay, and what lacks of it then is nowhere else.
pub async fn what_is_held_goes_on_waiting_for_its_contents(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    bring_in(harness, &run, 40).await;
    postpone(harness, &run, ["1", "2", "35"].map(a_postponed)).await;

    let read_from = cursor(harness, &run).await;
    let vanished = (0..30).map(|n| a_key(&n.to_string())).collect();
    let contents = PageContents { finished: vec![(a_key("35"), None)], ..PageContents::default() };
    let lost = PageCommit { deletions: vanished, contents, ..page(&run, read_from.as_deref(), "lost", []) };
    assert_eq!(committed(harness, &lost).await.held, 30);

    harness.pass(HOUR).await;
    let mut keys: Vec<_> = due(harness, &run.stream).await.into_iter().map(|unfinished| unfinished.key).collect();
    keys.sort();
    assert_eq!(keys, ["1", "2"].map(RecordKey::of), "what the page tells of others is settled all the same");
}

/// Else it would be asked for, in vain, and come in again without them.
pub async fn what_goes_by_somebodys_word_waits_for_them_no_longer(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    bring_in(harness, &run, 40).await;
    postpone(harness, &run, ["1", "35"].map(a_postponed)).await;
    lose(harness, &run, 0..30).await;
    let held = harness.held(COMPANY_A);
    let id = only_held(harness).await.id;
    let decision = DeletionDecision {
        company_id: COMPANY_A,
        id,
        verdict: Verdict::Confirm,
        by: USER_1,
        origin: Origin::default(),
    };

    held.decide(&decision).await.expect("a decision");
    held.carry_out_some(COMPANY_A, id, 100).await.expect("a step");

    harness.pass(HOUR).await;
    let keys: Vec<_> = due(harness, &run.stream).await.into_iter().map(|unfinished| unfinished.key).collect();
    assert_eq!(keys, [RecordKey::of("35")]);
}

pub async fn of_what_is_due_no_more_than_asked_is_told_and_what_waits_longest_first(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let waits = [("1", 30), ("2", 10), ("3", 20)];
    let postponed = waits.map(|(id, minutes)| Postponed { wait: Duration::from_mins(minutes), ..a_postponed(id) });
    postpone(harness, &run, postponed).await;
    harness.pass(HOUR).await;

    let due = ledger(harness, &run).list_due(&run.stream, 2).await.expect("an answer");

    let keys: Vec<_> = due.iter().map(|unfinished| unfinished.key.as_str()).collect();
    assert_eq!(keys, ["2", "3"]);
}

pub async fn what_another_stream_postponed_stays_its_own(harness: &impl Harness) {
    let (run, elsewhere) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_B, USER_1).await);
    let colleagues = harness.run(COMPANY_A, USER_2).await;
    let of = |stream| Run { stream, ..run.clone() };
    let other_model = of(Stream { model: "Message".to_owned(), ..run.stream.clone() });
    let other_variant = of(Stream { variant: "archive".to_owned(), ..run.stream.clone() });
    let others = [colleagues, other_model, other_variant, elsewhere];
    for run in others.iter().chain([&run]) {
        postpone(harness, run, [a_postponed("1")]).await;
    }

    let finished = PageContents { finished: vec![(a_key("1"), None)], ..PageContents::default() };
    commit(harness, &run, finished).await;

    harness.pass(HOUR).await;
    assert_eq!(due(harness, &run.stream).await, []);
    for other in others {
        let told = ledger(harness, &other).list_due(&other.stream, 10).await.expect("an answer");
        assert_eq!(told.len(), 1, "{:?}", other.stream);
    }
}

pub async fn the_next_that_is_due_is_that_of_any_stream_of_the_connection(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    assert_eq!(next_due(harness, &run).await, None);
    postpone(harness, &colleagues, [Postponed { wait: Duration::ZERO, ..a_postponed("1") }]).await;
    assert_eq!(next_due(harness, &run).await, None);
    postpone(harness, &run, [Postponed { wait: 3 * HOUR, ..a_postponed("1") }]).await;
    let other_model = Run { stream: Stream { model: "Message".to_owned(), ..run.stream.clone() }, ..run.clone() };
    postpone(harness, &other_model, [Postponed { wait: 2 * HOUR, ..a_postponed("1") }]).await;

    let next = next_due(harness, &run).await.expect("something lacks");

    assert!(next > HOUR && next <= 2 * HOUR, "{next:?}");
    harness.pass(3 * HOUR).await;
    assert_eq!(next_due(harness, &run).await, Some(Duration::ZERO));
}

/// These documents were had whole, and their records said `text`.
async fn finish<const N: usize>(harness: &impl Harness, run: &Run, ids: [&str; N]) {
    let finished = ids.map(|id| (a_key(id), Some(Fingerprint::of(["text"])))).into();
    let read_from = cursor(harness, run).await;
    let contents = PageContents { finished, ..PageContents::default() };
    let whole = PageCommit { contents, ..page(run, read_from.as_deref(), "whole", ids.map(a_document)) };
    committed(harness, &whole).await;
}

async fn postpone<const N: usize>(harness: &impl Harness, run: &Run, postponed: [Postponed; N]) {
    commit(harness, run, PageContents { postponed: postponed.into(), ..PageContents::default() }).await;
}

/// Commits a page that leaves the cursor where it is.
async fn commit(harness: &impl Harness, run: &Run, contents: PageContents) {
    let standing = cursor(harness, run).await.map(Cursor::new);
    let commit = PageCommit { contents, read_from: standing.clone(), moved_to: standing, ..page(run, None, "", []) };
    committed(harness, &commit).await;
}

fn says(id: &str, text: &str) -> (DocumentKey, Fingerprint) {
    (a_key(id), Fingerprint::of([text]))
}

fn ledger(harness: &impl Harness, run: &Run) -> Arc<dyn ContentLedger> {
    harness.ledger(run.stream.company_id)
}

async fn unchanged(harness: &impl Harness, run: &Run, records: &[(DocumentKey, Fingerprint)]) -> HashSet<DocumentKey> {
    ledger(harness, run).list_unchanged(&run.stream, records).await.expect("an answer")
}

async fn due(harness: &impl Harness, stream: &Stream) -> Vec<Unfinished> {
    harness.ledger(COMPANY_A).list_due(stream, 10).await.expect("an answer")
}

async fn next_due(harness: &impl Harness, run: &Run) -> Option<Duration> {
    let Stream { company_id, connection_id, .. } = run.stream;
    ledger(harness, run).next_due(company_id, connection_id).await.expect("an answer")
}

async fn cursor(harness: &impl Harness, run: &Run) -> Option<String> {
    let cursor = harness.store(run.stream.company_id).find_cursor(&run.stream).await.expect("an answer");
    cursor.map(|cursor| cursor.as_str().to_owned())
}
