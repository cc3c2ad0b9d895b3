//! Bodies at their bounds: in bytes, in time, in depth, in number of entries.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::{self, TestRequest};
use actix_web::web::{self, Bytes, ServiceConfig};
use cortex_identity::model::Role;
use futures_util::stream;
use rstest::rstest;
use serde_json::Value;

use super::stage::{as_role, call, services};
use super::{assert_secured, edge, post, problem_of, trial};
use crate::extract::{BodyPatience, Json, OptionalJson, Raw};
use crate::problem::ProblemKind;
use crate::{MAX_BODY_BYTES, app_over};

fn nested(levels: usize) -> String {
    let inner = levels - 1;
    format!("{{\"metadata\":{}{}}}", "[".repeat(inner), "]".repeat(inner))
}

#[rstest]
#[case::at_the_bound(nested(64))]
#[case::brackets_in_a_text(format!("{{\"metadata\":\"{}\"}}", "[".repeat(1_000)))]
#[case::brackets_after_an_escaped_quote(format!("{{\"metadata\":\"\\\"{}\"}}", "[{".repeat(1_000)))]
#[case::after_an_escaped_backslash("{\"metadata\":\"\\\\\"}".to_owned())]
#[case::many_beside_each_other(format!("{{\"metadata\":[{}[]]}}", "[],".repeat(10_000)))]
#[actix_web::test]
async fn depth_is_how_many_are_open_at_once(#[case] body: String) {
    assert_eq!(trial(post("/options", body)).await.status(), StatusCode::OK);
}

#[rstest]
#[case::one_level_more(nested(65))]
#[case::where_nobody_looks(nested(65).replace("metadata", "unknown"))]
#[case::never_closed("[".repeat(MAX_BODY_BYTES))]
#[case::objects("{\"a\":".repeat(100_000))]
#[actix_web::test]
async fn what_is_nested_too_deep_is_refused_by_name(#[case] body: String) {
    for path in ["/options", "/maybe"] {
        let problem = problem_of(trial(post(path, body.clone())).await, ProblemKind::MalformedJson).await;

        assert_eq!(problem["detail"], "The body is nested deeper than 64 levels.");
    }
}

#[actix_web::test]
async fn a_list_that_fills_the_largest_body_is_taken_and_one_byte_more_is_not() {
    let frame = "{\"metadata\":[0]}".len();
    let largest = format!("{{\"metadata\":[{}0]}}", "0,".repeat((MAX_BODY_BYTES - frame) / 2));
    let largest = format!("{largest}{}", " ".repeat(MAX_BODY_BYTES - largest.len()));
    let larger = format!("{largest} ");

    assert_eq!(trial(post("/options", largest)).await.status(), StatusCode::OK);
    problem_of(trial(post("/options", larger)).await, ProblemKind::PayloadTooLarge).await;
}

#[rstest]
#[case("/json")]
#[case("/maybe")]
#[case("/raw")]
#[actix_web::test]
async fn a_body_that_does_not_arrive_is_not_waited_for_forever(#[case] path: &str) {
    let routes = |config: &mut ServiceConfig| {
        config.app_data(BodyPatience(Duration::from_millis(20)));
        config.route("/json", web::post().to(|_: Json<Value>| async { HttpResponse::Ok().finish() }));
        config.route("/maybe", web::post().to(|_: OptionalJson<Value>| async { HttpResponse::Ok().finish() }));
        config.route("/raw", web::post().to(|_: Raw| async { HttpResponse::Ok().finish() }));
    };
    let app = test::init_service(app_over(edge(false), routes)).await;
    let request = TestRequest::post().uri(path).insert_header((CONTENT_TYPE, "application/json")).to_request();
    let never: std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, PayloadError>>>> =
        Box::pin(stream::pending());
    let (request, _) = request.replace_payload(Payload::from(never));

    let response = test::call_service(&app, request).await;

    assert_secured(response.headers());
    problem_of(response, ProblemKind::RequestTimeout).await;
}

#[rstest]
#[case::a_list_of_values(r#"["917364"]"#, "")]
#[case::a_list_with_blanks(" \n[\"917364\"]", "")]
#[case::a_number_for_a_text(r#"{"pin": 917364}"#, "/pin")]
#[actix_web::test]
async fn a_body_is_an_object_with_values_of_the_right_kind(#[case] body: &'static str, #[case] pointer: &str) {
    let response = call(services(), post("/admin/auth", body)).await;

    let problem = problem_of(response, ProblemKind::InvalidField).await;
    assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
}

#[rstest]
#[case::a_number("5")]
#[case::nothing("null")]
#[case::a_list(r#"["user"]"#)]
#[case::another_word(r#""king""#)]
#[actix_web::test]
async fn a_word_of_the_wrong_kind_is_named_and_the_body_is_not_called_broken(#[case] role: &str) {
    let body = format!(r#"{{"email": "new@example.com", "role": {role}}}"#);

    let response = call(services(), as_role(Role::Owner, post("/api/v1/users/invite", body))).await;

    let problem = problem_of(response, ProblemKind::InvalidField).await;
    assert_eq!(problem["errors"][0]["pointer"], "/role", "{problem}");
}
