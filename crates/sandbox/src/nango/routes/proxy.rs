//! `ANY /proxy/…`: a call to the provider with the connection's token.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use reqwest::Url;
use reqwest::header::HeaderMap;
use serde_json::{Map, json};
use url::Host;

use super::{Answer, By, Shared};
use crate::nango::error::ApiError;
use crate::nango::form::Form;
use crate::nango::state::State;
use crate::nango::tokens::{self, TokenTrouble};

/// The most that a provider's answer may weigh.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
const MOST_REDIRECTS: usize = 5;
const MOST_RETRIES: u32 = 10;
const ALWAYS_KEPT: [&str; 4] = ["content-type", "x-request-id", "x-correlation-id", "mcp-session-id"];
const NEVER_KEPT: [&str; 5] = ["connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"];

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/proxy/{path:.*}", web::to(call));
}

/// A call on its way to the provider.
struct Outgoing {
    method: reqwest::Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

async fn call(state: Shared, by: By, request: HttpRequest, body: Bytes) -> Answer {
    by.require(&["environment:proxy"])?;
    let (integration, connection_id) = read_headers(&request)?;
    let number = {
        let world = state.world();
        if world.integration(by.environment, &integration).is_none() {
            return Err(ApiError::because(404, "unknown_provider_config", "There is no such integration"));
        }
        let connection = world.find(by.environment, &integration, &connection_id);
        connection.ok_or_else(|| ApiError::because(400, "server_error", "There is no such connection"))?.number
    };
    let base = base_url(&state, &request).await?;
    let connection = tokens::fresh(&state, number, false).await.map_err(no_token)?;
    let outgoing = prepare(&request, &base, &connection.credentials.access_token, body)?;
    let retries = number_header(&request, "retries").unwrap_or(0).min(MOST_RETRIES);
    let retry_on = list_header(&request, "retry-on");
    let mut attempt = 0;
    loop {
        let answer = send(&state, &outgoing).await;
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        let again = status.is_none_or(|status| status >= 500 || status == 429 || retry_on.contains(&status));
        if attempt >= retries || !again {
            return match answer {
                Ok(answer) => pass_on(answer).await,
                Err(error) => Err(unreachable(&outgoing, &error)),
            };
        }
        let delay = state.config.proxy_retry_delay_ms.saturating_mul(1 << attempt.min(16));
        tokio::time::sleep(Duration::from_millis(delay)).await;
        attempt += 1;
    }
}

fn read_headers(request: &HttpRequest) -> Result<(String, String), ApiError> {
    let mut fields = Map::new();
    for name in ["provider-config-key", "connection-id"] {
        if let Some(value) = text_header(request, name) {
            fields.insert(name.to_owned(), json!(value));
        }
    }
    let mut form = Form::new(&fields, Vec::new());
    let found = (form.required("provider-config-key").to_owned(), form.required("connection-id").to_owned());
    form.finish("invalid_headers")?;
    Ok(found)
}

/// Where the call goes: the provider, or another host that is neither this machine nor unknown to the resolver.
async fn base_url(state: &State, request: &HttpRequest) -> Result<String, ApiError> {
    let Some(other) = text_header(request, "base-url-override") else {
        return Ok(state.provider_url.clone());
    };
    if other == state.provider_url || other.starts_with(&format!("{}/", state.provider_url)) {
        // The providers play public hosts, although they live on loopback.
        return Ok(other.trim_end_matches('/').to_owned());
    }
    let refuse = |message: &str| ApiError::because(400, "base_url_override_not_allowed", message);
    let url = Url::parse(&other).map_err(|_| refuse("The address in Base-Url-Override is not a URL"))?;
    let inward = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_link_local() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => true,
    };
    if inward {
        return Err(refuse("Base-Url-Override may not name this machine or a metadata service"));
    }
    let host = url.host_str().unwrap_or_default();
    if tokio::net::lookup_host((host, url.port_or_known_default().unwrap_or(80))).await.is_err() {
        return Err(refuse("The host in Base-Url-Override cannot be resolved"));
    }
    Ok(other.trim_end_matches('/').to_owned())
}

