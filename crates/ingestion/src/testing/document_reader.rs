//! The contract of [`DocumentReader`](crate::ports::DocumentReader), one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::{ConnectionId, DocumentId, PageRequest};
use serde_json::{Value, json};
use time::Duration;
use uuid::uuid;

use super::library::{Harness, a_document_view, a_source_view};
use super::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_key};
use crate::model::{
    BlobKey, DocumentFile, DocumentFilter, DocumentKey, DocumentKind, DocumentQuery, DocumentText, DocumentView,
    IngestionMethod, SourceName, SourceView,
};
use crate::ports::ListError;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! document_reader_contract {
    ($harness:expr) => {
        $crate::document_reader_contract! { $harness =>
            documents_are_listed_with_those_brought_in_last_first,
            pages_follow_each_other_without_a_gap_and_without_repetition,
            a_cursor_that_is_none_is_refused,
            a_filter_narrows_the_list,
            a_superseded_document_is_not_listed_but_found,
            another_companys_documents_are_not_listed,
            a_document_is_found_with_its_text,
            another_companys_document_reads_as_absent,
            a_document_tells_who_brought_it_in_and_how,
            a_document_from_before_sources_were_kept_has_none,
            a_document_tells_where_its_bytes_are,
            a_document_without_bytes_has_no_file,
            another_companys_file_reads_as_absent,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::document_reader::$case(&$harness).await;
            }
        )+
    };
}

pub async fn documents_are_listed_with_those_brought_in_last_first(harness: &impl Harness) {
    let old = DocumentView { created_at: Some(NOON - Duration::DAY), ..a_document_view("2") };
    let ids = [put(harness, a_document_view("1")).await, put(harness, old).await];

    assert_eq!(listed(harness, &all()).await, [ids[1], ids[0]]);
}

pub async fn pages_follow_each_other_without_a_gap_and_without_repetition(harness: &impl Harness) {
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.insert(0, put(harness, a_document_view(&number.to_string())).await);
    }

    let mut cursor = None;
    for (expected, is_last) in [(&ids[..2], false), (&ids[2..4], false), (&ids[4..], true)] {
        let query = DocumentQuery { page: PageRequest::new(Some(2), cursor), ..all() };
        let page = harness.reader(COMPANY_A).list_documents(COMPANY_A, &query).await.expect("an answer");
        assert_eq!(page.items.iter().map(|document| document.id).collect::<Vec<_>>(), expected);
        assert_eq!(page.next_cursor.is_none(), is_last);
        cursor = page.next_cursor;
        put(harness, a_document_view(&format!("after {expected:?}"))).await;
    }
}

pub async fn a_cursor_that_is_none_is_refused(harness: &impl Harness) {
    for cursor in ["", "one", "1;", "99999999999999999999"] {
        let query = DocumentQuery { page: PageRequest::new(None, Some(cursor.to_owned())), ..all() };
        let outcome = harness.reader(COMPANY_A).list_documents(COMPANY_A, &query).await;
        assert!(matches!(outcome, Err(ListError::Cursor(_))), "{cursor}: {outcome:?}");
    }
}

pub async fn a_filter_narrows_the_list(harness: &impl Harness) {
    let gmail = put(harness, a_document_view("1")).await;
    let other = put(harness, a_file()).await;

    let filter = DocumentFilter::default;
    let filters = [
        (DocumentFilter { source: Some(SourceName::new("gmail")), ..filter() }, gmail),
        (DocumentFilter { source: Some(SourceName::new("notes")), ..filter() }, other),
        (DocumentFilter { kind: Some(DocumentKind::EMAIL), ..filter() }, gmail),
        (DocumentFilter { ingested_by: Some(USER_1), ..filter() }, gmail),
        (DocumentFilter { ingested_by: Some(USER_2), ..filter() }, other),
        (DocumentFilter { since: Some(NOON), ..filter() }, gmail),
        (DocumentFilter { until: Some(NOON), ..filter() }, other),
        (DocumentFilter { until: Some(NOON - Duration::HOUR + Duration::SECOND), ..filter() }, other),
    ];
    for (filter, expected) in filters {
        assert_eq!(listed(harness, &DocumentQuery { filter: filter.clone(), ..all() }).await, [expected], "{filter:?}");
    }
    for (method, expected) in [(IngestionMethod::OauthSync, vec![gmail]), (IngestionMethod::Webhook, vec![])] {
        assert_eq!(listed(harness, &DocumentQuery { method: Some(method), ..all() }).await, expected);
    }
}

