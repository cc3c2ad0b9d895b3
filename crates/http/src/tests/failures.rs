//! Every failure is a problem: of extractors, of addresses and methods, of the framework, of layers and of panics.

use std::io::{Read, Write};
use std::net::TcpStream;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::TestRequest;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, HttpResponse, HttpServer, rt};
use rstest::rstest;
use serde_json::{Value, json};

use super::{MADE_ID, edge, header, post, problem_of, trial, trials};
use crate::problem::{PROBLEM_JSON, Problem, ProblemKind};
use crate::{MAX_BODY_BYTES, app_over};

#[rstest]
#[case::unknown_address(TestRequest::get().uri("/nowhere"), ProblemKind::NotFound, "nothing at this address")]
#[case::unknown_address_and_method(TestRequest::patch().uri("/nowhere"), ProblemKind::NotFound, "nothing at this address")]
#[case::bad_path(TestRequest::get().uri("/numbers/seven"), ProblemKind::InvalidPath, "seven")]
#[case::bad_query(TestRequest::get().uri("/list?limit=many"), ProblemKind::InvalidQuery, "invalid digit")]
#[case::missing_parameter(TestRequest::get().uri("/list"), ProblemKind::InvalidQuery, "limit")]
#[case::no_json(post("/invite", "{email:"), ProblemKind::MalformedJson, "line 1")]
#[case::no_body(post("/invite", ""), ProblemKind::MalformedJson, "EOF")]
#[case::two_bodies(post("/options", "{} {}"), ProblemKind::MalformedJson, "trailing")]
#[case::no_utf8(TestRequest::post().uri("/invite").insert_header((CONTENT_TYPE, "application/json")).set_payload(&b"{\"email\":\"\xff\"}"[..]), ProblemKind::MalformedJson, "not valid JSON")]
#[case::too_deep(post("/options", format!("{{\"metadata\":{}", "[".repeat(200))), ProblemKind::MalformedJson, "64 levels")]
#[case::no_media_type(TestRequest::post().uri("/invite").set_payload("{}"), ProblemKind::UnsupportedMediaType, "application/json")]
#[case::other_media_type(TestRequest::post().uri("/invite").insert_header((CONTENT_TYPE, "text/plain")).set_payload("{}"), ProblemKind::UnsupportedMediaType, "application/json")]
#[case::too_large(post("/invite", "x".repeat(MAX_BODY_BYTES + 1)), ProblemKind::PayloadTooLarge, "1048576")]
#[case::cause_unknown_to_clients(TestRequest::get().uri("/broken"), ProblemKind::Internal, "our side")]
#[case::error_of_the_framework(TestRequest::get().uri("/teapot"), ProblemKind::MalformedRequest, "cannot be understood")]
#[case::answer_without_a_problem(TestRequest::get().uri("/bare"), ProblemKind::MalformedRequest, "cannot be understood")]
#[case::no_encoding_left(TestRequest::get().uri("/large").insert_header((ACCEPT_ENCODING, "identity;q=0, br")), ProblemKind::NotAcceptable, "encoding")]
#[case::refused_and_compressible(TestRequest::get().uri("/nowhere").insert_header((ACCEPT_ENCODING, "gzip")), ProblemKind::NotFound, "nothing at this address")]
#[actix_web::test]
async fn every_failure_is_a_problem(#[case] request: TestRequest, #[case] kind: ProblemKind, #[case] said: &str) {
    let body = problem_of(trial(request).await, kind).await;

    assert!(body["detail"].as_str().unwrap().contains(said), "{body}");
    assert!(!body.to_string().contains("10.0.0.7") && !body.to_string().contains("inner words"), "{body}");
}

#[rstest]
#[case::missing(r#"{"email": "nora@example.com"}"#, json!([{"pointer": "", "detail": "missing field `role`"}]))]
#[case::wrong_type(r#"{"email": 7, "role": "admin"}"#,
    json!([{"pointer": "/email", "detail": "invalid type: integer `7`, expected a string"}]))]
#[case::unknown_choice(r#"{"email": "", "role": "king"}"#,
    json!([{"pointer": "/role", "detail": "unknown variant `king`, expected `viewer` or `admin`"}]))]
