//! Which web sites may call the API from a browser.
//!
//! Only the origins that the deployment names, letter by letter. Without one there is nothing of this in any answer. No
//! cookies: a token is all that lets anybody in, and a page has to put it into the request itself.
//!
//! The layer stands outside everything that can refuse, so that a page can read why it was refused, and inside of what
//! names and secures every answer, which preflights are as well. A preflight is answered without looking for a token:
//! browsers send none with it.

use actix_cors::Cors;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, VARY,
    WWW_AUTHENTICATE,
};
use actix_web::middleware::Next;

use crate::rate_limit::{RATELIMIT_LIMIT, RATELIMIT_REMAINING, RATELIMIT_RESET};
use crate::request_id::X_REQUEST_ID;

/// How long a browser may remember what a preflight said, in seconds. Browsers themselves allow two hours at most.
const MAX_AGE: usize = 3600;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const X_ADMIN_SESSION: HeaderName = HeaderName::from_static("x-admin-session");

/// What caches have to tell apart where origins are named.
const VARIES: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// The layer for these origins, spelled as browsers spell them.
pub(crate) fn layer(origins: &[String]) -> Cors {
    origins
        .iter()
        .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
        .allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allowed_headers([
            ACCEPT,
            AUTHORIZATION,
            CONTENT_TYPE,
            IDEMPOTENCY_KEY,
            LAST_EVENT_ID,
            X_ADMIN_SESSION,
            X_REQUEST_ID,
        ])
        .expose_headers([
            CONTENT_DISPOSITION,
            LOCATION,
            RATELIMIT_LIMIT,
            RATELIMIT_REMAINING,
            RATELIMIT_RESET,
            RETRY_AFTER,
            WWW_AUTHENTICATE,
            X_REQUEST_ID,
        ])
        .max_age(MAX_AGE)
        // A stranger's request is answered like one without a browser; his browser hides the answer from the page.
        .block_on_origin_mismatch(false)
}

/// Says of refused preflights too what they depend on, which the layer itself forgets.
pub(crate) async fn vary<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let is_preflight = *request.method() == Method::OPTIONS;
    let mut response = next.call(request).await?;
    if is_preflight && !response.headers().contains_key(VARY) {
        response.headers_mut().insert(VARY, HeaderValue::from_static(VARIES));
    }
    Ok(response)
}
