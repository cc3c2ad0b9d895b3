//! Error answers of the API.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// `{"error": {"code", "message"?, "errors"?, "payload"?}}` with its status.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{status} {body}")]
pub(super) struct ApiError {
    status: u16,
    body: Box<Value>,
    retry_after_seconds: Option<u64>,
}

/// One finding of a validation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Issue {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) path: Vec<String>,
}

impl ApiError {
    pub(super) fn new(status: u16, code: &str) -> Self {
        Self { status, body: Box::new(json!({ "error": { "code": code } })), retry_after_seconds: None }
    }

    pub(super) fn because(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self::new(status, code).with("message", json!(message.into()))
    }

    /// A failed validation of `invalid_body`, `invalid_query_params`, `invalid_headers` or `invalid_uri_params`.
    pub(super) fn invalid(code: &str, issues: &[Issue]) -> Self {
        Self::new(400, code).with("errors", json!(issues))
    }

    /// An answer without an `error` object.
    pub(super) fn bare(status: u16, body: Value) -> Self {
        Self { status, body: Box::new(body), retry_after_seconds: None }
    }

    pub(super) fn with(mut self, key: &str, value: Value) -> Self {
        if let Some(error) = self.body["error"].as_object_mut() {
            error.insert(key.to_owned(), value);
        }
        self
    }

    pub(super) fn payload(self, payload: Value) -> Self {
        self.with("payload", payload)
    }

    pub(super) fn empty_payload(self) -> Self {
        self.payload(Value::Object(Map::new()))
    }

    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.json(&self.body)
    }
}

/// The body that a fault's status answers with.
pub(super) fn fault_body(status: u16) -> Value {
    let code = match status {
        429 => "too_many_request",
        401 => "unknown_account",
        403 => "forbidden",
        404 => "not_found",
        424 => "invalid_credentials",
        _ => "server_error",
    };
    json!({ "error": { "code": code, "message": "trouble was asked for" } })
}
