//! A stand-in with a client and a receiver of webhooks, and cases to play on it.

use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use cortex_sandbox::nango::{
    ConnectionName, Decision, EnvironmentConfig, IntegrationConfig, LimitedKey, Nango, NangoConfig, RunningNango,
    SyncConfig,
};
use cortex_sandbox::provider::Account;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use uuid::{Uuid, uuid};

use super::shape;

pub(crate) const KEY: Uuid = uuid!("0b7c1b52-94f8-4d0c-8d2e-0f6f7a3f5d11");
pub(crate) const READ_ONLY_KEY: Uuid = uuid!("5b0a8f0e-2d0c-4b55-9a54-8d5b1f6f2c22");
pub(crate) const SIGNING_KEY: &str = "signing-key-of-the-test";
pub(crate) const ANNA: &str = "anna@brightwater.example";
pub(crate) const BEN: &str = "ben@brightwater.example";

/// A stand-in at work.
pub(crate) struct Stage {
    pub(crate) nango: RunningNango,
    pub(crate) http: reqwest::Client,
    pub(crate) receiver: Receiver,
}

/// A request and what has to come back.
pub(crate) struct Case {
    name: &'static str,
    method: &'static str,
    path: String,
    key: Option<String>,
    headers: Vec<(&'static str, String)>,
    body: Option<(String, &'static str)>,
    status: u16,
    shape: Option<Value>,
    answer_headers: Vec<&'static str>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Stage {
    /// With the four usual integrations, `mail-sync` (scripted syncs), `bare` (no syncs), a key of few scopes, and two accounts.
    pub(crate) fn new() -> Self {
        Self::with(NangoConfig { auto_start_syncs: false, ..NangoConfig::quick() })
    }

    pub(crate) fn with(config: NangoConfig) -> Self {
        let receiver = Receiver::start();
        let mut integrations = IntegrationConfig::usual();
        integrations.push(IntegrationConfig {
            syncs: Some(vec![
                SyncConfig::new("emails", &["Email"]),
                SyncConfig::new("mail-and-labels", &["Email", "Label"]),
                SyncConfig::new("contacts", &["Contact"]),
            ]),
            ..IntegrationConfig::new("mail-sync", "google-mail")
        });
        integrations.push(IntegrationConfig { syncs: Some(Vec::new()), ..IntegrationConfig::new("bare", "outlook") });
        let environment = EnvironmentConfig {
            api_key: KEY,
            limited_keys: vec![LimitedKey {
                key: READ_ONLY_KEY,
                scopes: ["environment:connections:read".to_owned()].into(),
            }],
            webhook_signing_key: SIGNING_KEY.to_owned(),
            webhook_url: Some(receiver.url("/hooks")),
            integrations,
            ..EnvironmentConfig::default()
        };
        let nango = Nango::start(NangoConfig { environments: vec![environment], ..config }).unwrap();
        let now = nango.clock().now();
        for email in [ANNA, BEN] {
            nango.put_account(Account::invented(email, &cortex_sandbox::mailbox::Mailbox::default(), now));
        }
        Self { nango, http: client(), receiver }
    }

    /// Ends everything.
    pub(crate) async fn end(self) {
        self.nango.stop().await;
        self.receiver.stop().await;
    }

    /// Plays cases one after the other.
    pub(crate) async fn play(&self, cases: impl IntoIterator<Item = Case>) {
        for case in cases {
            self.check(case).await;
        }
    }

    /// Plays one case and hands its answer back.
    pub(crate) async fn check(&self, case: Case) -> Answer {
        let answer = self.send(&case).await;
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert_eq!(answer.status, case.status, "{}: {text}", case.name);
        for name in &case.answer_headers {
            assert!(answer.headers.contains_key(*name), "{}: no header {name}", case.name);
        }
        if let Some(shape) = &case.shape {
            let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}: no JSON: {text}", case.name));
            if let Err(difference) = shape::compare(shape, &body) {
                panic!("{}: {difference}\n{text}", case.name);
            }
        }
        answer
    }

    pub(crate) async fn send(&self, case: &Case) -> Answer {
        let method = reqwest::Method::from_bytes(case.method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{}", self.nango.base_url(), case.path));
        if let Some(key) = &case.key {
            request = request.header("authorization", key);
        }
        for (name, value) in &case.headers {
            request = request.header(*name, value);
        }
        if let Some((body, kind)) = &case.body {
            request = request.header("content-type", *kind).body(body.clone());
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
    }

    /// A session with this body; its token.
    pub(crate) async fn session(&self, body: Value) -> String {
        let answer = self.check(post("a session", "/connect/sessions", body).gives(201)).await;
        answer.json()["data"]["token"].as_str().unwrap().to_owned()
    }

    /// Anna's connection of an integration, with the tag `end_user_id`.
    pub(crate) async fn connect(&self, integration: &str) -> ConnectionName {
        let token = self.session(json!({ "tags": { "end_user_id": "user-1" } })).await;
        let name = self.nango.connect(&token, integration, ANNA, Decision::Allow).await.unwrap();
        self.nango.settled().await;
        name
    }

    /// The bodies of the webhooks since the last call.
    pub(crate) async fn webhooks(&self) -> Vec<Value> {
        self.nango.settled().await;
        self.receiver.take().into_iter().map(|hook| hook.body).collect()
    }
}

impl Case {
    pub(crate) fn key(mut self, key: impl ToString) -> Self {
        self.key = Some(format!("Bearer {}", key.to_string()));
        self
    }

    pub(crate) fn authorization(mut self, value: Option<&str>) -> Self {
        self.key = value.map(ToOwned::to_owned);
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Names a connection in the headers.
    pub(crate) fn of(self, name: &ConnectionName) -> Self {
        self.header("connection-id", &name.connection_id).header("provider-config-key", &name.provider_config_key)
    }

    pub(crate) fn raw_body(mut self, body: &str, kind: &'static str) -> Self {
        self.body = Some((body.to_owned(), kind));
        self
    }

    pub(crate) fn gives(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn shaped(mut self, shape: Value) -> Self {
        self.shape = Some(shape);
        self
    }

    pub(crate) fn with_headers(mut self, names: &[&'static str]) -> Self {
        self.answer_headers.extend(names);
        self
    }

    /// An error with code and message.
    pub(crate) fn fails(self, status: u16, code: &str) -> Self {
        self.gives(status).shaped(json!({ "error": { "code": format!("={code}"), "message": "string" } }))
    }

    /// An error with code, message and this payload.
    pub(crate) fn fails_with(self, status: u16, code: &str, payload: Value) -> Self {
        let error = json!({ "code": format!("={code}"), "message": "string", "payload": payload });
        self.gives(status).shaped(json!({ "error": error }))
    }

    /// A 400 with these findings, each a code and a path with dots.
    pub(crate) fn invalid(self, code: &str, issues: &[(&str, &str)]) -> Self {
        let list: Vec<Value> = issues
            .iter()
            .map(|(code, path)| {
                let path: Vec<String> =
                    path.split('.').filter(|step| !step.is_empty()).map(|step| format!("={step}")).collect();
                let path = if path.is_empty() { json!(["empty"]) } else { json!(path) };
                json!({ "code": format!("={code}"), "message": "string", "path": path })
            })
            .collect();
        self.gives(400).shaped(json!({ "error": { "code": format!("={code}"), "errors": list } }))
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

pub(crate) fn call(name: &'static str, method: &'static str, path: impl Into<String>) -> Case {
    Case {
        name,
        method,
        path: path.into(),
        key: Some(format!("Bearer {KEY}")),
        headers: Vec::new(),
        body: None,
        status: 200,
        shape: None,
        answer_headers: Vec::new(),
    }
}

pub(crate) fn get(name: &'static str, path: impl Into<String>) -> Case {
    call(name, "GET", path)
}

pub(crate) fn delete(name: &'static str, path: impl Into<String>) -> Case {
    call(name, "DELETE", path)
}

pub(crate) fn post(name: &'static str, path: impl Into<String>, body: Value) -> Case {
    call(name, "POST", path).raw_body(&body.to_string(), "application/json")
}

pub(crate) fn patch(name: &'static str, path: impl Into<String>, body: Value) -> Case {
    call(name, "PATCH", path).raw_body(&body.to_string(), "application/json")
}

/// The path of a connection, with its integration in the query.
pub(crate) fn path_of(name: &ConnectionName) -> String {
    format!("/connections/{}?provider_config_key={}", name.connection_id, name.provider_config_key)
}

/// The body that imports a connection of `google-drive`.
pub(crate) fn import_body(id: &str, tags: Value) -> Value {
    json!({
        "provider_config_key": "google-drive", "connection_id": id, "tags": tags,
        "credentials": { "type": "OAUTH2", "access_token": "a" },
    })
}

/// An object with the fields of another one put over its own.
pub(crate) fn extended(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// A client that follows no redirects and keeps no connections, so that an outage shows at once.
pub(crate) fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().pool_max_idle_per_host(0);
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A webhook as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) path: String,
    pub(crate) headers: std::collections::BTreeMap<String, String>,
    pub(crate) raw: String,
    pub(crate) body: Value,
}

/// Takes webhooks and answers what it is told to.
pub(crate) struct Receiver {
    base_url: String,
    desk: Arc<Desk>,
    server: actix_web::dev::ServerHandle,
    tracker: TaskTracker,
}

#[derive(Default)]
struct Desk {
    hooks: Mutex<Vec<Hook>>,
    /// Statuses of the next answers, the last one first; 200 when used up.
    answers: Mutex<Vec<u16>>,
    /// The next answers never come.
    silent: Mutex<u32>,
}

impl Receiver {
    fn start() -> Self {
        let desk = Arc::new(Desk::default());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::clone(&desk);
        let server = HttpServer::new(move || {
            App::new().app_data(Data::from(Arc::clone(&shared))).default_service(web::to(take_in))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)
        .unwrap()
        .run();
        let (handle, tracker) = (server.handle(), TaskTracker::new());
        tracker.spawn(server);
        Self { base_url, desk, server: handle, tracker }
    }

    async fn stop(self) {
        self.server.stop(false).await;
        self.tracker.close();
        self.tracker.wait().await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Answers these statuses, then 200.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        *self.desk.answers.lock().unwrap() = statuses.iter().rev().copied().collect();
    }

    /// Leaves the next `count` webhooks without an answer.
    pub(crate) fn keep_silent(&self, count: u32) {
        *self.desk.silent.lock().unwrap() = count;
    }

    /// What came since the last call.
    pub(crate) fn take(&self) -> Vec<Hook> {
        std::mem::take(&mut *self.desk.hooks.lock().unwrap())
    }
}

async fn take_in(desk: Data<Desk>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    let raw = String::from_utf8(body.to_vec()).unwrap();
    let parsed = serde_json::from_str(&raw).unwrap();
    let hook = Hook { path: request.path().to_owned(), headers: headers.collect(), raw, body: parsed };
    desk.hooks.lock().unwrap().push(hook);
    let silent = {
        let mut left = desk.silent.lock().unwrap();
        let silent = *left > 0;
        *left = left.saturating_sub(1);
        silent
    };
    if silent {
        std::future::pending::<()>().await;
    }
    let status = desk.answers.lock().unwrap().pop().unwrap_or(200);
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).finish()
}
