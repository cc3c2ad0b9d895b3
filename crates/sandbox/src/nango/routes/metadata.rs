//! `POST` (replace) and `PATCH` (merge) of `/connections/metadata`.

use actix_web::HttpResponse;
use actix_web::web;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Answer, Body, By, Shared};
use crate::nango::error::ApiError;
use crate::nango::form::Form;
use crate::nango::state::State;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    for path in ["/connections/metadata", "/connection/metadata"] {
        config.route(path, web::post().to(replace)).route(path, web::patch().to(merge));
    }
}

async fn replace(state: Shared, by: By, body: Body) -> Answer {
    by.require(&["environment:connections:write"])?;
    let echo = change(&state, by.environment, body.0.as_ref(), |stored, given| *stored = given)?;
    Ok(HttpResponse::Created().json(echo))
}

async fn merge(state: Shared, by: By, body: Body) -> Answer {
    by.require(&["environment:connections:write"])?;
    let echo = change(&state, by.environment, body.0.as_ref(), Extend::extend)?;
    Ok(HttpResponse::Ok().json(echo))
}

fn change(
    state: &State,
    environment: Uuid,
    body: Option<&Value>,
    apply: impl Fn(&mut Map<String, Value>, Map<String, Value>),
) -> Result<Value, ApiError> {
    let mut form = Form::of_body(body)?;
    let integration = form.required("provider_config_key");
    let metadata = form.object("metadata").cloned();
    if metadata.is_none() && form.get("metadata").is_none() {
        form.wrong("metadata", "object", None);
    }
    let ids: Vec<&str> = match form.get("connection_id") {
        Some(Value::String(id)) => vec![id],
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).collect(),
        other => {
            form.wrong("connection_id", "string or list", other);
            Vec::new()
        }
    };
    form.finish_body()?;
    let metadata = metadata.unwrap_or_default();
    let mut world = state.world();
    let mut numbers = Vec::new();
    for id in ids {
        let connection = world.find(environment, integration, id).ok_or_else(|| {
            let message = format!("The integration {integration} has no connection {id}");
            ApiError::because(404, "unknown_connection", message)
        })?;
        numbers.push(connection.number);
    }
    for number in numbers {
        if let Some(connection) = world.connection_mut(number) {
            apply(connection.metadata.get_or_insert_default(), metadata.clone());
        }
    }
    Ok(json!(body))
}
