//! From an HTTP answer to what was asked for, or to an error.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::complaint::Complaint;
use crate::error::NangoError;

/// Longest answer that is read, in bytes.
const MAX_LENGTH: usize = 1024 * 1024;

/// Longest wait that is believed. Nango's window is a minute.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Reads an answer of status `expected`.
pub(crate) async fn read<T: DeserializeOwned>(response: Response, expected: StatusCode) -> Result<T, NangoError> {
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(NangoError::Throttled { retry_after: retry_after(response.headers()) });
    }
    let is_json = is_json(response.headers());
    let body = bounded_body(response).await;
    if status != expected {
        // The status counts, whatever became of the body.
        let complaint = body.map(|body| Complaint::read(&body)).unwrap_or_default();
        return Err(refusal(status, complaint));
    }
    let body = body?;
    if !is_json {
        return Err(NangoError::NotJson);
    }
    let mut json = serde_json::Deserializer::from_slice(&body);
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

async fn bounded_body(mut response: Response) -> Result<Vec<u8>, NangoError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(NangoError::unreachable)? {
        if body.len() + chunk.len() > MAX_LENGTH {
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
