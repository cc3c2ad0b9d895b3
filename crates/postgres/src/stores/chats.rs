//! [`Chats`] on a company's database.

use async_trait::async_trait;
use cortex_insights::model::{AnswerSource, Chat, ChatTitle, Exchange, InvalidCursor, Message, Owner};
use cortex_insights::ports::{Chats, ListError};
use cortex_kernel::{ChatId, Page, PageRequest, StoreError};
use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::instrument;

use crate::tables::chats::{self, Place};
use crate::{Abort, Pool};

/// The chats in a company's database.
pub struct PgChats {
    company: Pool,
}

impl PgChats {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl Chats for PgChats {
    #[instrument(name = "pg.chats.list_chats", skip_all)]
    async fn list_chats(&self, owner: Owner, page: &PageRequest) -> Result<Page<Chat>, ListError> {
        let after = page.cursor().map(place).transpose()?;
        let most = page.rows();
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| chats::list(connection, owner, after, most).await)
            .await?;
        Ok(Page::of(rows, page, |last| cursor(last.place())).map(Chat::from))
    }

    #[instrument(name = "pg.chats.create_chat", skip_all)]
    async fn create_chat(&self, owner: Owner, id: ChatId, title: &ChatTitle) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| chats::insert(connection, owner, id, title).await)
            .await
    }

    #[instrument(name = "pg.chats.has_chat", skip_all)]
    async fn has_chat(&self, owner: Owner, id: ChatId) -> Result<bool, StoreError> {
        self.company.run(async |connection: &mut AsyncPgConnection| chats::exists(connection, owner, id).await).await
    }

    #[instrument(name = "pg.chats.list_messages", skip_all)]
    async fn list_messages(
        &self,
        owner: Owner,
        id: ChatId,
        page: &PageRequest,
    ) -> Result<Option<Page<Message>>, ListError> {
        let after = page.cursor().map(place).transpose()?;
        let most = page.rows();
        let (exists, rows) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                let rows = chats::list_messages(connection, owner, id, after, most).await?;
                // A chat without a message is there all the same.
                let exists = !rows.is_empty() || chats::exists(connection, owner, id).await?;
                Ok((exists, rows))
            })
            .await?;
        let page = Page::of(rows, page, |last| cursor(last.place())).try_map(Message::try_from);
        Ok(exists.then_some(page.map_err(StoreError::from)?))
    }

    #[instrument(name = "pg.chats.append", skip_all)]
    async fn append(&self, owner: Owner, exchange: &Exchange) -> Result<bool, StoreError> {
        let sources: Value = exchange.answer.sources.iter().map(kept).collect();
        let sources = &sources;
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let Exchange { chat_id, question, answer } = exchange;
                if !chats::touch(connection, owner, *chat_id).await? {
                    return Ok(false);
                }
                chats::insert_exchange(connection, owner, *chat_id, question, &answer.text, sources).await?;
                Ok::<_, Abort<StoreError>>(true)
            })
            .await
    }

    #[instrument(name = "pg.chats.delete_chat", skip_all)]
    async fn delete_chat(&self, owner: Owner, id: ChatId) -> Result<bool, StoreError> {
        self.company.run(async |connection: &mut AsyncPgConnection| chats::delete(connection, owner, id).await).await
    }
}

/// A source as it is kept, in the words in which clients read it.
fn kept(source: &AnswerSource) -> Value {
    json!({
        "index": source.index,
        "document_id": source.document_id.get(),
        "document_name": source.document_name,
        "source": source.source,
        "document_type": source.document_type,
        "timestamp": source.timestamp.and_then(|moment| moment.format(&Rfc3339).ok()),
        "text_preview": source.text_preview,
        "score": score(source.score),
        "file_url": source.file_url,
        "parent_document_id": source.parent_document_id.map(cortex_kernel::DocumentId::get),
    })
}

/// With the digits that it is told with, and not those that it gains as a number of twice the size.
fn score(score: f32) -> Value {
    score.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

/// Microseconds since 1970, as PostgreSQL keeps them, and an id.
fn cursor((moment, id): Place) -> String {
    format!("{}.{id}", moment.unix_timestamp_nanos() / 1_000)
}

/// The place that such a cursor names.
fn place(cursor: &str) -> Result<Place, InvalidCursor> {
    let (micros, id) = cursor.split_once('.').ok_or(InvalidCursor)?;
    let nanos = micros.parse::<i64>().map_err(|_| InvalidCursor)?;
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(nanos) * 1_000).map_err(|_| InvalidCursor)?;
    Ok((moment, id.parse().map_err(|_| InvalidCursor)?))
}
