//! Import, change and deletion of connections.

use std::sync::Arc;

use actix_web::web::{self, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::session_body::read_webhook_url;
use super::{Answer, Body, By, Shared, tags};
use crate::clock;
use crate::nango::error::ApiError;
use crate::nango::form::{Form, no_query, query_object};
use crate::nango::state::State;
use crate::nango::syncs;
use crate::nango::view::{self, Times};
use crate::nango::webhooks::{self, Operation};
use crate::nango::world::{Connection, Credentials, EndUser, RefreshHistory, Tags};
use crate::random;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    for path in ["/connections", "/connection"] {
        config.route(path, web::post().to(import));
    }
    for path in ["/connections/{id}", "/connection/{id}"] {
        config.route(path, web::patch().to(patch)).route(path, web::delete().to(delete));
    }
}

/// What makes a connection, or makes an existing one anew.
pub(in crate::nango) struct Imported {
    pub(in crate::nango) environment: Uuid,
    pub(in crate::nango) integration: String,
    pub(in crate::nango) provider: String,
    pub(in crate::nango) connection_id: String,
    pub(in crate::nango) credentials: Credentials,
    pub(in crate::nango) tags: Tags,
    pub(in crate::nango) end_user: Option<EndUser>,
    pub(in crate::nango) metadata: Option<Map<String, Value>>,
    pub(in crate::nango) config: Map<String, Value>,
    pub(in crate::nango) webhook_url: Option<String>,
}

impl Imported {
    /// Stores it and sends the webhook; `told` is the end user that the webhook names.
    pub(in crate::nango) fn store(self, state: &Arc<State>, told: Option<&EndUser>) -> Connection {
        let now = state.clock.now();
        let (connection, operation) = {
            let mut world = state.world();
            let known = world.find(self.environment, &self.integration, &self.connection_id);
            let known = known.map(|known| known.number);
            let number = known.unwrap_or_else(|| world.next_number());
            let fresh = Connection {
                number,
                environment: self.environment,
                connection_id: self.connection_id,
                integration: self.integration,
                provider: self.provider,
                tags: self.tags,
                end_user: self.end_user,
                metadata: self.metadata,
                config: self.config,
                webhook_url: self.webhook_url,
                created_at: now,
                updated_at: now,
                fetched_at: now,
                credentials: self.credentials,
                refresh: RefreshHistory::default(),
            };
            if let Some(stored) = world.connection_mut(number) {
                let (created_at, updated_at) = (stored.created_at, stored.updated_at);
                // A reconnect says nothing of these three, and then they stay.
                let end_user = fresh.end_user.clone().or(stored.end_user.take());
                let metadata = fresh.metadata.clone().or(stored.metadata.take());
                let webhook_url = fresh.webhook_url.clone().or(stored.webhook_url.take());
                *stored = Connection { end_user, metadata, webhook_url, created_at, updated_at, ..fresh };
                (stored.clone(), Operation::Override)
            } else {
                world.connections.push(fresh.clone());
                world.deploy_syncs(number, now);
                (fresh, Operation::Creation)
            }
        };
        webhooks::send_auth_success(state, &connection, operation, told);
        if operation == Operation::Creation {
            syncs::auto_start(state, connection.number);
        }
        connection
    }
}

async fn import(state: Shared, by: By, body: Body, request: HttpRequest) -> Answer {
    by.require(&["environment:connections:write"])?;
    no_query(request.query_string())?;
    let imported = read(&state, by.environment, body.0.as_ref())?;
    let connection = imported.store(&state, None);
    let world = state.world();
    let credentials = view::credentials(&connection.credentials, true);
    Ok(HttpResponse::Created().json(view::single(&world, &connection, credentials, Times::Zulu)))
}

