//! What the answer to a webhook takes, from many clients at once, while the deployment works off what it accepted. Beside
//! it, from the same run, what the row alone takes: as many sessions that insert the same bodies into a table of the same
//! columns and indexes.
//!
//! `cargo xtask bench webhooks` runs it. Without `--bench`, as `cargo test` calls it, little is sent.

#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a benchmark ends it")]
#![allow(dead_code, reason = "the stage is the one of the whole-product tests, which use more of it")]

#[path = "../e2e/built_cortex.rs"]
mod built_cortex;
#[path = "../e2e/client.rs"]
mod client;
#[path = "../e2e/log.rs"]
mod log;
#[path = "../e2e/people.rs"]
mod people;
#[path = "../e2e/stack.rs"]
mod stack;
#[path = "../e2e/webhook_mix.rs"]
mod webhook_mix;

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cortex_app::serve::Service;
use cortex_test_support::Client as Database;
use futures_util::future::join_all;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::people::KESTREL;
use crate::stack::{Stack, http};
use crate::webhook_mix::{Kind, Sent, connect_everything, mix};

const CLIENTS: usize = 32;

fn main() {
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let total = if is_measured { 10_000 } else { 100 };
    tokio::runtime::Runtime::new().unwrap().block_on(measure(total));
}

async fn measure(total: usize) {
    let stack = Stack::with(&[("RATE_LIMIT_CONNECT", "0")]).await;
    let stop = CancellationToken::new();
    let service = Service::bind(&stack.config, stack.ports(), None, true, stop.clone()).unwrap();
    let client = Client { stack: &stack, address: service.address() };
    let measuring = async {
        client.listen_to_nango();
        let made = connect_everything(&client).await;
        let all = mix(&stack, &made, total);
        let rows = rows_alone(&stack, &all).await;
        let answers = answers(&client, &all).await;
        stop.cancel();
        report(rows, answers);
    };
    let (ended, ()) = tokio::join!(Box::pin(service.run()), Box::pin(measuring));
    ended.unwrap();
}

/// The least that a webhook costs that is kept: its row, committed. How long all of them took, and each.
async fn rows_alone(stack: &Stack, all: &[Sent]) -> (Duration, Vec<Duration>) {
    stack.company.batch("create table bench_rows (like webhook_inbox including all)").await;
    let bodies: Vec<&[u8]> = all.iter().filter(|sent| sent.kind == Kind::Valid).map(|sent| &sent.body[..]).collect();
    let next = AtomicUsize::new(0);
    let insert = "insert into bench_rows (tenant_id, body, body_hash, request_id) values ($1, $2, $3, 'bench')";
    let databases = join_all((0..CLIENTS).map(|_| stack.company.connect())).await;
    let session = async |database: &Database| {
        let insert = database.prepare(insert).await.unwrap();
        let mut took = Vec::new();
        while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
            let begun = Instant::now();
            let hash = Sha256::digest(body).to_vec();
            database.execute(&insert, &[&KESTREL.to_string(), body, &hash]).await.unwrap();
            took.push(begun.elapsed());
        }
        took
    };
    let begun = Instant::now();
    let rows = join_all(databases.iter().map(session)).await.concat();
    (begun.elapsed(), rows)
}

/// How long all of them took, and each.
async fn answers(client: &Client<'_>, all: &[Sent]) -> (Duration, Vec<(Kind, Duration)>) {
    let next = AtomicUsize::new(0);
    let http = http();
    let sender = async || {
        let mut took = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= all.len() {
                return took;
            }
            // 619 has no divisor in common with how many there are: the kinds are mixed.
            let sent = &all[n * 619 % all.len()];
            let begun = Instant::now();
            sent.send(&http, client).await;
            took.push((sent.kind, begun.elapsed()));
        }
    };
    let begun = Instant::now();
    let answers = join_all((0..CLIENTS).map(|_| sender())).await.concat();
    (begun.elapsed(), answers)
}

fn report((rows_took, rows): (Duration, Vec<Duration>), (took, answers): (Duration, Vec<(Kind, Duration)>)) {
    let mut told = io::stdout().lock();
    let (row_rate, rate) = (rate(rows.len(), rows_took), rate(answers.len(), took));
    let limit = percentiles(rows);
    let mut line = |what: &str, took: [Duration; 2]| {
        let ratio = |n: usize| limit[n].as_secs_f64() / took[n].as_secs_f64();
        let [half, slow] = took.map(|took| took.as_secs_f64() * 1e3);
        let (half_ratio, slow_ratio) = (ratio(0), ratio(1));
        writeln!(
            told,
            "{what:<32} p50 {half:>6.2} ms, {half_ratio:>4.2} of limit   p99 {slow:>6.2} ms, {slow_ratio:>4.2}"
        )
        .unwrap();
    };
    line("limit: the row alone, committed", limit);
    for (kind, what) in [
        (Kind::Valid, "a valid webhook"),
        (Kind::Duplicate, "one that was sent before"),
        (Kind::Forged, "a forged one"),
        (Kind::Foreign, "one of another company"),
        (Kind::Broken, "one that nobody understands"),
    ] {
        let of_kind = answers.iter().filter(|(found, _)| *found == kind).map(|(_, took)| *took);
        line(what, percentiles(of_kind.collect()));
    }
    line("all of them", percentiles(answers.iter().map(|(_, took)| *took).collect()));
    let (count, ratio) = (answers.len(), rate / row_rate);
    writeln!(
        told,
        "{count} from {CLIENTS} clients at once: {rate:.0}/s, {ratio:.2} of the rows alone ({row_rate:.0}/s)"
    )
    .unwrap();
}

fn rate(count: usize, took: Duration) -> f64 {
    1.0 / (took / u32::try_from(count).unwrap()).as_secs_f64()
}

/// The median, and what 99 of 100 stay below.
fn percentiles(mut took: Vec<Duration>) -> [Duration; 2] {
    took.sort_unstable();
    [took[took.len() / 2], took[took.len() * 99 / 100]]
}
