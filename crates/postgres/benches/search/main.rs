//! How long a search takes, by how common its words are, beside the least that one could cost: the bare statement on the
//! same index without row level security, which takes any thousand matches and ranks them.
//!
//! `cargo xtask bench search` runs it, on 20,000 and 200,000 documents. Without `--bench`, as `cargo test` calls it,
//! everything is done a few times on a few.

#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a benchmark ends it")]

mod cost;
mod words;
mod world;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use cortex_ingestion::lexemes::Lexed;
use cortex_ingestion::model::{DocumentFilter, SearchQuery};
use cortex_ingestion::ports::SearchIndex as _;
use cortex_kernel::PageRequest;
use cortex_postgres::stores::PgSearchIndex;
use cortex_test_support::Client;
use futures_util::future::join_all;

use crate::words::{Dice, word};
use crate::world::{COMPANY, World};

/// A kind of search: its name, and what is searched for.
type Kind = (&'static str, fn(&mut Dice) -> String);

/// By rank a word is in so many documents of a hundred: 3 in most, 300 in ten, 20,000 in a few of a thousand.
const KINDS: [Kind; 7] = [
    ("rare", |dice| word(20_000 + dice.up_to(20_000))),
    ("medium", |dice| word(200 + dice.up_to(400))),
    ("common", |dice| word(1 + dice.up_to(8))),
    ("two words", |dice| format!("{} {}", word(20 + dice.up_to(100)), word(200 + dice.up_to(400)))),
    ("phrase", |dice| format!("\"{} {}\"", word(1 + dice.up_to(8)), word(10 + dice.up_to(20)))),
    ("negation", |dice| format!("{} -{}", word(200 + dice.up_to(400)), word(1 + dice.up_to(8)))),
    ("a slip", |dice| format!("{}s", word(300 + dice.up_to(2_000)))),
];

fn main() {
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut world = World::new().await;
        cost::measure(&world.superuser, if is_measured { 1_000 } else { 2 }).await;
        for documents in if is_measured { [20_000, 200_000] } else { [100, 200] } {
            let begun = Instant::now();
            world.grow_to(documents).await;
            line(&format!("{documents} documents, there after {:.0?}", begun.elapsed()));
            for clients in [1, 4] {
                for kind in KINDS {
                    compare(&world, kind, clients, if is_measured { 60 } else { 1 }).await;
                }
            }
        }
    });
}

/// Both in turns, so that both find the machine as the other found it.
async fn compare(world: &World, (name, text): Kind, clients: u16, times: u32) {
    let pool = world.pool(clients);
    let index = &PgSearchIndex::new(pool);
    let client = async |number: u16| {
        let mut dice = Dice::new(u64::from(number) + 1);
        let session = world.session().await;
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for turn in 0..times + 3 {
            let text = text(&mut dice);
            let searched = search(index, &text).await;
            let limit = limit(&session, &text).await;
            // Sessions are opened, statements prepared and pages read before the clock starts.
            if turn >= 3 {
                ours.push(searched);
                bare.push(limit);
            }
        }
        (ours, bare)
    };
    let taken = join_all((0..clients).map(client)).await;
    let (ours, bare): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
    let [ours, bare] = [ours, bare].map(|times| percentiles(times.concat()));
    let told = |[half, slow, slowest]: [f64; 3]| format!("p50 {half:>6.1} p95 {slow:>6.1} p99 {slowest:>6.1} ms");
    let ratio = ours[0] / bare[0];
    line(&format!("{clients} clients, {name:<9}  {}   bare {}   {ratio:.2} of it", told(ours), told(bare)));
}

async fn search(index: &PgSearchIndex, text: &str) -> Duration {
    let query = SearchQuery {
        text: text.parse().unwrap(),
        filter: DocumentFilter::default(),
        page: PageRequest::new(Some(20), None),
    };
    let begun = Instant::now();
    index.search(COMPANY, &query).await.unwrap();
    begun.elapsed()
}

/// The statement alone, as a superuser whom no policy binds.
async fn limit(client: &Client, text: &str) -> Duration {
    let lexed = Lexed::parse(text).unwrap();
    let bare = "select id from (select id, ts_rank(search_vector, $2::text::tsquery) as score from documents \
                  where search_vector @@ $1::text::tsquery limit 1001) ranked order by score desc limit 20";
    let begun = Instant::now();
    client.query(bare, &[&lexed.matching, &lexed.ranking]).await.unwrap();
    begun.elapsed()
}

/// The median, and what 95 and 99 of 100 stay below, in milliseconds.
fn percentiles(mut took: Vec<Duration>) -> [f64; 3] {
    took.sort_unstable();
    [50, 95, 99].map(|percent| took[took.len() * percent / 100].as_secs_f64() * 1e3)
}

fn line(text: &str) {
    writeln!(io::stdout().lock(), "{text}").unwrap();
}
