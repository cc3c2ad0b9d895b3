//! `/api/v1/chats` and `/api/v1/chat`: people's conversations with what their company knows. A chat is its owner's alone.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path, Query};
use cortex_identity::model::UserContext;
use cortex_insights::AnswerError;
use cortex_insights::model::{AnswerSource, AnsweredBy, Chat, ChatTitle, Message, Owner, Question};
use cortex_kernel::{ChatId, PageRequest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::openapi::ProblemBody;
use crate::ChatServices;
use crate::extract::{Json, OptionalJson};
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// Which part of a list is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// At most so many; 200 where it is not said, and no more.
    limit: Option<u16>,
    /// Where to go on: `next_cursor` of the part before.
    cursor: Option<String>,
}

/// Answer of `/api/v1/chats`: the caller's chats, those in which something was said last first.
#[derive(Serialize, ToSchema)]
pub(super) struct Chats {
    chats: Vec<ListedChat>,
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Chat)]
struct ListedChat {
    id: String,
    title: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    message_count: u64,
}

/// A chat to be begun.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct NewChat {
    /// At most 200 characters; `New chat` where it is not said.
    title: Option<String>,
}

/// A chat that was begun.
#[derive(Serialize, ToSchema)]
pub(super) struct BegunChat {
    chat_id: String,
    title: String,
    user_id: String,
    company_id: String,
}

/// What was said in a chat, in its order.
#[derive(Serialize, ToSchema)]
pub(super) struct Messages {
    messages: Vec<SaidMessage>,
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChatMessage)]
struct SaidMessage {
    id: String,
    chat_id: String,
    /// `user` or `assistant`.
    role: &'static str,
    content: String,
    /// The documents that it rests on, as in the answer of `/api/v1/chat`.
    #[schema(value_type = Vec<Object>)]
    sources: Value,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// What somebody asks.
#[derive(Deserialize, ToSchema)]
#[schema(as = ChatQuestion)]
pub(super) struct Asked {
    /// At most 1,000 characters.
    question: String,
    /// In which chat; a new one where it is not said.
    chat_id: Option<Uuid>,
}

/// A question with its answer.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatAnswer)]
pub(super) struct AnswerBody {
    question: String,
    /// `[2]` names the source of index 2.
    answer: String,
    /// `extract`: the sentences are the documents' own; `model`: a language model put them in words.
    answered_by: &'static str,
    source_count: usize,
    sources: Vec<SourceItem>,
    chat_id: String,
    user_id: String,
    company_id: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChatSource)]
struct SourceItem {
    index: usize,
    document_id: i64,
    document_name: String,
    source: String,
    document_type: String,
    #[serde(with = "time::serde::rfc3339::option")]
    timestamp: Option<OffsetDateTime>,
    text_preview: String,
    score: f32,
    file_url: Option<String>,
    parent_document_id: Option<i64>,
}

/// Answer where a chat was deleted.
#[derive(Serialize, ToSchema)]
pub(super) struct DeletedChat {
    success: bool,
    chat_id: String,
}

const NEW_CHAT: &str = "New chat";

/// The caller's chats.
#[utoipa::path(
    get, path = "/api/v1/chats", operation_id = "chats", tag = "chats", params(Part),
    responses((status = 200, body = Chats))
)]
pub(super) async fn list(
    Caller(caller): Caller,
    Query(part): Query<Part>,
    chat: Data<ChatServices>,
) -> Result<web::Json<Chats>, Problem> {
    let page = chat.chats.list_chats(owner(&caller), &part.into_page()).await?;
    let chats = page.items.into_iter().map(ListedChat::from).collect();
    Ok(web::Json(Chats { chats, next_cursor: page.next_cursor }))
}

