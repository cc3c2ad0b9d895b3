//! Traces as a collector gets them, and a log of JSON beside them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as OtlpValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use rustix::process::Signal;
use serde_json::Value;

use crate::process::Cortex;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A collector: takes what is sent until the test ends.
struct Collector {
    address: SocketAddr,
    received: Receiver<ExportTraceServiceRequest>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, received) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let tell = tell.clone();
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Some((head, body)) = request(&mut reader) {
                        assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
                        assert!(head.contains("content-type: application/x-protobuf"), "{head}");
                        answer(&stream);
                        if tell.send(ExportTraceServiceRequest::decode(body.as_slice()).unwrap()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, received }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that came until the process was gone.
    fn all(&self) -> Vec<ExportTraceServiceRequest> {
        self.received.try_iter().collect()
    }
}

/// Head, in small letters but for its first line, and body.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&if head.is_empty() { line } else { line.to_lowercase() });
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"))?.trim().parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn answer(mut stream: &TcpStream) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        OtlpValue::StringValue(text) => Some(text),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn spans(requests: &[ExportTraceServiceRequest]) -> Vec<Span> {
    let resources = requests.iter().flat_map(|request| &request.resource_spans);
    resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
}

fn serving(collector: &str) -> Cortex {
    Cortex::serve().with("ENVIRONMENT", "development").with("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
}

#[test]
fn a_request_is_a_span_in_the_trace_of_its_caller_and_tells_nothing_of_anybody() {
    let collector = Collector::start();
    let mut running = serving(&collector.url()).with("LOG_FORMAT", "json").start();
    let caller = format!("traceparent: 00-{TRACE}-{PARENT}-01\r\nX-Request-Id: request-of-a-test\r\n");

    running.ask("GET", "/api/v1/documents/4711?mail=marta@kestrel.example", &caller);
    running.get("/health/ready");
    running.get("/nowhere/at/all");
    let (code, log) = running.stop(Signal::TERM);

    assert_eq!(code, Some(0), "{log}");
    let requests = collector.all();
    let spans = spans(&requests);
    let span = spans.iter().find(|span| span.name == "GET /api/v1/documents/{id}").expect("it is there");
    assert_eq!((hex(&span.trace_id).as_str(), hex(&span.parent_span_id).as_str()), (TRACE, PARENT));
    assert_eq!(span.kind, 2, "a server's");
    assert_eq!(text(&span.attributes, "request.id"), Some("request-of-a-test"));
    assert_eq!(text(&span.attributes, "error.type"), Some("unauthenticated"));
    assert!(spans.iter().any(|span| span.name == "GET"), "one that is at no address");
    assert!(spans.iter().all(|span| !span.name.contains("health")), "probes are not traced");
    let resource = requests[0].resource_spans[0].resource.as_ref().unwrap();
    assert_eq!(text(&resource.attributes, "service.name"), Some("cortex"));
    assert_eq!(text(&resource.attributes, "cortex.command"), Some("serve"));
    assert!(text(&resource.attributes, "service.instance.id").is_some());
    let told = format!("{requests:?}");
    for hidden in ["4711", "marta", "/nowhere", "127.0.0.1"] {
        assert!(!told.contains(hidden), "{hidden} is in {told}");
    }
    let line = log.lines().find(|line| line.contains("request-of-a-test")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(line).unwrap()["trace_id"], TRACE, "{line}");
}

#[test]
fn a_caller_who_does_not_want_a_trace_has_none() {
    let collector = Collector::start();
    let mut running = serving(&collector.url()).start();

    running.ask("GET", "/api/v1/me", &format!("traceparent: 00-{TRACE}-{PARENT}-00\r\n"));
    running.ask("GET", "/api/v1/me", "traceparent: nonsense\r\n");
    running.stop(Signal::TERM);

    let names: Vec<_> = spans(&collector.all()).into_iter().filter(|span| span.kind == 2).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].parent_span_id.is_empty());
}

#[test]
fn a_collector_that_is_away_is_told_once_and_nobody_waits_for_it() {
    // Nobody listens on the first port of all.
    let mut running = serving("http://127.0.0.1:1").with("OTEL_BSP_SCHEDULE_DELAY", "20").start();

    running.get("/api/v1/me");
    running.tells("traces cannot be handed over");
    for _ in 0..50 {
        assert!(running.get("/api/v1/me").starts_with("HTTP/1.1 401 "));
    }
    let begun = Instant::now();
    let (code, log) = running.stop(Signal::TERM);

    assert_eq!(code, Some(0), "{log}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(log.matches("traces cannot be handed over").count(), 1, "{log}");
}

#[test]
fn why_a_process_does_not_start_is_a_line_of_json_too() {
    let cortex = Cortex::serve().with("LOG_FORMAT", "json").with("PORT", "x").with("NANGO_HOST", "nowhere");
    let (code, _, stderr) = cortex.output();

    assert_eq!(code, Some(1), "{stderr}");
    let lines: Vec<Value> = stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    let message = lines[0]["message"].as_str().unwrap();
    assert!(message.contains("PORT") && message.contains("NANGO_HOST") && message.contains('\n'), "{message}");
    assert_eq!(lines[0]["level"], "ERROR");
}
