//! The client against a server that speaks the chat API.

#![expect(clippy::unwrap_used, reason = "a test ends where something goes wrong")]

use std::error::Error as StdError;
use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use cortex_insights::ports::Summarizer;
use cortex_summarizer::{ChatApiConfig, ChatApiSummarizer, NewChatApiError};
use rstest::rstest;
use serde_json::{Value, json};

/// What the server was sent: the header and the body.
type Asked = Arc<Mutex<Vec<(Option<String>, Value)>>>;

/// A server that answers everything so, and a client of it.
struct Stage {
    asked: Asked,
    model: ChatApiSummarizer,
    handle: actix_web::dev::ServerHandle,
}

struct Script {
    status: StatusCode,
    body: String,
    asked: Asked,
}

async fn answer(script: Data<Script>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    script.asked.lock().unwrap().push((authorization.map(ToOwned::to_owned), serde_json::from_slice(&body).unwrap()));
    HttpResponse::build(script.status).content_type("application/json").body(script.body.clone())
}

fn tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

fn client(url: &str, key: Option<&str>) -> Result<ChatApiSummarizer, NewChatApiError> {
    let api_key = key.map(Into::into);
    ChatApiSummarizer::new(ChatApiConfig { url: url.parse().unwrap(), api_key, model: "small".to_owned() }, tls())
}

fn stage(status: StatusCode, body: &str, key: Option<&str>) -> Stage {
    let asked = Asked::default();
    let script = Data::new(Script { status, body: body.to_owned(), asked: Arc::clone(&asked) });
    let app = move || App::new().app_data(script.clone()).route("/v1/chat/completions", web::post().to(answer));
    let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/v1/", server.addrs()[0]);
    let running = server.run();
    let handle = running.handle();
    actix_web::rt::spawn(running);
    Stage { asked, model: client(&url, key).unwrap(), handle }
}

fn said(text: &Value) -> Value {
    json!({ "id": "c1", "choices": [{ "index": 0, "message": { "role": "assistant", "content": text } }], "usage": {} })
}

#[actix_web::test]
async fn the_task_and_the_material_are_sent_and_what_the_model_says_comes_back() {
    let stage = stage(StatusCode::OK, &said(&json!(" The heron\0 stands. ")).to_string(), Some("sk-secret"));

    let words = stage.model.put_in_words("Be short.", "[1] heron").await.unwrap();

    assert_eq!(words, "The heron stands.");
    let asked = stage.asked.lock().unwrap().clone();
    let (authorization, body) = &asked[0];
    assert_eq!((asked.len(), authorization.as_deref()), (1, Some("Bearer sk-secret")));
    let messages = json!([{ "role": "system", "content": "Be short." }, { "role": "user", "content": "[1] heron" }]);
    assert_eq!((&body["model"], &body["messages"]), (&json!("small"), &messages));
    stage.handle.stop(false).await;
}

#[actix_web::test]
async fn without_a_key_none_is_sent() {
    let stage = stage(StatusCode::OK, &said(&json!("Yes.")).to_string(), None);

    stage.model.put_in_words("", "").await.unwrap();

    assert_eq!(stage.asked.lock().unwrap()[0].0, None);
    stage.handle.stop(false).await;
}

#[rstest]
#[case::a_failure(StatusCode::INTERNAL_SERVER_ERROR, "{}".to_owned(), "it answered 500 Internal Server Error")]
#[case::a_refused_key(StatusCode::UNAUTHORIZED, "{}".to_owned(), "it answered 401 Unauthorized")]
#[case::a_redirect(StatusCode::FOUND, "{}".to_owned(), "it answered 302 Found")]
#[case::a_page(StatusCode::OK, "<html>".to_owned(), "its answer is none of a chat API")]
#[case::no_choice(StatusCode::OK, json!({ "choices": [] }).to_string(), "it said nothing")]
#[case::silence(StatusCode::OK, said(&Value::Null).to_string(), "it said nothing")]
#[case::blank(StatusCode::OK, said(&json!(" \n")).to_string(), "it said nothing")]
#[case::endless(StatusCode::OK, "x".repeat(300_000), "its answer has more than 262144 bytes")]
#[actix_web::test]
async fn what_is_no_answer_is_told_as_that(#[case] status: StatusCode, #[case] body: String, #[case] why: &str) {
    let stage = stage(status, &body, None);

    let error = stage.model.put_in_words("", "").await.unwrap_err();

    assert_eq!(error.source().unwrap().to_string(), why);
    stage.handle.stop(false).await;
}

#[tokio::test]
async fn a_server_that_is_away_is_told_as_that() {
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();

    let error = client(&format!("http://{nobody}"), None).unwrap().put_in_words("", "").await.unwrap_err();

    assert_eq!(error.source().unwrap().to_string(), "it cannot be reached");
}

#[test]
fn a_key_that_no_header_takes_is_refused_at_the_start() {
    assert!(matches!(client("http://127.0.0.1:1", Some("a\nb")), Err(NewChatApiError::Key)));
}
