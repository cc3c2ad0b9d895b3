//! The cases about records that could not be taken in.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::time::Duration;

use cortex_kernel::{CompanyId, PageRequest};

use super::cases::{committed, page};
use super::{Harness, Run};
use crate::model::{
    Cursor, PageCommit, RecordKey, SetAside, SetAsideFilter, SetAsideQuery, SetAsideRecord, SetAsideView, Stream,
};
use crate::testing::{COMPANY_A, USER_1, USER_2, a_document, a_key, a_set_aside};

pub async fn a_record_that_cannot_be_taken_in_is_kept_with_its_reason(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let without_id = SetAsideRecord::new(None, &Cursor::new("place"), SetAside::NotAnObject);
    let records = vec![a_set_aside("1", SetAside::Draft), without_id];

    let commit = PageCommit { set_aside: records, ..page(&run, None, "c1", [a_document("2")]) };
    committed(harness, &commit).await;

    let mut kept = all(harness).await;
    kept.sort_by(|one, other| one.record_id.cmp(&other.record_id));
    let [nameless, draft] = <[_; 2]>::try_from(kept).expect("two");
    let expected = SetAsideView {
        id: draft.id,
        user_id: USER_1,
        connection_id: run.stream.connection_id,
        provider: run.stream.provider,
        model: run.stream.model.clone(),
        record_id: Some("1".to_owned()),
        reason: "draft".to_owned(),
        job_id: run.lease.job,
        first_seen_at: draft.first_seen_at,
        last_seen_at: draft.first_seen_at,
    };
    assert_eq!(draft, expected);
    assert_eq!((nameless.record_id.as_deref(), nameless.reason.as_str()), (None, "not_an_object"));
}

pub async fn one_that_is_set_aside_again_is_kept_once_with_its_last_reason(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let keep = async |read_from, moved_to: &str, reason| {
        let set_aside = vec![a_set_aside("1", reason), SetAsideRecord::new(None, &Cursor::new("place"), reason)];
        committed(harness, &PageCommit { set_aside, ..page(&run, read_from, moved_to, []) }).await;
    };
    keep(None, "c1", SetAside::Draft).await;
    let before = all(harness).await;
    harness.pass(Duration::from_hours(1)).await;

    keep(Some("c1"), "c2", SetAside::IdTooLong).await;

    let after = all(harness).await;
    let numbers = |views: &[SetAsideView]| views.iter().map(|view| view.id).collect::<Vec<_>>();
    assert_eq!(numbers(&after), numbers(&before));
    for view in after {
        assert_eq!(view.reason, "id_too_long");
        assert!(view.last_seen_at - view.first_seen_at >= Duration::from_hours(1), "{view:?}");
    }
}

pub async fn one_that_comes_in_later_or_vanishes_is_kept_no_longer(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    put_set_aside(harness, &run, ["1", "2", "3", "4", "5"]).await;

    let later = PageCommit {
        deletions: vec![a_key("2")],
        left_out: vec![RecordKey::of("3")],
        set_aside: vec![a_set_aside("5", SetAside::Draft)],
        ..page(&run, cursor(harness, &run).await.as_deref(), "c2", [a_document("1"), a_document("5")])
    };
    committed(harness, &later).await;

    assert_eq!(ids(harness).await, ["4", "5"], "what was set aside last is set aside");
}

pub async fn what_another_stream_set_aside_stays(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    let other_model = Stream { model: "Message".to_owned(), ..run.stream.clone() };
    let other_variant = Stream { variant: "archive".to_owned(), ..run.stream.clone() };
    let others = [colleagues, Run { stream: other_model, ..run.clone() }, Run { stream: other_variant, ..run.clone() }];
    for run in others.iter().chain([&run]) {
        put_set_aside(harness, run, ["1"]).await;
    }
    assert_eq!(ids(harness).await, ["1", "1", "1", "1"]);

    let deletion =
        PageCommit { deletions: vec![a_key("1")], ..page(&run, cursor(harness, &run).await.as_deref(), "c2", []) };
    committed(harness, &deletion).await;

    let left = all(harness).await;
    assert_eq!(left.len(), 3);
    let is_of_run = |view: &SetAsideView| view.model == run.stream.model && view.user_id == USER_1;
    assert_eq!(left.iter().filter(|view| is_of_run(view)).count(), 1, "the other variant's");
}

/// Commits a page of the stream in which nothing but these records stands, as drafts.
pub async fn put_set_aside<const N: usize>(harness: &impl Harness, run: &Run, ids: [&str; N]) {
    let read_from = cursor(harness, run).await;
    let moved_to = format!("{}+", read_from.as_deref().unwrap_or("c"));
    let set_aside = ids.map(|id| a_set_aside(id, SetAside::Draft)).into();
    committed(harness, &PageCommit { set_aside, ..page(run, read_from.as_deref(), &moved_to, []) }).await;
}

/// What the company has that the filter lets through, those first seen last first.
pub async fn all_set_aside(harness: &impl Harness, company_id: CompanyId, filter: SetAsideFilter) -> Vec<SetAsideView> {
    let query = SetAsideQuery { filter, page: PageRequest::new(None, None) };
    harness.set_aside(company_id).list(company_id, &query).await.expect("an answer").items
}

async fn all(harness: &impl Harness) -> Vec<SetAsideView> {
    all_set_aside(harness, COMPANY_A, SetAsideFilter::default()).await
}

async fn ids(harness: &impl Harness) -> Vec<String> {
    let mut ids: Vec<_> = all(harness).await.into_iter().map(|view| view.record_id.expect("an id")).collect();
    ids.sort();
    ids
}

async fn cursor(harness: &impl Harness, run: &Run) -> Option<String> {
    let cursor = harness.store(run.stream.company_id).find_cursor(&run.stream).await.expect("an answer");
    cursor.map(|cursor| cursor.as_str().to_owned())
}
