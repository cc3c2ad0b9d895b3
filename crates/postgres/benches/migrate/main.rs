//! What a live service notices of a migration: the longest that a reader and a writer wait while the database of a
//! company that has lived goes from its baseline to the newest schema.
//!
//! The limit is a second. Who reads and writes does it all the time, in the words of a program from before the first
//! migration; where a migration asks for a new word (a job's company), it learns it. Beside them somebody keeps
//! transactions open for seconds, as reports do, and autovacuum does what it does.
//!
//! `cargo xtask bench migrate` runs it with 500,000 documents. Without `--bench`, as `cargo test` calls it, there are a
//! few.

#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a benchmark ends it")]

mod traffic;
mod world;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use cortex_postgres::migrate::Ran;

use crate::traffic::{Traffic, Wait};
use crate::world::World;

/// The longest that a request may wait.
const LIMIT: Duration = Duration::from_secs(1);

/// The migration that begins the table of sources: the benchmark fills it before it goes on.
const SOURCES: &str = "025_document_sources";

fn main() {
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let (documents, report) = if is_measured { (500_000, "2") } else { (2_000, "0.1") };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let world = World::new(documents).await;
        stage(&world, "from the baseline to the sources", Some(SOURCES), report).await;
        world.fill_sources().await;
        stage(&world, "from the sources to the end", None, report).await;
    });
}

async fn stage(world: &World, name: &str, to: Option<&str>, report: &'static str) {
    let traffic = Traffic::start(world, report).await;
    let begun = Instant::now();
    let ran = world.migrator().up(to.map(ToOwned::to_owned)).await.unwrap();
    let took = begun.elapsed();
    let waits = traffic.stop().await;

    line(&format!("{name}, {} documents: {} migrations in {:.1} s", world.documents(), ran.len(), took.as_secs_f64()));
    for Wait { who, longest, at, statement, requests } in waits {
        assert!(requests > 0, "{who} did nothing");
        let verdict = if longest <= LIMIT { "within" } else { "BEYOND" };
        let during = running_at(&ran, at.saturating_duration_since(begun));
        line(&format!(
            "  {who} waited {:>4} ms at most, {verdict} the limit of {} ms ({requests} requests; in {during}): {statement}",
            longest.as_millis(),
            LIMIT.as_millis()
        ));
    }
    let mut slowest: Vec<_> = ran.iter().collect();
    slowest.sort_by_key(|ran| std::cmp::Reverse(ran.took));
    for Ran { name, took, .. } in slowest.into_iter().take(8) {
        line(&format!("  {:>6} ms  {name}", took.as_millis()));
    }
}

/// Which migration was running so long after the first one began.
fn running_at(ran: &[Ran], moment: Duration) -> &str {
    let mut passed = Duration::ZERO;
    ran.iter()
        .find(|ran| {
            passed += ran.took;
            passed >= moment
        })
        .map_or("none", |ran| ran.name.as_str())
}

fn line(text: &str) {
    writeln!(io::stdout().lock(), "{text}").unwrap();
}
