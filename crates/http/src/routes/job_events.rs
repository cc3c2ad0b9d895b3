//! `/api/v1/sync/jobs/{id}/events`: how a job gets on, while it does.
//!
//! Server-sent events as the HTML standard has them (section 9.2). Each has the whole job as its data and its status as
//! its id. A client that reconnects after the end says which id it saw last, and is told by 204 to stay away.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use cortex_identity::model::{Role, UserContext};
use cortex_kernel::{JobId, Origin};
use futures_util::stream::{self, Stream};
use uuid::Uuid;

use super::openapi::ProblemBody;
use super::sync_jobs::{JobItem, item_of, visible};
use crate::SyncJobServices;
use crate::event_streams::Place;
use crate::gate::{Caller, Gate};
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// A stream ends after that long, and its client comes again: nothing is open for ever.
const LONGEST: Duration = Duration::from_mins(10);

/// Proxies commonly give up connections that were silent for a minute.
const LONGEST_SILENCE: Duration = Duration::from_secs(15);

/// When a client whose stream ended comes again.
const COME_AGAIN: &str = "retry: 2000\n";

const LAST_EVENT_ID: &str = "last-event-id";

/// A job of the caller, again whenever it changed, until it has ended; admins see everybody's.
#[utoipa::path(
    get, path = "/api/v1/sync/jobs/{id}/events", tag = "sync", params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = String, content_type = "text/event-stream",
            description = "Server-sent events; the data of each is the job."),
        (status = 204, description = "The header Last-Event-ID says that the end was seen: do not come again."),
        (status = 404, response = ProblemBody)
    )
)]
pub(super) async fn events(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    id: Path<Uuid>,
    request: HttpRequest,
    gate: Data<Gate>,
    jobs: Data<SyncJobServices>,
) -> Result<HttpResponse, Problem> {
    let id = JobId::new(*id);
    let job = visible(&caller, id, &jobs).await?;
    let last_seen = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    if job.status.is_final() && last_seen == Some(job.status.name()) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let place = jobs.events.open(caller.user_id)?;
    let mut response = HttpResponse::Ok();
    // nginx would keep events back until it has a buffer full of them.
    response.content_type("text/event-stream").insert_header(("X-Accel-Buffering", "no"));
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let item = item_of(jobs.connections.as_ref(), job).await?;
    let now = Instant::now();
    let watch = Watch {
        gate,
        jobs,
        headers: request.headers().clone(),
        origin,
        caller,
        id,
        item,
        told: None,
        begun: now,
        admitted: now,
        spoke: now,
        place,
    };
    Ok(response.streaming(watch.events()))
}

/// Somebody who watches a job.
struct Watch {
    gate: Data<Gate>,
    jobs: Data<SyncJobServices>,
    headers: HeaderMap,
    origin: Origin,
    caller: UserContext,
    id: JobId,
    /// The job as it was when it was looked at last.
    item: JobItem,
    /// What was told last, as it was sent.
    told: Option<String>,
    begun: Instant,
    admitted: Instant,
    spoke: Instant,
    place: Place,
}

impl Watch {
    fn events(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(Some(self), |watch| async move {
            let (said, next) = watch?.next().await?;
            Some((Ok(Bytes::from(said)), next))
        })
    }

    /// What to send next, and how it goes on then; none where the stream ends.
    async fn next(mut self) -> Option<(String, Option<Self>)> {
        if self.told.is_none() {
            let (event, is_last) = self.event()?;
            return Some((format!("{COME_AGAIN}{event}"), (!is_last).then_some(self)));
        }
        loop {
            if self.begun.elapsed() > LONGEST || !self.place.pause().await || !self.may_stay().await {
                return None;
            }
            match visible(&self.caller, self.id, &self.jobs).await {
                Ok(job) => {
                    self.item = self.item.at(job);
                    if let Some((event, is_last)) = self.event() {
                        return Some((event, (!is_last).then_some(self)));
                    }
                }
                // It is no longer there for this caller.
                Err(problem) if problem.kind() == ProblemKind::NotFound => return None,
                // A database that is away is no reason to end: there is nothing to tell for a while.
                Err(_) => {}
            }
            if self.spoke.elapsed() >= LONGEST_SILENCE {
                self.spoke = Instant::now();
                return Some((": nothing new\n\n".to_owned(), Some(self)));
            }
        }
    }

    /// The event, where there is something new, and whether it is the last one.
    fn event(&mut self) -> Option<(String, bool)> {
        let data = serde_json::to_string(&self.item).ok().filter(|data| self.told.as_ref() != Some(data))?;
        let event = format!("id: {}\ndata: {data}\n\n", self.item.status());
        (self.told, self.spoke) = (Some(data), Instant::now());
        Some((event, self.item.is_final()))
    }

    /// Whoever may no longer come in sees nothing more: his token ended, or his membership did. Where that cannot be asked,
    /// nobody stays.
    async fn may_stay(&mut self) -> bool {
        if self.admitted.elapsed() < self.place.admit_every() {
            return true;
        }
        match self.gate.ask(&self.headers, Role::Viewer, &self.origin).await {
            Ok(caller) => {
                (self.caller, self.admitted) = (caller, Instant::now());
                true
            }
            Err(_) => false,
        }
    }
}
