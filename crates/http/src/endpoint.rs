//! An address, the methods it takes, who may call them and how often.

use actix_web::body::BoxBody;
use actix_web::dev::{Handler, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, FromRequest, HttpMessage, HttpResponse, Responder, Route, guard};
use cortex_identity::model::Role;

use crate::problem::{Problem, ProblemKind};
use crate::rate_limit::{self, RateClass};
use crate::{admin_gate, gate};

/// Who may call a method of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody; where it needs protection, the handler has its own.
    Open,
    /// Members of the company with at least this role.
    Member(Role),
    /// Admins, who come with a session of the admin panel.
    Admin,
}

/// An address under construction. Every route of the API is made by it, so that what must hold of all of them has one
/// place: that nothing can be called of which nobody said who may, and that another method is refused with the list of
/// those that are taken.
pub(crate) struct Endpoint {
    paths: Vec<&'static str>,
    connects: bool,
    accesses: Vec<(Method, Access)>,
    routes: Vec<Route>,
    tells_message: bool,
}

/// The canonical template of an address, on every request that found its way to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RouteTemplate(pub(crate) &'static str);

/// Stands in the extensions of a request whose failures repeat their detail as `message`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TellsMessage;

impl Endpoint {
    pub(crate) fn at(path: &'static str) -> Self {
        Self { paths: vec![path], connects: false, accesses: Vec::new(), routes: Vec::new(), tells_message: false }
    }

    /// Repeats the detail of every failure as `message`, those of the gate too: clients of this address look there.
    pub(crate) fn telling_message(mut self) -> Self {
        self.tells_message = true;
        self
    }

    /// Answers at a further address, which older clients call.
    pub(crate) fn also_at(mut self, path: &'static str) -> Self {
        self.paths.push(path);
        self
    }

    /// Says, before any method, that each of them begins a connect: they count towards the limit of connects, and not
    /// towards that of reading or writing as the methods of other addresses do.
    pub(crate) fn begins_connects(mut self) -> Self {
        debug_assert!(self.accesses.is_empty(), "methods that were added before would count elsewhere");
        self.connects = true;
        self
    }

    /// Answers GET, and HEAD with the same head and no body; where a connect begins only GET, as looking begins nothing.
    pub(crate) fn get<F, Args>(self, access: Access, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let route =
            if self.connects { web::get() } else { web::route().guard(guard::Any(guard::Get()).or(guard::Head())) };
        self.take(Method::GET, access, route.to(handler))
    }

    /// Answers POST.
    pub(crate) fn post<F, Args>(self, access: Access, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.take(Method::POST, access, web::post().to(handler))
    }

    /// Answers PUT.
    pub(crate) fn put<F, Args>(self, access: Access, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.take(Method::PUT, access, web::put().to(handler))
    }

    /// Answers PATCH.
    pub(crate) fn patch<F, Args>(self, access: Access, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.take(Method::PATCH, access, web::patch().to(handler))
    }

    /// Answers DELETE.
    pub(crate) fn delete<F, Args>(self, access: Access, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.take(Method::DELETE, access, web::delete().to(handler))
    }

    /// The addresses, and who may call which method.
    pub(crate) fn declared(&self) -> (&[&'static str], &[(Method, Access)]) {
        (&self.paths, &self.accesses)
    }

    pub(crate) fn register(self, config: &mut ServiceConfig) {
        let mut names = Vec::new();
        for (method, _) in &self.accesses {
            names.push(method.as_str());
            if *method == Method::GET && !self.connects {
                names.push(Method::HEAD.as_str());
            }
        }
        let allow = HeaderValue::from_str(&names.join(", ")).expect("names of methods are letters");
        let refuse = web::to(move || {
            let problem = Problem::new(ProblemKind::MethodNotAllowed).allow(allow.clone());
            async move { Err::<HttpResponse, _>(problem) }
        });
        let template = RouteTemplate(self.paths.first().copied().expect("an address is what it begins with"));
        let resource = self.routes.into_iter().fold(web::resource(self.paths), actix_web::Resource::route);
        let resource = resource.app_data(template).default_service(refuse);
        if self.tells_message {
            config.service(resource.wrap(from_fn(tell_message)));
        } else {
            config.service(resource);
        }
    }

    fn take(mut self, method: Method, access: Access, route: Route) -> Self {
        let class = if self.connects { RateClass::Connect } else { RateClass::of(&method) };
        self.accesses.push((method, access));
        self.routes.push(match access {
            Access::Open => route,
            Access::Admin => route.wrap(from_fn(admin_gate::admit)),
            // The last one is the outermost.
            Access::Member(least) => route
                .wrap(from_fn(move |request, next| rate_limit::limit(class, request, next)))
                .wrap(from_fn(move |request, next| gate::admit(least, request, next))),
        });
        self
    }
}

async fn tell_message(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    request.extensions_mut().insert(TellsMessage);
    next.call(request).await
}
