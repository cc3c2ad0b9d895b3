//! What can be seen of a running process: logs, metrics, traces, a worker's health.

use std::net::SocketAddr;

use tracing_subscriber::EnvFilter;
use url::Url;

use super::reader::{Reader, Reading, Scheme, quoted, socket_address};
use super::secret::Secret;
use super::variable::{ALL, SERVE_WORK, Variable, WORK};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::preset("LOG_FORMAT", "text", ALL, "`text`, one line an event, or `json`"),
    Variable::preset("RUST_LOG", "info", ALL, "what is logged, like `info` or `info,cortex_http=debug`"),
    Variable::optional(
        "METRICS_ADDR",
        SERVE_WORK,
        "address:port of a separate listener for `/metrics`; without it and `METRICS_TOKEN` it is 404",
    ),
    Variable::optional(
        "METRICS_TOKEN",
        SERVE_WORK,
        "bearer token that `/metrics` asks for, on the separate listener or else beside the API",
    )
    .secret(),
    Variable::optional("OTEL_EXPORTER_OTLP_ENDPOINT", SERVE_WORK, "base URL of a collector of traces (OTLP over HTTP)"),
    Variable::optional("WORK_HEALTH_ADDR", WORK, "address:port for health and metrics of a worker process"),
];

/// How events are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// In which form.
    pub format: LogFormat,
    /// Which ones, in the language of `RUST_LOG`.
    pub filter: String,
}

/// The form of a logged event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people and grep.
    Text,
    /// A line of JSON.
    Json,
}

/// Who may read metrics, and where.
#[derive(Clone, Debug)]
pub struct MetricsConfig {
    /// A listener of their own.
    pub listen: Option<SocketAddr>,
    /// A token that has to be shown.
    pub token: Option<Secret>,
}

impl LogConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let format = reader.required("LOG_FORMAT", |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("expected text or json, found {}", quoted(text))),
        });
        let filter = reader.required("RUST_LOG", |text| match text.parse::<EnvFilter>() {
            Ok(_) => Ok(text.to_owned()),
            Err(error) => Err(format!("not a filter ({error}): expected something like info,cortex_http=debug")),
        });
        Ok(Self { format: format?, filter: filter? })
    }
}

impl LogFormat {
    /// The form that is asked for, for what is told before the configuration was read, and of its mistakes. What makes no
    /// sense is told as text.
    #[must_use]
    pub fn asked_for(read: &dyn Fn(&str) -> Option<String>) -> Self {
        if read("LOG_FORMAT").as_deref() == Some("json") { Self::Json } else { Self::Text }
    }
}

impl MetricsConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let listen = reader.optional("METRICS_ADDR", socket_address);
        let token = reader.optional("METRICS_TOKEN", |text| {
            if text.chars().all(|c| c.is_ascii_graphic()) {
                Ok(Secret::new(text))
            } else {
                Err("holds a blank or a character beyond ASCII: no request header can carry it".to_owned())
            }
        });
        Ok(Self { listen: listen?, token: token? })
    }
}

/// Where traces are sent.
pub(super) fn read_traces_endpoint(reader: &mut Reader<'_>) -> Reading<Option<Url>> {
    reader.optional_url("OTEL_EXPORTER_OTLP_ENDPOINT", Scheme::Any)
}

/// Where a worker process tells its health.
pub(super) fn read_work_health(reader: &mut Reader<'_>) -> Reading<Option<SocketAddr>> {
    reader.optional("WORK_HEALTH_ADDR", socket_address)
}