#[case::unknown_fields(r#"{"email": "", "role": "admin", "a/~": 1, "tags": [{"name": "a"}, {"name": "b", "color": 1}]}"#,
    json!([{"pointer": "/a~1~0", "detail": "unknown field"}, {"pointer": "/tags/1/color", "detail": "unknown field"}]))]
#[case::unknown_and_wrong(r#"{"x": 1, "email": [], "role": "viewer"}"#,
    json!([{"pointer": "/x", "detail": "unknown field"}, {"pointer": "/email", "detail": "invalid type: sequence, expected a string"}]))]
#[case::no_object("[1]", json!([{"pointer": "/0", "detail": "invalid type: integer `1`, expected a string"}]))]
#[actix_web::test]
async fn an_invalid_field_is_named_by_a_pointer(#[case] sent: &str, #[case] errors: Value) {
    let body = problem_of(trial(post("/invite", sent)).await, ProblemKind::InvalidField).await;

    assert_eq!(body["errors"], errors);
}

#[actix_web::test]
async fn a_body_of_the_largest_size_is_taken() {
    let frame = "{\"depth\":1}";
    let body = format!("{}{frame}", " ".repeat(MAX_BODY_BYTES - frame.len()));

    assert_eq!(trial(post("/options", body)).await.status(), StatusCode::OK);
}

#[rstest]
#[case::absent(TestRequest::post().uri("/maybe"), StatusCode::OK)]
#[case::there(post("/maybe", "{\"depth\":3}"), StatusCode::OK)]
#[case::there_without_media_type(TestRequest::post().uri("/maybe").set_payload("{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE)]
#[case::there_and_invalid(post("/maybe", "{\"depth\":300}"), StatusCode::UNPROCESSABLE_ENTITY)]
#[actix_web::test]
async fn an_optional_body_may_be_absent_but_not_invalid(#[case] request: TestRequest, #[case] status: StatusCode) {
    assert_eq!(trial(request).await.status(), status);
}

#[rstest]
#[case(Method::POST)]
#[case(Method::DELETE)]
#[case(Method::OPTIONS)]
#[actix_web::test]
async fn another_method_is_refused_with_those_that_are_taken(#[case] method: Method) {
    let response = trial(TestRequest::with_uri("/large").method(method)).await;

    assert_eq!(header(response.headers(), "allow"), Some("GET, HEAD"));
    problem_of(response, ProblemKind::MethodNotAllowed).await;
}

/// A layer that lets nobody in.
async fn refuse(_: ServiceRequest, _: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    Err(Problem::new(ProblemKind::NotReady).into())
}

/// Head and body of the answer to a GET over a real socket, where actix itself turns errors into answers.
async fn get_over_socket(path: &str) -> (String, Value) {
    let with_refusing_layer = |config: &mut ServiceConfig| {
        trials(config);
        config.service(web::resource("/guarded").wrap(from_fn(refuse)).to(HttpResponse::Ok));
    };
    let server = HttpServer::new(move || app_over(edge(true), with_refusing_layer))
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    let running = rt::spawn(server);
    let request = format!("GET {path} HTTP/1.1\r\nHost: cortex\r\nConnection: close\r\n\r\n");
    let answer = rt::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    handle.stop(true).await;
    running.await.unwrap().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), serde_json::from_str(body).unwrap())
}

#[rstest]
#[case::panic("/panic", ProblemKind::Internal)]
#[case::refused_by_an_inner_layer("/guarded", ProblemKind::NotReady)]
#[actix_web::test]
async fn what_never_became_an_answer_is_a_problem_too(#[case] path: &str, #[case] kind: ProblemKind) {
    let (head, body) = get_over_socket(path).await;

    assert!(head.starts_with(&format!("http/1.1 {}", kind.status().as_u16())), "{head}");
    for line in [
        format!("content-type: {PROBLEM_JSON}"),
        format!("x-request-id: {MADE_ID}"),
        "x-content-type-options: nosniff".to_owned(),
        "strict-transport-security: max-age=31536000".to_owned(),
    ] {
        assert!(head.contains(&line), "{line} in {head}");
    }
    assert_eq!(body["code"], kind.code());
    assert_eq!(body["instance"], format!("urn:request:{MADE_ID}"));
    assert!(!body.to_string().contains("of lines"), "{body}");
}
