//! Whose a connection is, as Nango tells it: by tags, which it uses now, or by the properties of an end user, which it
//! used before. It translates the latter into tags of fixed names, and a tag that was given wins over a translated one.

use cortex_connections::model::OwnerClaims;
use serde_json::Value;

/// Reads a connection or a webhook, both of which carry `tags`; `end_user` is the older form as it stands there.
pub(crate) fn claims_of(tags: &Value, end_user: &EndUser<'_>) -> OwnerClaims {
    let told = |tag: &str, older: &Value| text(member(tags, tag)).or_else(|| text(older));
    OwnerClaims {
        user_id: told("end_user_id", end_user.id),
        email: told("end_user_email", end_user.email),
        company_id: told("organization_id", end_user.organization),
    }
}

/// The older form. Connections and webhooks name its members differently.
pub(crate) struct EndUser<'a> {
    pub(crate) id: &'a Value,
    pub(crate) email: &'a Value,
    pub(crate) organization: &'a Value,
}

/// A text with something in it.
pub(crate) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// Nango keeps the names of tags in lower case; who writes them need not.
fn member<'a>(tags: &'a Value, name: &str) -> &'a Value {
    let named = tags.as_object().and_then(|tags| tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
    named.map_or(&Value::Null, |(_, value)| value)
}
