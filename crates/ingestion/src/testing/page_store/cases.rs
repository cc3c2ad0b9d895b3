//! One case a bullet of the contract.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::collections::HashSet;
use std::time::Duration;

use cortex_kernel::{BrokerConnectionId, DocumentId, UserId};
use futures_util::future::join_all;
use uuid::Uuid;

use super::set_aside::all_set_aside;
use super::{Harness, JobView, Run};
use crate::model::{
    BlobKey, CommitOutcome, Cursor, Document, DocumentDraft, DocumentSource, IngestionMethod, MessageKey, NewDocument,
    PageCommit, PageCounts, SetAside, SetAsideFilter, Stream,
};
use crate::testing::{COMPANY_A, COMPANY_B, USER_1, USER_2, a_commit, a_document, a_draft, a_key, a_set_aside};

pub async fn a_committed_page_moves_the_cursor(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    assert_eq!(cursor(harness, &run.stream).await, None);

    committed(harness, &page(&run, None, "c1", [])).await;
    assert_eq!(cursor(harness, &run.stream).await, Some(Cursor::new("c1")));

    committed(harness, &page(&run, Some("c1"), "c2", [])).await;
    assert_eq!(cursor(harness, &run.stream).await, Some(Cursor::new("c2")));
}

pub async fn an_empty_page_at_the_beginning_leaves_no_cursor(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let empty = PageCommit { moved_to: None, ..page(&run, None, "", []) };

    committed(harness, &empty).await;
    committed(harness, &empty).await;

    assert_eq!(cursor(harness, &run.stream).await, None);
}

pub async fn a_stale_lease_changes_nothing(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    harness.claim_again(&run).await;

    assert_refused(harness, &run, &page(&run, None, "c1", [a_document("1")]), CommitOutcome::LeaseLost).await;
}

pub async fn a_lease_that_ran_out_changes_nothing(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    harness.expire(&run).await;

    assert_refused(harness, &run, &page(&run, None, "c1", [a_document("1")]), CommitOutcome::LeaseLost).await;
}

pub async fn a_moved_cursor_changes_nothing(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;

    let missing = page(&run, Some("c0"), "c1", [a_document("1")]);
    assert_refused(harness, &run, &missing, CommitOutcome::CursorMoved).await;

    committed(harness, &page(&run, None, "c1", [])).await;
    for read_from in [None, Some("c0")] {
        let behind = page(&run, read_from, "c2", [a_document("1")]);
        assert_refused(harness, &run, &behind, CommitOutcome::CursorMoved).await;
    }
}

pub async fn every_stream_has_its_own_cursor(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let colleagues = harness.run(COMPANY_A, USER_2).await;
    committed(harness, &page(&run, None, "c1", [])).await;

    let reconnected = Stream { broker_id: BrokerConnectionId::new("broker-new"), ..run.stream.clone() };
    let other_model = Stream { model: "Message".to_owned(), ..run.stream.clone() };
    let other_variant = Stream { variant: "archive".to_owned(), ..run.stream.clone() };
    for stream in [reconnected, other_model, other_variant] {
        assert_eq!(cursor(harness, &stream).await, None, "{stream:?}");
        let run = Run { stream, ..run };
        committed(harness, &page(&run, None, "other", [])).await;
    }
    committed(harness, &page(&colleagues, None, "colleague", [])).await;

    assert_eq!(cursor(harness, &run.stream).await, Some(Cursor::new("c1")));
    assert_eq!(cursor(harness, &colleagues.stream).await, Some(Cursor::new("colleague")));
}

pub async fn a_new_record_becomes_a_document_with_its_attribution(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let new = a_document("1");
    let commit = PageCommit { method: IngestionMethod::Webhook, ..page(&run, None, "c1", [new.clone()]) };

    let counts = committed(harness, &commit).await;

    assert_eq!(counts, PageCounts { added: 1, ..PageCounts::default() });
    let stored = only_document(harness).await;
    let expected = Document {
        id: stored.id,
        key: new.key.clone(),
        kind: new.kind,
        title: new.title,
        content: new.content,
        content_incomplete: false,
        parent: None,
        metadata: new.metadata,
        ingested_by: Some(USER_1),
        ingested_by_email: Some(commit.user_email),
        method: Some(IngestionMethod::Webhook),
        blob: None,
    };
    assert_eq!(stored, expected);
    let source = DocumentSource {
        document_id: stored.id,
        user_id: USER_1,
        connection_id: Some(run.stream.connection_id),
        job_id: Some(run.lease.job),
        method: IngestionMethod::Webhook,
        record: new.key,
        vanished_at: None,
    };
    assert_eq!(harness.sources(COMPANY_A, stored.id).await, [source]);
}

