//! Who watches requests come and go. What is counted and traced of them is decided elsewhere: nothing of metrics or of a
//! collector is known here.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use async_trait::async_trait;
use secrecy::SecretString;
use tracing::Span;

/// Is told of every request.
pub trait RequestWatch: Send + Sync {
    /// A request came, with these headers. What happens on its behalf happens in `span`.
    fn came(&self, span: &Span, headers: &HeaderMap);

    /// It was answered: the head of the answer is on its way.
    fn answered(&self, answered: &Answered<'_>);

    /// Its client went away before there was an answer.
    fn given_up(&self);
}

/// An answer, as far as it says nothing of anybody.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// Where the request was worked on.
    pub span: &'a Span,
    /// The template of the address, its canonical one; none where nothing is.
    pub route: Option<&'static str>,
    /// The method; what HTTP does not define is `other`.
    pub method: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// The code of the problem, where the answer is one.
    pub problem: Option<&'static str>,
    /// How long it took.
    pub took: Duration,
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NobodyWatches;

/// What there is to be measured of a process.
#[async_trait]
pub trait MetricsSource: Send + Sync {
    /// Everything, in the Prometheus text format, version 0.0.4.
    async fn render(&self) -> String;
}

/// Metrics, and who may read them. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    /// Where they come from.
    pub source: Arc<dyn MetricsSource>,
    /// The bearer token that has to be shown; without one everybody may who gets through to the listener.
    pub token: Option<SecretString>,
}

impl RequestWatch for NobodyWatches {
    fn came(&self, _: &Span, _: &HeaderMap) {}

    fn answered(&self, _: &Answered<'_>) {}

    fn given_up(&self) {}
}

/// The name of a method. A client may make up as many as it likes, so there is one name for all that nobody knows.
pub(crate) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "other",
    }
}
