//! `GET /records` and `PATCH /records/prune`.

use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Answer, Body, By, Shared};
use crate::clock;
use crate::nango::error::ApiError;
use crate::nango::form::{Form, number, query_object};
use crate::nango::records::{Action, Cursor, Query};
use crate::nango::state::State;
use crate::nango::syncs::BASE;

const USUAL_LIMIT: usize = 100;
const MOST_IDS: usize = 100;
const OLDEST: Duration = Duration::days(365);

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/records", web::get().to(list)).route("/records/prune", web::patch().to(prune));
}

async fn list(state: Shared, by: By, request: HttpRequest) -> Answer {
    by.require(&["environment:records:read"])?;
    let (connection_id, integration) = read_headers(&request)?;
    let fields = query_object(request.query_string());
    let (model, variant, cursor, mut query) = read_query(&fields, state.clock.now())?;
    let number = find(&state, by.environment, &integration, &connection_id)?;
    if let Some(text) = cursor {
        query.after = Some(
            Cursor::of_text(&text)
                .ok_or_else(|| ApiError::because(500, "server_error", "The records cannot be read"))?,
        );
    }
    let (records, next) = state.world().records.list(&(number, model, variant), &query);
    Ok(HttpResponse::Ok().json(json!({ "records": records, "next_cursor": next })))
}

async fn prune(state: Shared, by: By, body: Body, request: HttpRequest) -> Answer {
    by.require(&["environment:records:write"])?;
    let (connection_id, integration) = read_headers(&request)?;
    let mut form = Form::of_body(body.0.as_ref())?;
    let model = read_model(&mut form);
    let variant = form.string("variant").unwrap_or(BASE).to_owned();
    let until = form.required("until_cursor").to_owned();
    let limit = form.get("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
    form.finish_body()?;
    let number = find(&state, by.environment, &integration, &connection_id)?;
    let until = Cursor::of_text(&until)
        .ok_or_else(|| ApiError::because(500, "server_error", "The records cannot be pruned"))?;
    let now = state.clock.now();
    let pile = (number, model, variant);
    let (count, has_more) = state.world().records.prune(&pile, until, limit.unwrap_or(usize::MAX), now);
    Ok(HttpResponse::Ok().json(json!({ "count": count, "has_more": has_more })))
}

fn read_headers(request: &HttpRequest) -> Result<(String, String), ApiError> {
    let mut fields = Map::new();
    for name in ["connection-id", "provider-config-key"] {
        if let Some(value) = request.headers().get(name).and_then(|value| value.to_str().ok()) {
            fields.insert(name.to_owned(), json!(value));
        }
    }
    let mut form = Form::new(&fields, Vec::new());
    let found = (form.required("connection-id").to_owned(), form.required("provider-config-key").to_owned());
    form.finish("invalid_headers")?;
    Ok(found)
}

type Wanted = (String, String, Option<String>, Query);

fn read_query(fields: &Map<String, Value>, now: OffsetDateTime) -> Result<Wanted, ApiError> {
    let mut form = Form::new(fields, Vec::new());
    let model = read_model(&mut form);
    let variant = form.string("variant").unwrap_or(BASE).to_owned();
    let limit = number(&mut form, "limit", 1, 10_000).and_then(|limit| usize::try_from(limit).ok());
    let cursor = form.string("cursor").map(ToOwned::to_owned);
    let since = read_time(&mut form, "modified_after", now);
    let old_name = read_time(&mut form, "delta", now);
    let actions = read_filter(&mut form);
    let ids = match form.get("ids") {
        None => None,
        Some(Value::Array(ids)) => Some(ids.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()),
        Some(id) => id.as_str().map(|id| vec![id.to_owned()]),
    };
    if ids.as_ref().is_some_and(|ids: &Vec<String>| ids.len() > MOST_IDS) {
        form.issue("too_big", "At most 100 ids at once", "ids");
    }
    form.finish("invalid_query_params")?;
    let limit = limit.unwrap_or(USUAL_LIMIT);
    Ok((model, variant, cursor, Query { after: None, modified_after: since.or(old_name), actions, ids, limit }))
}

fn read_model(form: &mut Form<'_>) -> String {
    let Some(model) = form.string("model") else {
        form.required("model");
        return String::new();
    };
    let mut characters = model.chars();
    let first = characters.next().is_some_and(|first| first.is_ascii_uppercase());
    let rest = characters.as_str();
    if !first || rest.is_empty() || !rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        form.issue("invalid_format", "A model starts with a capital letter", "model");
    }
    model.to_owned()
}

/// Only UTC written as `Z`, and not older than a year.
fn read_time(form: &mut Form<'_>, name: &'static str, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let text = form.string(name)?;
    let at = clock::parse(text).filter(|_| text.ends_with('Z'));
    match at {
        None => form.issue("invalid_format", "This is not an ISO date that ends in Z", name),
        Some(at) if at < now - OLDEST => form.issue("custom", "This is more than 12 months ago", name),
        Some(_) => {}
    }
    at
}

/// Any combination with `deleted` loses the deleted ones: only alone it shows them.
fn read_filter(form: &mut Form<'_>) -> Option<Vec<Action>> {
    let text = form.string("filter")?;
    let mut actions = Vec::new();
    for (place, name) in text.split(',').enumerate() {
        if let Some(action) = Action::of_name(name) {
            actions.push(action);
        } else {
            let message = "One of added, updated, deleted is expected";
            form.issue_at("invalid_value", message, &["filter", &place.to_string()]);
        }
    }
    if actions.len() > 1 {
        actions.retain(|action| *action != Action::Deleted);
    }
    Some(actions)
}

fn find(state: &State, environment: Uuid, integration: &str, connection_id: &str) -> Result<u64, ApiError> {
    let world = state.world();
    let connection = world.find(environment, integration, connection_id);
    connection.map(|connection| connection.number).ok_or_else(|| {
        let message = "Connection-Id and Provider-Config-Key name no connection";
        ApiError::because(400, "unknown_connection", message)
    })
}
