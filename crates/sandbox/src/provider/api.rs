//! What the vendors' APIs share: who calls, errors in each vendor's own shape, and faults.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Value, json};

use super::{Account, Provider, Vendor};
use crate::faults::{FaultKind, delay_of};

/// The account that a request's access token opens; the vendor's own 401 or 403 if none.
pub(super) fn caller(
    provider: &Provider,
    request: &HttpRequest,
    vendor: Vendor,
    scope_word: &str,
) -> Result<Account, Refused> {
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    match provider.account_of_token(token) {
        Some((account, of, scope)) if of == vendor && scope.to_lowercase().contains(scope_word) => Ok(account),
        Some(_) => Err(error(vendor, 403)),
        None => Err(error(vendor, 401)),
    }
}

/// An error as that vendor words it.
pub(super) fn error(vendor: Vendor, status: u16) -> Refused {
    Refused { vendor, status }
}

/// A vendor's error answer.
#[derive(Debug, thiserror::Error)]
#[error("{} answers {status}", vendor.label())]
pub(super) struct Refused {
    vendor: Vendor,
    status: u16,
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(error_body(self.vendor, self.status))
    }
}

/// Answers with a body that is not JSON.
pub(super) fn bytes(mime: &str, content: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type(mime).body(content)
}

/// Applies the faults that are set.
pub(super) async fn faults<B>(
    provider: web::Data<Provider>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error>
where
    B: MessageBody + 'static,
{
    let kind = provider.shared.faults.take(request.method().as_str(), request.path());
    if let Some(delay) = kind.as_ref().and_then(delay_of) {
        tokio::time::sleep(delay).await;
    }
    let vendor = vendor_of_path(request.path());
    let token_endpoint = request.path().ends_with("/token");
    let faulty = kind.and_then(|kind| {
        broken(&kind, |status| {
            if token_endpoint {
                json!({ "error": token_error(status), "error_description": "Trouble was asked for." })
            } else {
                error_body(vendor, status)
            }
        })
    });
    match faulty {
        Some(response) => Ok(request.into_response(response)),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}

/// The answer of a fault; `None` when the request goes on as usual.
pub(crate) fn broken(kind: &FaultKind, body_of: impl Fn(u16) -> Value) -> Option<HttpResponse> {
    match kind {
        FaultKind::Status { status, retry_after_seconds } => {
            let code = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = HttpResponse::build(code);
            if let Some(seconds) = retry_after_seconds {
                response.insert_header((header::RETRY_AFTER, seconds.to_string()));
            }
            Some(response.json(body_of(*status)))
        }
        FaultKind::Delay { .. } => None,
        FaultKind::Html => {
            Some(HttpResponse::Ok().content_type("text/html; charset=utf-8").body("<!doctype html><title>Oops</title>"))
        }
        FaultKind::CutJson => Some(HttpResponse::Ok().content_type("application/json").body("{\"data\":{\"tok")),
        FaultKind::Drop => Some(HttpResponse::Ok().content_type("application/json").body(BrokenOff { sent: false })),
    }
}

/// A body that announces more than it sends, so that the connection breaks off.
struct BrokenOff {
    sent: bool,
}

impl MessageBody for BrokenOff {
    type Error = std::io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(4096)
    }

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, Self::Error>>> {
        let next = if self.sent {
            Some(Err(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "broken off on demand")))
        } else {
            self.sent = true;
            Some(Ok(Bytes::from_static(b"{\"da")))
        };
        std::task::Poll::Ready(next)
    }
}

fn vendor_of_path(path: &str) -> Vendor {
    if path.starts_with("/v1.0") {
        Vendor::Microsoft
    } else if path.starts_with("/v3/company") {
        Vendor::Intuit
    } else {
        Vendor::Google
    }
}

fn token_error(status: u16) -> &'static str {
    if status < 500 { "invalid_grant" } else { "temporarily_unavailable" }
}

fn error_body(vendor: Vendor, status: u16) -> Value {
    match vendor {
        Vendor::Google => {
            let (message, name) = match status {
                400 => ("The request is not valid.", "INVALID_ARGUMENT"),
                401 => ("The credentials are not valid.", "UNAUTHENTICATED"),
                403 => ("The scopes of the token do not suffice.", "PERMISSION_DENIED"),
                404 => ("There is no such entity.", "NOT_FOUND"),
                429 => ("Too many requests.", "RESOURCE_EXHAUSTED"),
                _ => ("The backend failed.", "INTERNAL"),
            };
            json!({ "error": { "code": status, "message": message, "status": name } })
        }
        Vendor::Microsoft => {
            let (code, message) = match status {
                401 => ("InvalidAuthenticationToken", "The access token is not valid."),
                403 => ("ErrorAccessDenied", "The scopes of the token do not suffice."),
                404 => ("ErrorItemNotFound", "There is no such object."),
                429 => ("TooManyRequests", "Too many requests."),
                _ => ("ServiceNotAvailable", "The service is not available."),
            };
            json!({ "error": { "code": code, "message": message } })
        }
        Vendor::Intuit => {
            let (kind, code) = match status {
                401 => ("AUTHENTICATION", "3200"),
                403 => ("AuthorizationFault", "3100"),
                404 => ("ValidationFault", "610"),
                429 => ("THROTTLED", "3001"),
                _ => ("SystemFault", "10000"),
            };
            json!({ "fault": { "error": [{ "message": "The request failed.", "code": code }], "type": kind } })
        }
    }
}
