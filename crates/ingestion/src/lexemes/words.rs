//! Texts in words.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// A word of a text, or two characters of a script that puts no spaces between words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word<'t> {
    /// Where it stands, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Without case and accents.
    pub(super) folded: Cow<'t, str>,
    pub(super) script: Script,
    /// What stands between it and the word before, if that is a single sign that joins.
    pub(super) joined_by: Option<char>,
}

/// What can be done with a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Greek,
    /// Written without spaces.
    Unspaced,
    /// Numbers, codes, and scripts about which nothing is known.
    Other,
}

/// Longer words are cut: nobody types them, and an encoded file is full of them.
const MOST_CHARS: usize = 64;
/// What joins words to one expression where nothing else stands between them.
const JOINTS: [char; 9] = ['-', '.', '/', '@', '_', '\'', '’', '&', '+'];

/// The words of a text, in order.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::with_capacity(text.len() / 6);
    let mut rest = text.char_indices().peekable();
    let mut last_end = None;
    while let Some((start, first)) = rest.next() {
        if !first.is_alphanumeric() {
            continue;
        }
        let is_unspaced_run = is_unspaced(first);
        let mut end = start + first.len_utf8();
        while let Some((at, next)) = rest.next_if(|(_, next)| goes_on(*next, is_unspaced_run)) {
            end = at + next.len_utf8();
        }
        let joined_by = last_end.and_then(|last_end| joint(&text[last_end..start]));
        last_end = Some(end);
        if is_unspaced_run {
            pairs(text, start, end, joined_by, &mut words);
        } else {
            let word = &text[start..end];
            let folded = if word.is_ascii() { ascii(word) } else { Cow::Owned(fold(word)) };
            // Of an accent that stands alone nothing is left.
            if folded.is_empty() {
                continue;
            }
            let script = script(&folded);
            words.push(Word { start, end, folded, script, joined_by });
        }
    }
    words
}

/// Lower case, without accents, in the one form of what looks alike.
pub(super) fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for letter in word.nfkc().flat_map(char::to_lowercase).take(MOST_CHARS) {
        match letter {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            'ё' => folded.push('е'),
            // The short i is a letter of its own, on which endings depend.
            'а'..='я' => folded.push(letter),
            other => decompose_canonical(other, |part| {
                if !is_accent(part) {
                    folded.push(part);
                }
            }),
        }
    }
    folded
}

fn ascii(word: &str) -> Cow<'_, str> {
    let word = &word[..word.len().min(MOST_CHARS)];
    if word.bytes().any(|letter| letter.is_ascii_uppercase()) {
        Cow::Owned(word.to_ascii_lowercase())
    } else {
        Cow::Borrowed(word)
    }
}

/// Every two characters that follow each other, and the last one alone: whatever is looked for is the beginning of one
/// of them.
fn pairs<'t>(text: &'t str, start: usize, end: usize, joined_by: Option<char>, words: &mut Vec<Word<'t>>) {
    let mut rest = text[start..end].char_indices().peekable();
    let mut joined_by = joined_by;
    while let Some((at, first)) = rest.next() {
        let second = rest.peek().map(|(_, second)| *second);
        let length = first.len_utf8() + second.map_or(0, char::len_utf8);
        let at = start + at;
        let folded = text[at..at + length].nfkc().collect();
        words.push(Word { start: at, end: at + length, folded, script: Script::Unspaced, joined_by: joined_by.take() });
    }
}

fn joint(between: &str) -> Option<char> {
    let mut signs = between.chars();
    signs.next().filter(|sign| signs.next().is_none() && JOINTS.contains(sign))
}

fn goes_on(next: char, is_unspaced_run: bool) -> bool {
    if next.is_alphanumeric() {
        is_unspaced(next) == is_unspaced_run
    } else {
        !next.is_ascii() && is_combining_mark(next)
    }
}

/// Accents and points; not the vowel signs of scripts that write vowels so.
const fn is_accent(sign: char) -> bool {
    matches!(sign, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{652}')
}

/// Thai, Lao, Myanmar, Khmer; Kana, Han and Hangul, of any width.
const fn is_unspaced(letter: char) -> bool {
    letter as u32 >= 0xe00
        && matches!(letter,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

fn script(folded: &str) -> Script {
    let is = |is: fn(char) -> bool| folded.chars().all(is);
    let is_plain = folded.bytes().all(|letter| letter.is_ascii_lowercase());
    if is_plain || is(|letter| letter.is_ascii_lowercase() || matches!(letter, '\u{e0}'..='\u{24f}')) {
        Script::Latin
    } else if is(|letter| matches!(letter, '\u{400}'..='\u{4ff}')) {
        Script::Cyrillic
    } else if is(|letter| matches!(letter, '\u{370}'..='\u{3ff}')) {
        Script::Greek
    } else {
        Script::Other
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::case_and_accents("Éclair ÜBER straße Ångström", "eclair uber strasse angstrom")]
    #[case::decomposed("u\u{308}ber", "uber")]
    #[case::joined("jane.doe@example.com", "jane doe example com")]
    #[case::full_width("ＡＢＣ１２", "abc12")]
    #[case::ligature("ﬁnance", "finance")]
    #[case::cyrillic("Ёлка Май", "елка май")]
    #[case::pairs("東京都 a", "東京 京都 都 a")]
    #[case::next_to_each_other("iPhone手机", "iphone 手机 机")]
    #[case::one_character("猫", "猫")]
    #[case::half_width_kana("ﾃｽﾄ", "テス スト ト")]
    #[case::nothing(" - … ", "")]
    #[case::an_accent_alone("a \u{64b} b \u{345}", "a b")]
    fn a_text_falls_into_words(#[case] text: &str, #[case] expected: &str) {
        let found: Vec<_> = words(text).into_iter().map(|word| word.folded.into_owned()).collect();

        assert_eq!(found.join(" "), expected);
    }

    #[test]
    fn a_word_knows_where_it_stands_and_what_joins_it() {
        let found = words("An AB-12, x");

        let told: Vec<_> = found.iter().map(|word| (word.start, word.end, word.joined_by)).collect();
        assert_eq!(told, [(0, 2, None), (3, 5, None), (6, 8, Some('-')), (10, 11, None)]);
    }

    #[test]
    fn an_endless_word_is_cut() {
        assert_eq!(words(&"x".repeat(10_000))[0].folded.len(), MOST_CHARS);
        assert_eq!(words(&"ä".repeat(10_000))[0].folded.len(), MOST_CHARS);
    }
}
