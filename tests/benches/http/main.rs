//! What the service costs beside what it stands on: reads by members beside endpoints of the same server that ask nobody
//! anything, webhooks beside their rows by pgbench; how soon it is ready, and what it holds when nothing happens.
//!
//! The service is the product's binary in a process of its own, with everything switched on that production has. Clients,
//! servers and PostgreSQL share the machine, in every measurement alike.
//!
//! `cargo xtask bench http` runs it. Without `--bench`, as `cargo test` calls it, nothing is measured: the binary may be
//! missing.

#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a benchmark ends it")]
#![expect(clippy::cast_precision_loss, reason = "the numbers of a benchmark are small")]
#![allow(dead_code, reason = "the stage is the one of the whole-product tests, which use more of it")]

mod bare;
#[path = "../../e2e/built_cortex.rs"]
mod built_cortex;
#[path = "../../e2e/client.rs"]
mod client;
mod load;
#[path = "../../e2e/log.rs"]
mod log;
#[path = "../../e2e/people.rs"]
mod people;
mod process;
mod rows;
#[path = "../../e2e/stack.rs"]
mod stack;
#[path = "../../e2e/webhook_mix.rs"]
mod webhook_mix;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::load::{Load, Request};
use crate::people::MARTA;
use crate::process::Process;
use crate::stack::Stack;

/// As many as the service has connections to a database.
const CLIENTS: usize = 16;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// How long a process is left alone before its memory is looked at.
const IDLE: Duration = Duration::from_secs(5);

fn main() {
    if std::env::args().any(|argument| argument == "--bench") {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(measure());
    }
}

async fn measure() {
    let stack = Stack::start().await;
    start_and_memory(&stack).await;
    let service = Process::serve(&stack, &["--no-worker"]).await;
    reads(&stack, service.address).await;
    webhooks(&stack, service.address).await;
}

async fn start_and_memory(stack: &Stack) {
    let mut starts = Vec::new();
    for _ in 0..ROUNDS {
        starts.push(Process::serve(stack, &[]).await.start);
    }
    starts.sort_unstable();
    let [half, most] = [starts[ROUNDS / 2], starts[ROUNDS - 1]].map(|took| took.as_secs_f64() * 1e3);
    line(&format!("start until ready                {half:>8.0} ms, at most {most:.0} ms of {ROUNDS}"));
    let service = Process::serve(stack, &[]).await;
    tokio::time::sleep(IDLE).await;
    match service.memory() {
        Some(bytes) => line(&format!("resident memory, idle            {:>8.1} MB", bytes as f64 / 1e6)),
        None => line("resident memory, idle: not to be seen on this system"),
    }
}

async fn reads(stack: &Stack, address: SocketAddr) {
    let bare = bare::start(Arc::clone(&stack.ports().shared.profiles));
    let token = format!("Bearer {}", stack.sign_in(&MARTA).await);
    let authorization = [("authorization", token.as_str())];
    let constant = Request::get("/constant", &[]);
    let read = Request::get("/read", &[]);
    let me = Request::get("/api/v1/me", &authorization);
    // Its number is none: the answer comes from behind the gate, and nothing was read for it.
    let nothing = Request::get("/api/v1/documents/none", &authorization);

    let measured = [
        ("limit: a constant", bare, &constant, 200),
        ("limit: what /api/v1/me reads", bare, &read, 200),
        ("a member's /api/v1/me", address, &me, 200),
        ("a member's, nothing read", address, &nothing, 400),
    ];
    let mut loads: [Vec<Load>; 4] = Default::default();
    for round in 0..=ROUNDS {
        for (loads, (_, address, request, status)) in loads.iter_mut().zip(measured) {
            let load = load::repeat(address, request, status, CLIENTS, ROUND).await;
            // In the first round pools and caches fill.
            if round > 0 {
                loads.push(load);
            }
        }
    }
    let [constant, read, me, nothing] = loads.map(median);
    tell(measured[0].0, &constant, None);
    tell(measured[1].0, &read, None);
    tell(measured[2].0, &me, Some(&read));
    tell(measured[3].0, &nothing, Some(&constant));
}

async fn webhooks(stack: &Stack, address: SocketAddr) {
    let body = |n: usize| webhook_mix::sync_body("nobodys", "google-mail", n);
    let mut numbers = 0..;
    let mut loads = Vec::new();
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        rates.push(rows::inserted(stack, &body(0), CLIENTS, ROUND).await);
        let all: Vec<Request> = numbers
            .by_ref()
            .take(10_000)
            .map(|n| {
                let body = body(n);
                Request::post("/nango/webhook", &[("x-nango-hmac-sha256", &webhook_mix::sign(stack, &body))], &body)
            })
            .collect();
        loads.push(load::each(address, &all, 202, CLIENTS).await);
    }
    rates.sort_unstable_by(f64::total_cmp);
    let (limit, load) = (rates[ROUNDS / 2], median(loads));
    line(&format!("limit: a webhook's row, pgbench  {limit:>8.0}/s"));
    let ratio = load.rate / limit;
    let [half, slow] = load.took.map(|took| took.as_secs_f64() * 1e3);
    line(&format!(
        "a webhook                        {:>8.0}/s   p50 {half:.2} ms   p99 {slow:.2} ms   {ratio:.2} of limit",
        load.rate
    ));
}

fn median(mut loads: Vec<Load>) -> Load {
    loads.sort_unstable_by(|one, other| one.rate.total_cmp(&other.rate));
    loads.swap_remove(loads.len() / 2)
}

fn tell(what: &str, load: &Load, limit: Option<&Load>) {
    let [half, slow] = load.took.map(|took| took.as_secs_f64() * 1e3);
    let ratio = limit.map(|limit| format!("   {:.2} of limit", load.rate / limit.rate)).unwrap_or_default();
    line(&format!("{what:<32} {:>8.0}/s   p50 {half:.2} ms   p99 {slow:.2} ms{ratio}", load.rate));
}

fn line(text: &str) {
    writeln!(io::stdout().lock(), "{text}").unwrap();
}