pub async fn a_superseded_document_is_not_listed_but_found(harness: &impl Harness) {
    let [superseded, other] = [put(harness, a_document_view("1")).await, put(harness, a_document_view("2")).await];
    harness.supersede(COMPANY_A, superseded).await;

    assert_eq!(listed(harness, &all()).await, [other]);
    let found = harness.reader(COMPANY_A).find_document(COMPANY_A, superseded).await.expect("an answer");
    assert_eq!(found, Some(text(DocumentView { id: superseded, ..a_document_view("1") })));
}

pub async fn another_companys_documents_are_not_listed(harness: &impl Harness) {
    harness.put_document(COMPANY_B, text(a_document_view("1"))).await;

    assert_eq!(listed(harness, &all()).await, []);
}

pub async fn a_document_is_found_with_its_text(harness: &impl Harness) {
    for view in [a_document_view("1"), a_file()] {
        let id = harness.put_document(COMPANY_A, text(view.clone())).await;

        let found = harness.reader(COMPANY_A).find_document(COMPANY_A, id).await.expect("an answer");

        assert_eq!(found, Some(text(DocumentView { id, ..view })));
    }
    let nobody = harness.reader(COMPANY_A).find_document(COMPANY_A, DocumentId::new(i64::MAX)).await;
    assert_eq!(nobody.expect("an answer"), None);
}

pub async fn another_companys_document_reads_as_absent(harness: &impl Harness) {
    let id = harness.put_document(COMPANY_B, text(a_document_view("2"))).await;
    harness.put_source(COMPANY_B, id, a_source_view("2")).await;

    let reader = harness.reader(COMPANY_A);
    assert_eq!(reader.find_document(COMPANY_A, id).await.expect("an answer"), None);
    assert_eq!(reader.find_sources(COMPANY_A, id).await.expect("an answer"), None);
}

pub async fn a_document_tells_who_brought_it_in_and_how(harness: &impl Harness) {
    let id = put(harness, a_document_view("1")).await;
    let other = put(harness, a_document_view("2")).await;
    let colleagues = SourceView {
        user_id: USER_2.to_string(),
        user_email: None,
        connection_id: Some(ConnectionId::new(2)),
        first_seen_at: NOON + Duration::HOUR,
        last_seen_at: NOON + Duration::HOUR,
        vanished_at: Some(NOON + Duration::DAY),
        ..a_source_view("1")
    };
    let uploaded = SourceView {
        connection_id: None,
        account_email: None,
        job_id: None,
        method: IngestionMethod::ManualUpload.name().to_owned(),
        record: a_key("2"),
        ..a_source_view("2")
    };
    harness.put_source(COMPANY_A, id, a_source_view("1")).await;
    harness.put_source(COMPANY_A, id, colleagues.clone()).await;
    harness.put_source(COMPANY_A, other, uploaded.clone()).await;

    let sources = async |id| harness.reader(COMPANY_A).find_sources(COMPANY_A, id).await.expect("an answer");
    assert_eq!(sources(id).await, Some(vec![a_source_view("1"), colleagues]));
    assert_eq!(sources(other).await, Some(vec![uploaded]));
}

