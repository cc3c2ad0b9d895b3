//! What a person's browser meets: the Connect UI, the way to the provider, and the way back.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Query};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Imported, Shared};
use crate::html;
use crate::nango::error::ApiError;
use crate::nango::gate::is_session_token;
use crate::nango::oauth;
use crate::nango::state::State;
use crate::nango::webhooks;
use crate::nango::world::{Authorization, Integration, Session};
use crate::random;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/connect", web::get().to(choose))
        .route("/connect/", web::get().to(choose))
        .route("/oauth/connect/{integration}", web::get().to(leave))
        .route("/oauth/callback", web::get().to(come_back));
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    session_token: String,
}

/// The Connect UI: the integrations of a session, each a link.
async fn choose(state: Shared, query: Query<Choice>) -> HttpResponse {
    let world = state.world();
    let Some(session) = world.session(&query.session_token, state.clock.now()) else {
        return page(
            StatusCode::BAD_REQUEST,
            "This link is over",
            "<p>Ask the application for a new one: a link lives half an hour.</p>",
        );
    };
    let environment = world.environment(session.environment);
    let all = environment.map(|environment| environment.integrations.as_slice()).unwrap_or_default();
    let links: Vec<String> = all
        .iter()
        .filter(|integration| allows(session, &integration.unique_key))
        .map(|integration| {
            let key = html::escape(&integration.unique_key);
            let token = html::escape(&session.token);
            let label = integration.vendor().map_or("", crate::provider::Vendor::label);
            format!(
                "<li><a class=\"button\" href=\"/oauth/connect/{key}?connect_session_token={token}\">\
                 Connect {key} <small>{label}</small></a></li>\n"
            )
        })
        .collect();
    page(
        StatusCode::OK,
        "Connect an account",
        &format!("<p>Which account do you want to connect?</p>\n<ul>\n{}</ul>", links.concat()),
    )
}

#[derive(Deserialize)]
struct Leaving {
    connect_session_token: Option<String>,
}

async fn leave(state: Shared, key: Path<String>, query: Query<Leaving>) -> Result<HttpResponse, ApiError> {
    let token = query.connect_session_token.as_deref().unwrap_or_default();
    if !is_session_token(token) {
        let message = "This is not a connect session token";
        return Err(ApiError::because(401, "invalid_connect_session_token_format", message).empty_payload());
    }
    let mut world = state.world();
    let session = world.session(token, state.clock.now()).cloned().ok_or_else(|| {
        ApiError::because(401, "unknown_connect_session_token", "The connect session is unknown or over")
            .empty_payload()
    })?;
    let integration = world.integration(session.environment, &key).cloned();
    let integration = integration.ok_or_else(|| ApiError::new(404, "unknown_provider_config"))?;
    if !allows(&session, &key) {
        return Err(ApiError::new(400, "integration_not_allowed"));
    }
    let connection_id = match session.reconnects {
        None => random::uuid().to_string(),
        Some(number) => {
            let connection = world.connection(number).ok_or_else(|| ApiError::new(400, "unknown_connection"))?;
            connection.connection_id.clone()
        }
    };
    let csrf = random::uuid().to_string();
    let (url, verifier) = oauth::authorize_url(&state, &integration, session.defaults.get(key.as_str()), &csrf)
        .ok_or_else(|| ApiError::new(400, "unknown_provider_template"))?;
    world.keep_authorization(Authorization {
        state: csrf.clone(),
        session,
        integration: key.into_inner(),
        connection_id,
        verifier,
    });
    let cookie = format!("oauth2-{csrf}=1; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax");
    Ok(HttpResponse::Found().insert_header(("Location", url.as_str())).insert_header(("Set-Cookie", cookie)).finish())
}

#[derive(Deserialize)]
struct Return {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    #[serde(rename = "realmId")]
    realm_id: Option<String>,
}

async fn come_back(state: Shared, query: Query<Return>) -> HttpResponse {
    let query = query.into_inner();
    let (authorization, integration) = {
        let mut world = state.world();
        let authorization = world.take_authorization(&query.state);
        let integration = authorization.as_ref().and_then(|authorization| {
            world.integration(authorization.session.environment, &authorization.integration).cloned()
        });
        (authorization, integration)
    };
    let (Some(authorization), Some(integration)) = (authorization, integration) else {
        return page(
            StatusCode::BAD_REQUEST,
            "The account was not connected",
            "<p>This way back is unknown or was taken before.</p>",
        );
    };
    let Some(code) = query.code else {
        let reason = query.error.unwrap_or_else(|| "none".to_owned());
        let text = format!("The callback has no authorization code. Provider error: error: {reason}");
        return failed(&state, &authorization, &integration, "invalid_callback", &text);
    };
    let verifier = authorization.verifier.clone();
    match oauth::exchange_code(&state, &integration, code, verifier).await {
        Err(description) => failed(&state, &authorization, &integration, "unknown", &description),
        Ok(credentials) => {
            let config = config_of(&state, &authorization, &credentials.access_token, query.realm_id);
            let session = authorization.session;
            let told = session.end_user.clone();
            let imported = Imported {
                environment: session.environment,
                integration: authorization.integration,
                provider: integration.provider,
                connection_id: authorization.connection_id,
                credentials,
                tags: session.tags,
                end_user: session.end_user,
                metadata: None,
                config,
                webhook_url: session.webhook_url,
            };
            imported.store(&state, told.as_ref());
            page(
                StatusCode::OK,
                "The account is connected",
                "<p>You can close this window and go back to the application.</p>",
            )
        }
    }
}

/// What Nango keeps of the provider: the realm, the hash of the address, and what the session asked for.
fn config_of(
    state: &State,
    authorization: &Authorization,
    access_token: &str,
    realm_id: Option<String>,
) -> Map<String, Value> {
    let defaults = authorization.session.defaults.get(&authorization.integration);
    let mut config = defaults.and_then(|d| d["connection_config"].as_object()).cloned().unwrap_or_default();
    if let Some(realm_id) = realm_id {
        config.insert("realmId".to_owned(), json!(realm_id));
    }
    if let Some((account, _, scope)) = state.provider.account_of_token(access_token)
        && scope.contains("gmail")
    {
        config.insert("emailAddressHash".to_owned(), json!(account.email_hash()));
    }
    config
}

/// Tells of the failure: `creation`, even when an existing connection was to be reconnected.
fn failed(
    state: &Shared,
    authorization: &Authorization,
    integration: &Integration,
    kind: &str,
    description: &str,
) -> HttpResponse {
    let session = &authorization.session;
    let names = (integration.unique_key.as_str(), integration.provider.as_str());
    let only_to = session.webhook_url.as_deref();
    let error = (kind, description);
    webhooks::send_auth_failure(state, session.environment, names, &authorization.connection_id, only_to, error);
    let reason = html::escape(kind);
    page(
        StatusCode::BAD_REQUEST,
        "The account was not connected",
        &format!("<p>Nothing has changed. Reason: <code>{reason}</code></p>"),
    )
}

fn allows(session: &Session, key: &str) -> bool {
    session.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(|name| name == key))
}

fn page(status: StatusCode, title: &str, main: &str) -> HttpResponse {
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html::page(title, main))
}
