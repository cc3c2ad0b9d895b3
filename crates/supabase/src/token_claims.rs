//! From the claims of a token whose signature holds to the facts in it, or to a refusal.

use cortex_identity::model::{CompanyClaims, TokenRefusal, VerifiedToken};
use cortex_kernel::UserId;
use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::json_object::JsonObject;
use crate::token_rules::TokenRules;

/// The one `role` of a person who signed in. Service and anon keys are tokens too, with roles of their own.
const USER_ROLE: &str = "authenticated";

/// Characters of a UUID with its hyphens.
const HYPHENATED_LENGTH: usize = 36;

/// `aud` is one text or a list of them (RFC 7519, 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Holds the claims to the rules at the moment `now`.
pub(crate) fn check(
    claims: &JsonObject,
    rules: &TokenRules,
    now: OffsetDateTime,
) -> Result<VerifiedToken, TokenRefusal> {
    let (issued_at, expires_at) = check_time(claims, rules, now)?;
    check_origin(claims, rules)?;
    let user_id = check_bearer(claims, rules)?;
    // Neither decides anything here: what cannot be read is not there.
    let email: Option<String> = claims.optional("email").unwrap_or_default();
    let session_id = claims.optional("session_id").unwrap_or_default();
    Ok(VerifiedToken {
        user_id,
        email: email.and_then(|text| text.parse().ok()),
        companies: company_claims(claims)?,
        session_id,
        issued_at,
        expires_at,
    })
}

/// `exp` is over at its own second, plus the leeway; `nbf` and `iat` are optional and never in the future.
/// Answers `iat`, if it is there, and `exp`.
fn check_time(
    claims: &JsonObject,
    rules: &TokenRules,
    now: OffsetDateTime,
) -> Result<(Option<OffsetDateTime>, OffsetDateTime), TokenRefusal> {
    let expires_at = moment(claims, "exp")?.ok_or(TokenRefusal::BadClaim("exp"))?;
    if expires_at <= now - rules.leeway {
        return Err(TokenRefusal::Expired);
    }
    for name in ["nbf", "iat"] {
        if moment(claims, name)?.is_some_and(|begins_at| begins_at > now + rules.leeway) {
            return Err(TokenRefusal::NotYetValid);
        }
    }
    Ok((moment(claims, "iat")?, expires_at))
}

fn check_origin(claims: &JsonObject, rules: &TokenRules) -> Result<(), TokenRefusal> {
    if claims.required::<String>("iss")? != rules.issuer {
        return Err(TokenRefusal::ForeignClaim("iss"));
    }
    let is_ours = match claims.required("aud")? {
        Audience::One(audience) => audience == rules.audience,
        Audience::Many(audiences) => audiences.contains(&rules.audience),
    };
    if is_ours { Ok(()) } else { Err(TokenRefusal::ForeignClaim("aud")) }
}

fn check_bearer(claims: &JsonObject, rules: &TokenRules) -> Result<UserId, TokenRefusal> {
    if claims.optional::<String>("role")?.as_deref() != Some(USER_ROLE) {
        return Err(TokenRefusal::NotAUser);
    }
    let user_id = claims.required::<String>("sub")?;
    // The parser takes further spellings, in braces or as a URN; Supabase writes one.
    let user_id = Some(user_id).filter(|text| text.len() == HYPHENATED_LENGTH).and_then(|text| text.parse().ok());
    let user_id = user_id.ok_or(TokenRefusal::BadClaim("sub"))?;
    if claims.optional("is_anonymous")?.unwrap_or(false) {
        return Err(TokenRefusal::AnonymousUser);
    }
    match claims.optional::<String>("client_id")? {
        Some(client) if !rules.allowed_client_ids.contains(&client) => Err(TokenRefusal::ForeignClient),
        Some(_) | None => Ok(user_id),
    }
}

/// A claim in whole seconds since 1970. A fraction, a text or a moment beyond the calendar is malformed.
fn moment(claims: &JsonObject, name: &'static str) -> Result<Option<OffsetDateTime>, TokenRefusal> {
    let seconds: Option<i64> = claims.optional(name)?;
    seconds.map(OffsetDateTime::from_unix_timestamp).transpose().map_err(|_| TokenRefusal::BadClaim(name))
}

/// Whatever stands where a company is named counts as a name: what cannot be read is not this company, and must not
/// read as "names none".
fn company_claims(claims: &JsonObject) -> Result<CompanyClaims, TokenRefusal> {
    let written_by_service: Map<String, Value> = claims.optional("app_metadata")?.unwrap_or_default();
    let written_by_user: Map<String, Value> = claims.optional("user_metadata")?.unwrap_or_default();
    let many = match written_by_service.get("company_ids") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(names)) => names.as_slice(),
        Some(other) => std::slice::from_ref(other),
    };
    let one = named(&written_by_service, "company_id");
    Ok(CompanyClaims {
        app_metadata: many.iter().chain(one).map(text).collect(),
        user_metadata: named(&written_by_user, "company_id").map(text),
    })
}

fn named<'m>(metadata: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    metadata.get(name).filter(|value| !value.is_null())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
