//! Events to standard error: one line an event, for people and grep or as JSON.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{LogConfig, LogFormat};

/// Writes each event as one line, whatever somebody put into it: forged lines look like events of ours.
struct OneLine<W>(W);

struct Stderr;

/// Begins to log. Panics are events from then on.
pub(crate) fn start(config: &LogConfig) -> anyhow::Result<()> {
    let filter = filter(&config.filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Stderr);
    let started = match config.format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        // Colours are the library's choice on a terminal (it knows NO_COLOR), and noise elsewhere.
        LogFormat::Text if io::stderr().is_terminal() => builder.try_init(),
        LogFormat::Text => builder.with_ansi(false).try_init(),
    };
    started.map_err(anyhow::Error::from_boxed).context("the log cannot be started")?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panic: {}", panic.payload_as_str().unwrap_or("without a message"));
    }));
    Ok(())
}

/// What is logged, in the words of `RUST_LOG`. Whatever these say, nothing finer than `info` comes from those who see what
/// goes over the wire: a driver that tells the parameters of its statements tells whole mails.
pub fn filter(words: &str) -> anyhow::Result<EnvFilter> {
    let filter: EnvFilter = words.parse().context("RUST_LOG")?;
    WIRE.into_iter().try_fold(filter, |filter, target| {
        let directive = format!("{target}=info").parse().context("a directive of our own")?;
        Ok(filter.add_directive(directive))
    })
}

/// Those who see what goes over the wire; of the driver also its parts, as a directive about one of them would count for
/// more than one about the whole.
const WIRE: [&str; 16] = [
    "actix_http",
    "actix_web",
    "h2",
    "hyper",
    "hyper_util",
    "reqwest",
    "rustls",
    "rustls_platform_verifier",
    "tokio_postgres",
    "tokio_postgres::connection",
    "tokio_postgres::copy_in",
    "tokio_postgres::copy_out",
    "tokio_postgres::prepare",
    "tokio_postgres::query",
    "tokio_postgres::simple_query",
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
        for words in ["trace", "debug,tokio_postgres=trace", "info,tokio_postgres::query=debug,hyper=trace"] {
            let captured = Captured::default();
            let writer = captured.clone();
            let filter = filter(words).unwrap();
            let subscriber =
                tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || writer.clone()).finish();

            tracing::subscriber::with_default(subscriber, || {
                tracing::debug!(target: "tokio_postgres::query", "executing statement with parameters");
                tracing::trace!(target: "hyper::proto::h1", "authorization: Bearer");
                tracing::info!(target: "hyper", "said");
            });

            let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
            assert_eq!((log.lines().count(), log.contains("said")), (1, true), "{words}: {log}");
        }
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
