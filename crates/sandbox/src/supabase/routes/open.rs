//! What needs no token: public keys, health, settings.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde_json::json;

use crate::supabase::Supabase;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(jwks).service(discovery).service(health).service(settings);
}

#[get("/.well-known/jwks.json")]
async fn jwks(supabase: web::Data<Supabase>) -> HttpResponse {
    let keys = supabase.state().keys.jwks();
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=600")).json(keys)
}

#[get("/.well-known/openid-configuration")]
async fn discovery(supabase: web::Data<Supabase>) -> HttpResponse {
    let issuer = supabase.issuer();
    HttpResponse::Ok().json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "authorization_endpoint": format!("{issuer}/oauth/authorize"),
        "token_endpoint": format!("{issuer}/oauth/token"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "ES256"],
    }))
}

#[get("/health")]
async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "version": "v2.180.0",
        "name": "GoTrue",
        "description": "GoTrue is a user registration and authentication API",
    }))
}

#[get("/settings")]
async fn settings() -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "external": { "anonymous_users": false, "email": true, "phone": false, "google": false, "azure": false },
        "disable_signup": true,
        "mailer_autoconfirm": false,
        "phone_autoconfirm": false,
        "sms_provider": "",
        "saml_enabled": false,
    }))
}
