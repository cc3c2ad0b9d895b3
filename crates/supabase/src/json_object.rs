//! The two JSON objects of a token, its header and its claims.

use biscuit::CompactJson;
use cortex_identity::model::TokenRefusal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A JSON object whose members are read one by one, each with a refusal that names it.
///
/// biscuit's own types for headers and claims are not used to read with: they give up on the whole object without a
/// name, drop members that are `null`, and panic on a time beyond the calendar.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct JsonObject(Map<String, Value>);

impl CompactJson for JsonObject {}

impl JsonObject {
    /// Whether the member is there, whatever its value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The member, if it is there and not `null`. A claim of another shape than `T` is a refusal.
    pub(crate) fn optional<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, TokenRefusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::deserialize(value).map(Some).map_err(|_| TokenRefusal::BadClaim(name)),
        }
    }

    /// The member; its absence is a refusal too.
    pub(crate) fn required<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, TokenRefusal> {
        self.optional(name)?.ok_or(TokenRefusal::BadClaim(name))
    }
}
