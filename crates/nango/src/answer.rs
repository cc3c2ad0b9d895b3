//! From an HTTP answer to what was asked for, or to an error.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::complaint::Complaint;
use crate::error::NangoError;

/// Longest answer that is read where nobody says otherwise, in bytes.
const MAX_LENGTH: usize = 1024 * 1024;

/// Longest wait that is believed. Nango's window is a minute; whatever stands in front of it may ask for more, and a
/// wrong number must not stop the work for good. Asking again after that costs one call.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(10);

/// An answer as it came, of whatever status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    is_json: bool,
    retry_after: Option<Duration>,
    /// The server's clock, to the second, where it tells it (RFC 9110, section 6.6.1).
    pub(crate) date: Option<OffsetDateTime>,
    body: Vec<u8>,
}

impl Answer {
    /// Takes an answer in.
    pub(crate) async fn of(response: Response) -> Result<Self, NangoError> {
        Self::up_to(response, MAX_LENGTH).await
    }

    /// Takes an answer in, of at most `longest` bytes where it is what was asked for.
    pub(crate) async fn up_to(response: Response, longest: usize) -> Result<Self, NangoError> {
        let (status, headers) = (response.status(), response.headers());
        let (is_json, retry_after, date) = (is_json(headers), retry_after(headers), date(headers));
        let longest = if status == StatusCode::OK { longest } else { MAX_LENGTH };
        Ok(Self { status, is_json, retry_after, date, body: bounded_body(response, longest).await? })
    }

    /// What it says.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, NangoError> {
        if self.is_json { parse(&self.body) } else { Err(NangoError::NotJson) }
    }

    /// The body as it came.
    pub(crate) fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The body of an answer that is no success: for what only a provider says.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// How long it asks to wait.
    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What it says is wrong.
    pub(crate) fn complaint(&self) -> Complaint {
        Complaint::read(&self.body)
    }

    /// How long Nango asks to wait in its own name. Its proxy passes on a provider's 429 too, which may be about one
    /// person's account and is not about our calls to Nango.
    pub(crate) fn nangos_own_wait(&self) -> Option<Duration> {
        let is_nangos = self.status == StatusCode::TOO_MANY_REQUESTS && self.complaint().is_code("too_many_request");
        self.retry_after.filter(|_| is_nangos)
    }

    /// That it is not what was asked for.
    pub(crate) fn into_refusal(self) -> NangoError {
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            return NangoError::Throttled { retry_after: self.retry_after };
        }
        refusal(self.status, self.complaint())
    }
}

/// How long a 429 asks to wait.
pub(crate) fn asked_to_wait(response: &Response) -> Option<Duration> {
    if response.status() == StatusCode::TOO_MANY_REQUESTS { retry_after(response.headers()) } else { None }
}

/// Reads an answer of status `expected`.
pub(crate) async fn read<T: DeserializeOwned>(response: Response, expected: StatusCode) -> Result<T, NangoError> {
    read_up_to(response, expected, MAX_LENGTH).await
}

/// Reads an answer of status `expected` and of at most `longest` bytes.
pub(crate) async fn read_up_to<T: DeserializeOwned>(
    response: Response,
    expected: StatusCode,
    longest: usize,
) -> Result<T, NangoError> {
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(NangoError::Throttled { retry_after: retry_after(response.headers()) });
    }
    let is_json = is_json(response.headers());
    let body = bounded_body(response, if status == expected { longest } else { MAX_LENGTH }).await;
    if status != expected {
        // The status counts, whatever became of the body.
        let complaint = body.map(|body| Complaint::read(&body)).unwrap_or_default();
        return Err(refusal(status, complaint));
    }
    let body = body?;
    if !is_json {
        return Err(NangoError::NotJson);
    }
    parse(&body)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, NangoError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| NangoError::unreadable(&error))?;
    json.end().map_err(|_| NangoError::Cut)?;
    Ok(read)
}

fn refusal(status: StatusCode, complaint: Complaint) -> NangoError {
    let code = status.as_u16();
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => NangoError::KeyRefused { status: code, complaint },
        _ if status.is_server_error() => NangoError::Failing { status: code, complaint },
        _ => NangoError::Unexpected { status: code, complaint },
    }
}

async fn bounded_body(mut response: Response, longest: usize) -> Result<Vec<u8>, NangoError> {
    // What says that it is too long is not begun with.
    let said = response.content_length().and_then(|said| usize::try_from(said).ok());
    if said.is_some_and(|said| said > longest) {
        return Err(NangoError::TooLong);
    }
    let mut body = Vec::with_capacity(said.unwrap_or_default());
    while let Some(chunk) = response.chunk().await.map_err(NangoError::unreachable)? {
        if body.len() + chunk.len() > longest {
            return Err(NangoError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A path that does not exist is answered with Nango's dashboard, status 200.
fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json"))
}

/// Whole seconds. The other form of the header, a date, is not used by Nango.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

fn date(headers: &HeaderMap) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(headers.get(DATE)?.to_str().ok()?, &Rfc2822).ok()
}
