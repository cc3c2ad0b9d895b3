//! The endpoints, a file each.

mod browser;
mod connection_read;
mod connection_write;
mod connections_list;
mod control;
mod forward;
mod integrations;
mod metadata;
mod proxy;
mod records;
mod session_body;
mod sessions;
mod syncs;
mod tags;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::{self, Data, ReqData};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::json;

use super::error::ApiError;
use super::gate::{Caller, JsonBody};
use super::state::State;
use crate::html;

pub(super) use connection_write::Imported;

/// What a handler answers.
type Answer = Result<HttpResponse, ApiError>;
type Shared = Data<Arc<State>>;
type Body = ReqData<JsonBody>;
type By = ReqData<Caller>;

/// Registers everything.
pub(super) fn all(config: &mut web::ServiceConfig) {
    config
        .route("/health", web::get().to(well))
        .route("/ready", web::get().to(well))
        .configure(sessions::routes)
        .configure(connections_list::routes)
        .configure(metadata::routes)
        .configure(connection_read::routes)
        .configure(connection_write::routes)
        .configure(syncs::routes)
        .configure(records::routes)
        .configure(proxy::routes)
        .configure(integrations::routes)
        .configure(forward::routes)
        .configure(browser::routes)
        .configure(control::routes)
        .default_service(web::to(elsewhere));
}

async fn well() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "result": "ok" }))
}

/// Any other GET gets the dashboard's page, not an error.
async fn elsewhere(request: HttpRequest) -> HttpResponse {
    if request.method() == Method::GET {
        let page = html::page("Nango stand-in", "<p>There is no dashboard here. The API is at work.</p>");
        return HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page);
    }
    ApiError::because(404, "not_found", "There is no such endpoint").error_response()
}
