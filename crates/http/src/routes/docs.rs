//! `/docs` and `/openapi.json`: the API for people and for programs that write clients. Everything that the page shows is
//! served from here.

use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use actix_web::web::Path;
use actix_web::{HttpResponse, Responder};
use utoipa_swagger_ui::{Config, serve};

use super::openapi::document;
use crate::endpoint::{Access, Endpoint};
use crate::problem::{Problem, ProblemKind};

/// The document never changes while the process runs.
static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| document().to_json().expect("a description of texts and numbers can be written"));

const DOCUMENT_PATH: &str = "/openapi.json";

/// The page runs its own scripts and talks to nobody but this server. Its styles stand partly within its elements.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                           connect-src 'self'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'";

/// They stand beside the table: a deployment may do without them.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::at(DOCUMENT_PATH).get(Access::Open, json),
        Endpoint::at("/docs").get(Access::Open, to_page),
        Endpoint::at("/docs/{file:.*}").get(Access::Open, page),
    ]
}

async fn json() -> impl Responder {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(DOCUMENT.as_str())
}

/// The page names its parts relative to itself.
async fn to_page() -> impl Responder {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}

async fn page(file: Path<String>) -> Result<HttpResponse, Problem> {
    let config = Arc::new(Config::from(DOCUMENT_PATH).validator_url("none"));
    let found =
        serve(&file, config).map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error.to_string()))?;
    let file = found.ok_or_else(|| Problem::new(ProblemKind::NotFound))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, file.content_type))
        .insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(file.bytes.into_owned()))
}