pub async fn a_document_from_before_sources_were_kept_has_none(harness: &impl Harness) {
    let id = put(harness, a_file()).await;

    assert_eq!(harness.reader(COMPANY_A).find_sources(COMPANY_A, id).await.expect("an answer"), Some(Vec::new()));
}

pub async fn a_document_tells_where_its_bytes_are(harness: &impl Harness) {
    let blob = BlobKey::new(uuid!("0e000000-0000-4000-8000-000000000001"));
    let id = put(harness, DocumentView { blob: Some(blob), ..a_document_view("1") }).await;
    let mime_type = Some("message/rfc822".to_owned());

    let file = harness.reader(COMPANY_A).find_file(COMPANY_A, id).await.expect("an answer");
    assert_eq!(file, Some(DocumentFile { blob, name: "Subject 1".to_owned(), mime_type }));
    let found = harness.reader(COMPANY_A).find_document(COMPANY_A, id).await.expect("an answer");
    assert_eq!(found.expect("a document").document.blob, Some(blob));
    let page = harness.reader(COMPANY_A).list_documents(COMPANY_A, &all()).await.expect("an answer");
    assert_eq!(page.items[0].blob, Some(blob));

    let blob = Some(BlobKey::new(uuid!("0e000000-0000-4000-8000-000000000002")));
    let uploaded = DocumentView { blob, metadata: json!({"original_filename": "herons.pdf"}), ..a_document_view("2") };
    let id = put(harness, uploaded).await;
    let file = harness.reader(COMPANY_A).find_file(COMPANY_A, id).await.expect("an answer");
    assert_eq!(file.expect("a file").name, "herons.pdf");
}

pub async fn a_document_without_bytes_has_no_file(harness: &impl Harness) {
    let id = put(harness, a_document_view("1")).await;

    for id in [id, DocumentId::new(i64::MAX)] {
        assert_eq!(harness.reader(COMPANY_A).find_file(COMPANY_A, id).await.expect("an answer"), None);
    }
}

pub async fn another_companys_file_reads_as_absent(harness: &impl Harness) {
    let blob = BlobKey::new(uuid!("0e000000-0000-4000-8000-000000000001"));
    let view = DocumentView { blob: Some(blob), ..a_document_view("3") };
    let id = harness.put_document(COMPANY_B, text(view)).await;

    assert_eq!(harness.reader(COMPANY_A).find_file(COMPANY_A, id).await.expect("an answer"), None);
    assert!(harness.reader(COMPANY_B).find_file(COMPANY_B, id).await.expect("an answer").is_some());
}

/// [`USER_2`]'s, brought in an hour before noon, of which little is known.
fn a_file() -> DocumentView {
    DocumentView {
        id: DocumentId::new(0),
        key: DocumentKey { source: SourceName::new("notes"), source_account: String::new(), source_id: "7".to_owned() },
        kind: DocumentKind::FILE,
        title: "Notes".to_owned(),
        created_at: None,
        modified_at: None,
        ingested_at: Some(NOON - Duration::HOUR),
        ingested_by: Some(USER_2.to_string()),
        ingested_by_email: None,
        method: None,
        metadata: Value::Null,
        mime_type: None,
        file_size_bytes: None,
        file_url: None,
        blob: None,
        parent: None,
        content_incomplete: true,
    }
}

fn all() -> DocumentQuery {
    DocumentQuery { filter: DocumentFilter::default(), method: None, page: PageRequest::new(None, None) }
}

fn text(document: DocumentView) -> DocumentText {
    DocumentText { content: format!("Text of {}", document.title), document }
}

async fn put(harness: &impl Harness, document: DocumentView) -> DocumentId {
    harness.put_document(COMPANY_A, text(document)).await
}

async fn listed(harness: &impl Harness, query: &DocumentQuery) -> Vec<DocumentId> {
    let page = harness.reader(COMPANY_A).list_documents(COMPANY_A, query).await.expect("an answer");
    page.items.into_iter().map(|document| document.id).collect()
}
