//! What to show of a text: where the words are that were searched for.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::language::Language;
use super::query::Lexed;
use super::vector::{joined, language};
use super::words::{Word, words};
use crate::model::SnippetPiece;

/// So many words are shown around the matches of one place.
const WORDS: usize = 24;
/// Of them before the first match.
const WORDS_BEFORE: usize = 4;
/// A place has no more bytes, whatever its words are.
const MOST_BYTES: usize = 400;
const BETWEEN: &str = " … ";

/// A part of a text, as numbers of words: the first, and the one after the last.
#[derive(Clone, Copy)]
struct Place {
    first: usize,
    end: usize,
    /// How many of the wanted lexemes are there, and how often.
    worth: (usize, usize),
}

/// The two places of a text with most of what is wanted, in pieces; its beginning where nothing is. White space is single
/// blanks.
#[must_use]
pub fn snippet(wanted: &Lexed, title: &str, content: &str) -> Vec<SnippetPiece> {
    let all = words(content);
    let matches = matches(wanted, language(&words(title), &all), &all);
    let mut places = Vec::new();
    let candidates = |taken: Option<Place>| {
        let of_match =
            |(number, _): &(usize, usize)| place(content, &all, &matches, number.saturating_sub(WORDS_BEFORE));
        let apart = move |place: &Place| taken.is_none_or(|taken| place.end <= taken.first || taken.end <= place.first);
        // The first of equals: `max_by_key` answers the last.
        matches.iter().rev().map(of_match).filter(apart).max_by_key(|place| place.worth)
    };
    let best = candidates(None).unwrap_or_else(|| place(content, &all, &matches, 0));
    places.push(best);
    places.extend(candidates(Some(best)));
    places.sort_unstable_by_key(|place| place.first);

    let mut pieces = Pieces::default();
    for (number, place) in places.iter().enumerate() {
        if number > 0 {
            pieces.put(BETWEEN, false);
        }
        show(content, &all[place.first..place.end], &matches, place.first, &mut pieces);
    }
    pieces.0
}

/// The words that are wanted: their numbers, each with the number of its kind.
pub(super) fn matches<'w>(wanted: &Lexed, language: Language, words: &'w [Word<'w>]) -> Vec<(usize, usize)> {
    let mut known: HashMap<&'w str, bool, RandomState> = HashMap::default();
    let mut kinds: Vec<&'w str> = Vec::new();
    let mut matches = Vec::new();
    for (number, word) in words.iter().enumerate() {
        let is_wanted = *known
            .entry(&word.folded)
            .or_insert_with(|| language.lexeme(word).is_some_and(|lexeme| wanted.wants(&lexeme)));
        let kind = |kinds: &mut Vec<&'w str>| {
            kinds.iter().position(|kind| *kind == word.folded).unwrap_or_else(|| {
                kinds.push(&word.folded);
                kinds.len() - 1
            })
        };
        let length = if is_wanted { 1 } else { wanted_as_one(wanted, language, &words[number..]) };
        for number in number..number + length {
            if matches.last().is_none_or(|(last, _)| *last < number) {
                matches.push((number, kind(&mut kinds)));
            }
        }
    }
    matches
}

