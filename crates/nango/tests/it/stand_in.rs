//! A server that answers one thing and remembers what it was asked.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use cortex_connections::model::ConnectLink;
use cortex_connections::ports::{BrokerError, ConnectionBroker, OpenConnectSession};
use cortex_connections::testing::an_owner;
use cortex_kernel::{Provider, SystemClock};
use cortex_nango::{NangoClient, NangoConfig, NangoConnectionBroker};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use url::Url;

/// The API key of every test.
pub(crate) const KEY: &str = "7d0c4a52-52b5-4f0e-9a3b-0f6a1c2d3e4f";

/// Longer than any test takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server on this machine, until [`StandIn::stop`].
pub(crate) struct StandIn {
    pub(crate) url: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
    handle: ServerHandle,
}

/// One call as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

impl StandIn {
    /// Answers every call with what `answer` makes.
    pub(crate) fn answering(answer: fn() -> HttpResponse) -> Self {
        Self::deciding(Duration::ZERO, move |_| answer())
    }

    /// Answers each call as `answer` decides when it arrives, and after `pause`.
    pub(crate) fn deciding(pause: Duration, answer: impl Fn(&Asked) -> HttpResponse + Send + Sync + 'static) -> Self {
        Self::serving(pause, move |asked| Some(answer(asked)))
    }

    /// Takes calls and never answers.
    pub(crate) fn silent() -> Self {
        Self::serving(Duration::ZERO, |_| None)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What it was asked, once.
    pub(crate) fn asked_once(&self) -> Asked {
        let [asked] = <[Asked; 1]>::try_from(self.asked()).expect("one call");
        asked
    }

    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
    }

    fn serving(pause: Duration, answer: impl Fn(&Asked) -> Option<HttpResponse> + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&asked), Arc::new(answer));
        let app = move || {
            let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
            let handler = move |request: HttpRequest, body: web::Bytes| {
                let asked = Asked::of(&request, &body);
                let answer = answer(&asked);
                seen.lock().unwrap().push(asked);
                async move {
                    if !pause.is_zero() {
                        rt::time::sleep(pause).await;
                    }
                    match answer {
                        Some(answer) => answer,
                        None => std::future::pending().await,
                    }
                }
            };
            App::new().default_service(web::to(handler))
        };
        let server = HttpServer::new(app).workers(1).bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]).parse().unwrap();
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        Self { url, asked, handle }
    }
}

impl Asked {
    fn of(request: &HttpRequest, body: &[u8]) -> Self {
        let headers = request.headers().iter();
        Self {
            method: request.method().to_string(),
            target: request.uri().to_string(),
            headers: headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect(),
            body: serde_json::from_slice(body).unwrap_or_default(),
        }
    }
}

pub(crate) fn config(host: &Url, timeout: Duration) -> NangoConfig {
    NangoConfig { host: host.clone(), secret_key: KEY.into(), timeout, rate_share: 0.8 }
}

pub(crate) fn client(host: &Url, timeout: Duration) -> NangoClient {
    NangoClient::new(&config(host, timeout), tls(), Arc::new(SystemClock)).unwrap()
}

/// Trusts nobody: there is no TLS to the stand-in.
pub(crate) fn tls() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth()
}

/// A broker with one provider.
pub(crate) fn broker(host: &Url, timeout: Duration, webhook_url: Option<Url>) -> NangoConnectionBroker {
    let integrations = [(Provider::Gmail, "mail-of-google".to_owned())].into();
    NangoConnectionBroker::new(client(host, timeout), integrations, webhook_url)
}

/// Asks for a Gmail session of the usual owner.
pub(crate) async fn open(broker: &NangoConnectionBroker) -> Result<ConnectLink, BrokerError> {
    let request = OpenConnectSession { owner: an_owner(), provider: Provider::Gmail };
    broker.open_connect_session(&request).await
}
