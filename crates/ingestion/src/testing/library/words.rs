//! A search in the words of the web, over words as they are written.

use crate::model::SnippetPiece;

/// What is wanted: one of the groups, and of that group all terms.
pub(super) struct Wanted {
    groups: Vec<Vec<Term>>,
}

/// Words in a row.
struct Term {
    words: Vec<String>,
    is_excluded: bool,
}

impl Wanted {
    pub(super) fn parse(text: &str) -> Self {
        let mut groups = vec![Vec::new()];
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let is_excluded = rest.starts_with('-');
            let bare = rest.trim_start_matches('-');
            let (term, after) = match bare.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => bare.split_once(char::is_whitespace).unwrap_or((bare, "")),
            };
            let words = words(term);
            if bare.len() == rest.len() && term.eq_ignore_ascii_case("or") {
                groups.push(Vec::new());
            } else if let (Some(group), false) = (groups.last_mut(), words.is_empty()) {
                group.push(Term { words, is_excluded });
            }
            rest = after.trim_start();
        }
        groups.retain(|group| !group.is_empty());
        Self { groups }
    }

    /// How well a document fits; none where it does not.
    pub(super) fn score(&self, title: &str, sender: &str, content: &str) -> Option<f32> {
        let texts = [words(title), words(sender), words(content)];
        let fits = |term: &Term| texts.iter().any(|text| term.is_in(text)) != term.is_excluded;
        let is_in = |text: &[String]| if self.terms().any(|term| term.is_in(text)) { 1.0 } else { 0.0 };
        let score = || texts.iter().zip([10.0, 4.0, 1.0]).map(|(text, weight)| weight * is_in(text)).sum();
        self.fits(fits).then(score)
    }

    /// Whether a document fits with slips allowed in its title and sender.
    pub(super) fn is_near(&self, title: &str, sender: &str, content: &str) -> bool {
        let texts = [words(title), words(sender), words(content)];
        self.fits(|term| {
            let is_near = |word| texts[..2].iter().flatten().any(|other| is_slip(word, other));
            let is_there = texts.iter().any(|text| term.is_in(text));
            let is_slip = !term.is_excluded && matches!(term.words.as_slice(), [word] if is_near(word));
            (is_there || is_slip) != term.is_excluded
        })
    }

    fn fits(&self, fits: impl Fn(&Term) -> bool) -> bool {
        let wants = |group: &Vec<Term>| group.iter().any(|term| !term.is_excluded);
        self.groups.iter().any(|group| wants(group) && group.iter().all(&fits))
    }

    /// The text with the words marked that are wanted.
    pub(super) fn mark(&self, text: &str) -> Vec<SnippetPiece> {
        let mut pieces: Vec<SnippetPiece> = Vec::new();
        for letter in text.chars() {
            match pieces.last_mut() {
                Some(piece) if piece.text.ends_with(char::is_alphanumeric) == letter.is_alphanumeric() => {
                    piece.text.push(letter);
                }
                Some(_) | None => pieces.push(SnippetPiece { text: letter.to_string(), is_match: false }),
            }
        }
        for piece in &mut pieces {
            let word = piece.text.to_lowercase();
            piece.is_match = self.terms().any(|term| term.words.contains(&word));
        }
        pieces
    }

    fn terms(&self) -> impl Iterator<Item = &Term> {
        self.groups.iter().flatten().filter(|term| !term.is_excluded)
    }
}

impl Term {
    fn is_in(&self, words: &[String]) -> bool {
        words.windows(self.words.len()).any(|window| window == self.words)
    }
}

/// Whether they are the same, but for one letter or two that changed places. Short words are no slips of each other.
fn is_slip(one: &str, other: &str) -> bool {
    let (mut one, mut other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one == other || one.len().min(other.len()) < 4 {
        return one == other;
    }
    for _ in 0..2 {
        let same = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
        (one, other) = (one.split_off(same), other.split_off(same));
        one.reverse();
        other.reverse();
    }
    let are_swapped = one.len() == 2 && one.iter().eq(other.iter().rev());
    one.len().max(other.len()) == 1 || are_swapped
}

fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}
