//! The demand for a project key, and the two forms of keys.

use reqwest::Method;
use serde_json::json;

use super::{anon, answer, bare, error, project, success};

#[tokio::test]
async fn without_a_key_the_gateway_refuses() {
    let supabase = project();
    for (method, path) in
        [(Method::GET, "/health"), (Method::POST, "/token?grant_type=password"), (Method::GET, "/user")]
    {
        let (status, body) = answer(bare(&supabase, method, path)).await;
        assert_eq!((status, body["message"].as_str()), (401, Some("No API key found in request")));
    }
    let (status, body) = answer(bare(&supabase, Method::GET, "/health").header("apikey", "wrong")).await;
    assert_eq!((status, body["message"].as_str()), (401, Some("Invalid API key")));
}

#[tokio::test]
async fn every_form_of_key_opens_it() {
    let supabase = project();
    let keys = [supabase.anon_key(), supabase.service_key(), supabase.publishable_key(), supabase.secret_key()];
    for key in keys {
        success(bare(&supabase, Method::GET, "/health").header("apikey", key)).await;
    }
    success(bare(&supabase, Method::GET, "/settings").query(&[("apikey", supabase.anon_key())])).await;
}

#[tokio::test]
async fn a_new_secret_key_stands_for_the_service_role() {
    let supabase = project();
    let list = || bare(&supabase, Method::GET, "/admin/users").header("apikey", supabase.secret_key());
    success(list()).await;
    success(list().bearer_auth(supabase.secret_key())).await;

    let (status, code, _) =
        error(bare(&supabase, Method::GET, "/admin/users").header("apikey", supabase.publishable_key())).await;
    assert_eq!((status, code.as_str()), (403, "not_admin"));
}

#[tokio::test]
async fn the_key_is_no_token() {
    let supabase = project();
    let (status, code, message) = error(anon(&supabase, Method::GET, "/user")).await;
    assert_eq!((status, code.as_str()), (401, "no_authorization"));
    assert_eq!(message, "This endpoint requires a valid Bearer token");

    let (status, code, message) =
        error(anon(&supabase, Method::GET, "/user").bearer_auth(supabase.service_key())).await;
    assert_eq!((status, code.as_str()), (403, "bad_jwt"));
    assert_eq!(message, "invalid claim: missing sub claim");
}

#[tokio::test]
async fn health_and_settings_are_there() {
    let supabase = project();
    assert_eq!(success(anon(&supabase, Method::GET, "/health")).await["name"], "GoTrue");
    let settings = success(anon(&supabase, Method::GET, "/settings")).await;
    assert_eq!((&settings["external"]["email"], &settings["disable_signup"]), (&json!(true), &json!(true)));
}
