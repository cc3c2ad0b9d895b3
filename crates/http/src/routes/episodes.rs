//! `/api/v1/emails/by-episodes` and `/by-episode`: mails by what older clients call an episode, which is a thread.

use std::collections::BTreeSet;

use actix_web::web::{self, Data, Path, Query};
use cortex_ingestion::ports::MailReader;
use cortex_kernel::PageRequest;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::emails::EmailItem;
use super::filters::Word;
use super::openapi::ProblemBody;
use crate::extract::Json;
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// Which episodes are wanted.
#[derive(Deserialize, ToSchema)]
#[schema(as = WantedEpisodes)]
pub(super) struct Wanted {
    /// Ids of threads, 1 to 50.
    #[schema(value_type = Vec<String>)]
    episode_ids: Vec<Word>,
    /// At most so many mails of each, the oldest first; 20 where it is not said, 50 at most.
    limit_per_episode: Option<u16>,
}

/// Which part of an episode.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    limit: Option<u16>,
    cursor: Option<String>,
}

/// Mails of some episodes.
#[derive(Serialize, ToSchema)]
pub(super) struct Episodes {
    /// In the order in which the episodes were asked for, those of each the oldest first. `thread_id` says of which.
    emails: Vec<EmailItem>,
    /// How many these are.
    total: usize,
    /// Episodes of which there are no mails.
    not_found: Vec<String>,
}

/// Mails of an episode, the oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Episode)]
pub(super) struct OneThread {
    episode_id: String,
    emails: Vec<EmailItem>,
    next_cursor: Option<String>,
}

const MAX_EPISODES: usize = 50;
const MAILS_OF_EACH: u16 = 20;
const MAX_MAILS_OF_EACH: u16 = 50;

/// The mails of several episodes.
#[utoipa::path(
    post, path = "/api/v1/emails/by-episodes", operation_id = "by_episodes", tag = "documents", request_body = Wanted,
    responses((status = 200, body = Episodes))
)]
pub(super) async fn many(
    Caller(caller): Caller,
    mail: Data<dyn MailReader>,
    Json(wanted): Json<Wanted>,
) -> Result<web::Json<Episodes>, Problem> {
    if wanted.episode_ids.is_empty() || wanted.episode_ids.len() > MAX_EPISODES {
        let detail = format!("expected 1 to {MAX_EPISODES} ids");
        return Err(Problem::new(ProblemKind::InvalidField).invalid_field("/episode_ids", detail));
    }
    let most = wanted.limit_per_episode.unwrap_or(MAILS_OF_EACH).clamp(1, MAX_MAILS_OF_EACH);
    let mut known = BTreeSet::new();
    let asked = wanted.episode_ids.into_iter().map(Word::into_text);
    let asked: Vec<String> = asked.filter(|id| known.insert(id.clone())).collect();
    let mails = mail.list_threads(caller.company_id, &asked, most).await?;
    let found: BTreeSet<_> = mails.iter().filter_map(|one| one.document.mail_head().thread_id()).collect();
    let not_found = asked.iter().filter(|id| !found.contains(id.as_str())).cloned().collect();
    let total = mails.len();
    Ok(web::Json(Episodes { not_found, emails: mails.into_iter().map(EmailItem::from).collect(), total }))
}

/// A part of the mails of an episode.
#[utoipa::path(
    get, path = "/api/v1/emails/by-episode/{id}", operation_id = "by_episode", tag = "documents",
    params(("id" = String, Path), Part),
    responses((status = 200, body = OneThread), (status = 404, response = ProblemBody))
)]
pub(super) async fn one(
    Caller(caller): Caller,
    id: Path<Word>,
    Query(part): Query<Part>,
    mail: Data<dyn MailReader>,
) -> Result<web::Json<OneThread>, Problem> {
    let is_first = part.cursor.is_none();
    let episode_id = id.into_inner().into_text();
    let page = PageRequest::new(part.limit, part.cursor);
    let mails = mail.list_thread(caller.company_id, &episode_id, &page).await?;
    if is_first && mails.items.is_empty() {
        return Err(Problem::new(ProblemKind::NotFound).detail("There is no such episode."));
    }
    let emails = mails.items.into_iter().map(EmailItem::from).collect();
    Ok(web::Json(OneThread { episode_id, emails, next_cursor: mails.next_cursor }))
}
