//! Texts in one line.

/// The words of the text, each a blank apart. NUL, which no database takes, is white space too.
pub(crate) fn in_one_line(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
