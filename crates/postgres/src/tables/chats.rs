//! Chats and what was said in them. A chat is its owner's, whose id stands in `user_email`. Rows from before there was
//! Cortex may lack their moments.

use cortex_insights::model::{Chat, ChatTitle, Message, Owner};
use cortex_kernel::ChatId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::inconsistency::Reading;
use super::scalars::Id;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct ChatRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    title: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    updated_at: OffsetDateTime,
    #[diesel(sql_type = BigInt)]
    message_count: i64,
}

#[derive(QueryableByName)]
pub(crate) struct MessageRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    chat_id: Uuid,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    content: String,
    #[diesel(sql_type = Nullable<Jsonb>)]
    sources: Option<Value>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
}

/// A place in a list: behind the row of this moment and id.
pub(crate) type Place = (OffsetDateTime, Uuid);

/// The owner's chats behind a place, those in which something was said last first.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    owner: Owner,
    after: Option<Place>,
    most: i64,
) -> QueryResult<Vec<ChatRow>> {
    sql("select id, title, created_at, updated_at, \
           (select count(*) from chat_messages m where m.chat_id = chat.id and m.tenant_id = $1) as message_count \
         from ( \
           select id, title, coalesce(created_at, 'epoch') as created_at, \
             coalesce(updated_at, created_at, 'epoch') as updated_at \
           from chats where tenant_id = $1 and user_email = $2) chat \
         where $3 is null or (updated_at, id) < ($3, $4) \
         order by updated_at desc, id desc limit $5")
    .bind::<Text, _>(owner.company_id.to_string())
    .bind::<Text, _>(owner.user_id.to_string())
    .bind::<Nullable<Timestamptz>, _>(after.map(|(moment, _)| moment))
    .bind::<Nullable<SqlUuid>, _>(after.map(|(_, id)| id))
    .bind::<BigInt, _>(most)
    .load(connection)
    .await
}

/// Begins a chat.
pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    owner: Owner,
    id: ChatId,
    title: &ChatTitle,
) -> QueryResult<()> {
    sql("insert into chats (id, tenant_id, company_id, user_email, title) values ($1, $2, $2, $3, $4)")
        .bind::<SqlUuid, _>(id.as_uuid())
        .bind::<Text, _>(owner.company_id.to_string())
        .bind::<Text, _>(owner.user_id.to_string())
        .bind::<Text, _>(title.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether the chat is there for its owner.
pub(crate) async fn exists(connection: &mut AsyncPgConnection, owner: Owner, id: ChatId) -> QueryResult<bool> {
    let found: Option<Id> = sql("select id from chats where tenant_id = $1 and user_email = $2 and id = $3")
        .bind::<Text, _>(owner.company_id.to_string())
        .bind::<Text, _>(owner.user_id.to_string())
        .bind::<SqlUuid, _>(id.as_uuid())
        .get_result(connection)
        .await
        .optional()?;
    Ok(found.is_some())
}

/// Notes that something is said in the chat, which holds it until the transaction ends. Answers whether it is there.
pub(crate) async fn touch(connection: &mut AsyncPgConnection, owner: Owner, id: ChatId) -> QueryResult<bool> {
    let touched = sql("update chats set updated_at = clock_timestamp() \
         where tenant_id = $1 and user_email = $2 and id = $3")
    .bind::<Text, _>(owner.company_id.to_string())
    .bind::<Text, _>(owner.user_id.to_string())
    .bind::<SqlUuid, _>(id.as_uuid())
    .execute(connection)
    .await?;
    Ok(touched > 0)
}

/// Deletes the chat with its messages. Answers whether it was there.
pub(crate) async fn delete(connection: &mut AsyncPgConnection, owner: Owner, id: ChatId) -> QueryResult<bool> {
    let deleted = sql("delete from chats where tenant_id = $1 and user_email = $2 and id = $3")
        .bind::<Text, _>(owner.company_id.to_string())
        .bind::<Text, _>(owner.user_id.to_string())
        .bind::<SqlUuid, _>(id.as_uuid())
        .execute(connection)
        .await?;
    Ok(deleted > 0)
}

/// What was said in the owner's chat behind a place, in its order.
pub(crate) async fn list_messages(
    connection: &mut AsyncPgConnection,
    owner: Owner,
    id: ChatId,
    after: Option<Place>,
    most: i64,
) -> QueryResult<Vec<MessageRow>> {
    sql("select id, chat_id, role, content, sources, created_at \
         from ( \
           select m.id, m.chat_id, m.role, m.content, m.sources, coalesce(m.created_at, 'epoch') as created_at \
           from chat_messages m join chats on chats.id = m.chat_id \
           where m.tenant_id = $1 and m.chat_id = $3 and chats.tenant_id = $1 and chats.user_email = $2) message \
         where $4 is null or (created_at, id) > ($4, $5) \
         order by created_at, id limit $6")
    .bind::<Text, _>(owner.company_id.to_string())
    .bind::<Text, _>(owner.user_id.to_string())
    .bind::<SqlUuid, _>(id.as_uuid())
    .bind::<Nullable<Timestamptz>, _>(after.map(|(moment, _)| moment))
    .bind::<Nullable<SqlUuid>, _>(after.map(|(_, id)| id))
    .bind::<BigInt, _>(most)
    .load(connection)
    .await
}

/// Adds a question and its answer, the answer a microsecond later: moments are all that tells their order.
pub(crate) async fn insert_exchange(
    connection: &mut AsyncPgConnection,
    owner: Owner,
    id: ChatId,
    question: &str,
    answer: &str,
    sources: &Value,
) -> QueryResult<()> {
    sql("insert into chat_messages (tenant_id, chat_id, role, content, sources, created_at) \
         select $1, $2, said.role, said.content, said.sources, moment.at + said.later \
         from (select clock_timestamp() as at) moment cross join (values \
           ('user', $3, '[]'::jsonb, interval '0'), \
           ('assistant', $4, $5::jsonb, interval '1 microsecond')) said (role, content, sources, later)")
    .bind::<Text, _>(owner.company_id.to_string())
    .bind::<SqlUuid, _>(id.as_uuid())
    .bind::<Text, _>(question)
    .bind::<Text, _>(answer)
    .bind::<Jsonb, _>(sources)
    .execute(connection)
    .await?;
    Ok(())
}

impl ChatRow {
    pub(crate) const fn place(&self) -> Place {
        (self.updated_at, self.id)
    }
}

impl MessageRow {
    pub(crate) const fn place(&self) -> Place {
        (self.created_at, self.id)
    }
}

impl From<ChatRow> for Chat {
    fn from(row: ChatRow) -> Self {
        Self {
            id: ChatId::new(row.id),
            title: row.title,
            created_at: row.created_at,
            updated_at: row.updated_at,
            message_count: row.message_count.unsigned_abs(),
        }
    }
}

impl TryFrom<MessageRow> for Message {
    type Error = Inconsistency;

    fn try_from(row: MessageRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "chat_messages", row: &row.id };
        Ok(Self {
            id: row.id,
            chat_id: ChatId::new(row.chat_id),
            speaker: reading.parse("role", &row.role)?,
            content: row.content,
            sources: row.sources.unwrap_or_else(|| Value::Array(Vec::new())),
            created_at: row.created_at,
        })
    }
}
