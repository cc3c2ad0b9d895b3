//! Answers with and without a model.

use std::sync::Mutex;

use cortex_kernel::{PageRequest, RandomIds};
use rstest::rstest;

use super::*;
use crate::model::Speaker;
use crate::ports::{MockPassages, MockSummarizer, SummarizerError};
use crate::testing::{COMPANY_A, InMemoryChats, USER_1, USER_2, a_passage};

const MINE: Owner = Owner { company_id: COMPANY_A, user_id: USER_1 };

fn passages(found: Vec<Passage>) -> Arc<dyn Passages> {
    let mut passages = MockPassages::new();
    passages.expect_find().returning(move |_, _, _| Ok(found.clone()));
    Arc::new(passages)
}

fn herons() -> Vec<Passage> {
    vec![
        a_passage(7, &[("The heron left.", 1), ("It was grey.", 1)]),
        a_passage(9, &[("The grey heron stands in the reed.", 3)]),
        a_passage(11, &[]),
    ]
}

fn question(text: &str) -> Question {
    text.parse().unwrap()
}

struct Scene {
    chats: Arc<InMemoryChats>,
    answer: AnswerQuestion,
}

fn scene(found: Vec<Passage>, summarizer: Option<MockSummarizer>) -> Scene {
    let chats = Arc::<InMemoryChats>::default();
    let summarizer = summarizer.map(|summarizer| Arc::new(summarizer) as Arc<dyn Summarizer>);
    let answer = AnswerQuestion::new(passages(found), chats.clone(), summarizer, Arc::new(RandomIds));
    Scene { chats, answer }
}

#[tokio::test]
async fn the_best_sentences_of_the_documents_are_the_answer_each_with_its_number() {
    let Scene { answer, .. } = scene(herons(), None);

    let exchange = answer.ask(MINE, &question("Where is the grey heron?"), None).await.unwrap();

    let expected = "The grey heron stands in the reed. [2]\nThe heron left. [1]\nIt was grey. [1]\nMail 11 [3]";
    assert_eq!((exchange.answer.text.as_str(), exchange.answer.by), (expected, AnsweredBy::Extract));
    let sources = &exchange.answer.sources;
    let told: Vec<_> = sources.iter().map(|source| (source.index, source.document_id.get())).collect();
    assert_eq!(told, [(1, 7), (2, 9), (3, 11)]);
    let previews: Vec<_> = sources.iter().map(|source| source.text_preview.as_str()).collect();
    assert_eq!(previews, ["The heron left. It was grey.", "The grey heron stands in the reed.", "Mail 11"]);
}

#[tokio::test]
async fn a_question_begins_a_chat_and_goes_on_in_it() {
    let Scene { chats, answer } = scene(herons(), None);

    let first = answer.ask(MINE, &question("Where is the heron?"), None).await.unwrap();
    let second = answer.ask(MINE, &question("And the otter?"), Some(first.chat_id)).await.unwrap();

    assert_eq!(second.chat_id, first.chat_id);
    let page = PageRequest::new(None, None);
    let listed = chats.list_chats(MINE, &page).await.unwrap().items;
    assert_eq!((listed.len(), listed[0].title.as_deref()), (1, Some("Where is the heron?")));
    let said = chats.list_messages(MINE, first.chat_id, &page).await.unwrap().unwrap().items;
    let speakers: Vec<_> = said.iter().map(|message| message.speaker).collect();
    assert_eq!(speakers, [Speaker::User, Speaker::Assistant, Speaker::User, Speaker::Assistant]);
}

#[tokio::test]
async fn in_somebody_elses_chat_nothing_is_asked() {
    let chats = Arc::<InMemoryChats>::default();
    let theirs = Owner { user_id: USER_2, ..MINE };
    let id = ChatId::new(RandomIds.new_uuid());
    chats.create_chat(theirs, id, &"Herons".parse().unwrap()).await.unwrap();
    // It panics when it is asked.
    let passages = Arc::new(MockPassages::new());
    let answer = AnswerQuestion::new(passages, chats, None, Arc::new(RandomIds));

    let outcome = answer.ask(MINE, &question("heron"), Some(id)).await;

    assert!(matches!(outcome, Err(AnswerError::NoSuchChat)), "{outcome:?}");
}

#[tokio::test]
async fn where_no_document_says_anything_nothing_is_invented() {
    // It panics when it is asked.
    let Scene { answer, .. } = scene(Vec::new(), Some(MockSummarizer::new()));

    let exchange = answer.ask(MINE, &question("heron"), None).await.unwrap();

    assert_eq!((exchange.answer.text.as_str(), exchange.answer.sources), (NOTHING_KNOWN, Vec::new()));
}

#[rstest]
#[case::it_answers(true, "In the reed [2].", AnsweredBy::Model)]
#[case::it_is_away(false, "The grey heron stands in the reed. [2]", AnsweredBy::Extract)]
#[tokio::test]
async fn a_model_puts_it_in_words_and_its_outage_breaks_nothing(
    #[case] answers: bool,
    #[case] begins: &str,
    #[case] by: AnsweredBy,
) {
    let mut summarizer = MockSummarizer::new();
    let asked = Arc::<Mutex<String>>::default();
    let log = Arc::clone(&asked);
    summarizer.expect_put_in_words().times(1).returning(move |_, material| {
        material.clone_into(&mut log.lock().unwrap());
        if answers { Ok("In the reed [2].".to_owned()) } else { Err(SummarizerError("away".into())) }
    });
    let Scene { answer, .. } = scene(herons(), Some(summarizer));

    let exchange = answer.ask(MINE, &question("Where is the heron?"), None).await.unwrap();

    assert!(exchange.answer.text.starts_with(begins), "{exchange:?}");
    assert_eq!((exchange.answer.by, exchange.answer.sources.len()), (by, 3));
    let asked = asked.lock().unwrap();
    assert!(asked.contains("Question: Where is the heron?"), "{asked}");
    assert!(asked.contains("[2] Mail 9\nThe grey heron stands in the reed."), "{asked}");
}
