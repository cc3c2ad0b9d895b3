//! Inviting somebody by mail.

use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::body;
use crate::random;
use crate::supabase::Supabase;
use crate::supabase::error::AuthError;
use crate::supabase::mint::change;
use crate::supabase::state::{MailService, SentMail};
use crate::supabase::user::User;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(invite);
}

/// Nothing but address and `data` is read: an invitation cannot write `app_metadata`.
#[derive(Deserialize)]
struct Invitation {
    #[serde(default)]
    email: String,
    #[serde(default)]
    data: Map<String, Value>,
}

#[derive(Deserialize)]
struct Target {
    redirect_to: Option<String>,
}

/// A confirmed user is refused; one who has not accepted yet is invited again. Where the mail cannot be sent, nothing
/// has happened.
#[post("/invite")]
async fn invite(
    supabase: web::Data<Supabase>,
    request: HttpRequest,
    target: web::Query<Target>,
    body: web::Bytes,
) -> Result<HttpResponse, AuthError> {
    supabase.require_service_role(&request)?;
    let invitation: Invitation = body::read(&body)?;
    let email = body::valid_email(&invitation.email)?;
    let now = supabase.clock().now();

    let mut state = supabase.state();
    let known = state.user_by_email(&email).cloned();
    if known.as_ref().is_some_and(|user| user.email_confirmed_at.is_some()) {
        return Err(AuthError::email_exists());
    }
    match state.mail {
        MailService::Working => {}
        MailService::Broken => return Err(AuthError::unexpected("Error sending invite email")),
        MailService::RateLimited => {
            return Err(AuthError::new(429, "over_email_send_rate_limit", "email rate limit exceeded"));
        }
    }
    let mut user = known.clone().unwrap_or_else(|| {
        let mut user = User::new(&email, now);
        change(&mut user.user_metadata, &invitation.data);
        user
    });
    user.invited_at = Some(now);
    user.updated_at = now;
    let answer = user.to_json();

    let token = random::hex(28);
    let redirect = target.redirect_to.as_deref().unwrap_or(supabase.base_url());
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("token", token.as_str()), ("type", "invite"), ("redirect_to", redirect)])
        .finish();
    let link = format!("{}/auth/v1/verify?{query}", supabase.base_url());
    state.outbox.push(SentMail { email, kind: "invite", link, token });
    match state.user_mut(user.id) {
        Some(known) => *known = user,
        None => state.add_user(user),
    }
    Ok(HttpResponse::Ok().json(answer))
}
