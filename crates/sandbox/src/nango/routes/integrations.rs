//! `GET /integrations`, `GET /integrations/{key}` and the rotation of the signing key.

use actix_web::web::{self, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::{Answer, By, Shared};
use crate::clock::millis_z;
use crate::nango::error::ApiError;
use crate::nango::form::{Form, query_object};
use crate::nango::state::State;
use crate::nango::world::Integration;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/integrations", web::get().to(list))
        .route("/integrations/{key}", web::get().to(read))
        .route("/environment/webhook-signing-key/rotate", web::post().to(rotate));
}

async fn list(state: Shared, by: By) -> Answer {
    by.require(&["environment:integrations:list", "environment:integrations:list_credentials"])?;
    let world = state.world();
    let integrations = world.environment(by.environment).map(|environment| environment.integrations.as_slice());
    let mut all: Vec<&Integration> = integrations.unwrap_or_default().iter().collect();
    all.sort_by(|one, other| one.unique_key.cmp(&other.unique_key));
    let data: Vec<Value> = all.into_iter().map(|integration| shown(&state, integration)).collect();
    Ok(HttpResponse::Ok().json(json!({ "data": data })))
}

async fn read(state: Shared, by: By, key: Path<String>, request: HttpRequest) -> Answer {
    by.require(&["environment:integrations:read", "environment:integrations:read_credentials"])?;
    let fields = query_object(request.query_string());
    let mut form = Form::new(&fields, Vec::new());
    let include: Vec<&str> = match form.get("include") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(name) => name.as_str().into_iter().collect(),
        None => Vec::new(),
    };
    form.finish("invalid_query_params")?;
    let world = state.world();
    let integration = world.integration(by.environment, &key);
    let integration = integration.ok_or_else(|| ApiError::because(404, "not_found", "There is no such integration"))?;
    let mut data = shown(&state, integration);
    if include.contains(&"webhook") {
        data["webhook_url"] =
            json!(format!("{}/webhook/{}/{}", state.base_url, by.environment, integration.unique_key));
    }
    if include.contains(&"credentials") {
        let (id, secret) = integration.client();
        data["credentials"] = json!({
            "type": "OAUTH2", "client_id": id, "client_secret": secret, "scopes": integration.scopes,
            "webhook_secret": null,
        });
    }
    Ok(HttpResponse::Ok().json(json!({ "data": data })))
}

async fn rotate(state: Shared, by: By) -> Answer {
    by.require(&["environment:webhook_signing_key:write"])?;
    let now = state.clock.now();
    let mut world = state.world();
    let environment = world.environment_mut(by.environment);
    let environment = environment.ok_or_else(|| ApiError::new(401, "unknown_account").empty_payload())?;
    let fresh = environment.rotate_signing_key(now);
    Ok(HttpResponse::Ok().json(json!({ "data": { "webhook_signing_key": fresh } })))
}

fn shown(state: &State, integration: &Integration) -> Value {
    json!({
        "unique_key": integration.unique_key,
        "provider": integration.provider,
        "display_name": integration.unique_key,
        "logo": format!("{}/images/template-logos/{}.svg", state.base_url, integration.provider),
        "forward_webhooks": true,
        "created_at": millis_z(integration.created_at),
        "updated_at": millis_z(integration.created_at),
    })
}
