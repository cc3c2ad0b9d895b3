//! What is true of every request and every answer, whichever route it is for: its id, its log line, its headers, and
//! that a failure is a problem.
//!
//! It is the outermost layer. Errors of inner layers and panics end here, and here alone is the chain of causes of a
//! failure logged.

use std::any::Any;
use std::cell::Cell;
use std::error::Error as StdError;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue,
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError, web};
use cortex_kernel::IdGenerator;
use futures_util::FutureExt;
use tracing::{Instrument, Span};

use crate::Settings;
use crate::endpoint::{RouteTemplate, TellsMessage};
use crate::opening::Opening;
use crate::origin;
use crate::problem::{PROBLEM_JSON, Problem, ProblemKind};
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::watch::{self, Answered, RequestWatch};

/// What the layer works with.
pub(crate) struct Edge {
    pub(crate) ids: Arc<dyn IdGenerator>,
    pub(crate) settings: Settings,
    pub(crate) opening: Arc<Opening>,
    pub(crate) watch: Arc<dyn RequestWatch>,
}

/// What is known of a request when its answer is there.
struct Told<'a> {
    id: &'a RequestId,
    settings: &'a Settings,
    probe: bool,
    scrape: bool,
    span: &'a Span,
    method: &'static str,
    watching: Watching<'a>,
}

/// A request that is being worked on. Dropped before it was answered, its client has gone away.
struct Watching<'a> {
    watch: &'a dyn RequestWatch,
    start: Instant,
    answered: Cell<bool>,
}

/// Probes come every few seconds and are no news; a component that comes or goes is, and [`crate::health`] tells it.
pub(crate) const PROBES: &str = "/health";

/// So do those who read metrics.
pub(crate) const METRICS: &str = "/metrics";

/// The encoding that is none: whatever is marked with it the compressor leaves alone.
pub(crate) const IDENTITY: &str = "identity";

/// The outermost layer.
pub(crate) async fn answer<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let edge = web::Data::clone(request.app_data::<web::Data<Edge>>().expect("the app was made with it"));
    let id = RequestId::of(request.headers(), edge.ids.as_ref());
    origin::note(&request, &id, &edge.settings.trusted_proxies);
    // An error's span, so that no filter takes the id from a line.
    let span = tracing::error_span!(
        "request", request.id = %id, http.method = %request.method(), http.path = request.path()
    );
    let probe = request.path().starts_with(PROBES);
    let scrape = request.path() == METRICS;
    let method = watch::method_name(request.method());
    let watching = Watching::new(edge.watch.as_ref());
    edge.watch.came(&span, request.headers());

    let outcome = caught(async move { next.call(request).await }).instrument(span.clone()).await;

    let told = Told { id: &id, settings: &edge.settings, probe, scrape, span: &span, method, watching };
    // Without its request an answer can only go on as the error it is; nothing is left that could change it.
    span.in_scope(|| outcome.map(|response| told.response(response)).map_err(|error| told.error(&error)))
}

/// What comes of a call of an inner layer. A panic on the way is an error as any other, so that what outer layers add to
/// answers stands on this one too.
pub(crate) async fn caught<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|panic| {
        let text = panic_text(panic.as_ref());
        Err(Problem::new(ProblemKind::Internal).caused_by(text).into())
    })
}

/// Makes errors of panics, inside of the layers that add to errors.
pub(crate) async fn catch_panics<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    caught(async move { next.call(request).await }).await
}

/// Marks event streams as encoded, so that the compressor leaves them alone: it would hold events back.
pub(crate) async fn spare_event_streams<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    let is_stream =
        response.headers().get(CONTENT_TYPE).is_some_and(|media| media.as_bytes().starts_with(b"text/event-stream"));
    if is_stream {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(IDENTITY));
    }
    Ok(response)
}

