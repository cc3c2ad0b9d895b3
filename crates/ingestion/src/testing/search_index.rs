//! The contract of [`SearchIndex`](crate::ports::SearchIndex), one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::{DocumentId, PageRequest};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::library::{Harness, a_document_view};
use super::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_key};
use crate::model::{
    DocumentFilter, DocumentKind, DocumentText, DocumentView, IngestionMethod, Ranking, SearchPage, SearchQuery,
    SourceName,
};
use crate::ports::ListError;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! search_index_contract {
    ($harness:expr) => {
        $crate::search_index_contract! { $harness =>
            a_document_is_found_by_words_of_its_title_and_of_its_text,
            another_companys_documents_are_not_found,
            words_are_combined_as_on_the_web,
            a_query_without_a_word_finds_nothing,
            what_is_only_excluded_finds_nothing,
            a_word_in_the_title_counts_for_more_than_in_the_text,
            a_sender_is_found_by_name_and_by_address_and_counts_for_more_than_the_text,
            of_equals_the_newer_comes_first_and_a_title_counts_for_more_than_the_age,
            what_is_found_by_nothing_else_is_found_by_a_slip_in_title_or_sender,
            a_superseded_document_is_not_found,
            a_filter_narrows_what_is_found,
            found_pages_follow_each_other_without_a_gap_and_without_repetition,
            a_search_cursor_that_is_none_is_refused,
            a_hit_tells_its_document_and_marks_what_was_searched_for,
            matches_are_counted_up_to_a_thousand,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::search_index::$case(&$harness).await;
            }
        )+
    };
}

pub async fn a_document_is_found_by_words_of_its_title_and_of_its_text(harness: &impl Harness) {
    let heron = put(harness, "Heron report", "It stands in the reed.").await;
    put(harness, "Otter report", "It swims.").await;

    assert_eq!(found(harness, "heron").await, [heron]);
    assert_eq!(found(harness, "Reed").await, [heron]);
    assert_eq!(found(harness, "heron reed").await, [heron]);
    assert_eq!(found(harness, "kingfisher").await, []);
}

pub async fn another_companys_documents_are_not_found(harness: &impl Harness) {
    harness.put_document(COMPANY_B, text("Heron", "It stands in the reed.")).await;

    assert_eq!(found(harness, "heron").await, []);
}

pub async fn words_are_combined_as_on_the_web(harness: &impl Harness) {
    let heron = put(harness, "Heron", "grey bird").await;
    let swan = put(harness, "Swan", "bird grey").await;
    let otter = put(harness, "Otter", "brown").await;

    assert_eq!(found(harness, "grey bird").await, [swan, heron]);
    assert_eq!(found(harness, "\"grey bird\"").await, [heron]);
    assert_eq!(found(harness, "grey -heron").await, [swan]);
    assert_eq!(found(harness, "otter or heron").await, [otter, heron]);
    assert_eq!(found(harness, "\"grey bird").await.len(), 1, "an open quotation mark is no mistake");
    assert_eq!(
        found(harness, "grey & | ! ( bird:* <->").await,
        [swan, heron],
        "operators of the database are none here"
    );
}

pub async fn a_query_without_a_word_finds_nothing(harness: &impl Harness) {
    put(harness, "Heron", "grey bird").await;

    assert_eq!(found(harness, "& | !").await, []);
}

pub async fn a_word_in_the_title_counts_for_more_than_in_the_text(harness: &impl Harness) {
    let in_title = put(harness, "Heron", "A bird.").await;
    let in_text = put(harness, "Bird", "A heron.").await;

    assert_eq!(found(harness, "heron").await, [in_title, in_text]);
}

pub async fn what_is_only_excluded_finds_nothing(harness: &impl Harness) {
    put(harness, "Heron", "grey bird").await;

    assert_eq!(found(harness, "-otter").await, []);
    assert_eq!(found(harness, "heron or -otter").await.len(), 1);
}