fn prepare(request: &HttpRequest, base: &str, token: &str, body: Bytes) -> Result<Outgoing, ApiError> {
    let raw = request.uri().path_and_query().map_or("", |whole| whole.as_str());
    let rest = raw.strip_prefix("/proxy").unwrap_or(raw);
    let nonsense = || ApiError::because(400, "server_error", "The address makes no sense");
    let url = Url::parse(&format!("{base}{rest}")).map_err(|_| nonsense())?;
    let mut headers = HeaderMap::new();
    headers.insert("accept", "application/json, text/plain, */*".parse().map_err(|_| nonsense())?);
    headers.insert("user-agent", "axios/1.18.0".parse().map_err(|_| nonsense())?);
    headers.insert("authorization", format!("Bearer {token}").parse().map_err(|_| nonsense())?);
    for (name, value) in request.headers() {
        let name = name.as_str();
        let forwarded =
            if name == "content-type" && !body.is_empty() { Some(name) } else { name.strip_prefix("nango-proxy-") };
        let parsed = forwarded.and_then(|name| reqwest::header::HeaderName::from_bytes(name.as_bytes()).ok());
        if let (Some(name), Ok(value)) = (parsed, reqwest::header::HeaderValue::from_bytes(value.as_bytes())) {
            headers.insert(name, value);
        }
    }
    let method = reqwest::Method::from_bytes(request.method().as_str().as_bytes()).map_err(|_| nonsense())?;
    Ok(Outgoing { method, url, headers, body })
}

/// Sends the call and follows redirects.
async fn send(state: &State, outgoing: &Outgoing) -> Result<reqwest::Response, reqwest::Error> {
    let mut url = outgoing.url.clone();
    let mut redirects = 0;
    loop {
        let http = &state.provider_http;
        let call = http.request(outgoing.method.clone(), url.clone()).headers(outgoing.headers.clone());
        let answer = call.body(outgoing.body.clone()).send().await?;
        let target = answer.headers().get("location").and_then(|value| value.to_str().ok());
        let target = target.filter(|_| answer.status().is_redirection()).and_then(|target| url.join(target).ok());
        match target {
            Some(next) if redirects < MOST_REDIRECTS => url = next,
            _ => return Ok(answer),
        }
        redirects += 1;
    }
}

/// Status, body and the headers that the real proxy keeps.
async fn pass_on(mut answer: reqwest::Response) -> Answer {
    let too_big = || ApiError::because(500, "server_error", "The provider's answer is too large");
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = answer.headers().clone();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| broken_off())? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(too_big());
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = HttpResponse::build(status);
    if status == StatusCode::NO_CONTENT {
        return Ok(response.finish());
    }
    let chunked = headers.contains_key("transfer-encoding");
    let attachment =
        headers.get("content-disposition").is_some_and(|value| value.as_bytes().starts_with(b"attachment"));
    let all = chunked || attachment || status.as_u16() >= 400;
    for (name, value) in &headers {
        let name = name.as_str();
        if NEVER_KEPT.contains(&name) || !(all || ALWAYS_KEPT.contains(&name)) {
            continue;
        }
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes())) {
            response.insert_header((name, value));
        }
    }
    Ok(response.body(body))
}

fn no_token(trouble: TokenTrouble) -> ApiError {
    match trouble {
        TokenTrouble::BackingOff => ApiError::because(424, "connection_refresh_backoff", trouble.message()),
        TokenTrouble::GivenUp => ApiError::because(424, "server_error", trouble.message()),
        TokenTrouble::Failed | TokenTrouble::NoConnection => ApiError::because(400, "server_error", trouble.message()),
    }
}

fn unreachable(outgoing: &Outgoing, error: &reqwest::Error) -> ApiError {
    let code = if error.is_timeout() {
        "ETIMEDOUT"
    } else if error.is_connect() {
        "ECONNREFUSED"
    } else {
        "ECONNRESET"
    };
    let place = format!(
        "{}:{}",
        outgoing.url.host_str().unwrap_or_default(),
        outgoing.url.port_or_known_default().unwrap_or_default()
    );
    let method = outgoing.method.as_str().to_lowercase();
    ApiError::bare(500, json!({ "message": format!("connect {code} {place}"), "code": code, "method": method }))
}

fn broken_off() -> ApiError {
    ApiError::bare(500, json!({ "message": "the connection broke off", "code": "ECONNRESET", "method": "" }))
}

fn text_header(request: &HttpRequest, name: &str) -> Option<String> {
    request.headers().get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned)
}

fn number_header(request: &HttpRequest, name: &str) -> Option<u32> {
    text_header(request, name)?.trim().parse().ok()
}

fn list_header(request: &HttpRequest, name: &str) -> Vec<u16> {
    text_header(request, name).unwrap_or_default().split(',').filter_map(|code| code.trim().parse().ok()).collect()
}
