//! How connections look from outside.

use serde_json::{Map, Value, json};

use super::world::{Connection, Credentials, EndUser, World};
use crate::clock::{millis_offset, millis_z};

/// Whether times end in `Z` or in `+00:00`: answers to POST and GET differ in this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    Zulu,
    Offset,
}

/// The entry of a list.
pub(super) fn listed(world: &World, connection: &Connection) -> Value {
    let mut entry = common(world, connection);
    entry["created"] = json!(millis_offset(connection.created_at));
    entry
}

/// The single connection; `credentials` is an empty object when they are not to be seen.
pub(super) fn single(world: &World, connection: &Connection, credentials: Value, times: Times) -> Value {
    let time = |at| match times {
        Times::Zulu => millis_z(at),
        Times::Offset => millis_offset(at),
    };
    let mut view = common(world, connection);
    view["connection_config"] = json!(connection.config);
    view["webhook_url_override"] = json!(connection.webhook_url);
    view["created_at"] = json!(time(connection.created_at));
    view["updated_at"] = json!(time(connection.updated_at));
    view["last_fetched_at"] = json!(time(connection.fetched_at));
    view["credentials"] = credentials;
    view
}

/// Credentials, with the refresh token only on request.
pub(super) fn credentials(credentials: &Credentials, with_refresh_token: bool) -> Value {
    let mut raw = credentials.raw.clone();
    let mut view = json!({ "type": "OAUTH2", "access_token": credentials.access_token });
    if let Some(at) = credentials.expires_at {
        view["expires_at"] = json!(millis_z(at));
    }
    match &credentials.refresh_token {
        Some(token) if with_refresh_token => view["refresh_token"] = json!(token),
        _ => {
            raw.remove("refresh_token");
        }
    }
    view["raw"] = Value::Object(raw);
    view
}

/// No credentials.
pub(super) fn nothing() -> Value {
    Value::Object(Map::new())
}

/// The deprecated end user.
pub(super) fn end_user(end_user: Option<&EndUser>) -> Value {
    let Some(end_user) = end_user else { return Value::Null };
    let organization = end_user.organization.as_ref();
    json!({
        "id": end_user.id,
        "display_name": end_user.display_name,
        "email": end_user.email,
        "tags": end_user.tags,
        "organization": organization.map(|(id, name)| json!({ "id": id, "display_name": name })),
    })
}

fn common(world: &World, connection: &Connection) -> Value {
    let auth = connection.refresh.log_id.iter().map(|log_id| json!({ "type": "auth", "log_id": log_id }));
    let syncs = world.syncs.iter().filter(|sync| sync.connection == connection.number);
    let failed = syncs.filter_map(|sync| sync.failure_log_id()).map(|id| json!({ "type": "sync", "log_id": id }));
    let errors: Vec<Value> = auth.chain(failed).collect();
    json!({
        "id": connection.number,
        "connection_id": connection.connection_id,
        "provider_config_key": connection.integration,
        "provider": connection.provider,
        "errors": errors,
        "end_user": end_user(connection.end_user.as_ref()),
        "tags": connection.tags,
        "metadata": connection.metadata,
    })
}
