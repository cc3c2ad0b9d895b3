//! The workbench under `/sandbox`: what Supabase has in a dashboard, and what only a stand-in can do. It asks for no key,
//! because it listens where its owner lets it.

use std::time::Duration;

use actix_web::{HttpResponse, delete, get, post, put, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::config::SeedUser;
use super::mint::Mint;
use super::state::MailService;
use super::{EmailTaken, Supabase};
use crate::faults::Fault;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(project)
        .service(add_user)
        .service(mint)
        .service(rotate)
        .service(publish)
        .service(publish_rsa)
        .service(revoke)
        .service(counters)
        .service(reset_counters)
        .service(faults)
        .service(add_fault)
        .service(clear_faults)
        .service(mail)
        .service(outbox)
        .service(down)
        .service(advance);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pause {
    millis: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mail {
    service: MailService,
}

/// What a deployment has to be told about this project.
#[get("/project")]
async fn project(supabase: web::Data<Supabase>) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "url": supabase.base_url(),
        "issuer": supabase.issuer(),
        "anon_key": supabase.anon_key(),
        "service_key": supabase.service_key(),
        "publishable_key": supabase.publishable_key(),
        "secret_key": supabase.secret_key(),
        "jwt_secret": supabase.jwt_secret(),
        "users": supabase.state().users().iter().map(super::User::to_json).collect::<Vec<_>>(),
    }))
}

#[post("/users")]
async fn add_user(supabase: web::Data<Supabase>, user: web::Json<SeedUser>) -> HttpResponse {
    match supabase.add_user(user.into_inner()) {
        Ok(user) => HttpResponse::Created().json(user.to_json()),
        Err(EmailTaken(email)) => {
            HttpResponse::Conflict().json(json!({ "error": format!("there is a user {email} already") }))
        }
    }
}

#[post("/mint")]
async fn mint(supabase: web::Data<Supabase>, order: web::Json<Mint>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "token": supabase.mint(&order) }))
}

#[post("/keys/rotate")]
async fn rotate(supabase: web::Data<Supabase>) -> HttpResponse {
    supabase.rotate_keys();
    HttpResponse::Ok().json(json!({ "kid": supabase.current_kid() }))
}

/// Puts any JSON value into the key set.
#[post("/keys")]
async fn publish(supabase: web::Data<Supabase>, jwk: web::Json<Value>) -> HttpResponse {
    supabase.publish_key(jwk.into_inner());
    HttpResponse::NoContent().finish()
}

#[post("/keys/rsa")]
async fn publish_rsa(supabase: web::Data<Supabase>) -> HttpResponse {
    supabase.publish_rsa_key();
    HttpResponse::Ok().json(json!({ "kid": supabase.rsa_kid() }))
}

#[delete("/keys/{kid}")]
async fn revoke(supabase: web::Data<Supabase>, kid: web::Path<String>) -> HttpResponse {
    if supabase.revoke_key(&kid) { HttpResponse::NoContent().finish() } else { HttpResponse::NotFound().finish() }
}

#[get("/counters")]
async fn counters(supabase: web::Data<Supabase>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "jwks_fetches": supabase.jwks_fetches(), "requests": supabase.requests() }))
}

#[delete("/counters")]
async fn reset_counters(supabase: web::Data<Supabase>) -> HttpResponse {
    supabase.reset_counters();
    HttpResponse::NoContent().finish()
}

#[get("/faults")]
async fn faults(supabase: web::Data<Supabase>) -> HttpResponse {
    HttpResponse::Ok().json(supabase.faults().active())
}

#[post("/faults")]
async fn add_fault(supabase: web::Data<Supabase>, fault: web::Json<Fault>) -> HttpResponse {
    supabase.faults().add(fault.into_inner());
    HttpResponse::NoContent().finish()
}

#[delete("/faults")]
async fn clear_faults(supabase: web::Data<Supabase>) -> HttpResponse {
    supabase.faults().clear();
    HttpResponse::NoContent().finish()
}

#[put("/mail")]
async fn mail(supabase: web::Data<Supabase>, mail: web::Json<Mail>) -> HttpResponse {
    supabase.set_mail(mail.service);
    HttpResponse::NoContent().finish()
}

#[get("/outbox")]
async fn outbox(supabase: web::Data<Supabase>) -> HttpResponse {
    HttpResponse::Ok().json(supabase.outbox())
}

/// Takes the whole server away for a while, this workbench included.
#[post("/down")]
async fn down(supabase: web::Data<Supabase>, pause: web::Json<Pause>) -> HttpResponse {
    supabase.go_down_for(Duration::from_millis(pause.millis));
    HttpResponse::Accepted().finish()
}

#[post("/clock/advance")]
async fn advance(supabase: web::Data<Supabase>, advance: web::Json<Advance>) -> HttpResponse {
    supabase.clock().advance(Duration::from_secs(advance.seconds));
    HttpResponse::NoContent().finish()
}
