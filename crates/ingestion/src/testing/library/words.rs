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
    pub(super) fn score(&self, title: &str, content: &str) -> Option<f32> {
        let (title, content) = (words(title), words(content));
        let fits = self
            .groups
            .iter()
            .any(|group| group.iter().all(|term| (term.is_in(&title) || term.is_in(&content)) != term.is_excluded));
        let score = |words: &[String]| if self.terms().any(|term| term.is_in(words)) { 1.0 } else { 0.0 };
        fits.then(|| 10.0 * score(&title) + score(&content))
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

fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}
