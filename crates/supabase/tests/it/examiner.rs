//! What a project says of itself to everybody.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, rt, web};
use cortex_supabase::{FetchJwksError, PublishedKeys, SupabaseExaminer, SupabaseFacts};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use time::macros::datetime;
use url::Url;

const ZEROS: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What is found of a project that answers so, at both of its paths; none is a 404.
async fn found(keys: Option<Value>, discovery: Option<Value>) -> SupabaseFacts {
    let answer = |body: Option<Value>| {
        move || {
            let answer = body.as_ref().map_or_else(
                || HttpResponse::NotFound().finish(),
                |body| HttpResponse::Ok().insert_header(("date", "Mon, 02 Mar 2026 12:00:00 GMT")).json(body),
            );
            async move { answer }
        }
    };
    let server = HttpServer::new(move || {
        App::new()
            .route("/auth/v1/.well-known/jwks.json", web::get().to(answer(keys.clone())))
            .route("/auth/v1/.well-known/openid-configuration", web::get().to(answer(discovery.clone())))
    });
    let server = server.workers(1).bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url: Url = format!("http://{}/", server.addrs()[0]).parse().unwrap();
    let server = server.run();
    let handle = server.handle();
    rt::spawn(server);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let facts = SupabaseExaminer::new(&url, Duration::from_secs(20), tls).unwrap().examine().await;
    handle.stop(false).await;
    facts
}

#[actix_web::test]
async fn keys_are_counted_by_their_use_and_the_issuer_and_the_clock_are_told() {
    let keys = json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "kid": "a", "x": ZEROS, "y": ZEROS },
        { "kty": "oct", "kid": "b", "k": "c2VjcmV0" },
        { "kty": "EC", "crv": "P-384", "kid": "c", "x": ZEROS, "y": ZEROS },
    ] });

    let facts = found(Some(keys), Some(json!({ "issuer": "https://abc.supabase.co/auth/v1" }))).await;

    assert_eq!(facts.keys.unwrap(), PublishedKeys { usable: 1, symmetric: 1, all: 3 });
    assert_eq!(facts.issuer.as_deref(), Some("https://abc.supabase.co/auth/v1"));
    assert_eq!(facts.date, Some(datetime!(2026-03-02 12:00 UTC)));
}

#[actix_web::test]
async fn a_project_that_does_not_say_what_it_calls_itself_still_has_keys() {
    let facts = found(Some(json!({ "keys": [] })), None).await;

    assert_eq!(facts.keys.unwrap(), PublishedKeys { usable: 0, symmetric: 0, all: 0 });
    assert_eq!(facts.issuer, None);
}

#[actix_web::test]
async fn what_is_no_project_has_no_keys() {
    let missing = found(None, None).await.keys;
    let other = found(Some(json!({ "hello": "world" })), None).await.keys;

    assert!(matches!(missing, Err(FetchJwksError::Status(404))), "{missing:?}");
    assert!(matches!(other, Err(FetchJwksError::NotAKeySet(_))), "{other:?}");
}
