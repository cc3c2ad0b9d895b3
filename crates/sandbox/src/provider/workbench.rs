//! Paths that no vendor has, to see what a proxy does with a request and an answer.
//!
//! `/anything…` and `/echo` show the request they got, `/status/{code}` answers that status, `/status/empty404` a 404
//! without a body, `/bytes` a small download, `/redirect` leads to `/echo`.

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use super::Vendor;
use super::api::error;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/status/empty404", web::to(|| async { HttpResponse::NotFound().finish() }))
        .route("/status/{code}", web::to(status))
        .route("/bytes", web::get().to(download))
        .route("/redirect", web::get().to(redirect))
        .route("/echo", web::to(echo))
        .default_service(web::to(anything));
}

async fn status(code: web::Path<u16>) -> HttpResponse {
    match *code {
        204 => HttpResponse::NoContent().insert_header(("x-request-id", "sandbox")).finish(),
        429 => {
            let mut response = error(Vendor::Google, 429).error_response();
            let value = actix_web::http::header::HeaderValue::from_static("7");
            response.headers_mut().insert(actix_web::http::header::RETRY_AFTER, value);
            response
        }
        code if code >= 400 => error(Vendor::Google, code).error_response(),
        code => HttpResponse::build(StatusCode::from_u16(code).unwrap_or(StatusCode::OK)).json(json!({})),
    }
}

async fn download() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header(("content-disposition", "attachment; filename=\"six.bin\""))
        .insert_header(("x-custom", "seen"))
        .body(vec![0_u8, 1, 2, 253, 254, 255])
}

async fn redirect() -> HttpResponse {
    HttpResponse::Found().insert_header(("Location", "/echo?redirected=1")).finish()
}

async fn anything(request: HttpRequest, body: Bytes) -> HttpResponse {
    if request.path().contains("/anything") {
        echo(request, body).await
    } else {
        error(Vendor::Google, 404).error_response()
    }
}

async fn echo(request: HttpRequest, body: Bytes) -> HttpResponse {
    let headers: Map<String, Value> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    let url = request.uri().path_and_query().map(ToString::to_string);
    HttpResponse::Ok().insert_header(("x-request-id", "sandbox")).insert_header(("x-custom", "seen")).json(json!({
        "echo": {
            "method": request.method().as_str(),
            "url": url,
            "headers": headers,
            "body": String::from_utf8_lossy(&body),
        }
    }))
}