/// Begins a chat.
#[utoipa::path(
    post, path = "/api/v1/chats", operation_id = "begin_chat", tag = "chats", request_body = Option<NewChat>,
    responses((status = 201, body = BegunChat), (status = 422, response = ProblemBody))
)]
pub(super) async fn begin(
    Caller(caller): Caller,
    OptionalJson(NewChat { title }): OptionalJson<NewChat>,
    chat: Data<ChatServices>,
) -> Result<HttpResponse, Problem> {
    let title: ChatTitle = title.as_deref().unwrap_or(NEW_CHAT).parse().map_err(|error| invalid("/title", &error))?;
    let id = ChatId::new(chat.ids.new_uuid());
    chat.chats.create_chat(owner(&caller), id, &title).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(BegunChat {
        chat_id: id.to_string(),
        title: title.as_str().to_owned(),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

/// What was said in one of the caller's chats.
#[utoipa::path(
    get, path = "/api/v1/chats/{id}/messages", operation_id = "chat_messages", tag = "chats",
    params(("id" = Uuid, Path), Part),
    responses((status = 200, body = Messages), (status = 404, response = ProblemBody))
)]
pub(super) async fn messages(
    Caller(caller): Caller,
    id: Path<Uuid>,
    Query(part): Query<Part>,
    chat: Data<ChatServices>,
) -> Result<web::Json<Messages>, Problem> {
    let id = ChatId::new(id.into_inner());
    let page = chat.chats.list_messages(owner(&caller), id, &part.into_page()).await?.ok_or_else(absent)?;
    let messages = page.items.into_iter().map(SaidMessage::from).collect();
    Ok(web::Json(Messages { messages, next_cursor: page.next_cursor }))
}

/// Deletes one of the caller's chats with what was said in it.
#[utoipa::path(
    delete, path = "/api/v1/chats/{id}", operation_id = "delete_chat", tag = "chats", params(("id" = Uuid, Path)),
    responses((status = 200, body = DeletedChat), (status = 404, response = ProblemBody))
)]
pub(super) async fn delete(
    Caller(caller): Caller,
    id: Path<Uuid>,
    chat: Data<ChatServices>,
) -> Result<web::Json<DeletedChat>, Problem> {
    let id = ChatId::new(id.into_inner());
    if chat.chats.delete_chat(owner(&caller), id).await? {
        Ok(web::Json(DeletedChat { success: true, chat_id: id.to_string() }))
    } else {
        Err(absent())
    }
}

/// Answers a question by what the company's documents say, each with its number.
#[utoipa::path(
    post, path = "/api/v1/chat", operation_id = "ask", tag = "chats", request_body = Asked,
    responses(
        (status = 200, body = AnswerBody), (status = 404, response = ProblemBody), (status = 422, response = ProblemBody)
    )
)]
pub(super) async fn ask(
    Caller(caller): Caller,
    Json(Asked { question, chat_id }): Json<Asked>,
    chat: Data<ChatServices>,
) -> Result<web::Json<AnswerBody>, Problem> {
    let question: Question = question.parse().map_err(|error| invalid("/question", &error))?;
    let exchange =
        chat.answer.ask(owner(&caller), &question, chat_id.map(ChatId::new)).await.map_err(|error| match error {
            AnswerError::NoSuchChat => absent(),
            AnswerError::Store(error) => error.into(),
        })?;
    let sources: Vec<SourceItem> = exchange.answer.sources.into_iter().map(SourceItem::from).collect();
    Ok(web::Json(AnswerBody {
        question: exchange.question,
        answer: exchange.answer.text,
        answered_by: match exchange.answer.by {
            AnsweredBy::Extract => "extract",
            AnsweredBy::Model => "model",
        },
        source_count: sources.len(),
        sources,
        chat_id: exchange.chat_id.to_string(),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

fn owner(caller: &UserContext) -> Owner {
    Owner { company_id: caller.company_id, user_id: caller.user_id }
}

/// Somebody else's is absent too.
fn absent() -> Problem {
    Problem::new(ProblemKind::NotFound).detail("You have no such chat.")
}

fn invalid(pointer: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new(ProblemKind::InvalidField).invalid_field(pointer, error.to_string())
}

impl Part {
    /// Clients of older programs read lists to their end in one answer.
    fn into_page(self) -> PageRequest {
        PageRequest::new(Some(self.limit.unwrap_or(PageRequest::MAX_LIMIT)), self.cursor)
    }
}

impl From<Chat> for ListedChat {
    fn from(chat: Chat) -> Self {
        let Chat { id, title, created_at, updated_at, message_count } = chat;
        Self { id: id.to_string(), title, created_at, updated_at, message_count }
    }
}

impl From<Message> for SaidMessage {
    fn from(message: Message) -> Self {
        let Message { id, chat_id, speaker, content, sources, created_at } = message;
        let (id, chat_id) = (id.to_string(), chat_id.to_string());
        Self { id, chat_id, role: speaker.name(), content, sources, created_at }
    }
}

impl From<AnswerSource> for SourceItem {
    fn from(source: AnswerSource) -> Self {
        Self {
            index: source.index,
            document_id: source.document_id.get(),
            document_name: source.document_name,
            source: source.source,
            document_type: source.document_type,
            timestamp: source.timestamp,
            text_preview: source.text_preview,
            score: source.score,
            file_url: source.file_url,
            parent_document_id: source.parent_document_id.map(cortex_kernel::DocumentId::get),
        }
    }
}
