//! Triggering, watching, pausing and varying syncs.

use actix_web::web::{self, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Body, By, Shared};
use crate::nango::config::SyncConfig;
use crate::nango::error::ApiError;
use crate::nango::form::{Form, no_query, query_object};
use crate::nango::gate::support_error;
use crate::nango::syncs::{self, BASE, SyncState};
use crate::nango::world::World;

const MODES: [&str; 3] = ["incremental", "full_refresh", "full_refresh_and_clear_cache"];

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/sync/trigger", web::post().to(trigger))
        .route("/sync/status", web::get().to(status))
        .route("/sync/pause", web::post().to(pause))
        .route("/sync/start", web::post().to(unpause))
        .route("/sync/{name}/variant/{variant}", web::post().to(add_variant))
        .route("/sync/{name}/variant/{variant}", web::delete().to(remove_variant));
}

/// Name and variant of a sync that a caller means.
type Named = (String, String);

/// Which syncs of which connections a call is about.
struct Target {
    integration: String,
    connection_id: Option<String>,
    syncs: Vec<Named>,
}

async fn trigger(state: Shared, by: By, body: Body, request: HttpRequest) -> Answer {
    by.require(&["environment:syncs:execute"])?;
    no_query(request.query_string())?;
    let mut form = Form::of_body(body.0.as_ref())?;
    let (mut reset, mut empty) = (false, false);
    let options = form.nested("opts");
    let has_options = options.is_some();
    if let Some(mut options) = options {
        reset = options.boolean("reset").unwrap_or(false);
        empty = options.boolean("emptyCache").unwrap_or(false);
        form.absorb(options);
    }
    let mode = form.string("sync_mode");
    if mode.is_some_and(|mode| !MODES.contains(&mode)) {
        form.issue("invalid_value", format!("One of {} is expected", MODES.join(", ")), "sync_mode");
    }
    let resync = form.boolean("full_resync");
    let target = read_target(form, &request)?;
    if has_options && (mode.is_some() || resync.is_some()) {
        return Err(ApiError::because(400, "invalid_body", "opts excludes the deprecated sync_mode and full_resync"));
    }
    reset |= resync == Some(true) || mode.is_some_and(|mode| mode != "incremental");
    empty |= mode == Some("full_refresh_and_clear_cache");
    let (due, unknown) = {
        let mut world = state.world();
        let (due, unknown) = select(&world, by.environment, &target)?;
        for id in &due {
            prepare(&mut world, *id, reset, empty);
        }
        (due, unknown)
    };
    // The syncs before an unknown one have been started when the refusal comes.
    for id in due {
        syncs::start(&state, id);
    }
    if unknown {
        return Err(ApiError::because(400, "no_syncs_found", "No sync fits what was asked for").empty_payload());
    }
    Ok(success())
}

async fn status(state: Shared, by: By, request: HttpRequest) -> Answer {
    by.require(&["environment:syncs:read"])?;
    let fields = query_object(request.query_string());
    let mut form = Form::new(&fields, Vec::new());
    let names = form.required("syncs").to_owned();
    let integration = form.required("provider_config_key").to_owned();
    let connection_id = form.string("connection_id");
    form.finish("invalid_query_params")?;
    let world = state.world();
    if world.scheduler_down {
        return Err(support_error());
    }
    let wanted: Vec<Named> = names.split(',').map(named).collect();
    if let Some(id) = connection_id
        && world.find(by.environment, &integration, id).is_none()
    {
        return Err(ApiError::because(400, "invalid_body", "There is no such connection"));
    }
    let mut entries = Vec::new();
    let connections = world.of_environment(by.environment).filter(|connection| {
        connection.integration == integration && connection_id.is_none_or(|id| id == connection.connection_id)
    });
    for connection in connections {
        let mut own: Vec<&SyncState> = world.syncs.iter().filter(|sync| sync.connection == connection.number).collect();
        own.sort_by(|one, other| one.name.cmp(&other.name));
        if names == "*" {
            let all = own.iter().filter(|sync| sync.variant == BASE);
            entries.extend(all.map(|sync| sync.status(&world, &connection.connection_id)));
        } else {
            for (name, variant) in &wanted {
                let hits = own.iter().filter(|sync| sync.name == *name && sync.variant == *variant);
                entries.extend(hits.map(|sync| sync.status(&world, &connection.connection_id)));
            }
        }
    }
    Ok(HttpResponse::Ok().json(json!({ "syncs": entries })))
}

async fn pause(state: Shared, by: By, body: Body, request: HttpRequest) -> Answer {
    set_paused(&state, &by, &body, &request, true)
}

async fn unpause(state: Shared, by: By, body: Body, request: HttpRequest) -> Answer {
    set_paused(&state, &by, &body, &request, false)
}

fn set_paused(state: &Shared, by: &By, body: &Body, request: &HttpRequest, paused: bool) -> Answer {
    by.require(&["environment:syncs:execute"])?;
    let target = read_target(Form::of_body(body.0.as_ref())?, request)?;
    let mut world = state.world();
    let (due, unknown) = select(&world, by.environment, &target)?;
    for sync in world.syncs.iter_mut().filter(|sync| due.contains(&sync.id)) {
        sync.paused = paused;
    }
    if unknown {
        return Err(ApiError::because(400, "no_syncs_found", "No sync fits what was asked for").empty_payload());
    }
    Ok(success())
}

