//! The name of one request, on every surface where it shows.

use std::fmt;
use std::sync::Arc;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use cortex_kernel::IdGenerator;

/// The id of a request: the caller's own where it is sane, else a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(Arc<str>);

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MIN_LENGTH: usize = 8;
const MAX_LENGTH: usize = 128;

impl RequestId {
    pub(crate) fn of(headers: &HeaderMap, ids: &dyn IdGenerator) -> Self {
        let given = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|text| is_sane(text));
        Self(given.map_or_else(|| ids.new_uuid().to_string().into(), Into::into))
    }

    /// As the `instance` of a problem.
    pub(crate) fn urn(&self) -> String {
        format!("urn:request:{self}")
    }

    pub(crate) fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("letters, digits and three signs fit into a header")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether an id can stand in a log line and a header without doing harm there.
fn is_sane(text: &str) -> bool {
    (MIN_LENGTH..=MAX_LENGTH).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
