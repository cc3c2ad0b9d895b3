//! A deployment that tells how it is, and gets well by itself.

use std::net::SocketAddr;
use std::sync::Arc;

use cortex_app::serve::Server;
use cortex_app::services;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::client::{connected, visit_with_nango};
use crate::people::MARTA;
use crate::stack::{Stack, http};

async fn ready(address: SocketAddr) -> (u16, Value) {
    let answer = http().get(format!("http://{address}/health/ready")).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_while_its_databases_answer_and_keys_are_loaded() {
    let stack = Stack::start().await;
    let stop = CancellationToken::new();
    let ports = stack.ports();
    let keys = ports.signing_keys.clone();
    let (services, _) = services::compose(&stack.config, ports, &Arc::default(), Arc::default(), stop.clone());
    let server = Server::bind(&stack.config, services, stop.clone()).unwrap();
    let address = server.address();
    let name = stack.company.name();

    let visit = async {
        let (status, problem) = ready(address).await;
        assert_eq!(status, 503, "no key is loaded yet: {problem}");
        keys.refresh().await.unwrap();
        assert_eq!(ready(address).await.0, 200);

        let watcher = stack.master.connect().await;
        watcher.batch_execute(&format!("alter database {name} allow_connections false")).await.unwrap();
        let end = format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'");
        watcher.execute(&end, &[]).await.unwrap();
        let (status, problem) = ready(address).await;
        assert_eq!(status, 503, "{problem}");
        assert!(problem.to_string().contains("database"), "{problem}");

        watcher.batch_execute(&format!("alter database {name} allow_connections true")).await.unwrap();
        assert_eq!(ready(address).await.0, 200, "without a restart");
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(server.run(), visit);

    ended.unwrap();
}

/// S6: only an operator can mend it, and nobody's connection is the worse for it.
#[tokio::test(flavor = "multi_thread")]
async fn while_nango_refuses_our_key_it_is_not_ready_and_no_connection_changes() {
    let stack = Stack::start().await;
    visit_with_nango(&stack, async |client| {
        let (token, _) = client.connect_as(&MARTA, "gmail", MARTA.email).await;
        client.until(&token, "/api/v1/oauth/status", connected).await;
        stack.nango.faults().fail_all("/connection", 401);

        let red = |status: StatusCode, told: &Value| status == 503 && told.to_string().contains("nango_key");
        client.until(&token, "/health/ready", red).await;
        let sync =
            client.call(&token, Method::POST, "/api/v1/oauth/connect/sync-from-nango?provider=gmail", None).await;
        assert_eq!(sync.0, StatusCode::SERVICE_UNAVAILABLE, "{}", sync.1);

        stack.nango.faults().clear();
        client.until(&token, "/health/ready", |status, _| status == StatusCode::OK).await;
        let status = client.get(&token, "/api/v1/oauth/status").await;
        assert_eq!(status["providers"]["gmail"]["status"], "active");
    })
    .await;
}
