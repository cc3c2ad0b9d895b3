//! An address and the methods it takes.

use actix_web::dev::Handler;
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, HttpResponse, Resource, Responder, guard};

use crate::problem::{Problem, ProblemKind};

/// An address under construction. Every route of the API is made by it, so that what must hold of all of them has one
/// place: now that another method is refused with the list of those that are taken.
pub(crate) struct Endpoint {
    resource: Resource,
    methods: Vec<Method>,
}

impl Endpoint {
    pub(crate) fn at(path: &str) -> Self {
        Self { resource: web::resource(path), methods: Vec::new() }
    }

    /// Answers GET, and HEAD with the same head and no body.
    pub(crate) fn get<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let either = guard::Any(guard::Get()).or(guard::Head());
        self.resource = self.resource.route(web::route().guard(either).to(handler));
        self.methods.extend([Method::GET, Method::HEAD]);
        self
    }

    pub(crate) fn register(self, config: &mut ServiceConfig) {
        let names: Vec<_> = self.methods.iter().map(Method::as_str).collect();
        let allow = HeaderValue::from_str(&names.join(", ")).expect("names of methods are letters");
        let refuse = web::to(move || {
            let problem = Problem::new(ProblemKind::MethodNotAllowed).allow(allow.clone());
            async move { Err::<HttpResponse, _>(problem) }
        });
        config.service(self.resource.default_service(refuse));
    }
}
