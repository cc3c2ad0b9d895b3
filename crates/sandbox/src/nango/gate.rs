//! What every request passes: journal, faults, content type, key, rate limit.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{HttpMessage, ResponseError};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::{ApiError, fault_body};
use super::journal::ReceivedRequest;
use super::limit::Standing;
use super::state::State;
use crate::faults::delay_of;
use crate::provider::broken;
use crate::random;

/// The prefix of session tokens.
pub(super) const TOKEN_PREFIX: &str = "nango_connect_session_";

/// The journal keeps bodies up to this size.
const LARGEST_NOTED: usize = 64 * 1024;

/// Whose key a request carries, and what the key may do.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) environment: Uuid,
    /// `None` = everything.
    scopes: Option<BTreeSet<String>>,
}

/// The session token that a request carries.
#[derive(Clone)]
pub(super) struct SessionCaller {
    pub(super) token: String,
}

/// The JSON body, if there was one.
#[derive(Debug, Clone)]
pub(super) struct JsonBody(pub(super) Option<Value>);

impl Caller {
    pub(super) fn can(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.contains(scope) || scopes.contains("environment:*"))
    }

    /// Refuses a key that has none of these scopes.
    pub(super) fn require(&self, any_of: &[&str]) -> Result<(), ApiError> {
        if any_of.iter().any(|scope| self.can(scope)) {
            return Ok(());
        }
        Err(ApiError::because(403, "forbidden", format!("The key lacks a scope: {}", any_of.join(" or "))))
    }
}

/// How a path is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// An API key.
    Key,
    /// An API key, and bodies of any type.
    KeyAnyBody,
    /// A connect session token.
    Session,
    /// Nothing.
    Open,
    /// Nothing, and neither counted nor disturbed.
    Control,
}

/// The middleware.
pub(super) async fn pass<B>(
    state: web::Data<Arc<State>>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error>
where
    B: MessageBody + 'static,
{
    let guard = guard_of(request.path());
    if guard == Guard::Control {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let Ok(body) = request.extract::<Bytes>().await else {
        return Ok(request.into_response(support_error().error_response()));
    };
    let parsed = serde_json::from_slice::<Value>(&body);
    let number = note(&state, &request, body.len(), parsed.as_ref().ok());
    let kind = state.faults.take(request.method().as_str(), request.path());
    if let Some(delay) = kind.as_ref().and_then(delay_of) {
        tokio::time::sleep(delay).await;
    }
    let response = if let Some(response) = kind.and_then(|kind| broken(&kind, fault_body)) {
        request.into_response(response)
    } else {
        match admit(&state, &request, guard, &body, parsed) {
            Ok(standing) => {
                request.set_payload(body.into());
                let mut response = next.call(request).await?.map_into_boxed_body();
                mark(response.headers_mut(), standing);
                if guard != Guard::KeyAnyBody {
                    name_charset(response.headers_mut());
                }
                response
            }
            Err((error, standing)) => {
                let mut response = request.into_response(error.error_response());
                mark(response.headers_mut(), standing);
                name_charset(response.headers_mut());
                response
            }
        }
    };
    state.journal.answered(number, response.status().as_u16());
    Ok(response)
}

/// A 500 with an id for the support.
pub(super) fn support_error() -> ApiError {
    let id = random::uuid().to_string();
    let message = format!("Something went wrong. Name this id to the support: \"{id}\"");
    ApiError::because(500, "generic_error_support", message).payload(json!(id))
}

/// The error, and where the account stands when the call was counted all the same.
type Refusal = (ApiError, Option<Standing>);

/// Checks content type, body and key in this order, then counts the call.
fn admit(
    state: &State,
    request: &ServiceRequest,
    guard: Guard,
    body: &Bytes,
    parsed: serde_json::Result<Value>,
) -> Result<Option<Standing>, Refusal> {
    if guard != Guard::KeyAnyBody {
        check_type(request, guard, body).map_err(uncounted)?;
        let json = match (body.is_empty(), parsed) {
            (true, _) => None,
            (false, Ok(value)) => Some(value),
            (false, Err(_)) if guard == Guard::Open => None,
            (false, Err(error)) => {
                return Err(uncounted(ApiError::because(400, "invalid_json", error.to_string())));
            }
        };
        request.extensions_mut().insert(JsonBody(json));
    }
    let account = identify(state, request, guard).map_err(uncounted)?;
    let Some(account) = account else { return Ok(None) };
    let standing = state.limiter.count(&account, state.clock.now());
    match standing.and_then(|standing| standing.retry_after) {
        Some(seconds) => {
            let error = ApiError::new(429, "too_many_request")
                .with("method", json!(request.method().as_str()))
                .with("path", json!(request.path()))
                .retry_after(seconds);
            Err((error, standing))
        }
        None => Ok(standing),
    }
}

fn uncounted(error: ApiError) -> Refusal {
    (error, None)
}

fn check_type(request: &ServiceRequest, guard: Guard, body: &Bytes) -> Result<(), ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let fits = kind.is_some_and(|kind| kind.starts_with("application/json"));
    if guard == Guard::Open || body.is_empty() || fits {
        return Ok(());
    }
    Err(ApiError::because(415, "invalid_content_type", "A body has to be application/json"))
}

/// The account whose call this is; `None` where calls are not counted.
fn identify(state: &State, request: &ServiceRequest, guard: Guard) -> Result<Option<String>, ApiError> {
    match guard {
        Guard::Open if request.path().starts_with("/oauth/connect") => {
            let query = super::form::query_object(request.query_string());
            let token = query.get("connect_session_token").and_then(Value::as_str).unwrap_or_default();
            let world = state.world();
            let session = world.session(token, state.clock.now());
            let environment = session.and_then(|session| world.environment(session.environment));
            Ok(environment.map(|environment| environment.account.clone()))
        }
        Guard::Open | Guard::Control => Ok(None),
        Guard::Session => session_caller(state, request).map(Some),
        Guard::Key | Guard::KeyAnyBody => key_caller(state, request).map(Some),
    }
}

fn key_caller(state: &State, request: &ServiceRequest) -> Result<String, ApiError> {
    let refuse = |code: &str, message: &str| ApiError::because(401, code, message).empty_payload();
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        return Err(refuse("missing_auth_header", "The Authorization header is missing"));
    };
    let key =
        value.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).and_then(|key| Uuid::parse_str(key).ok());
    let Some(key) = key.filter(|key| key.get_version_num() == 4) else {
        return Err(refuse("invalid_secret_key_format", "The key is not a version 4 UUID"));
    };
    let world = state.world();
    for environment in &world.environments {
        let scopes = if environment.api_key == key {
            None
        } else if let Some(limited) = environment.limited_keys.iter().find(|limited| limited.key == key) {
            Some(limited.scopes.clone())
        } else {
            continue;
        };
        request.extensions_mut().insert(Caller { environment: environment.id, scopes });
        return Ok(environment.account.clone());
    }
    Err(refuse("unknown_account", "No account has this key"))
}

