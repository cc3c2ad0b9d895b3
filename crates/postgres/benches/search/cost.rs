//! What it costs to make the lexemes of a text of 4 kB: ours and handing them over, beside PostgreSQL's own.

use std::time::Instant;

use cortex_ingestion::lexemes::{SearchVector, Searchable};
use cortex_test_support::Client;

use crate::line;
use crate::words::{Dice, sentences};
use crate::world::literal;

/// One after the other for each text, so that both find the machine as the other found it.
pub(crate) async fn measure(client: &Client, texts: u32) {
    client.batch_execute("create temp table cost (lexemes tsvector)").await.unwrap();
    let ours = "insert into cost select $1::text::tsvector";
    let theirs = "insert into cost select setweight(to_tsvector('english', $1), 'A') \
                    || setweight(to_tsvector('english', $2), 'D')";
    let nothing = "insert into cost select ''::tsvector where length($1) > 0";
    let mut dice = Dice::new(3);
    let mut took = [0.0_f64; 4];
    for _ in 0..texts {
        let (title, content) = (sentences(&mut dice, 40), sentences(&mut dice, 4_000));
        let begun = Instant::now();
        let vector = SearchVector::of(&Searchable { title: &title, content: &content, ..Searchable::default() });
        took[0] += begun.elapsed().as_secs_f64();
        let lexemes = literal(&vector);
        for (number, statement, values) in
            [(1, ours, vec![&lexemes]), (2, theirs, vec![&title, &content]), (3, nothing, vec![&content])]
        {
            let values: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
                values.into_iter().map(|value| value as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
            let begun = Instant::now();
            client.execute(statement, &values).await.unwrap();
            took[number] += begun.elapsed().as_secs_f64();
        }
    }
    let [made, handed, theirs, empty] = took.map(|seconds| seconds * 1e3 / f64::from(texts));
    let (ours, theirs) = (made + handed - empty, theirs - empty);
    line(&format!(
        "lexemes of 4 kB: ours {ours:.3} ms (made in {made:.3}), PostgreSQL's {theirs:.3} ms, {:.1} times",
        theirs / ours
    ));
}
