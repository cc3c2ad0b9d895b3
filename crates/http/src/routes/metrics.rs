//! `/metrics`: what there is to be measured of the process, for Prometheus.
//!
//! It stands beside the table of routes, as not every deployment has it, and is no part of the API that clients program
//! against.

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::edge::METRICS;
use crate::endpoint::{Access, Endpoint};
use crate::gate::bearer_token;
use crate::problem::{Problem, ProblemKind};
use crate::watch::Metrics;

/// The text format that every scraper reads.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where it is.
pub(super) fn endpoint() -> Endpoint {
    Endpoint::at(METRICS).get(Access::Open, metrics)
}

async fn metrics(request: HttpRequest, metrics: Data<Metrics>) -> Result<HttpResponse, Problem> {
    if let Some(token) = &metrics.token
        && !bearer_token(request.headers()).is_ok_and(|shown| is_right(shown, token))
    {
        return Err(Problem::new(ProblemKind::Unauthenticated).detail("Metrics ask for their own bearer token."));
    }
    let text = metrics.source.render().await;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, HeaderValue::from_static(TEXT_FORMAT))).body(text))
}

/// Digests are compared, in constant time: neither how long the token is nor how much of it was right shows in how long
/// that takes.
fn is_right(shown: &str, token: &SecretString) -> bool {
    let digest = |text: &str| Sha256::digest(text);
    digest(shown).ct_eq(&digest(token.expose_secret())).into()
}