pub async fn a_changed_record_updates_its_document(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let incomplete = DocumentDraft { content_incomplete: true, ..a_draft("1") }.finish();
    committed(harness, &page(&run, None, "c1", [incomplete, a_document("2")])).await;
    let before = harness.documents(COMPANY_A).await;

    let counts = committed(harness, &page(&run, Some("c1"), "c2", [a_document("1"), text("2", "other")])).await;

    assert_eq!(counts, PageCounts { updated: 2, ..PageCounts::default() });
    let after = harness.documents(COMPANY_A).await;
    let metadata = a_document("1").metadata;
    let completed = Document { content_incomplete: false, metadata, ..before[0].clone() };
    let changed = Document { content: "other".to_owned(), ..before[1].clone() };
    assert_eq!(after, [completed, changed]);
}

pub async fn an_incomplete_record_does_not_replace_a_complete_document(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    committed(harness, &page(&run, None, "c1", [a_document("1")])).await;
    let before = (harness.documents(COMPANY_A).await, harness.versions(COMPANY_A).await);
    let incomplete = DocumentDraft { content: "Tex".to_owned(), content_incomplete: true, ..a_draft("1") }.finish();

    let again = committed(harness, &page(&run, Some("c1"), "c2", [incomplete.clone()])).await;
    assert_eq!(again, PageCounts { unchanged: 1, ..PageCounts::default() });
    assert_ne!(harness.versions(COMPANY_A).await, before.1, "it was seen again");

    let elsewhere = committed(harness, &page(&colleagues, None, "c1", [incomplete])).await;
    assert_eq!(elsewhere, PageCounts { updated: 1, ..PageCounts::default() });
    assert_eq!(harness.documents(COMPANY_A).await, before.0);
    assert_eq!(bringers(harness, before.0[0].id).await, [USER_1, USER_2]);
}

pub async fn a_changed_record_that_brings_no_bytes_leaves_those_of_before(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let keys = [1, 2].map(|number| BlobKey::new(Uuid::from_u128(number)));
    for key in keys {
        harness.removals(COMPANY_A).announce(COMPANY_A, key, Duration::from_hours(1)).await.expect("an answer");
    }
    let blob = async |read_from: Option<&str>, moved_to: &str, record: NewDocument| {
        committed(harness, &page(&run, read_from, moved_to, [record])).await;
        only_document(harness).await.blob
    };

    assert_eq!(blob(None, "c1", NewDocument { blob: Some(keys[0]), ..a_document("1") }).await, Some(keys[0]));
    assert_eq!(blob(Some("c1"), "c2", text("1", "other")).await, Some(keys[0]));
    let replaced = NewDocument { blob: Some(keys[1]), ..text("1", "another") };
    assert_eq!(blob(Some("c2"), "c3", replaced).await, Some(keys[1]));
}

pub async fn an_unchanged_record_writes_nothing(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    committed(harness, &page(&run, None, "c1", [a_document("1"), a_document("2")])).await;
    let before = harness.versions(COMPANY_A).await;
    assert!(!before.is_empty());

    let counts = committed(harness, &page(&run, Some("c1"), "c2", [a_document("1"), a_document("2")])).await;

    assert_eq!(counts, PageCounts { unchanged: 2, ..PageCounts::default() });
    assert_eq!(harness.versions(COMPANY_A).await, before);
}

pub async fn the_same_record_of_two_users_is_one_document_with_two_sources(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    committed(harness, &page(&run, None, "c1", [a_document("1")])).await;

    let counts = committed(harness, &page(&colleagues, None, "c1", [text("1", "newer")])).await;

    assert_eq!(counts, PageCounts { updated: 1, ..PageCounts::default() });
    let document = only_document(harness).await;
    assert_eq!((document.content.as_str(), document.ingested_by), ("newer", Some(USER_1)));
    assert_eq!(bringers(harness, document.id).await, [USER_1, USER_2]);
}

