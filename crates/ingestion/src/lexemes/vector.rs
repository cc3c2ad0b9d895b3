//! What a document is found by.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::language::Language;
use super::near;
use super::words::{Word, words};

/// The texts of a document that are searched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Searchable<'t> {
    /// Its title, which counts most.
    pub title: &'t str,
    /// The name of who sent it, which counts more than the text.
    pub sender_name: Option<&'t str>,
    /// The address of who sent it, likewise.
    pub sender_address: Option<&'t str>,
    /// Its text.
    pub content: &'t str,
}

/// The lexemes of a document, in the order of their bytes, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchVector {
    /// The lexemes.
    pub lexemes: Vec<Lexeme>,
}

/// What a word of a document counts as, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lexeme {
    /// The lexeme.
    pub text: String,
    /// Where it stands, ascending: the number of the word, and in the highest two bits how much it counts. None for what
    /// has no place.
    pub places: Vec<u16>,
}

const TITLE: u16 = 3 << 14;
const SENDER: u16 = 2 << 14;
const CONTENT: u16 = 0;
/// Later words share the last place.
const LAST_PLACE: u16 = (1 << 14) - 1;
/// Of a lexeme no more places are told.
const MOST_PLACES: usize = 200;
/// The database takes 2^20 bytes of lexemes and places in a document.
const MOST_BYTES: usize = 900_000;
/// Joined by hyphens, so many words are also one.
const MOST_JOINED: usize = 4;
/// Words of titles and senders that are found with a slip.
const MOST_NEAR: usize = 24;

/// A lexeme in the making.
struct Entry<'w> {
    word: &'w Word<'w>,
    places: Vec<u16>,
}

impl SearchVector {
    /// What this document is found by.
    #[must_use]
    pub fn of(document: &Searchable<'_>) -> Self {
        let sender = [document.sender_name.map(words), document.sender_address.map(words)];
        let (title, content) = (words(document.title), words(document.content));
        let language = language(&title, &content);
        let mut lexemes = Collection {
            language,
            by_word: HashMap::with_capacity_and_hasher(content.len() / 2, RandomState::default()),
            joined: HashMap::default(),
            bytes: 0,
            place: 0,
        };
        lexemes.add(&title, TITLE);
        for words in sender.iter().flatten() {
            lexemes.add(words, SENDER);
        }
        lexemes.add(&content, CONTENT);

        let mut found = lexemes.finish();
        let named = title.iter().chain(sender.iter().flatten().flatten());
        let named = named.filter(|word| language.lexeme(word).is_some()).take(MOST_NEAR);
        found.extend(named.flat_map(|word| near::keys(&word.folded)).map(|text| Lexeme { text, places: Vec::new() }));
        found.sort_unstable_by(|one, other| one.text.cmp(&other.text));
        found.dedup_by(|later, kept| {
            let is_same = later.text == kept.text;
            if is_same {
                kept.places.append(&mut later.places);
                kept.places.sort_unstable_by_key(|place| place & LAST_PLACE);
                kept.places.dedup_by_key(|place| *place & LAST_PLACE);
                kept.places.truncate(MOST_PLACES);
            }
            is_same
        });
        Self { lexemes: found }
    }
}

/// The language of a document: a snippet of it must be read as the document was.
pub(super) fn language(title: &[Word<'_>], content: &[Word<'_>]) -> Language {
    const ENOUGH: usize = 2_000;
    Language::of(title.iter().chain(content).take(ENOUGH).map(|word| &*word.folded))
}

/// The words of a document so far: each is stemmed once, however often it is said.
struct Collection<'w> {
    language: Language,
    by_word: HashMap<&'w str, Entry<'w>, RandomState>,
    joined: HashMap<String, Vec<u16>, RandomState>,
    bytes: usize,
    place: u16,
}

impl<'w> Collection<'w> {
    /// Adds the words of one of the texts; a row of words does not go on from one text to the next.
    fn add(&mut self, words: &'w [Word<'w>], weight: u16) {
        for (number, word) in words.iter().enumerate() {
            self.place = (self.place + 1).min(LAST_PLACE);
            let place = weight | self.place;
            if self.bytes < MOST_BYTES {
                let bytes = &mut self.bytes;
                let entry = self.by_word.entry(&word.folded).or_insert_with(|| {
                    *bytes += word.folded.len() + 12;
                    Entry { word, places: Vec::new() }
                });
                put(&mut entry.places, place, bytes);
            }
            if let Some(joined) = joined(&words[number..]).filter(|_| self.bytes < MOST_BYTES) {
                self.bytes += joined.len() + 12;
                put(self.joined.entry(joined).or_default(), place, &mut self.bytes);
            }
        }
        self.place = (self.place + 2).min(LAST_PLACE);
    }

    fn finish(self) -> Vec<Lexeme> {
        let language = self.language;
        let single = self
            .by_word
            .into_values()
            .filter_map(|entry| Some(Lexeme { text: language.lexeme(entry.word)?, places: entry.places }));
        let joined = self
            .joined
            .into_iter()
            .filter_map(|(joined, places)| Some(Lexeme { text: language.lexeme(words(&joined).first()?)?, places }));
        single.chain(joined).collect()
    }
}

fn put(places: &mut Vec<u16>, place: u16, bytes: &mut usize) {
    let is_new = places.last().is_none_or(|last| last & LAST_PLACE != place & LAST_PLACE);
    if is_new && places.len() < MOST_PLACES {
        *bytes += 2;
        places.push(place);
    }
}

/// The words at the beginning that hyphens join, as one: `e-mail` is `email`.
pub(super) fn joined(words: &[Word<'_>]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    if rest.first().is_none_or(|second| second.joined_by != Some('-')) {
        return None;
    }
    let length = rest.iter().take_while(|word| word.joined_by == Some('-')).count();
    let begins = first.joined_by != Some('-');
    (begins && (1..MOST_JOINED).contains(&length))
        .then(|| std::iter::once(first).chain(&rest[..length]).map(|word| &*word.folded).collect())
}
