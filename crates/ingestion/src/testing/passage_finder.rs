//! The contract of [`PassageFinder`](crate::ports::PassageFinder), one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::{DocumentId, IdGenerator, RandomIds};
use serde_json::json;

use super::library::{Harness, a_document_view};
use super::{COMPANY_A, COMPANY_B, NOON, USER_1, a_key};
use crate::model::{
    DocumentFilter, DocumentKind, DocumentText, DocumentView, Passage, PassageQuery, Sentence, SourceName,
};

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! passage_finder_contract {
    ($harness:expr) => {
        $crate::passage_finder_contract! { $harness =>
            any_word_of_a_question_finds_and_more_of_them_are_better,
            a_passage_tells_the_sentences_that_say_most,
            a_passage_tells_its_document,
            at_most_so_many_documents_are_told,
            a_filter_narrows_what_is_asked,
            a_question_without_a_word_finds_no_passage,
            superseded_documents_and_other_companies_say_nothing,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::passage_finder::$case(&$harness).await;
            }
        )+
    };
}

pub async fn any_word_of_a_question_finds_and_more_of_them_are_better(harness: &impl Harness) {
    let heron = put(harness, "Report", "A heron stands.").await;
    let both = put(harness, "Report", "A heron stands in the reed.").await;
    put(harness, "Report", "Otters swim.").await;

    assert_eq!(ids(&ask(harness, "Which heron is in the reed?").await), [both, heron]);
    assert_eq!(ids(&ask(harness, "-heron \"or").await), [both, heron], "signs mean nothing");
}

pub async fn a_passage_tells_the_sentences_that_say_most(harness: &impl Harness) {
    put(harness, "Report", "Otters swim. A heron stands. The grey heron flew from the reed. A grey day.").await;

    let passages = ask(harness, "Did the grey heron fly?").await;

    let sentence = |text: &str, worth| Sentence { text: text.to_owned(), worth };
    let expected =
        [sentence("The grey heron flew from the reed.", 2), sentence("A heron stands.", 1), sentence("A grey day.", 1)];
    assert_eq!(passages[0].sentences, expected);
}

pub async fn a_passage_tells_its_document(harness: &impl Harness) {
    let mut parent = text("Mail", "nothing");
    parent.document.key = a_key("parent");
    let parent_id = harness.put_document(COMPANY_A, parent).await;
    let mut heron = text("Heron.pdf", "It stands.");
    heron.document = DocumentView {
        key: a_key("heron"),
        kind: DocumentKind::new("attachment"),
        created_at: Some(NOON),
        metadata: json!({ "sender_name": "Nora Dahl", "sender_address": "nora@reed.example" }),
        parent: Some(parent_id),
        file_url: Some("https://drive.example/heron".to_owned()),
        ..heron.document
    };
    let id = harness.put_document(COMPANY_A, heron.clone()).await;

    let passages = ask(harness, "heron").await;

    let expected = Passage {
        document_id: id,
        title: "Heron.pdf".to_owned(),
        sentences: Vec::new(),
        score: passages[0].score,
        source: heron.document.key.source,
        kind: DocumentKind::new("attachment"),
        created_at: Some(NOON),
        sender: Some("Nora Dahl".to_owned()),
        file_url: Some("https://drive.example/heron".to_owned()),
        parent_id: Some(parent_id),
    };
    assert_eq!(passages, [expected]);
}

pub async fn at_most_so_many_documents_are_told(harness: &impl Harness) {
    for _ in 0..4 {
        put(harness, "Heron", "A heron.").await;
    }

    assert_eq!(find(harness, &PassageQuery { most: 3, ..question("heron") }).await.len(), 3);
}

pub async fn a_filter_narrows_what_is_asked(harness: &impl Harness) {
    put(harness, "Heron", "A heron.").await;
    let mut upload = text("Heron", "A heron.");
    upload.document.key.source = SourceName::UPLOAD;
    upload.document.ingested_by = Some(USER_1.to_string());
    let id = harness.put_document(COMPANY_A, upload).await;

    let filter = DocumentFilter { source: Some(SourceName::UPLOAD), ..DocumentFilter::default() };

    assert_eq!(ids(&find(harness, &PassageQuery { filter, ..question("heron") }).await), [id]);
}

pub async fn a_question_without_a_word_finds_no_passage(harness: &impl Harness) {
    put(harness, "Heron", "A heron.").await;

    assert_eq!(ask(harness, "- ?").await, []);
    assert_eq!(ask(harness, "kingfisher").await, []);
}

pub async fn superseded_documents_and_other_companies_say_nothing(harness: &impl Harness) {
    let superseded = put(harness, "Heron", "A heron.").await;
    harness.supersede(COMPANY_A, superseded).await;
    harness.put_document(COMPANY_B, text("Heron", "A heron.")).await;

    assert_eq!(ask(harness, "heron").await, []);
}

fn question(text: &str) -> PassageQuery {
    let text = text.parse().expect("a question");
    PassageQuery { text, filter: DocumentFilter::default(), most: PassageQuery::MOST }
}

async fn ask(harness: &impl Harness, text: &str) -> Vec<Passage> {
    find(harness, &question(text)).await
}

async fn find(harness: &impl Harness, query: &PassageQuery) -> Vec<Passage> {
    harness.passages(COMPANY_A).find_passages(COMPANY_A, query).await.expect("passages")
}

fn ids(passages: &[Passage]) -> Vec<DocumentId> {
    passages.iter().map(|passage| passage.document_id).collect()
}

fn text(title: &str, content: &str) -> DocumentText {
    let document = DocumentView { title: title.to_owned(), ..a_document_view("") };
    DocumentText { document, content: content.to_owned() }
}

async fn put(harness: &impl Harness, title: &str, content: &str) -> DocumentId {
    let mut document = text(title, content);
    document.document.key = a_key(&RandomIds.new_uuid().to_string());
    harness.put_document(COMPANY_A, document).await
}
