//! The bodies of the two calls that make a connect session.

use serde_json::{Map, Value};
use url::{Host, Url};

use super::tags;
use crate::nango::error::ApiError;
use crate::nango::form::Form;
use crate::nango::world::{EndUser, Environment, Tags};

/// What a body asks for, checked.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) tags: Tags,
    pub(super) end_user: Option<EndUser>,
    pub(super) allowed: Option<Vec<String>>,
    pub(super) defaults: Map<String, Value>,
    pub(super) webhook_url: Option<String>,
}

/// A new connection.
pub(super) fn create(body: Option<&Value>, environment: &Environment) -> Result<Wish, ApiError> {
    let mut form = Form::of_body(body)?;
    let allowed = read_allowed(&mut form);
    let given = tags::read(&mut form);
    let end_user = tags::read_end_user(&mut form);
    if given.is_none() && form.get("end_user").is_none() {
        form.wrong("end_user", "object", None);
    }
    let (defaults, webhook_url, documentation) = read_rest(&mut form);
    for (place, name) in allowed.iter().flatten().enumerate() {
        unknown_integration(&mut form, environment, name, &["allowed_integrations", &place.to_string()]);
    }
    finish(form, environment, &defaults, &documentation)?;
    let tags = tags::merged(given, end_user.as_ref());
    let allowed = allowed.filter(|allowed| !allowed.is_empty());
    Ok(Wish { tags, end_user, allowed, defaults, webhook_url })
}

/// A connection that exists: its integration, its id, and the wish.
pub(super) fn reconnect(body: Option<&Value>, environment: &Environment) -> Result<(String, String, Wish), ApiError> {
    let mut form = Form::of_body(body)?;
    let connection_id = form.required("connection_id").to_owned();
    let integration = form.required("integration_id").to_owned();
    let given = tags::read(&mut form);
    let end_user = tags::read_end_user(&mut form);
    let (defaults, webhook_url, documentation) = read_rest(&mut form);
    finish(form, environment, &defaults, &documentation)?;
    let tags = tags::merged(given, end_user.as_ref());
    let allowed = Some(vec![integration.clone()]);
    Ok((integration, connection_id, Wish { tags, end_user, allowed, defaults, webhook_url }))
}

/// Reads a `webhook_url_override`; an empty one is none. Unlike the real Nango, loopback addresses are fine.
pub(super) fn read_webhook_url(form: &mut Form<'_>) -> Option<String> {
    let text = form.string("webhook_url_override").filter(|text| !text.is_empty())?;
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            let of_nango =
                matches!(url.host(), Some(Host::Domain(name)) if name == "nango.dev" || name.ends_with(".nango.dev"));
            if of_nango {
                form.issue("custom", "A webhook cannot go to nango.dev", "webhook_url_override");
            }
        }
        _ => form.issue("invalid_union", "This is not a URL", "webhook_url_override"),
    }
    Some(text.to_owned())
}

type Rest = (Map<String, Value>, Option<String>, Map<String, Value>);

fn read_rest(form: &mut Form<'_>) -> Rest {
    let defaults = form.object("integrations_config_defaults").cloned().unwrap_or_default();
    for (name, given) in &defaults {
        check_default(form, name, given);
    }
    let webhook_url = read_webhook_url(form);
    let overrides = form.object("overrides").cloned().unwrap_or_default();
    (defaults, webhook_url, overrides)
}

fn check_default(form: &mut Form<'_>, name: &str, given: &Value) {
    let path = ["integrations_config_defaults", name];
    let Some(fields) = given.as_object() else {
        form.issue_at("invalid_type", "Expected object", &path);
        return;
    };
    let path = path.map(ToOwned::to_owned).to_vec();
    let mut nested = Form::new(fields, path);
    nested.string("user_scopes");
    if let Some(parameters) = nested.object("authorization_params") {
        for (key, value) in parameters {
            if !value.is_string() {
                nested.issue_at("invalid_type", "Expected string", &["authorization_params", key]);
            }
        }
    }
    if let Some(mut config) = nested.nested("connection_config") {
        config.allow_unknown();
        config.string("oauth_scopes_override");
        nested.absorb(config);
    }
    form.absorb(nested);
}

fn read_allowed(form: &mut Form<'_>) -> Option<Vec<String>> {
    let items = form.array("allowed_integrations")?;
    let mut names = Vec::new();
    for (place, item) in items.iter().enumerate() {
        match item {
            Value::String(name) => names.push(name.clone()),
            _ => form.issue_at("invalid_type", "Expected string", &["allowed_integrations", &place.to_string()]),
        }
    }
    Some(names)
}

fn finish(
    mut form: Form<'_>,
    environment: &Environment,
    defaults: &Map<String, Value>,
    overrides: &Map<String, Value>,
) -> Result<(), ApiError> {
    for name in defaults.keys() {
        unknown_integration(&mut form, environment, name, &["integrations_config_defaults", name]);
    }
    for name in overrides.keys() {
        unknown_integration(&mut form, environment, name, &["overrides", name]);
    }
    form.finish_body()?;
    if overrides.values().any(|given| given.get("docs_connect").is_some()) {
        return Err(ApiError::because(403, "forbidden", "Another documentation link is not part of the plan"));
    }
    Ok(())
}

fn unknown_integration(form: &mut Form<'_>, environment: &Environment, name: &str, path: &[&str]) {
    if !environment.integrations.iter().any(|integration| integration.unique_key == name) {
        form.issue_at("custom", "There is no such integration", path);
    }
}
