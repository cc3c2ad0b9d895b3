//! `/nango`: what the broker calls.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, Responder};
use cortex_connections::{ReceiveWebhook, ReceiveWebhookError, ReceivedWebhook};
use serde::Serialize;
use utoipa::ToSchema;

use super::openapi::ProblemBody;
use crate::extract::Raw;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// Answer of `/nango/webhook`.
#[derive(Serialize, ToSchema)]
#[schema(as = AcceptedWebhook)]
struct Accepted {
    status: &'static str,
}

/// HMAC-SHA256 over the body as it came, in hexadecimal.
const SIGNATURE: &str = "X-Nango-Hmac-Sha256";

/// Takes a webhook in. What it brings about comes later.
#[utoipa::path(
    post, path = "/nango/webhook", tag = "broker", params(("X-Nango-Hmac-Sha256" = String, Header)),
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 202, body = Accepted),
        (status = 401, response = ProblemBody),
        (status = 413, response = ProblemBody)
    )
)]
pub(super) async fn receive(
    request: HttpRequest,
    CameFrom(origin): CameFrom,
    Raw(body): Raw,
    receive_webhook: Data<ReceiveWebhook>,
) -> Result<impl Responder, Problem> {
    let signature = request.headers().get(SIGNATURE).and_then(|value| value.to_str().ok());
    match receive_webhook.receive(&body, signature, origin.request_id.as_deref()).await? {
        ReceivedWebhook::Accepted => Ok((Json(Accepted { status: "accepted" }), StatusCode::ACCEPTED)),
        ReceivedWebhook::NotAuthentic => Err(Problem::new(ProblemKind::InvalidSignature)),
    }
}

/// Where older clients brought connections by hand.
#[utoipa::path(
    post,
    path = "/nango/oauth/callback",
    tag = "broker",
    responses((status = 410, response = ProblemBody))
)]
pub(super) async fn callback() -> Result<HttpResponse, Problem> {
    let detail = "Connections are saved from what the connection broker itself tells: there is nothing to call here.";
    Err(Problem::new(ProblemKind::Gone).detail(detail))
}

impl From<ReceiveWebhookError> for Problem {
    /// The broker sends again what was answered with a 503, and nothing else.
    fn from(error: ReceiveWebhookError) -> Self {
        Self::new(ProblemKind::Unavailable).caused_by(error)
    }
}
