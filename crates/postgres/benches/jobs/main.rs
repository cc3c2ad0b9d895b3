//! What it costs to take jobs from the queue and to finish them, and how soon a job begins.
//!
//! The limit of the first is PostgreSQL's own pgbench, which runs the very statements that the queue prepares: as many
//! sessions, the same rows, the same role, in the same run. The limit of the second is the statement that claims, alone.
//!
//! `cargo xtask bench jobs` runs it. Without `--bench`, as `cargo test` calls it, everything is done a few times, and
//! pgbench is left out.

#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a benchmark ends it")]

#[path = "../stage/company.rs"]
mod company;
mod pgbench;
mod queue;
mod start;
mod world;

use std::io::{self, Write};

use crate::world::World;

/// Sessions that claim and finish at once.
const SESSIONS: u32 = 4;

fn main() {
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let world = World::new().await;
        for batch in [1, 10, 100] {
            throughput(&world, batch, is_measured).await;
        }
        start::measure(&world, is_measured).await;
    });
}

/// Jobs a second that are claimed and finished, beside pgbench.
async fn throughput(world: &World, batch: u16, is_measured: bool) {
    let claims = if is_measured { (2_000 / u32::from(batch)).max(20) / SESSIONS } else { 1 };
    let jobs = u32::from(batch) * claims * SESSIONS;
    // One after the other, so that both find the machine as the other found it; the first round of each warms up.
    world.queue(jobs).await;
    let statements = queue::warm_up(world, batch).await;
    let (mut ours, mut limit) = (0.0_f64, 0.0_f64);
    for _ in 0..if is_measured { 3 } else { 1 } {
        world.queue(jobs).await;
        ours = ours.max(queue::jobs_a_second(world, batch, claims).await);
        if is_measured {
            world.queue(jobs).await;
            limit = limit.max(pgbench::jobs_a_second(world, &statements, batch, claims).await);
        }
    }
    let ratio = if is_measured { format!("{:.2} of pgbench ({limit:.0}/s)", ours / limit) } else { String::new() };
    line(&format!("claim {batch} and finish, {jobs} jobs wait: {ours:>6.0} jobs/s, {ratio}"));
}

fn line(text: &str) {
    writeln!(io::stdout().lock(), "{text}").unwrap();
}
