//! All addresses of the API.

mod health;

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig};

use crate::Services;
use crate::problem::{Problem, ProblemKind};

/// Registers every route. `Services` is taken apart by name, so that none is forgotten.
pub(crate) fn register(services: Services) -> impl FnOnce(&mut ServiceConfig) {
    let Services { health, ids: _ } = services;
    move |config| {
        config.app_data(Data::from(health));
        health::register(config);
    }
}

/// Answers for every address that is none.
pub(crate) async fn nothing_here() -> Result<HttpResponse, Problem> {
    Err(Problem::new(ProblemKind::NotFound).detail("There is nothing at this address."))
}
