//! The sentences of a text that say most to a question.

use std::cmp::Reverse;

use super::query::Lexed;
use super::snippet::matches;
use super::vector::language;
use super::words::{Word, words};
use crate::model::Sentence;

/// A sentence has no more bytes: what is written without an end is cut into pieces.
const MOST_BYTES: usize = 600;

/// At most `most` sentences of a text in which something wanted stands, best first: those with most different wanted words,
/// and of equals those that stand further up. White space is single blanks.
#[must_use]
pub fn sentences(wanted: &Lexed, title: &str, content: &str, most: usize) -> Vec<Sentence> {
    let all = words(content);
    let matches = matches(wanted, language(&words(title), &all), &all);
    let mut found: Vec<Sentence> = Vec::new();
    let mut at = 0;
    for (start, end) in spans(content) {
        let from = at;
        at += matches[from..].iter().take_while(|(number, _)| stands_before(&all, *number, end)).count();
        let mut kinds: Vec<usize> = matches[from..at].iter().map(|(_, kind)| *kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        if !kinds.is_empty() {
            found.push(Sentence { text: squeezed(&content[start..end]), worth: kinds.len() });
        }
    }
    // Stable: of equals the first stays the first. What is quoted again and again in a thread is told once.
    found.sort_by_key(|sentence| Reverse(sentence.worth));
    let mut told: Vec<Sentence> = Vec::new();
    for sentence in found {
        if told.len() == most {
            break;
        }
        if !told.iter().any(|other| other.text == sentence.text) {
            told.push(sentence);
        }
    }
    told
}

fn stands_before(words: &[Word<'_>], number: usize, end: usize) -> bool {
    words.get(number).is_some_and(|word| word.start < end)
}

/// Where the sentences of a text begin and end, in bytes. A sentence ends with its sign before white space, with a line
/// that is followed by a blank one or by a list, or with the text.
fn spans(content: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut start = 0;
    let mut letters = content.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let end = at + letter.len_utf8();
        let next = letters.peek().map(|(_, next)| *next);
        let ends = match letter {
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
            '。' | '！' | '？' => true,
            '\n' => next.is_none_or(|next| matches!(next, '\n' | '\r' | '-' | '*' | '•' | '>' | '|' | '#')),
            _ => false,
        };
        if ends || (end - start >= MOST_BYTES && (letter.is_whitespace() || end - start >= 2 * MOST_BYTES)) {
            spans.push((start, end));
            start = end;
        }
    }
    if start < content.len() {
        spans.push((start, content.len()));
    }
    spans
}

fn squeezed(text: &str) -> String {
    let visible = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    visible.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn told(question: &str, content: &str, most: usize) -> Vec<String> {
        let wanted = Lexed::any_of(question).unwrap();
        sentences(&wanted, "", content, most).into_iter().map(|sentence| sentence.text).collect()
    }

    #[test]
    fn those_with_most_of_the_question_come_first_and_of_equals_the_first() {
        let content = "The heron is grey. Otters swim in the reed.\nA grey heron stands in the reed. A heron flew.";

        let told = told("Where does the grey heron stand?", content, 3);

        assert_eq!(told, ["A grey heron stands in the reed.", "The heron is grey.", "A heron flew."]);
    }

    #[test]
    fn what_says_nothing_to_it_is_not_told_and_what_is_quoted_is_told_once() {
        assert_eq!(told("heron", "A heron.\n\n> A heron.\n\nAn otter.", 9), ["A heron.", "> A heron."]);
        assert_eq!(told("heron", "A heron. A heron. A heron.", 9), ["A heron."]);
        assert_eq!(told("kingfisher", "A heron.", 9), Vec::<String>::new());
    }

    #[rstest]
    #[case::a_number("It costs 4.50 a heron. More.", "It costs 4.50 a heron.")]
    #[case::lines("A heron\nin the reed\n\nAn otter", "A heron in the reed")]
    #[case::a_list("Birds:\n- heron\n- swan", "- heron")]
    #[case::to_the_end("An otter. A heron", "A heron")]
    #[case::without_spaces("猫がいる。heron です。", "heron です。")]
    fn a_sentence_ends_where_a_reader_sees_it_end(#[case] content: &str, #[case] expected: &str) {
        assert_eq!(told("heron", content, 1), [expected]);
    }

    #[test]
    fn a_text_without_an_end_is_cut_into_pieces() {
        let content = "heron ".repeat(10_000);

        let told = told("heron", &content, 1);

        assert!(told[0].len() <= MOST_BYTES + 5, "{}", told[0].len());
        let unbroken = format!("heron.{}", "x".repeat(10_000));
        assert!(super::spans(&unbroken).iter().all(|(start, end)| end - start <= 2 * MOST_BYTES));
    }
}
