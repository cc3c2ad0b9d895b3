//! Traces, handed over to a collector by OTLP over HTTP, where the deployment has one.
//!
//! What is traced is what somebody waits for or a job does: requests, jobs, and what happens on their behalf. What a span
//! may say of itself is a list here, so that nothing of a person leaves the process this way, whatever a span is given
//! elsewhere. A collector that is away slows nothing: spans wait in a bounded queue, beyond which they are dropped.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use cortex_kernel::IdGenerator;
use http::{Request, Response};
use opentelemetry::trace::{Link, SpanKind, Status, TraceContextExt as _, TraceId, TraceState, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample, SpanData, SpanEvents,
};
use reqwest::redirect;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use crate::tls;

/// Spans of this process on their way to a collector.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

/// The spans that begin a trace: a request, and the run of a job.
const ROOTS: [&str; 2] = [REQUEST, "job"];
const REQUEST: &str = "request";

/// Requests of operators' programs are no news in a trace either.
const UNTRACED: [&str; 2] = ["/health", "/metrics"];

/// What leaves the process. Everything else that a span is given is for the log.
const TOLD: [&str; 9] = [METHOD, ROUTE, STATUS, "request.id", "job.id", "job.epoch", "provider", "model", "error.type"];
pub(crate) const METHOD: &str = "http.request.method";
pub(crate) const ROUTE: &str = "http.route";
pub(crate) const STATUS: &str = "http.response.status_code";

/// Where a collector takes traces, below its address (OTLP specification, "OTLP/HTTP Request").
const PATH: &str = "v1/traces";

/// How long a collector may take for a batch.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the last batch may take when the process ends.
const FAREWELL: Duration = Duration::from_secs(3);

/// Longest answer of a collector that is taken in, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

impl Traces {
    /// Will hand over the spans of `cortex <command>` to the collector at `endpoint`.
    pub(crate) fn start(endpoint: &Url, command: &'static str, ids: &dyn IdGenerator) -> anyhow::Result<Self> {
        let base = endpoint.as_str().trim_end_matches('/');
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new(base)?)
            .with_endpoint(format!("{base}/{PATH}"))
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(PATIENCE)
            .with_retry_policy(RetryPolicy::disabled())
            .build()
            .context("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        let resource = Resource::builder()
            .with_service_name("cortex")
            .with_attributes([
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                KeyValue::new("service.instance.id", ids.new_uuid().to_string()),
                KeyValue::new("cortex.command", command),
            ])
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Discreet(exporter))
            .with_sampler(WhatSomebodyWaitsFor)
            .with_resource(resource)
            .build();
        Ok(Self { provider })
    }

    /// Makes spans of ours into those of the trace. What is logged within them stays in the log.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let ours = filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("cortex"));
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("cortex"))
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(ours)
    }

    /// Hands over what is left, if the collector takes it at once.
    pub(crate) async fn end(self) {
        let provider = self.provider;
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FAREWELL)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::debug!("the last spans were not handed over");
        }
    }
}

/// Begins traces with what somebody waits for; elsewhere goes on with what was decided.
#[derive(Clone, Debug)]
struct WhatSomebodyWaitsFor;

impl ShouldSample for WhatSomebodyWaitsFor {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        _: TraceId,
        name: &str,
        _: &SpanKind,
        attributes: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let parent = parent_context.map(|context| context.span().span_context().clone());
        let parent = parent.filter(opentelemetry::trace::SpanContext::is_valid);
        let is_wanted = match &parent {
            _ if name == REQUEST && is_untraced(attributes) => false,
            Some(parent) => parent.is_sampled(),
            None => ROOTS.contains(&name),
        };
        SamplingResult {
            decision: if is_wanted { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop },
            attributes: Vec::new(),
            trace_state: parent.map_or_else(TraceState::default, |parent| parent.trace_state().clone()),
        }
    }
}

fn is_untraced(attributes: &[KeyValue]) -> bool {
    let path = attributes.iter().find(|attribute| attribute.key.as_str() == "http.path");
    path.is_some_and(|path| UNTRACED.iter().any(|untraced| path.value.as_str().starts_with(untraced)))
}

/// Hands over spans without what is not for others.
#[derive(Debug)]
struct Discreet(SpanExporter);

impl opentelemetry_sdk::trace::SpanExporter for Discreet {
    fn export(&self, mut batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        batch.iter_mut().for_each(make_discreet);
        self.0.export(batch)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn make_discreet(span: &mut SpanData) {
    span.attributes.retain(|attribute| TOLD.contains(&attribute.key.as_str()));
    span.events = SpanEvents::default();
    if matches!(span.status, Status::Error { .. }) {
        span.status = Status::error("");
    }
    if span.name == REQUEST {
        let told = |key| span.attributes.iter().find(|told| told.key.as_str() == key).map(|told| told.value.as_str());
        let method = told(METHOD).unwrap_or_default();
        let name = told(ROUTE).map_or_else(|| method.to_string(), |route| format!("{method} {route}"));
        span.name = name.into();
        span.span_kind = SpanKind::Server;
    }
}

/// A collector, called by the HTTP client that everything else is called by.
struct Collector {
    client: reqwest::Client,
    /// The library exports from a thread of its own, where there is no runtime.
    runtime: Handle,
    is_away: Arc<AtomicBool>,
    address: Arc<str>,
}

impl Collector {
    fn new(address: &str) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client_config()?)
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .context("the client for OTEL_EXPORTER_OTLP_ENDPOINT cannot be set up")?;
        Ok(Self { client, runtime: Handle::current(), is_away: Arc::default(), address: address.into() })
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        let client = self.client.clone();
        let answer = self.runtime.spawn(async move { exchange(&client, request).await }).await?;
        let failure = match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answered {}", answer.status())),
            Err(error) => Some(chain(error)),
        };
        tell(&self.is_away, &self.address, failure);
        Ok(answer?)
    }
}

async fn exchange(client: &reqwest::Client, request: reqwest::Request) -> Result<Response<Bytes>, reqwest::Error> {
    let mut answer = client.execute(request).await.map_err(reqwest::Error::without_url)?;
    let mut body = Vec::new();
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    *response.body_mut() = body.into();
    Ok(response)
}

/// A collector that is away for an hour is one fact.
fn tell(is_away: &AtomicBool, address: &str, failure: Option<String>) {
    match failure {
        Some(failure) if !is_away.swap(true, Ordering::Relaxed) => {
            tracing::warn!(address, failure, "traces cannot be handed over; they are dropped until they can be");
        }
        None if is_away.swap(false, Ordering::Relaxed) => tracing::info!(address, "traces are handed over again"),
        Some(_) | None => {}
    }
}

fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("address", &self.address).finish_non_exhaustive()
    }
}
