//! Chats in memory.

use std::cmp::Reverse;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{ChatId, IdGenerator, Page, PageRequest, RandomIds, StoreError};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::model::{Chat, ChatTitle, Exchange, InvalidCursor, Message, Owner, Speaker};
use crate::ports::{Chats, ListError};
use crate::testing::NOON;

/// Chats in memory. Every step takes a second.
#[derive(Debug, Default)]
pub struct InMemoryChats {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    chats: Vec<(Owner, Chat)>,
    messages: Vec<Message>,
    steps: u32,
}

impl InMemoryChats {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl State {
    fn now(&mut self) -> OffsetDateTime {
        self.steps += 1;
        NOON + Duration::SECOND * self.steps
    }

    fn has(&self, owner: Owner, id: ChatId) -> bool {
        self.chats.iter().any(|(of, chat)| *of == owner && chat.id == id)
    }
}

#[async_trait]
impl Chats for InMemoryChats {
    async fn list_chats(&self, owner: Owner, page: &PageRequest) -> Result<Page<Chat>, ListError> {
        let state = self.state();
        let of_owner = state.chats.iter().filter(|(of, _)| *of == owner);
        let mut chats: Vec<Chat> = of_owner.map(|(_, chat)| chat.clone()).collect();
        chats.sort_by_key(|chat| Reverse(chat.updated_at));
        part(chats, page, |chat| chat.id.to_string())
    }

    async fn create_chat(&self, owner: Owner, id: ChatId, title: &ChatTitle) -> Result<(), StoreError> {
        let mut state = self.state();
        let now = state.now();
        let title = Some(title.as_str().to_owned());
        state.chats.push((owner, Chat { id, title, created_at: now, updated_at: now, message_count: 0 }));
        Ok(())
    }

    async fn has_chat(&self, owner: Owner, id: ChatId) -> Result<bool, StoreError> {
        Ok(self.state().has(owner, id))
    }

    async fn list_messages(
        &self,
        owner: Owner,
        id: ChatId,
        page: &PageRequest,
    ) -> Result<Option<Page<Message>>, ListError> {
        let state = self.state();
        if !state.has(owner, id) {
            return Ok(None);
        }
        let messages = state.messages.iter().filter(|message| message.chat_id == id).cloned().collect();
        part(messages, page, |message| message.id.to_string()).map(Some)
    }

    async fn append(&self, owner: Owner, exchange: &Exchange) -> Result<bool, StoreError> {
        let mut state = self.state();
        let now = state.now();
        let Some((_, chat)) = state.chats.iter_mut().find(|(of, chat)| *of == owner && chat.id == exchange.chat_id)
        else {
            return Ok(false);
        };
        chat.updated_at = now;
        chat.message_count += 2;
        let message = |speaker, content: &str, sources| Message {
            id: RandomIds.new_uuid(),
            chat_id: exchange.chat_id,
            speaker,
            content: content.to_owned(),
            sources,
            created_at: now,
        };
        let sources = exchange.answer.sources.iter();
        let sources = sources.map(|source| json!({ "document_id": source.document_id.get(), "index": source.index }));
        let answer = message(Speaker::Assistant, &exchange.answer.text, sources.collect());
        state.messages.extend([message(Speaker::User, &exchange.question, Value::Array(Vec::new())), answer]);
        Ok(true)
    }

    async fn delete_chat(&self, owner: Owner, id: ChatId) -> Result<bool, StoreError> {
        let mut state = self.state();
        let was_there = state.has(owner, id);
        if was_there {
            state.chats.retain(|(_, chat)| chat.id != id);
            state.messages.retain(|message| message.chat_id != id);
        }
        Ok(was_there)
    }
}

/// The part after the item that the cursor names.
fn part<T>(all: Vec<T>, page: &PageRequest, name: impl Fn(&T) -> String) -> Result<Page<T>, ListError> {
    let start = match page.cursor() {
        None => 0,
        Some(cursor) => 1 + all.iter().position(|item| name(item) == cursor).ok_or(InvalidCursor)?,
    };
    Ok(Page::of(all.into_iter().skip(start).collect(), page, name))
}
