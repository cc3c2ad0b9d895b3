//! What it costs to take in what a mailbox has: records that are new, and records that say nothing new.
//!
//! The limit of the first is plain SQL: the same rows into the same tables with the same indexes, a page a transaction and
//! two statements a page, by a superuser whom no wall stops, in the same run. What is read is made here and not at a
//! broker, so that nothing but ours is measured.
//!
//! `cargo xtask bench ingest` runs it. Without `--bench`, as `cargo test` calls it, everything is done with a few records.

#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a benchmark ends it")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the numbers of a benchmark are small"
)]

#[path = "../stage/company.rs"]
mod company;
mod mailbox;
mod memory;
mod plain_sql;
mod reading;
#[path = "../stage/resident.rs"]
mod resident;

use std::io::{self, Write};

use crate::memory::Memory;
use crate::plain_sql::PlainSql;
use crate::reading::Stage;

/// Records in a page, as runs ask for them.
const PAGE: u64 = 100;

fn main() {
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        new_records(if is_measured { 6_000 } else { 2 * PAGE }).await;
        let (messages, records) = if is_measured { (20_000, 200_000) } else { (PAGE, 4 * PAGE) };
        memory_while(messages, records).await;
    });
}

/// Documents a second, by turns with plain SQL, each into tables of its own that grow alike.
async fn new_records(records: u64) {
    let (ours, limit) = (Stage::new().await, PlainSql::new().await);
    let (mut took, mut least) = (0.0, 0.0);
    for begin in (0..records).step_by(PAGE as usize) {
        least += limit.take_in(begin..begin + PAGE).await;
        took += ours.read(begin..begin + PAGE, records).await;
    }
    let (rate, most) = (records as f64 / took, records as f64 / least);
    line(&format!("new, 4 kB each:  {rate:>8.0} documents/s, {:.2} of plain SQL ({most:.0}/s)", rate / most));

    let took = ours.read_again(records).await;
    line(&format!("unchanged:       {:>8.0} records/s", records as f64 / took));
}

/// What this process holds while so many records pass, of which the first `messages` are new and the rest repeat them.
async fn memory_while(messages: u64, records: u64) {
    let (stage, mut memory) = (Stage::new().await, Memory::default());
    for begin in (0..records).step_by(PAGE as usize) {
        stage.read(begin..begin + PAGE, messages).await;
        memory.look(begin, records);
    }
    line(&format!("resident while {records} records pass: {}", memory.told()));
}

fn line(text: &str) {
    writeln!(io::stdout().lock(), "{text}").unwrap();
}
