//! Text as it is gathered.

use crate::limits::MAX_CHARS;

/// The longest run of white space within a line that is kept, in characters.
const MAX_SPACES: usize = 200;
/// The longest run of line ends that is kept.
const MAX_LINE_ENDS: usize = 3;

/// Gathers a text until there is enough of it. White space costs nothing until something visible follows, so a file of
/// blanks has no text, however large it is.
#[derive(Default)]
pub(crate) struct Gathered {
    text: String,
    chars: usize,
    line_ends: usize,
    spaces: String,
    after_return: bool,
}

impl Gathered {
    pub(crate) fn push_str(&mut self, text: &str) {
        for c in text.chars() {
            if self.is_full() {
                return;
            }
            self.push(c);
        }
    }

    pub(crate) fn push(&mut self, c: char) {
        let after_return = std::mem::replace(&mut self.after_return, c == '\r');
        match c {
            '\n' if after_return => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => self.end_line(),
            c if c.is_whitespace() && self.spaces.len() < MAX_SPACES => self.spaces.push(c),
            c if c.is_whitespace() => {}
            c if c.is_control() || c == '\u{feff}' => {}
            c if !self.is_full() => self.push_visible(c),
            _ => {}
        }
    }

    /// A line ends here, unless nothing stands in it yet.
    pub(crate) fn break_line(&mut self) {
        if self.line_ends == 0 {
            self.end_line();
        }
    }

    /// An empty line follows, unless there is one.
    pub(crate) fn break_paragraph(&mut self) {
        while self.line_ends < 2 {
            self.end_line();
        }
    }

    /// Whether there is enough of it.
    pub(crate) fn is_full(&self) -> bool {
        self.chars >= MAX_CHARS
    }

    /// The text; none where nothing in it is visible.
    pub(crate) fn finish(self) -> Option<String> {
        (!self.text.is_empty()).then_some(self.text)
    }

    fn end_line(&mut self) {
        self.line_ends = (self.line_ends + 1).min(MAX_LINE_ENDS);
        self.spaces.clear();
    }

    fn push_visible(&mut self, c: char) {
        if !self.text.is_empty() {
            self.text.extend(std::iter::repeat_n('\n', self.line_ends));
            self.chars += self.line_ends;
        }
        self.line_ends = 0;
        self.text.push_str(&self.spaces);
        self.chars += self.spaces.chars().count() + 1;
        self.spaces.clear();
        self.text.push(c);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn gathered(text: &str) -> String {
        let mut gathered = Gathered::default();
        gathered.push_str(text);
        gathered.finish().unwrap_or_default()
    }

    #[rstest]
    #[case::as_it_is("one\n\n  two\tthree", "one\n\n  two\tthree")]
    #[case::line_ends("one\r\ntwo\rthree\u{c}four\n\n", "one\ntwo\nthree\nfour")]
    #[case::white_space_at_ends(" \n\n one \t \n two \n", " one\n two")]
    #[case::controls("o\0n\u{1}e\u{feff}", "one")]
    #[case::nothing(" \r\n\0\u{feff}", "")]
    fn a_text_stays_what_is_seen_of_it(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(gathered(text), expected);
    }

    #[test]
    fn white_space_without_end_hides_nothing_and_fills_nothing() {
        let text = gathered(&format!("{0}a{1}b{0}c", " ".repeat(MAX_CHARS), "\n".repeat(MAX_CHARS)));

        assert!(text.trim_start().starts_with("a\n\n\nb ") && text.ends_with('c'), "{} characters", text.len());
    }

    #[test]
    fn it_is_full_one_character_behind_what_is_kept() {
        let mut gathered = Gathered::default();
        gathered.push_str(&"ä".repeat(MAX_CHARS - 1));
        assert!(!gathered.is_full());
        gathered.push_str("b ccc");
        assert!(gathered.is_full());
        assert_eq!(gathered.finish().unwrap().chars().count(), MAX_CHARS);
    }

    #[test]
    fn breaks_do_not_add_up() {
        let mut gathered = Gathered::default();
        gathered.break_paragraph();
        gathered.push_str("one");
        gathered.break_line();
        gathered.break_line();
        gathered.push_str("two\n");
        gathered.break_paragraph();
        gathered.break_line();
        gathered.push_str("three");
        assert_eq!(gathered.finish().unwrap(), "one\ntwo\n\nthree");
    }
}