async fn patch(state: Shared, by: By, id: Path<String>, body: Body, request: HttpRequest) -> Answer {
    by.require(&["environment:connections:write"])?;
    let integration = read_key(&request)?;
    let mut form = Form::of_body(body.0.as_ref())?;
    let given = tags::read(&mut form);
    let end_user = tags::read_end_user(&mut form);
    let names_url = form.get("webhook_url_override").is_some();
    let webhook_url = read_webhook_url(&mut form);
    form.finish_body()?;
    let mut world = state.world();
    let number = world.find(by.environment, &integration, &id).map(|connection| connection.number);
    let connection = number.and_then(|number| world.connection_mut(number));
    let connection = connection.ok_or_else(|| ApiError::because(404, "not_found", "There is no such connection"))?;
    if given.is_some() || end_user.is_some() {
        connection.tags = tags::merged(given, end_user.as_ref());
    }
    if end_user.is_some() {
        connection.end_user = end_user;
    }
    if names_url {
        connection.webhook_url = webhook_url;
    }
    Ok(success())
}

async fn delete(state: Shared, by: By, id: Path<String>, request: HttpRequest) -> Answer {
    by.require(&["environment:connections:delete"])?;
    if !is_connection_id(&id) {
        let fields = Map::new();
        let mut form = Form::new(&fields, Vec::new());
        form.issue("invalid_format", "The id has characters that no id has", "connectionId");
        form.finish("invalid_uri_params")?;
    }
    let integration = read_key(&request)?;
    let mut world = state.world();
    let connection = world.find(by.environment, &integration, &id);
    let number = connection.ok_or_else(|| ApiError::new(400, "unknown_connection"))?.number;
    world.remove_connection(number);
    Ok(success())
}

fn read(state: &State, environment: Uuid, body: Option<&Value>) -> Result<Imported, ApiError> {
    let mut form = Form::of_body(body)?;
    let integration = form.required("provider_config_key").to_owned();
    let connection_id = form.string("connection_id").map(ToOwned::to_owned);
    if connection_id.as_deref().is_some_and(|id| !is_connection_id(id)) {
        form.issue("invalid_format", "The id has characters that no id has", "connection_id");
    }
    let metadata = form.object("metadata").cloned().unwrap_or_default();
    let config = form.object("connection_config").cloned().unwrap_or_default();
    let given = tags::read(&mut form);
    let end_user = tags::read_end_user(&mut form);
    let webhook_url = read_webhook_url(&mut form);
    let raw = form.object("credentials").cloned();
    let mut kind = String::new();
    let mut credentials = None;
    match form.nested("credentials") {
        None => form.wrong("credentials", "object", None),
        Some(mut nested) => {
            nested.required("type").clone_into(&mut kind);
            if kind == "OAUTH2" {
                credentials = Some(read_oauth2(&mut nested, raw.unwrap_or_default()));
            } else {
                nested.allow_unknown();
            }
            form.absorb(nested);
        }
    }
    form.finish_body()?;
    let world = state.world();
    let known = world.integration(environment, &integration);
    let known = known.ok_or_else(|| ApiError::because(404, "not_found", "There is no such integration"))?;
    let credentials = credentials.ok_or_else(|| {
        ApiError::because(400, "invalid_body", format!("An OAUTH2 provider takes no {kind} credentials"))
    })?;
    Ok(Imported {
        environment,
        provider: known.provider.clone(),
        integration,
        connection_id: connection_id.unwrap_or_else(|| random::uuid().to_string()),
        credentials,
        tags: tags::merged(given, end_user.as_ref()),
        end_user,
        metadata: Some(metadata),
        config,
        webhook_url,
    })
}

fn read_oauth2(form: &mut Form<'_>, raw: Map<String, Value>) -> Credentials {
    let access_token = form.required("access_token").to_owned();
    let refresh_token = form.string("refresh_token").map(ToOwned::to_owned);
    let expires_at = form.string("expires_at").and_then(|text| {
        let at = clock::parse(text);
        if at.is_none() {
            form.issue("invalid_format", "This is not a date", "expires_at");
        }
        at
    });
    form.object("config_override");
    Credentials { access_token, refresh_token, expires_at, raw }
}

fn read_key(request: &HttpRequest) -> Result<String, ApiError> {
    let fields = query_object(request.query_string());
    let mut form = Form::new(&fields, Vec::new());
    let integration = form.required("provider_config_key").to_owned();
    form.finish("invalid_query_params")?;
    Ok(integration)
}

fn is_connection_id(id: &str) -> bool {
    !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || ",.;:=+~[]|@${}\"'\\/_ -".contains(c))
}

fn success() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "success": true }))
}
