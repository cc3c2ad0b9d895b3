//! Clients that ask the same over and over, each on a connection of its own, and do little else: what they cost is part of
//! every rate, and should be small beside it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request as it goes over the wire.
pub(crate) struct Request(Vec<u8>);

/// What came of many requests.
pub(crate) struct Load {
    /// Answers a second.
    pub(crate) rate: f64,
    /// What 50 and 99 of 100 answers took less than.
    pub(crate) took: [Duration; 2],
}

impl Request {
    pub(crate) fn get(path: &str, headers: &[(&str, &str)]) -> Self {
        Self(head("GET", path, headers, 0).into_bytes())
    }

    pub(crate) fn post(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut request = head("POST", path, headers, body.len()).into_bytes();
        request.extend_from_slice(body);
        Self(request)
    }
}

fn head(method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head + "\r\n"
}

/// Sends one request from so many clients at once for that long. Every answer must have this status.
pub(crate) async fn repeat(
    address: SocketAddr,
    request: &Request,
    status: u16,
    clients: usize,
    long: Duration,
) -> Load {
    let end = Instant::now() + long;
    send(address, clients, status, |_| (Instant::now() < end).then_some(request)).await
}

/// Sends each of these requests once, from so many clients at once.
pub(crate) async fn each(address: SocketAddr, requests: &[Request], status: u16, clients: usize) -> Load {
    send(address, clients, status, |n| requests.get(n)).await
}

async fn send<'r>(
    address: SocketAddr,
    clients: usize,
    status: u16,
    next: impl Fn(usize) -> Option<&'r Request>,
) -> Load {
    let expected = format!("HTTP/1.1 {status} ");
    let client = async |number: usize| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut answer = Vec::with_capacity(4096);
        let mut took = Vec::new();
        while let Some(request) = next(number + took.len() * clients) {
            let begun = Instant::now();
            stream.write_all(&request.0).await.unwrap();
            read_answer(&mut stream, &mut answer).await;
            took.push(begun.elapsed());
            assert!(answer.starts_with(expected.as_bytes()), "{}", String::from_utf8_lossy(&answer));
        }
        took
    };
    let begun = Instant::now();
    let mut took = join_all((0..clients).map(client)).await.concat();
    let rate = took.len() as f64 / begun.elapsed().as_secs_f64();
    took.sort_unstable();
    Load { rate, took: [took[took.len() / 2], took[took.len() * 99 / 100]] }
}

/// Reads one answer, whose length its head tells.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) {
    answer.clear();
    loop {
        assert_ne!(
            stream.read_buf(answer).await.unwrap(),
            0,
            "the server hung up: {}",
            String::from_utf8_lossy(answer)
        );
        if answer.len() >= whole(answer).unwrap_or(usize::MAX) {
            return;
        }
    }
}

/// How long an answer is with its body, once its head is there.
fn whole(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).unwrap().to_ascii_lowercase();
    let (_, length) = text.split_once("content-length:").expect("the answer tells its length");
    Some(head + length.lines().next().unwrap().trim().parse::<usize>().unwrap())
}
