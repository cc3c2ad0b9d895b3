//! The same by HTTP, for programs that are not written in Rust.

use std::time::Duration;

use cortex_sandbox::supabase::Supabase;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{IVO, answer, bare, project, sign_in, success};

fn workbench(supabase: &Supabase, method: Method, path: &str) -> RequestBuilder {
    bare(supabase, method, &format!("/../../sandbox{path}"))
}

#[tokio::test]
async fn it_tells_what_a_deployment_needs() {
    let supabase = project();
    let project = success(workbench(&supabase, Method::GET, "/project")).await;
    assert_eq!(project["url"], supabase.base_url());
    assert_eq!(project["service_key"], supabase.service_key());
    assert_eq!(project["jwt_secret"], supabase.jwt_secret());
    assert_eq!(project["users"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn it_adds_users() {
    let supabase = project();
    let user =
        json!({ "email": "late@harbour.example", "password": "tall ships", "app_metadata": { "company_id": "c-1" } });
    let (status, added) = answer(workbench(&supabase, Method::POST, "/users").json(&user)).await;
    assert_eq!((status, &added["app_metadata"]["company_id"]), (201, &json!("c-1")));
    sign_in(&supabase, "late@harbour.example", "tall ships").await;
    assert_eq!(answer(workbench(&supabase, Method::POST, "/users").json(&user)).await.0, 409);
}

#[tokio::test]
async fn it_mints_tokens_and_handles_keys() {
    let supabase = project();
    let order = json!({ "user": IVO, "claims": { "aud": null, "role": "anon" }, "sign_with": "legacy_secret" });
    let minted = success(workbench(&supabase, Method::POST, "/mint").json(&order)).await;
    let claims = super::claims(minted["token"].as_str().unwrap());
    assert_eq!((&claims["role"], claims.get("aud")), (&json!("anon"), None));

    let old = supabase.current_kid();
    let rotated = success(workbench(&supabase, Method::POST, "/keys/rotate")).await;
    assert_eq!(rotated["kid"], supabase.current_kid());
    success(workbench(&supabase, Method::POST, "/keys").json(&json!({ "kty": "odd" }))).await;
    success(workbench(&supabase, Method::POST, "/keys/rsa")).await;
    success(workbench(&supabase, Method::DELETE, &format!("/keys/{old}"))).await;
    let set = success(bare(&supabase, Method::GET, "/.well-known/jwks.json")).await;
    let kinds: Vec<&str> = set["keys"].as_array().unwrap().iter().map(|key| key["kty"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["EC", "RSA", "odd"]);
}

#[tokio::test]
async fn it_orders_faults_and_reads_counters() {
    let supabase = project();
    let fault =
        json!({ "path_prefix": "/auth/v1/.well-known", "times": 1, "fault": { "kind": "status", "status": 502 } });
    success(workbench(&supabase, Method::POST, "/faults").json(&fault)).await;
    assert_eq!(success(workbench(&supabase, Method::GET, "/faults")).await[0]["times"], 1);
    assert_eq!(bare(&supabase, Method::GET, "/.well-known/jwks.json").send().await.unwrap().status(), 502);
    success(workbench(&supabase, Method::DELETE, "/faults")).await;

    let counters = success(workbench(&supabase, Method::GET, "/counters")).await;
    assert_eq!(counters, json!({ "jwks_fetches": 1, "requests": { "GET /.well-known/jwks.json": 1 } }));
    success(workbench(&supabase, Method::DELETE, "/counters")).await;
    assert_eq!(supabase.jwks_fetches(), 0);
}

#[tokio::test]
async fn it_breaks_mail_and_shows_what_was_sent() {
    let supabase = project();
    success(workbench(&supabase, Method::PUT, "/mail").json(&json!({ "service": "broken" }))).await;
    let invite = || super::service(&supabase, Method::POST, "/invite").json(&json!({ "email": "g@harbour.example" }));
    assert_eq!(answer(invite()).await.0, 500);
    success(workbench(&supabase, Method::PUT, "/mail").json(&json!({ "service": "working" }))).await;
    success(invite()).await;
    let outbox = success(workbench(&supabase, Method::GET, "/outbox")).await;
    assert_eq!(outbox[0]["email"], "g@harbour.example");
}

#[tokio::test]
async fn it_puts_the_clock_forward() {
    let supabase = project();
    let before = supabase.clock().now();
    success(workbench(&supabase, Method::POST, "/clock/advance").json(&json!({ "seconds": 7200 }))).await;
    assert!(supabase.clock().now() - before >= time::Duration::hours(2));
}

#[tokio::test]
async fn it_goes_away_and_comes_back_by_itself() {
    let supabase = project();
    let (status, _) = status_of(workbench(&supabase, Method::POST, "/down").json(&json!({ "millis": 500 }))).await;
    assert_eq!(status, 202);
    let health = super::anon(&supabase, Method::GET, "/health");
    let answers = || async { health.try_clone().unwrap().send().await.is_ok() };
    let until = |up: bool| async move {
        while answers().await != up {
            tokio::task::yield_now().await;
        }
    };
    let deadline = Duration::from_secs(20);
    tokio::time::timeout(deadline, until(false)).await.expect("it goes away");
    tokio::time::timeout(deadline, until(true)).await.expect("it comes back");
}

async fn status_of(request: RequestBuilder) -> (u16, Option<Value>) {
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.ok())
}
