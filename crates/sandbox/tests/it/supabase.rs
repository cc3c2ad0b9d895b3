//! The stand-in for Supabase Auth over real sockets, judged by what is known of the real one.

mod admin;
mod gateway;
mod invite;
mod keys;
mod outage;
mod tokens;
mod user;
mod workbench;

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cortex_sandbox::supabase::{RunningSupabase, SeedUser, Supabase, SupabaseConfig};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

const IVO: Uuid = uuid!("0b54de72-6a4d-4f4c-9a0e-3f6f1d0c1a01");
const MIRA: Uuid = uuid!("0b54de72-6a4d-4f4c-9a0e-3f6f1d0c1a02");

/// It keeps no connection: they would outlive the runtime of the test that made them.
static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    // Somebody else may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().timeout(Duration::from_secs(10)).pool_max_idle_per_host(0).redirect(Policy::none());
    client.no_proxy().build().expect("constant settings")
});

/// A project with two users: Ivo, a member of a company, and Mira, not confirmed yet.
fn project() -> RunningSupabase {
    let ivo = SeedUser::new("Ivo@Harbour.example", "correct horse")
        .with_id(IVO)
        .with_app_metadata("company_ids", json!(["c-1"]))
        .with_user_metadata("full_name", "Ivo Petrak");
    let mira = SeedUser { confirmed: false, ..SeedUser::new("mira@harbour.example", "battery staple").with_id(MIRA) };
    Supabase::start(SupabaseConfig::with_users([ivo, mira])).expect("a free port")
}

/// A request below `/auth/v1` without any key.
fn bare(supabase: &Supabase, method: Method, path: &str) -> RequestBuilder {
    CLIENT.request(method, format!("{}/auth/v1{path}", supabase.base_url()))
}

/// A request as a browser makes it: the anon key, and nobody's token.
fn anon(supabase: &Supabase, method: Method, path: &str) -> RequestBuilder {
    bare(supabase, method, path).header("apikey", supabase.anon_key())
}

/// A request of the service role.
fn service(supabase: &Supabase, method: Method, path: &str) -> RequestBuilder {
    bare(supabase, method, path).header("apikey", supabase.service_key()).bearer_auth(supabase.service_key())
}

/// Status and JSON body of the answer.
async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let body = response.bytes().await.expect("an answer");
    let body =
        if status == StatusCode::NO_CONTENT { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
    (status.as_u16(), body)
}

/// The body of an answer that is a success.
async fn success(request: RequestBuilder) -> Value {
    let (status, body) = answer(request).await;
    assert!((200..300).contains(&status), "{status} {body}");
    body
}

/// The error of an answer, as Auth words it.
async fn error(request: RequestBuilder) -> (u16, String, String) {
    let (status, body) = answer(request).await;
    assert_eq!(body["code"], status, "{body}");
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(body.get("error_id").is_some(), status >= 500, "{body}");
    (status, text("error_code"), text("msg"))
}

async fn sign_in(supabase: &Supabase, email: &str, password: &str) -> Value {
    let body = json!({ "email": email, "password": password });
    success(anon(supabase, Method::POST, "/token?grant_type=password").json(&body)).await
}

async fn ivo(supabase: &Supabase) -> Value {
    sign_in(supabase, "ivo@harbour.example", "correct horse").await
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().expect("text")
}

/// The header of a token, not verified.
fn header(token: &str) -> Value {
    part(token, 0)
}

/// The claims of a token, not verified.
fn claims(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, index: usize) -> Value {
    let encoded = token.split('.').nth(index).expect("a token has three parts");
    let decoded = URL_SAFE_NO_PAD.decode(encoded).expect("base64url");
    serde_json::from_slice(&decoded).expect("JSON")
}
