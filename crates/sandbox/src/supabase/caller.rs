//! Who calls Auth: the token in `Authorization`, verified as Auth itself does.

use actix_web::HttpRequest;
use actix_web::http::header;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Supabase;
use super::error::AuthError;
use super::jwt::Unverified;
use super::keys::hs256_holds;

/// The user who calls, and the session that their token belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub(super) user: Uuid,
    pub(super) session: Option<Uuid>,
}

impl Supabase {
    /// The user behind a request.
    pub(super) fn caller(&self, request: &HttpRequest) -> Result<Caller, AuthError> {
        let claims = self.claims_of(request)?;
        let sub = Unverified::text(&claims, "sub")
            .filter(|sub| !sub.is_empty())
            .ok_or_else(|| AuthError::new(403, "bad_jwt", "invalid claim: missing sub claim"))?;
        let user = Uuid::parse_str(sub)
            .map_err(|_| AuthError::new(403, "bad_jwt", "invalid claim: sub claim must be a UUID"))?;
        let session = Unverified::text(&claims, "session_id").and_then(|id| Uuid::parse_str(id).ok());

        let state = self.state();
        let known = state
            .user(user)
            .ok_or_else(|| AuthError::new(403, "user_not_found", "User from sub claim in JWT does not exist"))?;
        if session.is_some_and(|id| !state.has_session(id)) {
            let message = "Session from session_id claim in JWT does not exist";
            return Err(AuthError::new(403, "session_not_found", message));
        }
        if known.is_banned(self.clock().now()) {
            return Err(AuthError::new(403, "user_banned", "User is banned"));
        }
        Ok(Caller { user, session })
    }

    /// Lets only the service role pass.
    pub(super) fn require_service_role(&self, request: &HttpRequest) -> Result<(), AuthError> {
        let claims = self.claims_of(request)?;
        match Unverified::text(&claims, "role") {
            Some("service_role" | "supabase_admin") => Ok(()),
            _ => Err(AuthError::new(403, "not_admin", "User not allowed")),
        }
    }

    fn claims_of(&self, request: &HttpRequest) -> Result<Map<String, Value>, AuthError> {
        let value = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty())
            .map(|(_, token)| token.trim())
            .ok_or_else(|| AuthError::new(401, "no_authorization", "This endpoint requires a valid Bearer token"))?;
        self.verify(token).map_err(|reason| AuthError::bad_jwt(&reason))
    }

    /// The claims of a token that is good at this moment; else what is wrong with it.
    pub(super) fn verify(&self, token: &str) -> Result<Map<String, Value>, String> {
        let parsed =
            Unverified::parse(token).ok_or("token is malformed: token contains an invalid number of segments")?;
        let alg = Unverified::text(&parsed.header, "alg").unwrap_or_default();
        let kid = Unverified::text(&parsed.header, "kid").unwrap_or_default();
        let message = parsed.signed.as_bytes();
        let genuine = if alg == "HS256" {
            hs256_holds(self.jwt_secret().as_bytes(), message, &parsed.signature)
        } else {
            self.state().keys.verify(alg, kid, message, &parsed.signature).map_err(|_| {
                format!("token is unverifiable: error while executing keyfunc: unrecognized JWT kid {kid} for algorithm {alg}")
            })?
        };
        if !genuine {
            return Err("token signature is invalid: signature is invalid".to_owned());
        }
        let expires = parsed.claims.get("exp").and_then(Value::as_i64);
        if expires.is_some_and(|at| at <= self.clock().now().unix_timestamp()) {
            return Err("token has invalid claims: token is expired".to_owned());
        }
        Ok(parsed.claims)
    }
}
