//! A running deployment, and a client of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cortex_app::serve::Service;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::stack::{Stack, http};

/// A client of the running deployment.
pub(crate) struct Client<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) address: SocketAddr,
}

/// Runs a process of the deployment, with or without its worker, for as long as `visit` takes.
pub(crate) async fn visit(stack: &Stack, with_worker: bool, visit: impl AsyncFnOnce(Client<'_>)) {
    let stop = CancellationToken::new();
    let service = Service::bind(&stack.config, stack.ports(), None, with_worker, stop.clone()).unwrap();
    let address = service.address();
    let visiting = async {
        visit(Client { stack, address }).await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(Box::pin(service.run()), Box::pin(visiting));
    ended.unwrap();
}

impl Client<'_> {
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
