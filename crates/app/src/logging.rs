//! Events to standard error: one line an event, for people and grep or as JSON.

use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;

use anyhow::Context;
use cortex_kernel::{Clock, SystemClock};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Filter, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt, registry};

use crate::config::{LogConfig, LogFormat};
use crate::json_lines::{JsonFields, JsonLines, KnownTraces};
use crate::traces::Traces;

/// Writes each event as one line, whatever somebody put into it: forged lines look like events of ours.
struct OneLine<W>(W);

struct Stderr;

/// Begins to log. Panics are events from then on.
pub(crate) fn start(config: &LogConfig) -> anyhow::Result<()> {
    start_traced(config, None)
}

/// Begins to log, and to trace where there is a collector.
pub(crate) fn start_traced(config: &LogConfig, traces: Option<&Traces>) -> anyhow::Result<()> {
    let filter = filter(&config.filter)?;
    let known = KnownTraces::default();
    let layer = fmt::layer().with_writer(Stderr);
    let layer = match config.format {
        LogFormat::Json => {
            let lines = JsonLines { now, traces: known.clone() };
            layer.fmt_fields(JsonFields).event_format(lines).boxed()
        }
        // Colours are the library's choice on a terminal (it knows NO_COLOR), and noise elsewhere.
        LogFormat::Text if io::stderr().is_terminal() => layer.boxed(),
        LogFormat::Text => layer.with_ansi(false).boxed(),
    };
    let subscriber = registry().with(layer.with_filter(filter)).with(traces.map(Traces::layer));
    subscriber.with(known).try_init().context("the log cannot be started")?;
    std::panic::set_hook(Box::new(tell_panic));
    Ok(())
}

fn tell_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(place, "panic: {}", panic.payload_as_str().unwrap_or("without a message"));
}

/// Tells why a command failed, for people, or as a line like those of the log: whoever collects lines of JSON is to have no
/// others.
pub(crate) fn tell_failure(format: LogFormat, failure: &str) -> io::Result<()> {
    let mut stderr = io::stderr();
    match format {
        LogFormat::Text => writeln!(stderr, "cortex: {failure}"),
        LogFormat::Json => {
            let line = json!({
                "timestamp": now().format(&Rfc3339).unwrap_or_default(),
                "level": "ERROR",
                "target": "cortex",
                "message": failure,
            });
            writeln!(stderr, "{line}")
        }
    }
}

/// Of the log alone: everything else has the time from its clock.
fn now() -> OffsetDateTime {
    SystemClock.now()
}

/// What is logged, in the words of `RUST_LOG`. Whatever these say, nothing finer than `info` comes from those who see what
/// goes over the wire: a driver that tells the parameters of its statements tells whole mails.
pub fn filter(words: &str) -> anyhow::Result<impl Filter<Registry> + use<>> {
    let filter: EnvFilter = words.parse().context("RUST_LOG")?;
    let quiet = |metadata: &Metadata<'_>| *metadata.level() <= Level::INFO || !is_on_the_wire(metadata.target());
    Ok(filter.and(filter_fn(quiet).with_max_level_hint(LevelFilter::TRACE)))
}

fn is_on_the_wire(target: &str) -> bool {
    let name = target.split_once("::").map_or(target, |(name, _)| name);
    WIRE.contains(&name)
}

/// The crates that see what goes over the wire.
const WIRE: [&str; 10] = [
    "actix_http",
    "actix_web",
    "h2",
    "hyper",
    "hyper_util",
    "reqwest",
    "rustls",
    "rustls_platform_verifier",
    "tokio_postgres",
    "tokio_rustls",
];

impl MakeWriter<'_> for Stderr {
    type Writer = OneLine<io::Stderr>;

    fn make_writer(&self) -> Self::Writer {
        OneLine(io::stderr())
    }
}

impl<W: Write> Write for OneLine<W> {
    /// The subscriber hands over an event at a time, its line break included.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = event.strip_suffix(b"\n").unwrap_or(event);
        if line.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            let mut whole: Vec<u8> =
                line.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect();
            whole.extend_from_slice(&event[line.len()..]);
            self.0.write_all(&whole)?;
        } else {
            self.0.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_sees_what_goes_over_the_wire_is_quiet_whatever_is_asked_for() {
        for (words, said) in [
            ("trace", "ours said"),
            ("trace,tokio_postgres=trace,hyper::proto=trace,h2::codec=trace", "ours said"),
            ("info,[pg.commit]=trace", "said"),
            ("warn", ""),
        ] {
            let captured = Captured::default();
            let writer = captured.clone();
            let layer = fmt::layer().without_time().with_ansi(false).with_writer(move || writer.clone());
            let subscriber = registry().with(layer.with_filter(filter(words).unwrap()));

            tracing::subscriber::with_default(subscriber, || {
                let _span = tracing::info_span!("pg.commit").entered();
                tracing::debug!(target: "tokio_postgres::query", "executing statement with parameters");
                tracing::trace!(target: "hyper::proto::h1", "authorization: Bearer");
                tracing::debug!(target: "h2::codec", "data");
                if !words.contains("[pg.commit]") {
                    tracing::debug!(target: "cortex_app", "ours");
                }
                tracing::info!(target: "hyper", "said");
            });

            let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
            let heard: Vec<_> = log.lines().filter_map(|line| line.rsplit(' ').next()).collect();
            assert_eq!(heard.join(" "), said, "{words}: {log}");
        }
    }

    #[test]
    fn a_panic_is_one_event_of_json_too() {
        let captured = Captured::default();
        let writer = captured.clone();
        let lines = JsonLines { now, traces: KnownTraces::default() };
        let layer = fmt::layer().with_writer(move || writer.clone()).fmt_fields(JsonFields).event_format(lines);

        tracing::subscriber::with_default(registry().with(layer), || {
            let others = std::panic::take_hook();
            std::panic::set_hook(Box::new(tell_panic));
            std::panic::catch_unwind(|| panic!("first\nsecond")).unwrap_err();
            std::panic::set_hook(others);
        });

        let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        let event: serde_json::Value = serde_json::from_str(&log).unwrap();
        assert_eq!((log.lines().count(), event["message"].as_str()), (1, Some("panic: first\nsecond")), "{log}");
        assert!(event["place"].as_str().is_some_and(|place| place.contains("logging.rs")), "{log}");
    }

    #[test]
    fn an_event_is_one_line() {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || OneLine(writer.clone())).finish();

        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(cause = "first\nsecond", "one {}", "two\r\n INFO forged: three");
            tracing::info!("four");
        });

        let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.lines().count(), 2, "{log}");
        assert!(log.ends_with("four\n"), "{log}");
    }
}
