//! Requests that a client may send again and that are done once: the header `Idempotency-Key`.

use std::error::Error as StdError;
use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use cortex_identity::model::UserContext;
use cortex_ingestion::model::{
    Claim, ClaimOutcome, Contributor, Fingerprint, IdempotencyKey, KeptAnswer, KeyedRequest,
};
use cortex_kernel::Origin;
use serde::Serialize;

use crate::IntakeServices;
use crate::problem::{Problem, ProblemKind};

/// By what the client names the request, where it does.
pub(super) struct Named(Option<IdempotencyKey>);

/// What a request came to.
pub(super) struct Done {
    pub(super) answer: KeptAnswer,
    /// Whether the answer is kept already, with what it tells of.
    pub(super) is_kept: bool,
}

/// A request with what it carries.
pub(super) struct Sent<'a> {
    pub(super) caller: &'a UserContext,
    pub(super) route: &'static str,
    pub(super) named: Named,
    pub(super) fingerprint: Fingerprint,
    /// How many files, or texts, it is about.
    pub(super) count: usize,
}

/// How long a request may take for each of its files. A client that hung up in its midst, and asks again, waits for so long at the most.
const CLAIM: Duration = Duration::from_mins(2);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Does the work, or gives the answer that it got when it was done.
pub(super) async fn answer_once(
    intake: &IntakeServices,
    sent: Sent<'_>,
    work: impl AsyncFnOnce(Option<Claim>) -> Result<Done, Problem>,
) -> Result<HttpResponse, Problem> {
    let Sent { caller, route, named: Named(key), fingerprint, count } = sent;
    let Some(key) = key else { return work(None).await.map(|done| respond(done.answer)) };
    let request = KeyedRequest { company_id: caller.company_id, user_id: caller.user_id, route, key, fingerprint };
    let time = CLAIM * u32::try_from(count).unwrap_or(1);
    let claim = match intake.keys.claim(&request, intake.ids.new_uuid(), time).await? {
        ClaimOutcome::Claimed(claim) => claim,
        ClaimOutcome::Answered(answer) => return Ok(respond(answer)),
        ClaimOutcome::OtherRequest => return Err(Problem::new(ProblemKind::IdempotencyKeyReused)),
        ClaimOutcome::InProgress { retry_after } => {
            let seconds = retry_after.as_secs().max(1);
            return Err(Problem::new(ProblemKind::IdempotencyKeyInUse).retry_after(seconds));
        }
    };
    match work(Some(claim.clone())).await {
        Ok(Done { answer, is_kept: true }) => Ok(respond(answer)),
        Ok(Done { answer, is_kept: false }) => {
            // What was done is done: whoever asks again finds it done, if not by this answer.
            let kept = intake.keys.answer(&claim, &answer).await;
            tell("an answer is not kept", kept.map(|_| ()));
            Ok(respond(answer))
        }
        Err(problem) => {
            tell("a key stays claimed for a while", intake.keys.release(&claim).await);
            Err(problem)
        }
    }
}

/// The answer as it is kept.
pub(super) fn kept(status: StatusCode, body: &impl Serialize) -> KeptAnswer {
    let body = serde_json::to_string(body).expect("texts, numbers and JSON values can be written");
    KeptAnswer { status: status.as_u16(), body }
}

/// Who brings something in by this request.
pub(super) fn contributor(caller: &UserContext, origin: Origin) -> Contributor {
    let UserContext { user_id, company_id, email, role: _ } = caller;
    Contributor { company_id: *company_id, user_id: *user_id, user_email: email.clone(), origin }
}

fn respond(answer: KeptAnswer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    HttpResponse::build(status).insert_header((CONTENT_TYPE, "application/json")).body(answer.body)
}

fn tell<E: StdError + 'static>(what_fails: &'static str, outcome: Result<(), E>) {
    if let Err(error) = outcome {
        tracing::warn!(error = &error as &dyn StdError, "{what_fails}");
    }
}

impl FromRequest for Named {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
        let key = match (values.next(), values.next()) {
            (None, _) => return ready(Ok(Self(None))),
            (Some(value), None) => value.to_str().ok().and_then(|text| text.parse().ok()),
            (Some(_), Some(_)) => None,
        };
        ready(key.map(|key| Self(Some(key))).ok_or_else(|| Problem::new(ProblemKind::InvalidIdempotencyKey)))
    }
}
