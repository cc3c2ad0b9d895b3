//! The HTTP API on actix-web: routes, what requests and answers look like, and what failures look like.
//!
//! - [`app`]: the whole API over its [`Services`]; `cortex serve` runs it and tests call it.
//! - [`problem`]: the closed table of failures. Every failure of every route is one of them, those of extractors, of
//!   unknown addresses and of panics too.
//! - [`extract`]: how handlers take bodies.
//! - [`health`]: what the process needs to be of use.
//!
//! A handler turns a request into a call of a use case and its outcome into an answer. Not here: decisions, SQL, calls to
//! other services; no adapter is in reach.
//!
//! # Adding a route
//!
//! Write the handler and its DTOs in `routes/<resource>.rs`, name it with its methods in an `Endpoint` there, and put the
//! use case it needs into [`Services`]. A failure that clients should be able to tell apart gets a line in
//! [`problem::ProblemKind`].

mod edge;
mod endpoint;
pub mod extract;
pub mod health;
pub mod problem;
mod request_id;
mod routes;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, Error};
use cortex_kernel::IdGenerator;

use edge::Edge;
use health::Health;

/// What the routes call. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// What the process needs to be of use.
    pub health: Arc<Health>,
    /// Where request ids come from.
    pub ids: Arc<dyn IdGenerator>,
}

/// What of the deployment shows in answers.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether browsers are told to come by HTTPS only.
    pub strict_transport: bool,
}

/// Largest body of a request, in bytes, but for uploads.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The whole API.
#[must_use]
pub fn app(
    services: Services,
    settings: Settings,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let edge = Edge { ids: Arc::clone(&services.ids), settings };
    app_over(edge, routes::register(services))
}

/// What is true of every route, around any routes.
fn app_over(
    edge: Edge,
    routes: impl FnOnce(&mut ServiceConfig),
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(web::Data::new(edge))
        .configure(extract::configure)
        .configure(routes)
        .default_service(web::to(routes::nothing_here))
        // The last one is the outermost.
        .wrap(from_fn(edge::spare_event_streams))
        .wrap(Compress::default())
        .wrap(from_fn(edge::answer))
}
