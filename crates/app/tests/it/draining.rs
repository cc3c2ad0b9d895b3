//! What is in flight when a server is asked to stop is answered.

use std::error::Error as StdError;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cortex_app::config::ServeConfig;
use cortex_app::ports::ApiPorts;
use cortex_app::serve::Server;
use cortex_app::services;
use cortex_http::health::ReadinessCheck;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A dependency that answers when the test lets it.
#[derive(Default)]
struct Slow {
    asked: Notify,
    released: Notify,
}

#[async_trait]
impl ReadinessCheck for Slow {
    fn component(&self) -> &'static str {
        "slow"
    }

    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        self.asked.notify_one();
        self.released.notified().await;
        Ok(())
    }
}

fn config() -> ServeConfig {
    let variable = |name: &str| {
        let value = match name {
            "COMPANY_ID" => "0f8fad5b-d9cb-469f-a165-70867728950e",
            "DATABASE_URL" => "postgres://cortex@127.0.0.1:1/acme",
            "MASTER_DATABASE_URL" => "postgres://cortex@127.0.0.1:1/master",
            "MASTER_SUPABASE_URL" => "http://127.0.0.1:1",
            "NANGO_SECRET_KEY" => "key",
            "HOST" => "127.0.0.1",
            "PORT" => "0",
            _ => return None,
        };
        Some(value.to_owned())
    };
    ServeConfig::from_env(&variable).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_answered_before_the_server_ends() {
    let config = config();
    let slow = Arc::new(Slow::default());
    let mut ports = ApiPorts::production(&config).unwrap();
    ports.shared.readiness = vec![Arc::<Slow>::clone(&slow)];
    let stop = CancellationToken::new();
    let server = Server::bind(
        &config,
        services::compose(&config, ports, &Arc::default(), Arc::default(), stop.clone()).0,
        stop.clone(),
    )
    .unwrap();
    let address = server.address();

    let client = async {
        let request = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "GET /health/ready HTTP/1.1\r\nHost: cortex\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        slow.asked.notified().await;
        stop.cancel();
        // Only a closed listener tells from outside that stopping has begun.
        tokio::task::spawn_blocking(move || {
            let begin = Instant::now();
            while TcpStream::connect(address).is_ok() {
                assert!(begin.elapsed() < Duration::from_secs(10), "it listens still");
                std::thread::yield_now();
            }
        })
        .await
        .unwrap();
        slow.released.notify_one();
        request.await.unwrap()
    };
    let (ended, answer) = tokio::join!(server.run(), client);

    ended.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}
