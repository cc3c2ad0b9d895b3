//! The gateway before Auth: it counts requests, causes the trouble that was ordered, and asks for a project key.
//!
//! New keys (`sb_secret_…`, `sb_publishable_…`) are no tokens: the gateway puts one in where the request brings none
//! of its own, as the real one does.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use serde_json::json;

use super::Supabase;
use super::error::{invalid_api_key, no_api_key};
use crate::faults::{FaultKind, delay_of};

/// What is open to everybody: the public keys, what the issuer calls itself, and links in mails.
const OPEN: [&str; 3] =
    ["/auth/v1/.well-known/jwks.json", "/auth/v1/.well-known/openid-configuration", "/auth/v1/verify"];

/// Stands before every request to `/auth/v1`.
pub(super) async fn gateway<B>(
    supabase: web::Data<Supabase>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error>
where
    B: MessageBody + 'static,
{
    supabase.count(request.method().as_str(), request.path());
    let fault = supabase.faults().take(request.method().as_str(), request.path());
    if let Some(delay) = fault.as_ref().and_then(delay_of) {
        tokio::time::sleep(delay).await;
    }
    if let Some(answer) = fault.as_ref().and_then(broken) {
        return Ok(request.into_response(answer));
    }
    if !OPEN.contains(&request.path())
        && let Some(answer) = refusal(&supabase, &mut request)
    {
        return Ok(request.into_response(answer));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// The answer to a request whose key is missing or wrong.
fn refusal(supabase: &Supabase, request: &mut ServiceRequest) -> Option<HttpResponse> {
    let Some(key) = given_key(request) else { return Some(no_api_key()) };
    let keys = &supabase.shared.keys;
    let token = match key.as_str() {
        given if given == keys.anon || given == keys.service => return None,
        given if given == keys.publishable => &keys.anon,
        given if given == keys.secret => &keys.service,
        _ => return Some(invalid_api_key()),
    };
    let own = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if own.is_none_or(|value| value.strip_prefix("Bearer ") == Some(&key)) {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).expect("a token is ASCII");
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    None
}

/// The key in the `apikey` header, or in the query parameter of that name.
fn given_key(request: &ServiceRequest) -> Option<String> {
    if let Some(value) = request.headers().get("apikey") {
        return value.to_str().ok().map(ToOwned::to_owned);
    }
    url::form_urlencoded::parse(request.query_string().as_bytes())
        .find(|(name, _)| name == "apikey")
        .map(|(_, value)| value.into_owned())
}

/// The answer of a fault; none where the request goes on.
fn broken(fault: &FaultKind) -> Option<HttpResponse> {
    Some(match fault {
        FaultKind::Delay { .. } => return None,
        FaultKind::Status { status, retry_after_seconds } => {
            let (error_code, msg) = match status {
                429 => ("over_request_rate_limit", "Request rate limit reached"),
                _ => ("unexpected_failure", "Unexpected failure, please check server logs for more information"),
            };
            let code = actix_web::http::StatusCode::from_u16(*status).unwrap_or_default();
            let mut answer = HttpResponse::build(code);
            if let Some(seconds) = retry_after_seconds {
                answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
            }
            answer.json(json!({ "code": status, "error_code": error_code, "msg": msg }))
        }
        FaultKind::Html => {
            HttpResponse::Ok().content_type("text/html; charset=utf-8").body("<!doctype html><title>Hello</title>")
        }
        FaultKind::CutJson => HttpResponse::Ok().content_type("application/json").body("{\"keys\":[{\"alg\":\"ES2"),
        FaultKind::Drop => {
            let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
            let pieces = stream::iter([Ok(web::Bytes::from_static(b"{\"ke")), Err(reset)]);
            HttpResponse::Ok().content_type("application/json").no_chunking(4096).streaming(pieces)
        }
    })
}
