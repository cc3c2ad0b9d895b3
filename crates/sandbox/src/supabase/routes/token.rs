//! Signing in: with a password, with a refresh token, with the token out of a mail.

use actix_web::http::header;
use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body;
use crate::supabase::Supabase;
use crate::supabase::error::AuthError;
use crate::supabase::mint::SignWith;
use crate::supabase::state::{Refreshed, Session};
use crate::supabase::user::User;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(token).service(verify).service(follow_link);
}

#[derive(Deserialize)]
struct Grant {
    #[serde(default)]
    grant_type: String,
}

#[derive(Deserialize)]
struct PasswordGrant {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

#[derive(Deserialize)]
struct RefreshGrant {
    #[serde(default)]
    refresh_token: String,
}

/// Clients send the token of a mail under either name.
#[derive(Deserialize)]
struct Verification {
    #[serde(alias = "token", default)]
    token_hash: String,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
    #[serde(default)]
    redirect_to: String,
}

const EXPIRED: &str = "Email link is invalid or has expired";

#[post("/token")]
async fn token(
    supabase: web::Data<Supabase>,
    grant: web::Query<Grant>,
    request: web::Bytes,
) -> Result<HttpResponse, AuthError> {
    let answer = match grant.grant_type.as_str() {
        "password" => password(&supabase, &body::read(&request)?),
        "refresh_token" => refresh(&supabase, &body::read(&request)?),
        _ => Err(AuthError::new(400, "invalid_credentials", "unsupported_grant_type")),
    }?;
    Ok(HttpResponse::Ok().json(answer))
}

/// What the link in an invitation leads to: the address is confirmed and its owner signed in.
#[post("/verify")]
async fn verify(supabase: web::Data<Supabase>, request: web::Bytes) -> Result<HttpResponse, AuthError> {
    let verification: Verification = body::read(&request)?;
    let now = supabase.clock().now();
    let accepted = supabase.state().accept(&verification.token_hash, now);
    let (user, session) = accepted.ok_or_else(|| AuthError::new(403, "otp_expired", EXPIRED))?;
    Ok(HttpResponse::Ok().json(answer(&supabase, &user, &session)))
}

/// The link itself, as a browser follows it: the session, or what went wrong, behind the `#` of the address it leads to.
#[get("/verify")]
async fn follow_link(supabase: web::Data<Supabase>, link: web::Query<Link>) -> HttpResponse {
    let accepted = supabase.state().accept(&link.token, supabase.clock().now());
    let mut fragment = url::form_urlencoded::Serializer::new(String::new());
    if let Some((user, session)) = accepted {
        let answer = answer(&supabase, &user, &session);
        for name in ["access_token", "expires_at", "expires_in", "refresh_token", "token_type"] {
            let value = &answer[name];
            fragment.append_pair(name, value.as_str().unwrap_or(&value.to_string()));
        }
        fragment.append_pair("type", "invite");
    } else {
        fragment.extend_pairs([
            ("error", "access_denied"),
            ("error_code", "otp_expired"),
            ("error_description", EXPIRED),
        ]);
    }
    let place = format!("{}#{}", link.redirect_to, fragment.finish());
    HttpResponse::SeeOther().insert_header((header::LOCATION, place)).finish()
}

fn password(supabase: &Supabase, grant: &PasswordGrant) -> Result<Value, AuthError> {
    if grant.email.is_empty() {
        return Err(AuthError::new(400, "validation_failed", "missing email or phone"));
    }
    let now = supabase.clock().now();
    let invalid = || AuthError::new(400, "invalid_credentials", "Invalid login credentials");
    let (user, session) = {
        let mut state = supabase.state();
        let user = state.user_by_email(&grant.email).ok_or_else(invalid)?;
        let password = user.password.as_deref().ok_or_else(invalid)?;
        if user.is_banned(now) {
            return Err(AuthError::new(400, "user_banned", "User is banned"));
        }
        if password != grant.password {
            return Err(invalid());
        }
        if user.email_confirmed_at.is_none() {
            return Err(AuthError::new(400, "email_not_confirmed", "Email not confirmed"));
        }
        let id = user.id;
        let session = state.sign_in(id, now);
        (state.user(id).cloned().ok_or_else(invalid)?, session)
    };
    let mut answer = answer(supabase, &user, &session);
    answer["weak_password"] = Value::Null;
    Ok(answer)
}

fn refresh(supabase: &Supabase, grant: &RefreshGrant) -> Result<Value, AuthError> {
    if grant.refresh_token.is_empty() {
        return Err(AuthError::new(400, "validation_failed", "refresh_token required"));
    }
    let (user, session) = {
        let mut state = supabase.state();
        let session = match state.refresh(&grant.refresh_token) {
            Refreshed::Session(session) => session,
            Refreshed::AlreadyUsed => {
                let message = "Invalid Refresh Token: Already Used";
                return Err(AuthError::new(400, "refresh_token_already_used", message));
            }
            Refreshed::Unknown => {
                let message = "Invalid Refresh Token: Refresh Token Not Found";
                return Err(AuthError::new(400, "refresh_token_not_found", message));
            }
        };
        let user = state.user(session.user).cloned();
        let gone = || AuthError::new(400, "session_not_found", "Invalid Refresh Token: No Valid Session Found");
        (user.ok_or_else(gone)?, session)
    };
    if user.is_banned(supabase.clock().now()) {
        return Err(AuthError::new(400, "user_banned", "Invalid Refresh Token: User Banned"));
    }
    Ok(answer(supabase, &user, &session))
}

fn answer(supabase: &Supabase, user: &User, session: &Session) -> Value {
    let (now, seconds) = (supabase.clock().now(), supabase.shared.config.token_seconds);
    let claims = user.claims(&supabase.issuer(), now, seconds, session.id, session.signed_in_at);
    json!({
        "access_token": supabase.sign(SignWith::Current, &serde_json::Map::new(), &claims),
        "token_type": "bearer",
        "expires_in": seconds,
        "expires_at": claims.get("exp"),
        "refresh_token": session.refresh_token(),
        "user": user.to_json(),
    })
}
