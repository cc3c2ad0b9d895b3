//! Error answers, in the two shapes that a client meets: those of Auth, and those of the gateway before it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};

use crate::random;

/// `{"code": 422, "error_code": "email_exists", "msg": "…"}`; from 500 up with an `error_id`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub(super) struct AuthError {
    status: u16,
    code: &'static str,
    message: String,
    weak_password: bool,
}

impl AuthError {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), weak_password: false }
    }

    pub(super) fn unexpected(message: impl Into<String>) -> Self {
        Self::new(500, "unexpected_failure", message)
    }

    pub(super) fn bad_jwt(reason: &str) -> Self {
        Self::new(403, "bad_jwt", format!("invalid JWT: unable to parse or verify signature, {reason}"))
    }

    pub(super) fn email_exists() -> Self {
        Self::new(422, "email_exists", "A user with this email address has already been registered")
    }

    pub(super) fn weak_password() -> Self {
        let error = Self::new(422, "weak_password", "Password should be at least 6 characters.");
        Self { weak_password: true, ..error }
    }

    fn body(&self) -> Value {
        let mut body = json!({ "code": self.status, "error_code": self.code, "msg": self.message });
        if self.status >= 500 {
            body["error_id"] = json!(random::hex(8));
        }
        if self.weak_password {
            body["weak_password"] = json!({ "reasons": ["length"] });
        }
        body
    }
}

impl ResponseError for AuthError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(self.body())
    }
}

/// The gateway's 401 to a request without a key.
pub(super) fn no_api_key() -> HttpResponse {
    HttpResponse::Unauthorized().json(json!({
        "message": "No API key found in request",
        "hint": "No `apikey` request header or url param was found.",
    }))
}

/// The gateway's 401 to a key that it does not know.
pub(super) fn invalid_api_key() -> HttpResponse {
    HttpResponse::Unauthorized().json(json!({ "message": "Invalid API key", "hint": "Double check your API key." }))
}