async fn add_variant(state: Shared, by: By, path: Path<(String, String)>, body: Body) -> Answer {
    by.require(&["environment:syncs:execute"])?;
    let (name, variant) = path.into_inner();
    let id = {
        let mut world = state.world();
        let base = base_of(&world, by.environment, &name, body.0.as_ref())?;
        let found = world.syncs.iter().find(|sync| sync.id == base).ok_or_else(no_such_sync)?;
        let config = SyncConfig { name: found.name.clone(), models: found.models.clone() };
        let fresh = SyncState::new(found.connection, &config, &variant, state.clock.now());
        let id = fresh.id;
        world.syncs.push(fresh);
        id
    };
    syncs::start(&state, id);
    Ok(HttpResponse::Ok().json(json!({ "id": id, "name": name, "variant": variant })))
}

async fn remove_variant(state: Shared, by: By, path: Path<(String, String)>, body: Body) -> Answer {
    by.require(&["environment:syncs:execute"])?;
    let (name, variant) = path.into_inner();
    let mut world = state.world();
    let base = base_of(&world, by.environment, &name, body.0.as_ref())?;
    let connection = world.syncs.iter().find(|sync| sync.id == base).ok_or_else(no_such_sync)?.connection;
    world.syncs.retain(|sync| sync.connection != connection || sync.name != name || sync.variant != variant);
    Ok(success())
}

fn base_of(world: &World, environment: Uuid, name: &str, body: Option<&Value>) -> Result<Uuid, ApiError> {
    let mut form = Form::of_body(body)?;
    let (integration, connection_id) = (form.required("provider_config_key"), form.required("connection_id"));
    form.finish_body()?;
    let connection = world.find(environment, integration, connection_id).ok_or_else(no_such_sync)?;
    let base = |sync: &&SyncState| sync.connection == connection.number && sync.name == name && sync.variant == BASE;
    Ok(world.syncs.iter().find(base).ok_or_else(no_such_sync)?.id)
}

fn read_target(mut form: Form<'_>, request: &HttpRequest) -> Result<Target, ApiError> {
    let header = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.map(ToOwned::to_owned)
    };
    let mut syncs = Vec::new();
    match form.array("syncs") {
        Some(items) => {
            for item in items {
                match item {
                    Value::String(name) => syncs.push(named(name)),
                    Value::Object(fields) => {
                        let text = |key: &str| fields.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
                        let name = text("name").unwrap_or_default();
                        syncs.push((name, text("variant").unwrap_or_else(|| BASE.to_owned())));
                    }
                    _ => form.issue("invalid_type", "The name of a sync is text", "syncs"),
                }
            }
        }
        None if form.get("syncs").is_none() => form.wrong("syncs", "array", None),
        None => {}
    }
    let integration = form.string("provider_config_key").map(ToOwned::to_owned);
    let connection_id = form.string("connection_id").map(ToOwned::to_owned);
    form.finish_body()?;
    let Some(integration) = integration.or_else(|| header("provider-config-key")) else {
        let message = "The integration is named neither in the body nor in the headers";
        return Err(ApiError::because(400, "missing_provider_config_key", message));
    };
    Ok(Target { integration, connection_id: connection_id.or_else(|| header("connection-id")), syncs })
}

/// The syncs meant, up to the first one that does not exist, and whether there was such a one.
fn select(world: &World, environment: Uuid, target: &Target) -> Result<(Vec<Uuid>, bool), ApiError> {
    let integration = world.integration(environment, &target.integration).ok_or_else(|| {
        ApiError::because(400, "unknown_provider_config", "There is no such integration").empty_payload()
    })?;
    let connections: Vec<u64> = match &target.connection_id {
        None => {
            let of = world.of_environment(environment).filter(|one| one.integration == target.integration);
            of.map(|connection| connection.number).collect()
        }
        Some(id) => {
            let connection = world.find(environment, &target.integration, id).ok_or_else(|| {
                let message = "The integration has no such connection";
                let payload = json!({ "connectionId": id, "providerConfigKey": target.integration });
                ApiError::because(404, "unknown_connection", message).payload(payload)
            })?;
            vec![connection.number]
        }
    };
    let of_target = |sync: &&SyncState| connections.contains(&sync.connection);
    if target.syncs.is_empty() {
        return Ok((world.syncs.iter().filter(of_target).map(|sync| sync.id).collect(), false));
    }
    let mut due = Vec::new();
    for (name, variant) in &target.syncs {
        let hits = world.syncs.iter().filter(of_target).filter(|sync| sync.name == *name && sync.variant == *variant);
        let before = due.len();
        due.extend(hits.map(|sync| sync.id));
        let deployed = integration.syncs.iter().any(|sync| sync.name == *name);
        if due.len() == before && !(deployed && connections.is_empty()) {
            return Ok((due, true));
        }
    }
    Ok((due, false))
}

fn prepare(world: &mut World, id: Uuid, reset: bool, empty: bool) {
    let World { syncs, records, scheduler_down, .. } = world;
    if *scheduler_down {
        return;
    }
    let Some(sync) = syncs.iter_mut().find(|sync| sync.id == id) else { return };
    if reset {
        sync.reset();
    }
    if empty {
        for model in &sync.models {
            records.clear(&sync.pile(model));
        }
    }
}

fn named(text: &str) -> Named {
    let (name, variant) = text.split_once("::").unwrap_or((text, BASE));
    (name.to_owned(), variant.to_owned())
}

fn no_such_sync() -> ApiError {
    ApiError::because(404, "unknown_sync", "The connection has no such sync")
}

fn success() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "success": true }))
}
