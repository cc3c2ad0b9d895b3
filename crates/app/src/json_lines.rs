//! Events as lines of JSON: one object a line, whatever stands in it.
//!
//! `timestamp`, `level`, `target` and `message` come first, then the fields of the event, then `trace_id` where the event
//! belongs to a trace, then `spans`, outermost first, each with its `name` and its fields. An error is told with its causes.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, OnceLock};

use opentelemetry::trace::TraceContextExt;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::dispatcher::WeakDispatch;
use tracing::field::{Field, Visit};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Writes events.
pub(crate) struct JsonLines {
    /// Tells what time it is.
    pub(crate) now: fn() -> OffsetDateTime,
    pub(crate) traces: KnownTraces,
}

/// Who knows which span belongs to which trace: the whole of the subscriber, which is only known once it is made.
#[derive(Clone, Default)]
pub(crate) struct KnownTraces(Arc<OnceLock<WeakDispatch>>);

/// What every line has. A field of an event with such a name gets another one, so that no object has a name twice.
const OURS: [&str; 5] = ["timestamp", "level", "target", "trace_id", "spans"];

/// The fields of spans and events, as JSON.
pub(crate) struct JsonFields;

struct Fields<'a>(&'a mut Map<String, Value>);

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let mut fields = Map::new();
        event.record(&mut Fields(&mut fields));
        let message = fields.remove("message").unwrap_or_else(|| Value::String(String::new()));
        let timestamp = (self.now)().format(&Rfc3339).map_err(|_| fmt::Error)?;
        write!(
            writer,
            r#"{{"timestamp":{},"level":{},"target":{},"message":{message}"#,
            Value::String(timestamp),
            Value::String(metadata.level().to_string()),
            Value::String(metadata.target().to_owned()),
        )?;
        for (name, value) in fields {
            let prefix = if OURS.contains(&name.as_str()) { "field." } else { "" };
            write!(writer, ",{}:{value}", Value::String(format!("{prefix}{name}")))?;
        }
        let spans: Vec<_> = context.event_scope().into_iter().flat_map(Scope::from_root).collect();
        if let Some(id) = spans.first().and_then(|root| self.traces.find(&root.id())) {
            write!(writer, r#","trace_id":{}"#, Value::String(id))?;
        }
        if !spans.is_empty() {
            let told = spans.iter().map(|span| {
                let extensions = span.extensions();
                let fields = extensions.get::<FormattedFields<N>>().map(|fields| fields.fields.as_str());
                let mut told = fields.and_then(parse).unwrap_or_default();
                told.insert("name".to_owned(), Value::String(span.name().to_owned()));
                Value::Object(told)
            });
            write!(writer, r#","spans":{}"#, Value::Array(told.collect()))?;
        }
        writeln!(writer, "}}")
    }
}

impl<'writer> FormatFields<'writer> for JsonFields {
    fn format_fields<R: tracing_subscriber::field::RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut map = Map::new();
        fields.record(&mut Fields(&mut map));
        write!(writer, "{}", Value::Object(map))
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        let mut map = parse(&current.fields).unwrap_or_default();
        fields.record(&mut Fields(&mut map));
        current.fields = Value::Object(map).to_string();
        Ok(())
    }
}

fn parse(fields: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(fields).ok()
}

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().trim_start_matches("r#").to_owned(), value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match u64::try_from(value) {
            Ok(value) => self.put(field, value),
            Err(_) => self.put(field, value.to_string()),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn StdError + 'static)) {
        let mut text = value.to_string();
        let mut next = value.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        self.put(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

impl KnownTraces {
    fn find(&self, span: &tracing::span::Id) -> Option<String> {
        let dispatch = self.0.get()?.upgrade()?;
        let context = tracing_opentelemetry::get_otel_context(span, &dispatch)?;
        let trace = context.span().span_context().clone();
        trace.is_valid().then(|| trace.trace_id().to_string())
    }
}

impl<S: Subscriber> Layer<S> for KnownTraces {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        // There is one subscriber for the life of the process.
        let _ = self.0.set(subscriber.downgrade());
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{fmt as subscriber_fmt, registry};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("it does not go")]
    struct Broken(#[source] io::Error);

    fn lines(log: impl FnOnce()) -> Vec<Value> {
        let captured = Captured::default();
        let writer = captured.clone();
        let lines = JsonLines { now: || OffsetDateTime::UNIX_EPOCH, traces: KnownTraces::default() };
        let layer = subscriber_fmt::layer().fmt_fields(JsonFields).event_format(lines);
        let subscriber = registry().with(layer.with_writer(move || writer.clone()));
        tracing::subscriber::with_default(subscriber, log);
        let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    #[test]
    fn an_event_is_an_object_with_its_fields_and_those_of_its_spans() {
        let lines = lines(|| {
            let request = tracing::error_span!("request", request.id = "abc", later = tracing::field::Empty).entered();
            request.record("later", 7);
            let _job = tracing::info_span!("job", job.id = %"j1").entered();
            tracing::info!(duration_ms = 12_u128, is_well = true, "answered");
        });

        let expected = serde_json::json!({
            "timestamp": "1970-01-01T00:00:00Z", "level": "INFO", "target": module_path!(), "message": "answered",
            "duration_ms": 12, "is_well": true,
            "spans": [{ "name": "request", "request.id": "abc", "later": 7 }, { "name": "job", "job.id": "j1" }],
        });
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn an_error_is_told_with_its_causes() {
        let error = Broken(io::Error::other("no room"));

        let lines = lines(|| tracing::error!(error = &error as &dyn StdError, "failed"));

        assert_eq!(lines[0]["error"], "it does not go: no room");
    }

    #[test]
    fn whatever_stands_in_it_an_event_is_one_line_and_no_name_stands_there_twice() {
        let lines = lines(|| {
            tracing::warn!(
                target = "mine",
                level = 3,
                spans = "none",
                cause = "first\nsecond\u{2028}\"third\"",
                "one\r\ntwo"
            );
        });

        assert_eq!(lines.len(), 1);
        let line = &lines[0];
        assert_eq!(
            (&line["message"], &line["cause"]),
            (&"one\r\ntwo".into(), &"first\nsecond\u{2028}\"third\"".into())
        );
        assert_eq!((&line["level"], &line["field.level"]), (&"WARN".into(), &3.into()));
        assert_eq!((&line["field.spans"], &line["field.target"]), (&"none".into(), &"mine".into()));
    }
}
