//! `/api/v1/emails`: the company's mails.

use actix_web::web::{Data, Json, Path, Query};
use cortex_ingestion::model::{MailFilter, MailQuery, MailView, WholeDocument};
use cortex_ingestion::ports::MailReader;
use cortex_kernel::{DocumentId, Page, PageRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::documents::DocumentItem;
use super::filters::{Moment, Word};
use super::openapi::ProblemBody;
use super::sources::AttachmentItem;
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// Query of `/api/v1/emails`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    limit: Option<u16>,
    cursor: Option<String>,
    /// Who wrote it: an address, a domain (`example.com`), or words of a name.
    #[param(value_type = Option<String>)]
    from: Option<Word>,
    /// An address that it went to, or that got a copy.
    #[param(value_type = Option<String>)]
    to: Option<Word>,
    /// Words that all stand in its subject.
    #[param(value_type = Option<String>)]
    subject: Option<Word>,
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Moment>,
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Moment>,
}

/// Which part of a thread.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    limit: Option<u16>,
    cursor: Option<String>,
}

/// A part of the mails.
#[derive(Serialize, ToSchema)]
#[schema(as = Emails)]
pub(super) struct Listed {
    items: Vec<EmailItem>,
    next_cursor: Option<String>,
}

/// A mail without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = Email)]
pub(super) struct EmailItem {
    #[serde(flatten)]
    document: DocumentItem,
    sender_name: Option<String>,
    sender_address: Option<String>,
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    thread_id: Option<String>,
    has_attachments: bool,
    /// How its text begins.
    snippet: String,
}

/// Answer of `/api/v1/emails/{id}`.
#[derive(Serialize, ToSchema)]
#[schema(as = EmailWithContent)]
pub(super) struct WithContent {
    #[serde(flatten)]
    email: EmailItem,
    content: String,
    /// At most a hundred.
    attachments: Vec<AttachmentItem>,
}

/// A part of the company's mails, the newest first.
#[utoipa::path(
    get, path = "/api/v1/emails", operation_id = "emails", tag = "documents", params(Wanted),
    responses((status = 200, body = Listed))
)]
pub(super) async fn list(
    Caller(caller): Caller,
    Query(wanted): Query<Wanted>,
    mail: Data<dyn MailReader>,
) -> Result<Json<Listed>, Problem> {
    let Wanted { limit, cursor, from, to, subject, since, until } = wanted;
    let filter = MailFilter {
        from: from.map(Word::into_text),
        to: to.map(Word::into_text),
        subject: subject.map(Word::into_text),
        since: since.map(|moment| moment.time()),
        until: until.map(|moment| moment.time()),
    };
    let query = MailQuery { filter, page: PageRequest::new(limit, cursor) };
    Ok(Json(mail.list_mails(caller.company_id, &query).await?.into()))
}

/// A mail with its text and what came with it.
#[utoipa::path(
    get, path = "/api/v1/emails/{id}", operation_id = "email", tag = "documents", params(("id" = i64, Path)),
    responses((status = 200, body = WithContent), (status = 404, response = ProblemBody))
)]
pub(super) async fn one(
    Caller(caller): Caller,
    id: Path<i64>,
    mail: Data<dyn MailReader>,
) -> Result<Json<WithContent>, Problem> {
    let found = mail.find_mail(caller.company_id, DocumentId::new(*id)).await?;
    let found = found.ok_or_else(|| Problem::new(ProblemKind::NotFound).detail("There is no such mail."))?;
    let WholeDocument { document, attachments } = found;
    let email = MailView::new(document.document, &document.content).into();
    let attachments = attachments.into_iter().map(AttachmentItem::from).collect();
    Ok(Json(WithContent { email, content: document.content, attachments }))
}

/// A part of the mails of a thread, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/emails/threads/{thread_id}", operation_id = "thread", tag = "documents",
    params(("thread_id" = String, Path), Part),
    responses((status = 200, body = Listed), (status = 404, response = ProblemBody))
)]
pub(super) async fn thread(
    Caller(caller): Caller,
    thread_id: Path<Word>,
    Query(part): Query<Part>,
    mail: Data<dyn MailReader>,
) -> Result<Json<Listed>, Problem> {
    let is_first = part.cursor.is_none();
    let page = PageRequest::new(part.limit, part.cursor);
    let mails = mail.list_thread(caller.company_id, &thread_id.into_inner().into_text(), &page).await?;
    if is_first && mails.items.is_empty() {
        return Err(Problem::new(ProblemKind::NotFound).detail("There is no such thread."));
    }
    Ok(Json(mails.into()))
}

impl From<Page<MailView>> for Listed {
    fn from(page: Page<MailView>) -> Self {
        Self { items: page.items.into_iter().map(EmailItem::from).collect(), next_cursor: page.next_cursor }
    }
}

impl From<MailView> for EmailItem {
    fn from(MailView { document, snippet }: MailView) -> Self {
        let head = document.mail_head();
        let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
        let all = |texts: Vec<&str>| texts.into_iter().map(ToOwned::to_owned).collect();
        Self {
            sender_name: owned(head.sender_name()),
            sender_address: owned(head.sender_address()),
            to_addresses: all(head.to_addresses()),
            cc_addresses: all(head.cc_addresses()),
            thread_id: owned(head.thread_id()),
            has_attachments: head.has_attachments(),
            snippet,
            document: document.into(),
        }
    }
}