pub async fn the_same_message_of_two_users_is_one_document_with_two_sources(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    committed(harness, &page(&run, None, "c1", [message("1", "m"), message("2", "other")])).await;

    let counts = committed(harness, &page(&colleagues, None, "c1", [message("9", "m")])).await;
    let again = committed(harness, &page(&colleagues, Some("c1"), "c2", [message("9", "m")])).await;

    assert_eq!(counts, PageCounts { updated: 1, ..PageCounts::default() });
    assert_eq!(again, PageCounts { unchanged: 1, ..PageCounts::default() });
    let documents = harness.documents(COMPANY_A).await;
    assert_eq!(documents.iter().map(|d| d.key.source_id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(documents[0].ingested_by, Some(USER_1));
    let records: Vec<_> =
        harness.sources(COMPANY_A, documents[0].id).await.into_iter().map(|s| (s.user_id, s.record)).collect();
    assert_eq!(records, [(USER_1, a_key("1")), (USER_2, a_key("9"))]);
    assert_eq!(bringers(harness, documents[1].id).await, [USER_1]);
}

pub async fn the_same_message_twice_in_a_page_is_one_document(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;

    let counts = committed(harness, &page(&run, None, "c1", [message("1", "m"), message("2", "m")])).await;

    assert_eq!(counts, PageCounts { added: 1, updated: 1, ..PageCounts::default() });
    let document = only_document(harness).await;
    assert_eq!(harness.sources(COMPANY_A, document.id).await.len(), 2);
}

pub async fn the_same_message_committed_by_ten_users_at_once_is_one_document(harness: &impl Harness) {
    let mut commits = Vec::new();
    for n in 1..=10 {
        let run = harness.run(COMPANY_A, UserId::new(Uuid::from_u128(n))).await;
        // Each page names the messages in another order: whoever locks in the order of the page would wait for ever.
        let mut documents: Vec<_> = (0..10).map(|m| message(&format!("{n}-{m}"), &format!("message-{m}"))).collect();
        documents.rotate_left(usize::try_from(n).expect("small") % 10);
        commits.push(page(&run, None, "c1", documents));
    }
    let store = harness.store(COMPANY_A);

    let outcomes = join_all(commits.iter().map(|commit| store.commit_page(commit))).await;

    let mut added = 0;
    for outcome in outcomes {
        match outcome.expect("no error") {
            CommitOutcome::Committed(counts) => added += counts.added,
            other => panic!("expected a commit, got {other:?}"),
        }
    }
    assert_eq!(added, 10);
    let documents = harness.documents(COMPANY_A).await;
    assert_eq!(documents.len(), 10);
    for document in documents {
        assert_eq!(bringers(harness, document.id).await.len(), 10);
    }
}

pub async fn pages_of_ten_users_that_change_the_same_documents_at_once_all_go_through(harness: &impl Harness) {
    let ids: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    let mut commits = Vec::new();
    for n in 1..=10 {
        let run = harness.run(COMPANY_A, UserId::new(Uuid::from_u128(n))).await;
        committed(harness, &page(&run, None, "c1", ids.iter().map(|id| a_document(id)))).await;
        let mut documents: Vec<_> = ids.iter().map(|id| text(id, &format!("by {n}"))).collect();
        documents.rotate_left(usize::try_from(n).expect("small") % 10);
        commits.push(page(&run, Some("c1"), "c2", documents));
    }
    let store = harness.store(COMPANY_A);

    let outcomes = join_all(commits.iter().map(|commit| store.commit_page(commit))).await;

    let all = CommitOutcome::Committed(PageCounts { updated: 10, ..PageCounts::default() });
    for outcome in outcomes {
        assert_eq!(outcome.expect("no error"), all);
    }
    let documents = harness.documents(COMPANY_A).await;
    let last = &documents[0].content;
    assert!(documents.len() == 10 && documents.iter().all(|document| document.content == *last), "{documents:?}");
}

pub async fn a_known_record_stays_with_its_document_whatever_its_message_key(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    committed(harness, &page(&run, None, "c1", [message("1", "m"), message("2", "n")])).await;
    let before = harness.documents(COMPANY_A).await;

    let edited = NewDocument { message_key: Some(MessageKey::new("id:n")), ..text("1", "edited") };
    committed(harness, &page(&run, Some("c1"), "c2", [edited])).await;

    let after = harness.documents(COMPANY_A).await;
    let expected = Document { title: "Subject 1".to_owned(), content: "edited".to_owned(), ..before[0].clone() };
    assert_eq!(after, [expected, before[1].clone()]);
}

pub async fn another_companys_equal_record_is_another_document(harness: &impl Harness) {
    let elsewhere = harness.run(COMPANY_B, USER_1).await;
    committed(harness, &page(&elsewhere, None, "c1", [message("1", "m")])).await;
    let theirs = (harness.documents(COMPANY_B).await, harness.versions(COMPANY_B).await);

    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    let counts = committed(harness, &page(&run, None, "c1", [message("1", "m")])).await;
    assert_eq!(counts.added, 1);
    committed(harness, &page(&colleagues, None, "c1", [message("9", "m")])).await;
    let document = only_document(harness).await;
    assert_eq!(bringers(harness, document.id).await, [USER_1, USER_2]);
    for (run, record) in [(&run, "1"), (&colleagues, "9")] {
        let deletion = PageCommit { deletions: vec![a_key(record)], ..page(run, Some("c1"), "c2", []) };
        committed(harness, &deletion).await;
    }

    assert_eq!(harness.documents(COMPANY_A).await, []);
    assert_eq!((harness.documents(COMPANY_B).await, harness.versions(COMPANY_B).await), theirs);
}

pub async fn the_last_deletion_takes_the_document(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    committed(harness, &page(&run, None, "c1", [message("1", "m")])).await;
    committed(harness, &page(&colleagues, None, "c1", [message("9", "m")])).await;

    let first = PageCommit { deletions: vec![a_key("1")], ..page(&run, Some("c1"), "c2", []) };
    let counts = committed(harness, &first).await;
    assert_eq!(counts, PageCounts { deleted: 1, ..PageCounts::default() });
    let document = only_document(harness).await;
    let vanished: Vec<_> = harness
        .sources(COMPANY_A, document.id)
        .await
        .into_iter()
        .map(|source| (source.user_id, source.vanished_at.is_some()))
        .collect();
    assert_eq!(vanished, [(USER_1, true), (USER_2, false)]);

    let last = PageCommit { deletions: vec![a_key("9")], ..page(&colleagues, Some("c1"), "c2", []) };
    committed(harness, &last).await;
    assert_eq!(harness.documents(COMPANY_A).await, []);
    assert_eq!(harness.sources(COMPANY_A, document.id).await, []);
}

pub async fn a_deletion_of_what_the_connection_never_brought_in_changes_nothing(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    committed(harness, &page(&run, None, "c1", [a_document("1")])).await;
    let before = (harness.documents(COMPANY_A).await, harness.versions(COMPANY_A).await);

    let foreign = PageCommit { deletions: vec![a_key("1"), a_key("7")], ..page(&colleagues, None, "c1", []) };
    let counts = committed(harness, &foreign).await;

    assert_eq!(counts, PageCounts::default());
    assert_eq!((harness.documents(COMPANY_A).await, harness.versions(COMPANY_A).await), before);
}

/// It was read while the provider would not say whose account it is, and by its address ever since.
pub async fn a_record_is_the_same_after_its_account_could_be_read(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let unread = |id: &str| {
        let mut document = text(id, "as it was");
        document.key = document.key.before_its_account_was_read(run.stream.connection_id);
        document
    };
    committed(harness, &page(&run, None, "c1", [unread("1"), unread("2")])).await;

    let second = PageCommit { deletions: vec![a_key("2")], ..page(&run, Some("c1"), "c2", [text("1", "changed")]) };
    let counts = committed(harness, &second).await;

    assert_eq!(counts, PageCounts { updated: 1, deleted: 1, ..PageCounts::default() });
    assert_eq!(only_document(harness).await.content, "changed");
}

pub async fn a_record_that_comes_back_is_there_again(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    committed(harness, &page(&run, None, "c1", [a_document("1")])).await;
    committed(harness, &page(&colleagues, None, "c1", [a_document("1")])).await;
    let deletion = PageCommit { deletions: vec![a_key("1")], ..page(&run, Some("c1"), "c2", []) };
    committed(harness, &deletion).await;

    let back = committed(harness, &page(&run, Some("c2"), "c3", [a_document("1")])).await;
    assert_eq!(back, PageCounts { updated: 1, ..PageCounts::default() });
    let document = only_document(harness).await;
    let sources = harness.sources(COMPANY_A, document.id).await;
    assert!(sources.iter().all(|source| source.vanished_at.is_none()), "{sources:?}");

    committed(harness, &PageCommit { deletions: vec![a_key("1")], ..page(&run, Some("c3"), "c4", []) }).await;
    let deletion = PageCommit { deletions: vec![a_key("1")], ..page(&colleagues, Some("c1"), "c2", []) };
    committed(harness, &deletion).await;
    let new = committed(harness, &page(&run, Some("c4"), "c5", [a_document("1")])).await;
    assert_eq!(new.added, 1);
}

pub async fn a_page_is_counted_on_its_job(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let first = PageCommit { set_aside_count: 2, ..page(&run, None, "c1", [a_document("1"), a_document("2")]) };
    committed(harness, &first).await;
    let second =
        PageCommit { deletions: vec![a_key("2")], ..page(&run, Some("c1"), "c2", [a_document("1"), a_document("3")]) };

    committed(harness, &second).await;

    let counts = PageCounts { added: 3, unchanged: 1, deleted: 1, ..PageCounts::default() };
    assert_eq!(harness.job(&run).await, JobView { attempt: 1, pages: 2, seen: 7, counts, set_aside: 2 });
}

pub async fn a_page_with_nothing_in_it_that_moves_nothing_is_not_counted(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;

    committed(harness, &PageCommit { moved_to: None, ..page(&run, None, "", []) }).await;
    assert_eq!(harness.job(&run).await.pages, 0, "nothing was read yet");

    committed(harness, &page(&run, None, "c1", [])).await;
    committed(harness, &page(&run, Some("c1"), "c1", [])).await;
    assert_eq!(harness.job(&run).await.pages, 1, "only the one that moved the cursor");

    committed(harness, &PageCommit { set_aside_count: 1, ..page(&run, Some("c1"), "c1", []) }).await;
    assert_eq!(harness.job(&run).await.pages, 2, "what was set aside was read");
}

pub async fn a_page_that_moves_the_cursor_makes_the_attempt_the_first_again(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let run = Run { lease: harness.claim_again(&run).await, ..run };

    committed(harness, &PageCommit { moved_to: None, ..page(&run, None, "", []) }).await;
    assert_eq!(harness.job(&run).await.attempt, 2, "an empty page is no proof of getting on");

    committed(harness, &page(&run, None, "c1", [])).await;
    assert_eq!(harness.job(&run).await.attempt, 1);
}

async fn assert_refused(harness: &impl Harness, run: &Run, commit: &PageCommit, outcome: CommitOutcome) {
    let before = (cursor(harness, &run.stream).await, harness.job(run).await);

    let commit = PageCommit { set_aside: vec![a_set_aside("2", SetAside::Draft)], ..commit.clone() };
    let store = harness.store(COMPANY_A);
    assert_eq!(store.commit_page(&commit).await.expect("an outcome"), outcome);

    assert_eq!((cursor(harness, &run.stream).await, harness.job(run).await), before);
    assert_eq!(harness.documents(COMPANY_A).await, []);
    assert_eq!(all_set_aside(harness, COMPANY_A, SetAsideFilter::default()).await, []);
}

pub async fn committed(harness: &impl Harness, commit: &PageCommit) -> PageCounts {
    let store = harness.store(commit.stream.company_id);
    match store.commit_page(commit).await.expect("an outcome") {
        CommitOutcome::Committed(counts) => counts,
        other => panic!("expected a commit, got {other:?}"),
    }
}

async fn cursor(harness: &impl Harness, stream: &Stream) -> Option<Cursor> {
    harness.store(stream.company_id).find_cursor(stream).await.expect("an answer")
}

pub(super) async fn only_document(harness: &impl Harness) -> Document {
    let mut documents = harness.documents(COMPANY_A).await;
    assert_eq!(documents.len(), 1, "{documents:?}");
    documents.remove(0)
}

pub(super) async fn bringers(harness: &impl Harness, id: DocumentId) -> Vec<UserId> {
    let sources = harness.sources(COMPANY_A, id).await;
    let bringers: Vec<_> = sources.iter().map(|source| source.user_id).collect();
    assert_eq!(bringers.iter().collect::<HashSet<_>>().len(), bringers.len(), "{sources:?}");
    bringers
}

pub(crate) fn page(
    run: &Run,
    read_from: Option<&str>,
    moved_to: &str,
    documents: impl IntoIterator<Item = NewDocument>,
) -> PageCommit {
    PageCommit {
        lease: run.lease,
        stream: run.stream.clone(),
        read_from: read_from.map(Cursor::new),
        moved_to: Some(Cursor::new(moved_to)),
        documents: documents.into_iter().collect(),
        ..a_commit()
    }
}

pub(super) fn text(source_id: &str, content: &str) -> NewDocument {
    DocumentDraft { content: content.to_owned(), ..a_draft(source_id) }.finish()
}

/// A message as it lies in a mailbox: its copies differ in the id of the record only.
pub(super) fn message(source_id: &str, message_id: &str) -> NewDocument {
    let message_key = Some(MessageKey::new(format!("id:{message_id}")));
    NewDocument { key: a_key(source_id), message_key, ..a_document(message_id) }
}
