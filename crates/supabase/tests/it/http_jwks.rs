//! Fetching the key set over a real socket.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, rt, web};
use cortex_supabase::{FetchJwksError, HttpJwks, JwksSource};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

const PATIENCE: Duration = Duration::from_secs(20);

/// An issuer on this machine.
struct Issuer {
    url: Url,
    handle: ServerHandle,
}

impl Issuer {
    /// Serves the path of key sets with what `answer` makes.
    fn answering(answer: fn() -> HttpResponse) -> Self {
        Self::serving(Some(answer))
    }

    /// Takes requests and never answers.
    fn silent() -> Self {
        Self::serving(None)
    }

    fn serving(answer: Option<fn() -> HttpResponse>) -> Self {
        let handler = move || async move {
            match answer {
                Some(answer) => answer(),
                None => std::future::pending().await,
            }
        };
        let app = move || App::new().route("/auth/v1/.well-known/jwks.json", web::get().to(handler));
        let server = HttpServer::new(app).workers(1).bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/", server.addrs()[0]).parse().unwrap();
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        Self { url, handle }
    }

    async fn fetch(self, timeout: Duration) -> Result<Vec<u8>, FetchJwksError> {
        let fetched = jwks(&self.url, timeout).fetch().await;
        self.handle.stop(false).await;
        fetched
    }
}

fn jwks(url: &Url, timeout: Duration) -> HttpJwks {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    HttpJwks::new(url, timeout, tls).unwrap()
}

#[actix_web::test]
async fn the_set_is_fetched_from_its_usual_place() {
    let issuer = Issuer::answering(|| HttpResponse::Ok().content_type("application/json").body(r#"{"keys":[]}"#));

    assert_eq!(issuer.fetch(PATIENCE).await.unwrap(), br#"{"keys":[]}"#);
}

#[actix_web::test]
async fn another_status_is_no_set() {
    let issuer = Issuer::answering(|| HttpResponse::BadGateway().body(r#"{"keys":[]}"#));

    let error = issuer.fetch(PATIENCE).await.unwrap_err();

    assert!(matches!(error, FetchJwksError::Status(502)), "{error:?}");
}

#[actix_web::test]
async fn a_redirect_is_not_followed() {
    let issuer =
        Issuer::answering(|| HttpResponse::Found().insert_header(("location", "http://127.0.0.1:9/keys")).finish());

    let error = issuer.fetch(PATIENCE).await.unwrap_err();

    assert!(matches!(error, FetchJwksError::Status(302)), "{error:?}");
}

#[actix_web::test]
async fn an_answer_without_end_is_cut_off() {
    let issuer = Issuer::answering(|| HttpResponse::Ok().body(vec![b' '; 256 * 1024 + 1]));

    let error = issuer.fetch(PATIENCE).await.unwrap_err();

    assert!(matches!(error, FetchJwksError::TooLong), "{error:?}");
}

#[actix_web::test]
async fn a_set_of_256_kib_is_read() {
    let issuer = Issuer::answering(|| HttpResponse::Ok().body(vec![b' '; 256 * 1024]));

    assert_eq!(issuer.fetch(PATIENCE).await.unwrap().len(), 256 * 1024);
}

#[actix_web::test]
async fn a_silent_issuer_is_not_waited_for() {
    let error = Issuer::silent().fetch(Duration::from_millis(50)).await.unwrap_err();

    assert!(matches!(error, FetchJwksError::Unreachable(_)), "{error:?}");
}

#[actix_web::test]
async fn an_issuer_that_is_away_cannot_be_reached() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();

    let error = jwks(&format!("http://{closed}").parse().unwrap(), PATIENCE).fetch().await.unwrap_err();

    assert!(matches!(error, FetchJwksError::Unreachable(_)), "{error:?}");
}
