//! An invented company's mail, kept as text and rendered to RFC 5322 bytes.
//!
//! `people.txt` and `corpus/*.txt` are the data: what is told there is written the way people write it, with a few
//! header lines each (see `corpus.rs` for the format). Days are counted back from the day on which the mailbox is made,
//! so that it always looks recent.

mod attach;
mod corpus;
mod encode;
mod html;
mod letter;
mod pdf;
mod png;
mod rfc5322;

use std::collections::HashMap;
use std::sync::LazyLock;

use time::OffsetDateTime;

use corpus::Corpus;
use letter::Letter;

const PEOPLE: &str = include_str!("people.txt");
const CORPUS: [&str; 6] = [
    include_str!("corpus/orders.txt"),
    include_str!("corpus/quality.txt"),
    include_str!("corpus/supply.txt"),
    include_str!("corpus/office.txt"),
    include_str!("corpus/oddities.txt"),
    include_str!("corpus/bramblewick.txt"),
];

static PARSED: LazyLock<Vec<Person>> = LazyLock::new(|| PEOPLE.lines().filter_map(Person::parse).collect());

/// Somebody who writes or gets the invented mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Short name, for use in code.
    pub key: &'static str,
    /// Name as in mail headers.
    pub name: &'static str,
    /// E-mail address.
    pub address: &'static str,
    /// `a` for the invented company, `b` for the neighbour company, whose mail is apart; else an outsider's company.
    pub company: &'static str,
}

/// Everybody, the two companies' own people first.
#[must_use]
pub fn people() -> &'static [Person] {
    &PARSED
}

/// The bytes of every message.
pub(super) fn letters(now: OffsetDateTime) -> Vec<Vec<u8>> {
    let mut sent: HashMap<String, Letter> = HashMap::new();
    let mut raw = Vec::new();
    for entry in Corpus::read(&CORPUS) {
        let letter = Letter::new(&entry, now, &sent);
        raw.push(rfc5322::render(&letter));
        sent.insert(entry.key.clone(), letter);
    }
    raw
}

impl Person {
    fn parse(line: &'static str) -> Option<Self> {
        let line = line.split('#').next().filter(|text| !text.trim().is_empty())?;
        let mut fields = line.split('|').map(str::trim);
        let mut next = || fields.next().expect("people.txt has four columns");
        Some(Self { key: next(), name: next(), address: next(), company: next() })
    }

    fn by_key(key: &str) -> &'static Self {
        people().iter().find(|person| person.key == key).unwrap_or_else(|| panic!("people.txt knows no {key}"))
    }

    /// The part of the address after the `@`.
    fn domain(&self) -> &'static str {
        self.address.split_once('@').map_or(self.address, |(_, domain)| domain)
    }
}
