//! Failures as clients see them: RFC 9457, `application/problem+json`.
//!
//! A [`Problem`] has two audiences. Kind, detail, invalid fields and members were written for the client; the source is
//! for the log, and no way leads from it into an answer.

mod kind;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use cortex_ingestion::ports::BlobError;
use cortex_kernel::StoreError;
use serde::Serialize;
use serde_json::Value;

pub use kind::ProblemKind;

/// A failure.
#[derive(Debug)]
pub struct Problem {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    invalid_fields: Vec<InvalidField>,
    members: Vec<(&'static str, Value)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// A field of a body that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvalidField {
    /// Where it is in the body: a JSON pointer (RFC 6901), empty for the body as a whole.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Seconds after which a client may try again what failed because something was away.
const DEFAULT_RETRY_AFTER: u64 = 5;

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    type_uri: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    code: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [InvalidField],
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(flatten)]
    members: Members<'a>,
}

struct Members<'a>(&'a [(&'static str, Value)]);

impl Problem {
    /// A problem with the detail of its kind.
    #[must_use]
    pub fn new(kind: ProblemKind) -> Self {
        let problem = Self {
            kind,
            detail: Cow::Borrowed(kind.meaning()),
            invalid_fields: Vec::new(),
            members: Vec::new(),
            headers: Vec::new(),
            source: None,
        };
        match kind {
            // RFC 9110, section 15.5.2: who must prove who he is, is told how.
            ProblemKind::Unauthenticated => problem.challenge("Bearer"),
            ProblemKind::AdminSessionRequired => problem.challenge("X-Admin-Session"),
            ProblemKind::WrongPin => problem.challenge("PIN"),
            ProblemKind::InvalidSignature => problem.challenge("X-Nango-Hmac-Sha256"),
            _ if kind.status() == StatusCode::SERVICE_UNAVAILABLE => problem.retry_after(DEFAULT_RETRY_AFTER),
            _ => problem,
        }
    }

    /// Says what happened, for the client: never what a database or another service said.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Names a field that cannot be taken.
    #[must_use]
    pub fn invalid_field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.invalid_fields.push(InvalidField { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// Adds a member beside the usual ones.
    #[must_use]
    pub fn member(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says after how many seconds another try makes sense.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Says which methods an address takes.
    #[must_use]
    pub fn allow(self, methods: HeaderValue) -> Self {
        self.header(ALLOW, methods)
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// What happened, as the client is told.
    pub(crate) fn told(&self) -> &str {
        &self.detail
    }

    /// The body of the answer. `instance` names the occurrence; `message` is the detail once more, where clients look for
    /// it there.
    pub(crate) fn body(&self, instance: Option<&str>, tells_message: bool) -> Vec<u8> {
        let body = Body {
            type_uri: self.kind.type_uri(),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            instance,
            code: self.kind.code(),
            errors: &self.invalid_fields,
            message: tells_message.then_some(&*self.detail),
            members: Members(&self.members),
        };
        serde_json::to_vec(&body).expect("texts, numbers and JSON values can be written")
    }

    /// A failure that came from the framework, of which only the status is worth telling.
    pub(crate) fn of_foreign(error: &actix_web::Error) -> Self {
        Self::new(ProblemKind::of_status(error.as_response_error().status_code())).caused_by(error.to_string())
    }

    fn challenge(self, scheme: &'static str) -> Self {
        self.header(WWW_AUTHENTICATE, HeaderValue::from_static(scheme))
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.retain(|(taken, _)| *taken != name);
        self.headers.push((name, value));
        self
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let kind = if error.is_transient() { ProblemKind::Unavailable } else { ProblemKind::Internal };
        Self::new(kind).caused_by(error)
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Self {
        let kind = match error {
            BlobError::Unavailable(_) => ProblemKind::Unavailable,
            BlobError::Broken(_) => ProblemKind::Internal,
        };
        Self::new(kind).caused_by(error)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.detail)
    }
}

impl StdError for Problem {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    /// The answer without `instance`, which only the edge of the API knows and adds.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.kind.status());
        for header in &self.headers {
            response.insert_header(header.clone());
        }
        response.insert_header((CONTENT_TYPE, PROBLEM_JSON)).body(self.body(None, false))
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use serde_json::json;

    use super::*;

    #[test]
    fn the_body_is_written_for_the_client_alone() {
        let problem = Problem::new(ProblemKind::InvalidField)
            .detail("The e-mail address is not usable.")
            .invalid_field("/email", "not an address")
            .member("message", "Check the address.")
            .caused_by(io::Error::other("connection to 10.0.0.7 lost"));

        let body: Value = serde_json::from_slice(&problem.body(Some("urn:request:abcdefgh"), false)).unwrap();

        let expected = json!({
            "type": "urn:cortex:problem:invalid_field",
            "title": "Invalid field",
            "status": 422,
            "detail": "The e-mail address is not usable.",
            "instance": "urn:request:abcdefgh",
            "code": "invalid_field",
            "errors": [{"pointer": "/email", "detail": "not an address"}],
            "message": "Check the address.",
        });
        assert_eq!(body, expected);
        assert_eq!(problem.source().unwrap().to_string(), "connection to 10.0.0.7 lost");
        assert!(!problem.to_string().contains("10.0.0.7"));
    }

    #[test]
    fn who_must_prove_himself_is_told_how() {
        for kind in ProblemKind::ALL.iter().filter(|kind| kind.status() == StatusCode::UNAUTHORIZED) {
            assert!(Problem::new(*kind).error_response().headers().contains_key(WWW_AUTHENTICATE), "{kind:?}");
        }
    }

    #[test]
    fn what_is_away_can_be_asked_for_again() {
        for kind in ProblemKind::ALL.iter().filter(|kind| kind.status() == StatusCode::SERVICE_UNAVAILABLE) {
            let header = |problem: Problem| problem.error_response().headers().get(RETRY_AFTER).cloned();
            assert_eq!(header(Problem::new(*kind)).unwrap(), "5");
            assert_eq!(header(Problem::new(*kind).retry_after(60)).unwrap(), "60");
        }
    }
}
