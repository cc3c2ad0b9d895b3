//! A running deployment, and a client of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cortex_app::serve::Service;
use cortex_sandbox::nango::{ConnectionName, Decision};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::log;
use crate::people::Person;
use crate::stack::{Stack, http};

/// A client of the running deployment.
pub(crate) struct Client<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) address: SocketAddr,
}

/// Runs a process of the deployment, with or without its worker, for as long as `visit` takes.
pub(crate) async fn visit(stack: &Stack, with_worker: bool, visit: impl AsyncFnOnce(Client<'_>)) {
    let log = log::listen();
    let stop = CancellationToken::new();
    let service = Service::bind(&stack.config, stack.ports(), None, with_worker, stop.clone()).unwrap();
    let address = service.address();
    let visiting = async {
        visit(Client { stack, address }).await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(Box::pin(service.run()), Box::pin(visiting));
    ended.unwrap();
    log.must_tell_no_secret(stack).await;
}

/// The same with its worker; Nango tells it what happens.
pub(crate) async fn visit_with_nango(stack: &Stack, visiting: impl AsyncFnOnce(Client<'_>)) {
    visit(stack, true, async |client| {
        client.listen_to_nango();
        visiting(client).await;
    })
    .await;
}

/// Whether Gmail is connected, as its owner's status tells it.
pub(crate) fn connected(code: StatusCode, status: &Value) -> bool {
    is_connected("gmail")(code, status)
}

/// Whether that provider is.
pub(crate) fn is_connected(provider: &str) -> impl Fn(StatusCode, &Value) -> bool {
    move |_, status| status["providers"][provider]["connected"] == true
}

impl Client<'_> {
    /// Nango sends its webhooks here from now on.
    pub(crate) fn listen_to_nango(&self) {
        let nango = &self.stack.nango;
        let environment = nango.environments().remove(0).name;
        nango.set_webhook_urls(&environment, &[&format!("http://{}/nango/webhook", self.address)]).unwrap();
    }

    /// The person goes the whole way through the browser and takes this account. Answers his access token and what Nango
    /// made.
    pub(crate) async fn connect_as(&self, person: &Person, provider: &str, account: &str) -> (String, ConnectionName) {
        let token = self.stack.sign_in(person).await;
        let path = format!("/api/v1/oauth/connect/start?provider={provider}");
        let (status, started) = self.call(&token, Method::POST, &path, None).await;
        assert_eq!(status, StatusCode::OK, "{started}");
        assert_eq!(started["user_id"], person.id.to_string());
        let session = started["connect_session_token"].as_str().unwrap();
        let integration = integration_of(provider);
        let made = self.stack.nango.connect(session, integration, account, Decision::Allow).await.unwrap();
        (token, made)
    }

    /// The same for who only needs the token.
    pub(crate) async fn connect(&self, person: &Person, provider: &str, account: &str) -> String {
        self.connect_as(person, provider, account).await.0
    }

    /// Has the bearer's Gmail account read to its end.
    pub(crate) async fn sync(&self, token: &str) -> Value {
        self.sync_of(token, "gmail").await
    }

    /// Has the bearer's account of that provider read to its end.
    pub(crate) async fn sync_of(&self, token: &str, provider: &str) -> Value {
        let path = format!("/api/v1/sync/initial/{provider}");
        let (status, started) = self.call(token, Method::POST, &path, None).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{started}");
        let path = format!("/api/v1/sync/jobs/{}", started["job_id"].as_str().unwrap());
        let ended = |_: StatusCode, job: &Value| job["status"] != "queued" && job["status"] != "running";
        let job = self.until(token, &path, ended).await;
        assert_eq!(job["status"], "completed", "{job}");
        job
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        http().request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn call(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let request = self.request(method, path).bearer_auth(token);
        let request = body.into_iter().fold(request, |request, body| request.json(&body));
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Value {
        let (status, answer) = self.call(token, Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// Asks again until the answer is as it should be: what happens meanwhile happens in other tasks, over sockets.
    pub(crate) async fn until(&self, token: &str, path: &str, holds: impl Fn(StatusCode, &Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let (status, answer) = self.call(token, Method::GET, path, None).await;
            if holds(status, &answer) {
                return answer;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "{path} stays at {status} {answer}");
            tokio::task::yield_now().await;
        }
    }
}

/// What Nango calls the provider.
pub(crate) fn integration_of(provider: &str) -> &str {
    match provider {
        "gmail" => "google-mail",
        "google_drive" => "google-drive",
        other => other,
    }
}
