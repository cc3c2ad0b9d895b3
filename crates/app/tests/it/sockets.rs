//! What comes over a socket from clients that send too much, too slowly, or nonsense.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rstest::rstest;

use crate::process::{Cortex, Running};

/// Serves although no database is there.
fn serving() -> Running {
    Cortex::serve().with("ENVIRONMENT", "development").with("CORS_ALLOWED_ORIGINS", "https://app.example.com").start()
}

/// What the server says until it closes the connection. A client that was cut off while it was sending may lose the end.
fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).to_lowercase()
}

fn assert_secured(answer: &str) {
    for line in
        ["x-content-type-options: nosniff", "x-frame-options: deny", "content-security-policy: ", "x-request-id: "]
    {
        assert!(answer.contains(line), "{line} in {answer}");
    }
}

#[test]
fn a_body_in_pieces_that_never_ends_is_cut_off() {
    let running = serving();
    let mut stream = running.connect();
    let head = "POST /nango/webhook HTTP/1.1\r\nHost: cortex\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let piece = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    // The seventeenth is more than a mebibyte; the server may stop listening to us any time after it.
    for _ in 0..17 {
        stream.write_all(piece.as_bytes()).unwrap();
    }

    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).unwrap();

    let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
    assert!(answer.starts_with("http/1.1 413"), "{answer}");
    assert!(answer.contains("\"code\":\"payload_too_large\""), "{answer}");
    assert_secured(&answer);
}

#[test]
fn a_body_that_says_it_is_too_large_is_refused_before_it_is_sent() {
    let running = serving();
    let mut stream = running.connect();
    let head = "POST /nango/webhook HTTP/1.1\r\nHost: cortex\r\nContent-Length: 1048577\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();

    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).unwrap();

    let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
    assert!(answer.starts_with("http/1.1 413"), "{answer}");
    assert_secured(&answer);
}

#[rstest]
#[case::many_headers(&"X-Flood: 1\r\n".repeat(200), "431")]
#[case::a_long_header(&format!("X-Flood: {}\r\n", "x".repeat(200_000)), "431")]
#[case::no_header("no header at all\r\n", "400")]
#[case::two_lengths("Content-Length: 1\r\nContent-Length: 2\r\n", "400")]
#[case::length_and_pieces("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "400")]
fn a_head_that_cannot_be_taken_ends_the_connection(#[case] lines: &str, #[case] status: &str) {
    let running = serving();
    let mut stream = running.connect();
    let _ = write!(stream, "POST /nango/webhook HTTP/1.1\r\nHost: cortex\r\n{lines}\r\n");

    let answer = rest(&mut stream);

    assert!(answer.starts_with(&format!("http/1.1 {status}")), "{answer}");
    let live = running.get("/health/live");
    assert!(live.starts_with("HTTP/1.1 200"), "others are served: {live}");
}

#[test]
fn a_head_that_does_not_arrive_is_not_waited_for_forever() {
    let running = serving();
    let mut stream = running.connect();
    let begin = Instant::now();
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: cor").unwrap();

    let answer = rest(&mut stream);

    assert!(answer.starts_with("http/1.1 408"), "{answer}");
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
}

#[test]
fn one_connection_serves_many_requests_of_any_method() {
    let running = serving();
    let mut stream = running.connect();
    let origin = "Origin: https://app.example.com\r\n";
    let asked = [
        ("HEAD /health/live", "", "200", ""),
        ("OPTIONS /health/live", "", "405", "allow: get, head"),
        ("OPTIONS /api/v1/me", "Access-Control-Request-Method: GET\r\n", "200", "access-control-allow-methods: "),
        ("GET /api/v1/me", "", "401", "www-authenticate: bearer"),
        ("GET /nowhere", "", "404", "access-control-allow-origin: https://app.example.com"),
    ];
    for (line, headers, status, said) in asked {
        write!(stream, "{line} HTTP/1.1\r\nHost: cortex\r\n{origin}{headers}\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut piece = [0; 4096];
            let length = stream.read(&mut piece).unwrap();
            assert_ne!(length, 0, "{line}: it hung up");
            answer.extend_from_slice(&piece[..length]);
        }
        let answer = String::from_utf8_lossy(&answer).to_lowercase();
        assert!(answer.starts_with(&format!("http/1.1 {status}")), "{line}: {answer}");
        assert!(answer.contains(said), "{line}: {answer}");
        assert_secured(&answer);
    }
}
