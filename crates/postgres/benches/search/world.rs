//! A company with many documents.
use std::fmt::Write as _;

use cortex_ingestion::lexemes::{SearchVector, Searchable};

use crate::words::{Dice, text};

fn literal(vector: &SearchVector) -> String {
    let mut text = String::new();
    for lexeme in &vector.lexemes {
        write!(text, "'{}'", lexeme.text).unwrap();
        for (n, place) in lexeme.places.iter().enumerate() {
            text.push(if n == 0 { ':' } else { ',' });
            write!(text, "{}", place & 0x3fff).unwrap();
            text.push_str(["", "C", "B", "A"][usize::from(place >> 14)]);
        }
        text.push(' ');
    }
    text
}

pub(crate) async fn fill(url: &str, count: usize) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let mut dice = Dice::new(7);
    let mut done = 0;
    while done < count {
        let (mut titles, mut contents, mut vectors, mut ids) = (vec![], vec![], vec![], vec![]);
        for n in done..(done + 1000).min(count) {
            let title = text(&mut dice, 6);
            let words = 130 + dice.up_to(400);
            let content = text(&mut dice, words);
            let sender = text(&mut dice, 2);
            vectors.push(literal(&SearchVector::of(&Searchable { title: &title, sender_name: Some(&sender), sender_address: None, content: &content })));
            titles.push(title);
            contents.push(content);
            ids.push(n.to_string());
        }
        done += titles.len();
        client.execute("insert into documents (tenant_id, source, source_account, source_id, document_type, title, content, search_vector, search_version, source_created_at, ingested_by_user_id) \
          select '0a000000-0000-4000-8000-00000000000a', 'gmail', 'a', id, 'email', title, content, vector::tsvector, 1, timestamptz '2026-03-02' - random() * interval '3 years', 'u' || (random()*20)::int \
          from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as p(id, title, content, vector)", &[&ids, &titles, &contents, &vectors]).await.unwrap();
    }
}