fn session_caller(state: &State, request: &ServiceRequest) -> Result<String, ApiError> {
    let refuse = |code: &str, message: &str| ApiError::because(401, code, message).empty_payload();
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        return Err(refuse("missing_auth_header", "The Authorization header is missing"));
    };
    let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !is_session_token(token) {
        return Err(refuse("invalid_connect_session_token_format", "This is not a connect session token"));
    }
    let world = state.world();
    let session = world.session(token, state.clock.now());
    let environment = session.and_then(|session| world.environment(session.environment));
    let Some(environment) = environment else {
        return Err(refuse("unknown_connect_session_token", "The connect session is unknown or over"));
    };
    request.extensions_mut().insert(SessionCaller { token: token.to_owned() });
    Ok(environment.account.clone())
}

pub(super) fn is_session_token(token: &str) -> bool {
    let digits = token.strip_prefix(TOKEN_PREFIX).unwrap_or_default();
    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn guard_of(path: &str) -> Guard {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match first {
        "sandbox" => Guard::Control,
        "proxy" => Guard::KeyAnyBody,
        "connect" if path == "/connect/session" => Guard::Session,
        "connect" if path.starts_with("/connect/sessions") => Guard::Key,
        "connections" | "connection" | "sync" | "records" | "integrations" | "environment" => Guard::Key,
        _ => Guard::Open,
    }
}

fn note(state: &State, request: &ServiceRequest, size: usize, body: Option<&Value>) -> u64 {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let body = body.filter(|_| size <= LARGEST_NOTED && !has_credentials(request.path()));
    state.journal.request(ReceivedRequest {
        at: state.clock.now(),
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: without_token(request.query_string()),
        connection_id: text("connection-id"),
        provider_config_key: text("provider-config-key"),
        body: body.cloned(),
        status: None,
    })
}

/// Imports carry tokens of a provider.
fn has_credentials(path: &str) -> bool {
    matches!(path, "/connections" | "/connection")
}

fn without_token(query: &str) -> String {
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.contains("token=")).collect();
    kept.join("&")
}

fn name_charset(headers: &mut HeaderMap) {
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json") {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    }
}

fn mark(headers: &mut HeaderMap, standing: Option<Standing>) {
    let Some(standing) = standing else { return };
    let values = [
        ("x-ratelimit-limit", standing.limit.to_string()),
        ("x-ratelimit-remaining", standing.remaining.to_string()),
        ("x-ratelimit-reset", standing.reset.to_string()),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
