//! Faults, counters, and absence.

use std::time::Duration;

use cortex_sandbox::faults::{Fault, FaultKind};
use cortex_sandbox::supabase::{Supabase, SupabaseConfig};
use reqwest::Method;

use super::{anon, bare, error, ivo, project, success, text};

#[tokio::test]
async fn requests_fail_as_ordered_and_as_often() {
    let supabase = project();
    supabase.faults().fail_next(2, "/auth/v1/.well-known", 503);
    let jwks = || bare(&supabase, Method::GET, "/.well-known/jwks.json");
    assert_eq!(jwks().send().await.unwrap().status(), 503);
    success(anon(&supabase, Method::GET, "/health")).await;
    assert_eq!(jwks().send().await.unwrap().status(), 503);
    success(jwks()).await;
    assert_eq!(supabase.jwks_fetches(), 3);
}

#[tokio::test]
async fn answers_can_be_nonsense() {
    let supabase = project();
    let jwks = || bare(&supabase, Method::GET, "/.well-known/jwks.json").send();
    let once = |fault| {
        let path_prefix = "/auth/v1/.well-known".to_owned();
        supabase.faults().add(Fault { path_prefix, method: None, times: Some(1), fault });
    };
    once(FaultKind::Html);
    assert!(jwks().await.unwrap().text().await.unwrap().starts_with("<!doctype html>"));
    once(FaultKind::CutJson);
    assert!(jwks().await.unwrap().json::<serde_json::Value>().await.is_err());
    once(FaultKind::Drop);
    let broken_off = match jwks().await {
        Err(_) => true,
        Ok(response) => response.bytes().await.is_err(),
    };
    assert!(broken_off);
    once(FaultKind::Status { status: 429, retry_after_seconds: Some(7) });
    let limited = jwks().await.unwrap();
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    success(bare(&supabase, Method::GET, "/.well-known/jwks.json")).await;
}

#[tokio::test]
async fn answers_can_be_slow() {
    let supabase = project();
    let fault = FaultKind::Delay { millis: 60_000 };
    supabase.faults().add(Fault { path_prefix: "/auth/v1/health".to_owned(), method: None, times: None, fault });
    let slow = anon(&supabase, Method::GET, "/health").timeout(Duration::from_millis(50)).send().await;
    assert!(slow.unwrap_err().is_timeout());
    supabase.faults().clear();
    success(anon(&supabase, Method::GET, "/health")).await;
}

#[tokio::test]
async fn requests_are_counted_by_endpoint() {
    let supabase = project();
    ivo(&supabase).await;
    for _ in 0..3 {
        let _ = error(super::service(&supabase, Method::GET, &format!("/admin/users/{}", uuid::Uuid::nil()))).await;
    }
    assert_eq!(supabase.requests()["GET /admin/users/{id}"], 3);
    assert_eq!(supabase.requests()["POST /token"], 1);
    supabase.reset_counters();
    assert!(supabase.requests().is_empty());
    assert_eq!(supabase.jwks_fetches(), 0);
}

#[tokio::test]
async fn a_fetch_can_be_waited_for() {
    let supabase = project();
    let fetch = success(bare(&supabase, Method::GET, "/.well-known/jwks.json"));
    futures_util::join!(supabase.jwks_fetched(1), fetch);
    assert_eq!(supabase.jwks_fetches(), 1);
}

#[tokio::test]
async fn away_means_refused_and_back_means_the_same_project() {
    let supabase = project();
    let session = ivo(&supabase).await;
    supabase.go_down().await;
    let refused = anon(&supabase, Method::GET, "/health").send().await.unwrap_err();
    assert!(refused.is_connect(), "{refused}");
    supabase.go_down().await;

    supabase.come_up().unwrap();
    supabase.come_up().unwrap();
    let me = anon(&supabase, Method::GET, "/user").bearer_auth(text(&session, "access_token"));
    assert_eq!(success(me).await["email"], "ivo@harbour.example");
    supabase.stop().await;
}

#[tokio::test]
async fn a_stopped_project_is_gone_and_its_port_was_its_own() {
    let supabase = project();
    success(anon(&supabase, Method::GET, "/health")).await;
    let taken = SupabaseConfig { listen: supabase.address(), ..SupabaseConfig::default() };
    let error = Supabase::start(taken).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {}: choose another port", supabase.address()));

    let handle = (*supabase).clone();
    supabase.stop().await;
    assert!(anon(&handle, Method::GET, "/health").send().await.unwrap_err().is_connect());
}
