//! Who watches the requests of a process: metrics always, and traces where there is a collector.

use std::sync::Arc;

use actix_web::http::header::{HeaderMap, HeaderName};
use cortex_http::watch::{Answered, Metrics as MetricsPage, MetricsSource, RequestWatch};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::config::RuntimeConfig;
use crate::metrics::Metrics;
use crate::traces::{METHOD, ROUTE, STATUS};

/// Watches requests.
pub(crate) struct Watch {
    metrics: Arc<Metrics>,
    /// How callers say to which trace a request belongs: W3C Trace Context. None where nothing is traced.
    propagator: Option<TraceContextPropagator>,
}

struct Headers<'a>(&'a HeaderMap);

impl Watch {
    pub(crate) fn over(config: &RuntimeConfig, metrics: &Arc<Metrics>) -> Arc<dyn RequestWatch> {
        let propagator = config.traces_endpoint.as_ref().map(|_| TraceContextPropagator::new());
        Arc::new(Self { metrics: Arc::clone(metrics), propagator })
    }
}

/// The metrics of a process, and the token that they ask for.
pub(crate) fn metrics_page(config: &RuntimeConfig, metrics: &Arc<Metrics>) -> MetricsPage {
    let source: Arc<dyn MetricsSource> = Arc::<Metrics>::clone(metrics);
    MetricsPage { source, token: config.metrics.token.as_ref().map(|token| token.as_secret().clone()) }
}

impl RequestWatch for Watch {
    fn came(&self, span: &Span, headers: &HeaderMap) {
        self.metrics.request_came();
        if let Some(propagator) = &self.propagator {
            let parent = propagator.extract_with_context(&Context::new(), &Headers(headers));
            if parent.span().span_context().is_valid() && span.set_parent(parent).is_err() {
                tracing::debug!("the caller's trace cannot be gone on with");
            }
        }
    }

    fn answered(&self, answered: &Answered<'_>) {
        self.metrics.request_answered(answered);
        if self.propagator.is_some() {
            let span = answered.span;
            span.set_attribute(METHOD, answered.method);
            if let Some(route) = answered.route {
                span.set_attribute(ROUTE, route);
            }
            span.set_attribute(STATUS, i64::from(answered.status));
            if let Some(code) = answered.problem {
                span.set_attribute("error.type", code);
            }
            // Clients' mistakes are none of the server's (semantic conventions for HTTP spans).
            if answered.status >= 500 {
                span.set_status(Status::error(""));
            }
        }
    }

    fn given_up(&self) {
        self.metrics.request_given_up();
    }
}

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
