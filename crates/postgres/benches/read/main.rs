//! How long a company's reads of its own knowledge take, beside the least that each could cost: a bare statement over the
//! same rows, by a superuser whom no policy binds. Each that somebody waits for should stay below [`LIMIT`]. Then the jobs of a
//! day are run, and what memory they take is told.
//!
//! `cargo xtask bench read` runs it, on 200,000 documents of which 20,000 are of `QuickBooks`, all of which came in within
//! two weeks: the worst that a dashboard meets. Its mails are of two years. Without `--bench`, as `cargo test` calls it,
//! everything is done once on a hundredth of that.

#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a benchmark ends it")]

#[path = "../stage/company.rs"]
mod company;
mod fill;
mod jobs;
mod reads;
#[path = "../stage/resident.rs"]
mod resident;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use cortex_insights::testing::COMPANY_A;
use cortex_postgres::Upkeep;

use crate::company::Company;
use crate::reads::{READS, Read, Stores};

/// What 95 of a hundred reads should stay below.
const LIMIT: Duration = Duration::from_millis(100);

fn main() {
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let (documents, times) = if is_measured { (200_000, 60) } else { (2_000, 1) };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let company = Company::new(COMPANY_A).await;
        let begun = Instant::now();
        fill::fill(&company.superuser, documents).await;
        line(&format!("{documents} documents, there after {:.0?}", begun.elapsed()));
        let begun = Instant::now();
        let upkeep = Upkeep::new(company.pool(1));
        while upkeep.fold_counts(1_000).await.unwrap() > 0 {}
        let mut months = 0;
        while upkeep.keep_month().await.unwrap() {
            months += 1;
        }
        line(&format!("{months} months kept, as every hour, in {:.0?}", begun.elapsed()));
        let stores = Stores::new(&company);
        for read in READS {
            compare(&company, &stores, &read, times).await;
        }
        drop(stores);
        jobs::run(&company).await;
    });
}

/// Both in turns, so that both find the machine as the other found it.
async fn compare(company: &Company, stores: &Stores, read: &Read, times: usize) {
    let bare = company.superuser.prepare(read.bare).await.unwrap();
    let (mut ours, mut least) = (Vec::new(), Vec::new());
    for turn in 0..times + 3 {
        let begun = Instant::now();
        (read.ours)(stores).await;
        let took = begun.elapsed();
        let begun = Instant::now();
        company.superuser.query(&bare, &[&COMPANY_A.to_string()]).await.unwrap();
        // Sessions are opened, statements prepared and pages read before the clock starts.
        if turn >= 3 {
            ours.push(took);
            least.push(begun.elapsed());
        }
    }
    let ([half, slow], [bare_half, bare_slow]) = (percentiles(ours), percentiles(least));
    let verdict = match (read.is_by_a_job, slow <= LIMIT) {
        (true, _) => "by a job",
        (false, true) => "within the limit",
        (false, false) => "OVER THE LIMIT",
    };
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    line(&format!(
        "{:<38} p50 {:>6.1} p95 {:>6.1} ms   bare p50 {:>6.1} p95 {:>6.1} ms   {verdict}",
        read.name,
        ms(half),
        ms(slow),
        ms(bare_half),
        ms(bare_slow)
    ));
}

/// The median, and what 95 of 100 stay below.
fn percentiles(mut took: Vec<Duration>) -> [Duration; 2] {
    took.sort_unstable();
    [50, 95].map(|percent| took[took.len() * percent / 100])
}

fn line(text: &str) {
    writeln!(io::stdout().lock(), "{text}").unwrap();
}