pub async fn a_sender_is_found_by_name_and_by_address_and_counts_for_more_than_the_text(harness: &impl Harness) {
    let by_nora = put_sent(harness, "Nora Dahl", "nora@reed.example", NOON).await;
    let of_nora = put(harness, "Report", "Nora stands in the reed.").await;

    assert_eq!(found(harness, "nora").await, [by_nora, of_nora]);
    assert_eq!(found(harness, "\"Nora Dahl\"").await, [by_nora]);
    assert_eq!(found(harness, "dahl report").await, [by_nora], "words may stand in different places");
    assert_eq!(found(harness, "\"nora@reed.example\"").await, [by_nora]);
}

pub async fn of_equals_the_newer_comes_first_and_a_title_counts_for_more_than_the_age(harness: &impl Harness) {
    let newer = put_sent(harness, "Nora Dahl", "nora@reed.example", NOON - Duration::days(10)).await;
    let older = put_sent(harness, "Nora Dahl", "nora@reed.example", NOON - Duration::days(4_000)).await;
    let mut old_title = text("Dahl", "A report.");
    old_title.document.created_at = Some(NOON - Duration::days(9_000));
    let old_title = harness.put_document(COMPANY_A, old_title).await;

    assert_eq!(found(harness, "dahl").await, [old_title, newer, older]);
}

pub async fn what_is_found_by_nothing_else_is_found_by_a_slip_in_title_or_sender(harness: &impl Harness) {
    let heron = put(harness, "Kingfisher report", "It stands in the reed.").await;
    let sent = put_sent(harness, "Nora Lindqvist", "nora@reed.example", NOON).await;

    for slip in ["kingfishr", "kingfissher", "kingfosher", "kingifsher", "kingfishr reed"] {
        assert_eq!(found(harness, slip).await, [heron], "{slip}");
    }
    assert_eq!(found(harness, "lindqist").await, [sent]);
    assert_eq!(found(harness, "stnads").await, [], "the text is not looked through");
    let exact = put(harness, "Kingfishr", "So is its name.").await;
    let all = search(harness, &query("kingfishr")).await;
    assert_eq!(ids(&all), [exact, heron]);
    assert!(all.hits[0].score > all.hits[1].score);
}

pub async fn a_superseded_document_is_not_found(harness: &impl Harness) {
    let older = put(harness, "Heron plan", "The first one.").await;
    let newer = put(harness, "Heron plan", "The second one.").await;
    harness.supersede(COMPANY_A, older).await;

    assert_eq!(found(harness, "heron").await, [newer]);
    assert_eq!(found(harness, "hern").await, [newer]);
}

pub async fn a_filter_narrows_what_is_found(harness: &impl Harness) {
    let message = put(harness, "Heron", "A bird.").await;
    let mut note = text("Heron", "A bird.");
    note.document.key.source = SourceName::new("notes");
    note.document.kind = DocumentKind::FILE;
    note.document.ingested_by = Some(USER_2.to_string());
    note.document.created_at = None;
    note.document.ingested_at = Some(NOON - Duration::HOUR);
    let note = harness.put_document(COMPANY_A, note).await;

    let filter = DocumentFilter::default;
    let filters = [
        (DocumentFilter { source: Some(SourceName::new("notes")), ..filter() }, note),
        (DocumentFilter { kind: Some(DocumentKind::EMAIL), ..filter() }, message),
        (DocumentFilter { ingested_by: Some(USER_1), ..filter() }, message),
        (DocumentFilter { ingested_by: Some(USER_2), ..filter() }, note),
        (DocumentFilter { since: Some(NOON), ..filter() }, message),
        (DocumentFilter { until: Some(NOON), ..filter() }, note),
    ];
    for (filter, expected) in filters {
        let query = SearchQuery { filter: filter.clone(), ..query("heron") };
        let page = search(harness, &query).await;
        assert_eq!(ids(&page), [expected], "{filter:?}");
        assert_eq!(page.total, 1);
    }
}

