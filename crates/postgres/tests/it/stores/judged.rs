//! How good what is found is: queries with the documents that should be found, judged by hand, by our lexemes and by
//! PostgreSQL's own for English.
//!
//! `judged/documents.tsv`: name, title, sender, text. `judged/queries.tsv`: what is searched for, and the names of the
//! documents that fit; a line with `#` begins a kind of queries.

use std::collections::BTreeMap;

use cortex_ingestion::lexemes::{Lexed, SearchVector, Searchable};
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B};
use cortex_postgres::schema::Database;
use cortex_test_support::Client;

use super::library::literal;
use super::world::World;

const DOCUMENTS: &str = include_str!("judged/documents.tsv");
const QUERIES: &str = include_str!("judged/queries.tsv");

/// The means over queries.
#[derive(Clone, Copy, Default)]
struct Quality {
    queries: f64,
    /// How much of what fits is among the first ten.
    recall: f64,
    /// One by the place of the first that fits.
    reciprocal_rank: f64,
    /// How much of what fits stands how far ahead (nDCG).
    gain: f64,
}

impl Quality {
    fn add(&mut self, wanted: &[&str], found: &[String]) {
        let fits: Vec<bool> = found.iter().map(|name| wanted.contains(&name.as_str())).collect();
        let at = |place: usize| 1.0 / (f64::from(u32::try_from(place).unwrap()) + 2.0).log2();
        let most = wanted.len().min(10);
        let places = || fits.iter().enumerate().filter(|(_, fits)| **fits).map(|(place, _)| place);
        self.queries += 1.0;
        self.recall += count(places().count()) / count(most);
        self.reciprocal_rank += places().next().map_or(0.0, |place| 1.0 / count(place + 1));
        self.gain += places().map(at).sum::<f64>() / (0..most).map(at).sum::<f64>();
    }

    fn means(&self) -> [f64; 3] {
        [self.recall, self.reciprocal_rank, self.gain].map(|sum| sum / self.queries)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_lexemes_find_at_least_what_those_of_postgresql_do() {
    let world = World::new(Database::Company, [COMPANY_A, COMPANY_B]).await;
    let client = world.superuser();
    fill(client).await;

    let mut kinds: BTreeMap<&str, [Quality; 2]> = BTreeMap::new();
    let mut all = [Quality::default(); 2];
    let mut kind = "";
    for line in QUERIES.lines() {
        if let Some(name) = line.strip_prefix("# ") {
            kind = name;
            continue;
        }
        let (query, wanted) = line.split_once('\t').unwrap();
        let wanted: Vec<&str> = wanted.split(' ').collect();
        let found = [by_ours(client, query).await, by_theirs(client, query).await];
        for (number, found) in found.iter().enumerate() {
            kinds.entry(kind).or_default()[number].add(&wanted, found);
            all[number].add(&wanted, found);
        }
    }

    for (kind, [ours, theirs]) in &kinds {
        let (ours, theirs) = (ours.means(), theirs.means());
        assert!(ours.iter().zip(theirs).all(|(ours, theirs)| *ours >= theirs), "{kind}: {ours:?} {theirs:?}");
    }
    let [ours, theirs] = all.map(|quality| quality.means());
    assert!(ours.iter().all(|mean| *mean > 0.95), "{ours:?}, of PostgreSQL {theirs:?}");
}

async fn fill(client: &Client) {
    client.batch_execute("create table judged (n serial, name text, ours tsvector, theirs tsvector)").await.unwrap();
    let insert = "insert into judged (name, ours, theirs) values ($1, $2::text::tsvector, \
                    setweight(to_tsvector('english', $3), 'A') || setweight(to_tsvector('english', $4), 'B') || \
                    setweight(to_tsvector('english', $5), 'D'))";
    for line in DOCUMENTS.lines() {
        let [name, title, sender, content] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let (sender_name, address) = sender.split_once(" <").map_or(("", sender), |(name, rest)| (name, rest));
        let ours = literal(&SearchVector::of(&Searchable {
            title,
            sender_name: Some(sender_name),
            sender_address: Some(address.trim_end_matches('>')),
            content,
        }));
        client.execute(insert, &[&name, &ours, &title, &sender, &content]).await.unwrap();
    }
}

async fn by_ours(client: &Client, query: &str) -> Vec<String> {
    let lexed = Lexed::parse(query).unwrap();
    let search = "select name from judged where ours @@ $1::text::tsquery \
                  order by ts_rank(ours, $2::text::tsquery) desc, n desc limit 10";
    names(client.query(search, &[&lexed.matching, &lexed.ranking]).await.unwrap())
}

async fn by_theirs(client: &Client, query: &str) -> Vec<String> {
    let search = "select name from judged, websearch_to_tsquery('english', $1) query where theirs @@ query \
                  order by ts_rank(theirs, query) desc, n desc limit 10";
    names(client.query(search, &[&query]).await.unwrap())
}

fn names(rows: Vec<tokio_postgres::Row>) -> Vec<String> {
    rows.into_iter().map(|row| row.get(0)).collect()
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}
