//! What users do with their own account.

use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::body;
use crate::supabase::Supabase;
use crate::supabase::error::AuthError;
use crate::supabase::mint::change;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(show).service(update).service(logout);
}

/// What users may change. `data` goes into `user_metadata`, whatever it says: nothing in there can be trusted.
#[derive(Deserialize)]
struct Update {
    #[serde(default)]
    email: String,
    password: Option<String>,
    data: Option<Map<String, Value>>,
    app_metadata: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Logout {
    #[serde(default)]
    scope: String,
}

#[get("/user")]
async fn show(supabase: web::Data<Supabase>, request: HttpRequest) -> Result<HttpResponse, AuthError> {
    let caller = supabase.caller(&request)?;
    let state = supabase.state();
    let user = state.user(caller.user).ok_or_else(|| AuthError::unexpected("Database error loading user"))?;
    Ok(HttpResponse::Ok().json(user.to_json()))
}

#[put("/user")]
async fn update(
    supabase: web::Data<Supabase>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, AuthError> {
    let caller = supabase.caller(&request)?;
    let update: Update = body::read(&body)?;
    if update.app_metadata.is_some() {
        return Err(AuthError::new(403, "not_admin", "Updating app_metadata requires admin privileges"));
    }
    let email = if update.email.is_empty() { None } else { Some(body::valid_email(&update.email)?) };
    let password = update.password.map(body::valid_password).transpose()?;
    let now = supabase.clock().now();

    let mut state = supabase.state();
    if let Some(email) = &email
        && state.user_by_email(email).is_some_and(|other| other.id != caller.user)
    {
        return Err(AuthError::email_exists());
    }
    let user = state.user_mut(caller.user).ok_or_else(|| AuthError::unexpected("Error updating user"))?;
    if password.is_some() && password == user.password {
        let message = "New password should be different from the old password.";
        return Err(AuthError::new(422, "same_password", message));
    }
    let new_password = password.is_some();
    user.password = password.or_else(|| user.password.take());
    user.new_email = email.filter(|email| *email != user.email).or_else(|| user.new_email.take());
    change(&mut user.user_metadata, &update.data.unwrap_or_default());
    user.updated_at = now;
    let answer = user.to_json();
    if new_password {
        state.sign_out(caller.user, |session| Some(session.id) != caller.session);
    }
    Ok(HttpResponse::Ok().json(answer))
}

#[post("/logout")]
async fn logout(
    supabase: web::Data<Supabase>,
    request: HttpRequest,
    logout: web::Query<Logout>,
) -> Result<HttpResponse, AuthError> {
    let caller = supabase.caller(&request)?;
    let mut state = supabase.state();
    match logout.scope.as_str() {
        "" | "global" => state.sign_out(caller.user, |_| true),
        "local" => state.sign_out(caller.user, |session| Some(session.id) == caller.session),
        "others" => state.sign_out(caller.user, |session| Some(session.id) != caller.session),
        other => {
            let message = format!("Unsupported logout scope \"{other}\"");
            return Err(AuthError::new(400, "validation_failed", message));
        }
    }
    Ok(HttpResponse::NoContent().finish())
}
