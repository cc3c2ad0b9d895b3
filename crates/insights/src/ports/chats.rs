//! Keeping chats.

use async_trait::async_trait;
use cortex_kernel::{ChatId, Page, PageRequest, StoreError};

use super::ListError;
use crate::model::{Chat, ChatTitle, Exchange, Message, Owner};

/// The chats of people. Each is its owner's alone: to anybody else it is absent, for reading, appending and deleting.
///
/// # Contract
///
/// - A chat that was begun is listed.
/// - The chat in which something was said last comes first.
/// - Chats follow each other in pages without a gap.
/// - A question and its answer are kept together, in their order.
/// - Messages follow each other in pages without a gap.
/// - Somebody else's chat is absent.
/// - Another company's chat is absent.
/// - A chat that was deleted is gone with what was said in it.
/// - A cursor that is no place among chats or messages is refused.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Chats: Send + Sync {
    /// A part of the owner's chats, those in which something was said last first.
    async fn list_chats(&self, owner: Owner, page: &PageRequest) -> Result<Page<Chat>, ListError>;

    /// Begins a chat.
    async fn create_chat(&self, owner: Owner, id: ChatId, title: &ChatTitle) -> Result<(), StoreError>;

    /// Whether this chat is there for the owner.
    async fn has_chat(&self, owner: Owner, id: ChatId) -> Result<bool, StoreError>;

    /// A part of what was said in the chat, in its order; none where the chat is not there.
    async fn list_messages(
        &self,
        owner: Owner,
        id: ChatId,
        page: &PageRequest,
    ) -> Result<Option<Page<Message>>, ListError>;

    /// Keeps a question with its answer, both or nothing. Answers whether the chat was there.
    async fn append(&self, owner: Owner, exchange: &Exchange) -> Result<bool, StoreError>;

    /// Deletes the chat. Answers whether it was there.
    async fn delete_chat(&self, owner: Owner, id: ChatId) -> Result<bool, StoreError>;
}