impl Told<'_> {
    fn response<B: MessageBody + 'static>(&self, mut response: ServiceResponse<B>) -> ServiceResponse<EitherBody<B>> {
        let foreign;
        let known = response.response().error().and_then(|error| error.as_error::<Problem>());
        let problem = match known {
            Some(problem) => problem,
            None if is_bare_failure(&response) => {
                foreign = match response.response().error() {
                    Some(error) => Problem::of_foreign(error),
                    None => Problem::new(ProblemKind::of_status(response.status())),
                };
                &foreign
            }
            None => {
                self.tell(response.status(), None, route_of(&response));
                self.set_headers(response.headers_mut());
                return response.map_into_left_body();
            }
        };
        let tells_message = response.request().extensions().contains::<TellsMessage>();
        let (status, body) = (problem.status_code(), self.render(problem, tells_message, route_of(&response)));
        let (request, response) = response.into_parts();
        ServiceResponse::new(request, self.problem_response(response, status, body)).map_into_right_body()
    }

    fn error(&self, error: &Error) -> Error {
        let foreign;
        let problem = if let Some(problem) = error.as_error::<Problem>() {
            problem
        } else {
            foreign = Problem::of_foreign(error);
            &foreign
        };
        let (status, body) = (problem.status_code(), self.render(problem, false, None));
        let response = self.problem_response(error.error_response(), status, body);
        InternalError::from_response(problem.to_string(), response).into()
    }

    /// The answer with the body of a problem. What inner layers added to the head stays, but for what described the body.
    fn problem_response<B>(&self, response: HttpResponse<B>, status: StatusCode, body: Vec<u8>) -> HttpResponse {
        let mut response = response.set_body(BoxBody::new(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        self.set_headers(headers);
        response
    }

    /// The body of a problem, which is logged at this occasion.
    fn render(&self, problem: &Problem, tells_message: bool, route: Option<&'static str>) -> Vec<u8> {
        self.tell(problem.status_code(), Some(problem), route);
        problem.body(Some(&self.id.urn()), tells_message)
    }

    fn set_headers(&self, headers: &mut HeaderMap) {
        headers.insert(X_REQUEST_ID, self.id.header_value());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if self.settings.strict_transport {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
        // A route that shows a page, or an answer that may be kept, says so itself.
        for (name, value) in
            [(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"), (CACHE_CONTROL, "no-store")]
        {
            if !headers.contains_key(&name) {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        // It was only there to keep the compressor away.
        if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == IDENTITY) {
            headers.remove(CONTENT_ENCODING);
        }
    }

    /// Tells the log and whoever watches.
    fn tell(&self, status: StatusCode, problem: Option<&Problem>, route: Option<&'static str>) {
        let took = self.watching.end();
        self.log(status, problem, took);
        self.watching.watch.answered(&Answered {
            span: self.span,
            route,
            method: self.method,
            status: status.as_u16(),
            problem: problem.map(|problem| problem.kind().code()),
            took,
        });
    }

    /// One line a request; the causes of a failure are in it and nowhere else.
    fn log(&self, status: StatusCode, problem: Option<&Problem>, took: Duration) {
        let duration_ms = took.as_millis();
        let http_status = status.as_u16();
        match problem {
            // What is missing was told when it went missing.
            Some(problem) if self.probe => tracing::debug!(http.status = http_status, duration_ms, %problem, "refused"),
            Some(problem) if status.is_server_error() => {
                tracing::error!(http.status = http_status, duration_ms, error = chain(problem), "failed");
            }
            Some(problem) => tracing::info!(http.status = http_status, duration_ms, error = chain(problem), "refused"),
            None if self.probe || self.scrape => tracing::debug!(http.status = http_status, duration_ms, "answered"),
            None => tracing::info!(http.status = http_status, duration_ms, "answered"),
        }
    }
}

impl<'a> Watching<'a> {
    fn new(watch: &'a dyn RequestWatch) -> Self {
        Self { watch, start: Instant::now(), answered: Cell::new(false) }
    }

    /// There is an answer.
    fn end(&self) -> Duration {
        self.answered.set(true);
        self.start.elapsed()
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        if !self.answered.get() {
            self.watch.given_up();
        }
    }
}

/// The template of the address that answered.
fn route_of<B>(response: &ServiceResponse<B>) -> Option<&'static str> {
    response.request().app_data::<RouteTemplate>().map(|RouteTemplate(template)| *template)
}

/// Whether an answer is a failure that was not made of a problem: one of the framework's own.
fn is_bare_failure<B>(response: &ServiceResponse<B>) -> bool {
    let status = response.status();
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|media| media == PROBLEM_JSON);
    (status.is_client_error() || status.is_server_error()) && !is_problem
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text.replace(['\r', '\n'], " ")
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("without a message"))
}