/// How many words at the beginning are wanted as the one that hyphens make of them.
fn wanted_as_one(wanted: &Lexed, language: Language, words: &[Word<'_>]) -> usize {
    let one = joined(words).and_then(|joined| language.lexeme(super::words::words(&joined).first()?));
    let length = 1 + words.iter().skip(1).take_while(|word| word.joined_by == Some('-')).count();
    if one.is_some_and(|one| wanted.wants(&one)) { length } else { 0 }
}

/// The place that begins with this word.
fn place(content: &str, words: &[Word<'_>], matches: &[(usize, usize)], first: usize) -> Place {
    let Some(begin) = words.get(first).map(|word| word.start) else {
        return Place { first: 0, end: 0, worth: (0, 0) };
    };
    let fits = |word: &&Word| word.end - begin <= MOST_BYTES.min(content.len());
    let end = first + words[first..].iter().take(WORDS).take_while(fits).count().max(1);
    let from = matches.partition_point(|(number, _)| *number < first);
    let to = matches.partition_point(|(number, _)| *number < end);
    let mut kinds: Vec<usize> = matches[from..to].iter().map(|(_, kind)| *kind).collect();
    let times = kinds.len();
    kinds.sort_unstable();
    kinds.dedup();
    Place { first, end, worth: (kinds.len(), times) }
}

/// The words of a place and what stands between them. Where texts hold pairs of characters, what is marked overlaps.
fn show(content: &str, words: &[Word<'_>], matches: &[(usize, usize)], first: usize, pieces: &mut Pieces) {
    let (Some(mut at), Some(end)) = (words.first().map(|word| word.start), words.iter().map(|word| word.end).max())
    else {
        return;
    };
    let from = matches.partition_point(|(number, _)| *number < first);
    for (number, _) in &matches[from..] {
        let Some(word) = words.get(number - first) else { break };
        pieces.put(&content[at..word.start.max(at)], false);
        pieces.put(&content[word.start.max(at)..word.end.max(at)], true);
        at = word.end.max(at);
    }
    pieces.put(&content[at..end], false);
    let mut tail = content[end..].chars();
    // The sign that ends the sentence belongs to it.
    if let Some(sign) = tail.next().filter(|sign| matches!(sign, '.' | '!' | '?' | ')' | '"' | '。')) {
        pieces.put(sign.encode_utf8(&mut [0; 4]), false);
    }
}

#[derive(Default)]
struct Pieces(Vec<SnippetPiece>);

impl Pieces {
    /// Adds a text with single blanks, to the last piece where that is of the same kind.
    fn put(&mut self, text: &str, is_match: bool) {
        let mut squeezed = String::with_capacity(text.len());
        let mut ends_blank = self.0.last().is_none_or(|piece| piece.text.ends_with(' '));
        for letter in text.chars() {
            let is_blank = letter.is_whitespace() || letter.is_control();
            if !(is_blank && ends_blank) {
                squeezed.push(if is_blank { ' ' } else { letter });
            }
            ends_blank = is_blank;
        }
        match self.0.last_mut() {
            _ if squeezed.is_empty() => {}
            Some(last) if last.is_match == is_match => last.text.push_str(&squeezed),
            Some(_) | None => self.0.push(SnippetPiece { text: squeezed, is_match }),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn shown(query: &str, content: &str) -> String {
        let wanted = Lexed::parse(query).unwrap();
        let pieces = snippet(&wanted, "", content);
        pieces
            .iter()
            .map(|piece| if piece.is_match { format!("[{}]", piece.text) } else { piece.text.clone() })
            .collect()
    }

    #[rstest]
    #[case::stems("stand heron", "The Herons were\n standing there.", "The [Herons] were [standing] there.")]
    #[case::accents("cafe", "Ein Café hier", "Ein [Café] hier")]
    #[case::joined("email", "Send an e-mail now", "Send an [e]-[mail] now")]
    #[case::parts("example.com", "To jane@example.com, soon", "To jane@[example].[com], soon")]
    #[case::pairs("東京都", "私は東京都に住む", "私は[東京都]に住む")]
    #[case::single("猫", "黒猫です", "黒[猫で]す")]
    #[case::only_in_the_title("otter", "It swims.", "It swims.")]
    #[case::nothing("otter", "", "")]
    fn what_was_searched_for_is_marked(#[case] query: &str, #[case] content: &str, #[case] expected: &str) {
        assert_eq!(shown(query, content), expected);
    }

    #[test]
    fn of_a_long_text_the_places_are_shown_that_have_most() {
        let filler = "water ".repeat(60);
        let text = format!("heron {filler} heron and otter {filler} otter {filler}");

        let shown = shown("heron otter", &text);

        assert!(shown.contains("[heron] and [otter]"), "{shown}");
        assert!(shown.len() < 500 && shown.contains(BETWEEN), "{shown}");
    }

    #[test]
    fn a_place_is_bounded_in_bytes_and_shows_signs_as_they_are() {
        let text = format!("heron <b> {}", format!("{} ", "x".repeat(300)).repeat(20));

        let shown = shown("heron", &text);

        assert!(shown.starts_with("[heron] <b> x") && shown.len() < 450, "{shown}");
    }
}