pub async fn found_pages_follow_each_other_without_a_gap_and_without_repetition(harness: &impl Harness) {
    let mut expected = Vec::new();
    for number in 0..5 {
        expected.insert(0, put(harness, &format!("Heron {number}"), "A bird.").await);
    }

    let mut cursor = None;
    let mut seen = Vec::new();
    for is_last in [false, false, true] {
        let page = search(harness, &SearchQuery { page: PageRequest::new(Some(2), cursor), ..query("heron") }).await;
        seen.extend(ids(&page));
        assert_eq!(page.next_cursor.is_none(), is_last);
        cursor = page.next_cursor;
        put(harness, &format!("Heron after {seen:?}"), "A bird.").await;
    }
    assert_eq!(seen, expected);
}

pub async fn a_search_cursor_that_is_none_is_refused(harness: &impl Harness) {
    for cursor in ["", "2", "x.1", "3f000000.1"] {
        let query = SearchQuery { page: PageRequest::new(None, Some(cursor.to_owned())), ..query("heron") };
        let outcome = harness.index(COMPANY_A).search(COMPANY_A, &query).await;
        assert!(matches!(outcome, Err(ListError::Cursor(_))), "{cursor}: {outcome:?}");
    }
}

pub async fn a_hit_tells_its_document_and_marks_what_was_searched_for(harness: &impl Harness) {
    let id = put(harness, "Report", "The heron stands\n in the reed.").await;

    let page = search(harness, &query("heron")).await;

    let [hit] = page.hits.as_slice() else { panic!("one hit: {page:?}") };
    assert_eq!((hit.document_id, hit.title.as_str(), hit.kind.as_str()), (id, "Report", "email"));
    assert_eq!((hit.source.as_str(), hit.created_at), ("gmail", Some(NOON)));
    assert_eq!(hit.ingested_by, Some(USER_1.to_string()));
    assert_eq!(hit.ingested_by_email.as_deref(), Some("one@example.com"));
    assert_eq!(hit.method.as_deref(), Some(IngestionMethod::OauthSync.name()));
    assert!(hit.score > 0.0);
    let marked: Vec<_> = hit.snippet.iter().filter(|piece| piece.is_match).map(|piece| piece.text.as_str()).collect();
    assert_eq!(marked, ["heron"]);
    let whole: String = hit.snippet.iter().map(|piece| piece.text.as_str()).collect();
    assert!(whole.contains("heron stands"), "{whole}");
}

pub async fn matches_are_counted_up_to_a_thousand(harness: &impl Harness) {
    for number in 0..Ranking::MOST {
        put(harness, &format!("Heron {number}"), "").await;
    }
    let page = search(harness, &query("heron")).await;
    assert_eq!((page.total, page.total_is_capped), (1_000, false));

    put(harness, "Heron more", "").await;
    let page = search(harness, &query("heron")).await;
    assert_eq!((page.total, page.total_is_capped), (1_000, true));
}

fn query(text: &str) -> SearchQuery {
    SearchQuery {
        text: text.parse().expect("something to search for"),
        filter: DocumentFilter::default(),
        page: PageRequest::new(None, None),
    }
}

/// A message with this title and text.
fn text(title: &str, content: &str) -> DocumentText {
    let document = DocumentView { title: title.to_owned(), ..a_document_view(&format!("{title} {content}")) };
    DocumentText { document, content: content.to_owned() }
}

async fn put(harness: &impl Harness, title: &str, content: &str) -> DocumentId {
    harness.put_document(COMPANY_A, text(title, content)).await
}

/// A report that this person sent at that moment.
async fn put_sent(harness: &impl Harness, name: &str, address: &str, at: OffsetDateTime) -> DocumentId {
    let mut sent = text("Report", "It stands in the reed.");
    sent.document.key = a_key(&format!("{name} {at}"));
    sent.document.metadata = json!({"sender_name": name, "sender_address": address});
    sent.document.created_at = Some(at);
    harness.put_document(COMPANY_A, sent).await
}

async fn search(harness: &impl Harness, query: &SearchQuery) -> SearchPage {
    harness.index(COMPANY_A).search(COMPANY_A, query).await.expect("an answer")
}

async fn found(harness: &impl Harness, text: &str) -> Vec<DocumentId> {
    ids(&search(harness, &query(text)).await)
}

fn ids(page: &SearchPage) -> Vec<DocumentId> {
    page.hits.iter().map(|hit| hit.document_id).collect()
}
