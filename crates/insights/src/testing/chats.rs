//! The contract of [`Chats`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{ChatId, CompanyId, DocumentId, IdGenerator, PageRequest, RandomIds};

use super::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2};
use crate::model::{Answer, AnswerSource, AnsweredBy, Exchange, Owner, Speaker};
use crate::ports::{Chats, ListError};

pub use super::fakes::InMemoryChats;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! chats_contract {
    ($harness:expr) => {
        $crate::chats_contract! { $harness =>
            a_chat_that_was_begun_is_listed,
            the_chat_in_which_something_was_said_last_comes_first,
            chats_follow_each_other_in_pages_without_a_gap,
            a_question_and_its_answer_are_kept_together_in_their_order,
            messages_follow_each_other_in_pages_without_a_gap,
            somebody_elses_chat_is_absent,
            another_companys_chat_is_absent,
            a_chat_that_was_deleted_is_gone_with_what_was_said_in_it,
            a_cursor_that_is_no_place_among_chats_or_messages_is_refused,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::chats::$case(&$harness).await;
            }
        )+
    };
}

/// A place for chats, fresh and empty.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The chats under test, as the deployment of this company uses them.
    fn chats(&self, company_id: CompanyId) -> Arc<dyn Chats>;
}

/// [`InMemoryChats`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryChats>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn chats(&self, _: CompanyId) -> Arc<dyn Chats> {
        self.0.clone()
    }
}

const MINE: Owner = Owner { company_id: COMPANY_A, user_id: USER_1 };
const A_COLLEAGUES: Owner = Owner { company_id: COMPANY_A, user_id: USER_2 };
const ELSEWHERE: Owner = Owner { company_id: COMPANY_B, user_id: USER_1 };

pub async fn a_chat_that_was_begun_is_listed(harness: &impl Harness) {
    let id = begin(harness, MINE, "Herons").await;

    let chats = list(harness, MINE, None).await;

    let chat = &chats[0];
    assert_eq!((chats.len(), chat.id, chat.title.as_deref(), chat.message_count), (1, id, Some("Herons"), 0));
    assert_eq!(chat.created_at, chat.updated_at);
    assert!(chats_of(harness, MINE).has_chat(MINE, id).await.expect("an answer"));
}

pub async fn the_chat_in_which_something_was_said_last_comes_first(harness: &impl Harness) {
    let herons = begin(harness, MINE, "Herons").await;
    let otters = begin(harness, MINE, "Otters").await;

    say(harness, MINE, herons, "Where?").await;

    let listed = list(harness, MINE, None).await;
    let told: Vec<_> = listed.iter().map(|chat| (chat.id, chat.message_count)).collect();
    assert_eq!(told, [(herons, 2), (otters, 0)]);
    assert!(listed[0].updated_at > listed[0].created_at);
}

