//! Nango's own side of OAuth: it is the client of the providers.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use oauth2::basic::BasicClient;
use oauth2::{
    AsyncHttpClient, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, TokenUrl,
};
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::state::State;
use super::world::{Credentials, Integration};
use crate::clock::millis_z;
use crate::provider::Vendor;

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Where the browser is sent, and the verifier that belongs to it.
pub(super) fn authorize_url(
    state: &State,
    integration: &Integration,
    defaults: Option<&Value>,
    csrf: &str,
) -> Option<(Url, String)> {
    let client = client(state, integration)?;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let own_scopes = defaults.and_then(|d| d["connection_config"]["oauth_scopes_override"].as_str());
    let scopes = own_scopes.unwrap_or(&integration.scopes).replace(',', " ");
    let mut parameters: Map<String, Value> = Map::new();
    if integration.vendor() == Some(Vendor::Google) {
        parameters.insert("access_type".to_owned(), json!("offline"));
        parameters.insert("prompt".to_owned(), json!("consent"));
    }
    if let Some(more) = defaults.and_then(|defaults| defaults["authorization_params"].as_object()) {
        parameters.extend(more.clone());
    }
    if let Some(user_scopes) = defaults.and_then(|d| d["user_scopes"].as_str()).filter(|scopes| !scopes.is_empty()) {
        parameters.insert("user_scope".to_owned(), json!(user_scopes));
    }
    let mut request = client
        .authorize_url(|| CsrfToken::new(csrf.to_owned()))
        .set_pkce_challenge(challenge)
        .add_scopes(scopes.split_whitespace().map(|scope| Scope::new(scope.to_owned())));
    for (name, value) in &parameters {
        request = request.add_extra_param(name, value.as_str().unwrap_or_default());
    }
    let (url, _) = request.url();
    Some((url, verifier.into_secret()))
}

/// Exchanges a code; the error is the description that a webhook carries.
pub(super) async fn exchange_code(
    state: &State,
    integration: &Integration,
    code: String,
    verifier: String,
) -> Result<Credentials, String> {
    let Some(client) = client(state, integration) else { return Err("the provider is unknown".to_owned()) };
    let wire = Wire::new(state);
    let result = client
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier))
        .request_async(&wire)
        .await;
    match (result, wire.body()) {
        (Ok(_), Some(Value::Object(raw))) => Ok(credentials(raw, None, state.clock.now())),
        (result, body) => {
            let reason = result.err().map_or_else(|| "the answer makes no sense".to_owned(), |error| error.to_string());
            let text = json!({
                "name": "Error",
                "message": format!("The provider refused the code: {reason}"),
                "provider_error_payload": body,
            });
            Err(serde_json::to_string_pretty(&text).unwrap_or(reason))
        }
    }
}

/// New credentials for old ones; `None` when the provider refuses or cannot be reached.
pub(super) async fn refresh(state: &State, integration: &Integration, old: &Credentials) -> Option<Credentials> {
    let client = client(state, integration)?;
    let refresh_token = old.refresh_token.clone()?;
    let wire = Wire::new(state);
    client.exchange_refresh_token(&RefreshToken::new(refresh_token.clone())).request_async(&wire).await.ok()?;
    match wire.body()? {
        Value::Object(raw) => Some(credentials(raw, Some(refresh_token), state.clock.now())),
        _ => None,
    }
}

fn client(state: &State, integration: &Integration) -> Option<Client> {
    let vendor = integration.vendor()?;
    let (id, secret) = integration.client();
    let url = |rest: &str| format!("{}/{}/{rest}", state.provider_url, vendor.segment());
    let client = BasicClient::new(ClientId::new(id))
        .set_client_secret(ClientSecret::new(secret))
        .set_auth_uri(AuthUrl::new(url("authorize")).ok()?)
        .set_token_uri(TokenUrl::new(url("token")).ok()?)
        .set_redirect_uri(RedirectUrl::new(format!("{}/oauth/callback", state.base_url)).ok()?);
    Some(client)
}

fn credentials(mut raw: Map<String, Value>, old_refresh: Option<String>, now: OffsetDateTime) -> Credentials {
    let text = |raw: &Map<String, Value>, key: &str| raw.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    let expires_at = raw.get("expires_in").and_then(Value::as_i64).map(|seconds| now + Duration::seconds(seconds));
    let refresh_token = text(&raw, "refresh_token").or(old_refresh);
    if let Some(token) = &refresh_token {
        raw.insert("refresh_token".to_owned(), json!(token));
    }
    if let Some(at) = expires_at {
        raw.insert("expires_at".to_owned(), json!(millis_z(at)));
    }
    Credentials { access_token: text(&raw, "access_token").unwrap_or_default(), refresh_token, expires_at, raw }
}

/// Carries a token request over the wire and keeps the raw answer, which Nango shows as `raw`.
struct Wire {
    http: reqwest::Client,
    body: Mutex<Option<Value>>,
}

impl Wire {
    fn new(state: &State) -> Self {
        Self { http: state.provider_http.clone(), body: Mutex::default() }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
        let response = self.http.execute(request.try_into()?).await?;
        let mut answer = HttpResponse::new(Vec::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        let body = response.bytes().await?;
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = serde_json::from_slice(&body).ok();
        *answer.body_mut() = body.to_vec();
        Ok(answer)
    }

    fn body(&self) -> Option<Value> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

// A closure would do, but its future is not `Send` for every lifetime.
impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