pub async fn chats_follow_each_other_in_pages_without_a_gap(harness: &impl Harness) {
    let mut begun = Vec::new();
    for number in 0..5 {
        begun.push(begin(harness, MINE, &format!("Chat {number}")).await);
    }
    begun.reverse();
    let (mut seen, mut cursor) = (Vec::new(), None);

    loop {
        let page = PageRequest::new(Some(2), cursor);
        let page = chats_of(harness, MINE).list_chats(MINE, &page).await.expect("chats");
        seen.extend(page.items.iter().map(|chat| chat.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }

    assert_eq!(seen, begun);
}

pub async fn a_question_and_its_answer_are_kept_together_in_their_order(harness: &impl Harness) {
    let id = begin(harness, MINE, "Herons").await;
    say(harness, MINE, id, "Where is the heron?").await;
    say(harness, MINE, id, "And the otter?").await;

    let page = PageRequest::new(None, None);
    let messages = chats_of(harness, MINE).list_messages(MINE, id, &page).await.expect("messages").expect("a chat");

    let said: Vec<_> = messages.items.iter().map(|message| (message.speaker, message.content.as_str())).collect();
    let answer = (Speaker::Assistant, "In the reed. [1]");
    let expected = [(Speaker::User, "Where is the heron?"), answer, (Speaker::User, "And the otter?"), answer];
    assert_eq!((said.as_slice(), messages.next_cursor), (expected.as_slice(), None));
    assert!(messages.items.iter().all(|message| message.chat_id == id));
    let sources = messages.items[1].sources.as_array().expect("a list");
    assert_eq!((sources.len(), &sources[0]["document_id"], &sources[0]["index"]), (1, &7.into(), &1.into()));
    assert_eq!(messages.items[0].sources.as_array().map(Vec::len), Some(0));
}

pub async fn messages_follow_each_other_in_pages_without_a_gap(harness: &impl Harness) {
    let id = begin(harness, MINE, "Herons").await;
    for number in 0..3 {
        say(harness, MINE, id, &format!("Question {number}")).await;
    }
    let all = PageRequest::new(None, None);
    let all = chats_of(harness, MINE).list_messages(MINE, id, &all).await.expect("messages").expect("a chat").items;
    let (mut seen, mut cursor) = (Vec::new(), None);

    loop {
        let page = PageRequest::new(Some(4), cursor);
        let page = chats_of(harness, MINE).list_messages(MINE, id, &page).await.expect("messages").expect("a chat");
        seen.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }

    assert_eq!((seen.len(), &seen), (6, &all));
}

pub async fn somebody_elses_chat_is_absent(harness: &impl Harness) {
    let id = begin(harness, MINE, "Herons").await;
    say(harness, MINE, id, "Where?").await;

    assert_absent(harness, A_COLLEAGUES, id).await;

    assert_eq!(list(harness, MINE, None).await[0].message_count, 2);
}

pub async fn another_companys_chat_is_absent(harness: &impl Harness) {
    let id = begin(harness, ELSEWHERE, "Herons").await;

    assert_absent(harness, MINE, id).await;

    assert_eq!(list(harness, ELSEWHERE, None).await.len(), 1);
}

pub async fn a_chat_that_was_deleted_is_gone_with_what_was_said_in_it(harness: &impl Harness) {
    let id = begin(harness, MINE, "Herons").await;
    say(harness, MINE, id, "Where?").await;
    let other = begin(harness, MINE, "Otters").await;

    assert!(chats_of(harness, MINE).delete_chat(MINE, id).await.expect("an answer"));

    assert_absent(harness, MINE, id).await;
    let left: Vec<_> = list(harness, MINE, None).await.into_iter().map(|chat| chat.id).collect();
    assert_eq!(left, [other]);
}

pub async fn a_cursor_that_is_no_place_among_chats_or_messages_is_refused(harness: &impl Harness) {
    let id = begin(harness, MINE, "Herons").await;
    let page = PageRequest::new(None, Some("nowhere".to_owned()));
    let chats = chats_of(harness, MINE);

    assert!(matches!(chats.list_chats(MINE, &page).await, Err(ListError::Cursor(_))));
    assert!(matches!(chats.list_messages(MINE, id, &page).await, Err(ListError::Cursor(_))));
}

/// For reading, appending and deleting.
async fn assert_absent(harness: &impl Harness, owner: Owner, id: ChatId) {
    let chats = chats_of(harness, owner);
    let page = PageRequest::new(None, None);
    assert!(!chats.has_chat(owner, id).await.expect("an answer"));
    assert_eq!(chats.list_messages(owner, id, &page).await.expect("an answer"), None);
    assert!(!chats.append(owner, &exchange(id, "Where?")).await.expect("an answer"));
    assert!(!chats.delete_chat(owner, id).await.expect("an answer"));
    assert!(list(harness, owner, None).await.iter().all(|chat| chat.id != id));
}

fn chats_of(harness: &impl Harness, owner: Owner) -> Arc<dyn Chats> {
    harness.chats(owner.company_id)
}

async fn begin(harness: &impl Harness, owner: Owner, title: &str) -> ChatId {
    let id = ChatId::new(RandomIds.new_uuid());
    let title = title.parse().expect("a title");
    chats_of(harness, owner).create_chat(owner, id, &title).await.expect("a chat");
    id
}

async fn say(harness: &impl Harness, owner: Owner, id: ChatId, question: &str) {
    assert!(chats_of(harness, owner).append(owner, &exchange(id, question)).await.expect("an exchange"));
}

async fn list(harness: &impl Harness, owner: Owner, cursor: Option<String>) -> Vec<crate::model::Chat> {
    let page = PageRequest::new(None, cursor);
    chats_of(harness, owner).list_chats(owner, &page).await.expect("chats").items
}

fn exchange(chat_id: ChatId, question: &str) -> Exchange {
    let source = AnswerSource {
        index: 1,
        document_id: DocumentId::new(7),
        document_name: "Report".to_owned(),
        source: "gmail".to_owned(),
        document_type: "email".to_owned(),
        timestamp: Some(NOON),
        text_preview: "In the reed.".to_owned(),
        score: 0.5,
        file_url: None,
        parent_document_id: None,
    };
    let text = "In the reed. [1]".to_owned();
    let answer = Answer { text, sources: vec![source], by: AnsweredBy::Extract };
    Exchange { chat_id, question: question.to_owned(), answer }
}
