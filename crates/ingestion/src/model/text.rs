//! Texts as they are stored and compared.

use sha2::{Digest, Sha256};

/// SHA-256 over title and text of a document, by which a change is told. In hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(String);

/// The one form of a text: no NUL, which no database takes, lines that end in LF, no white space at their ends, and no
/// empty lines before or after. Providers hand out the same text in many forms; only a change of this one is a change.
#[must_use]
pub fn normalise(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    let lines: Vec<&str> = text.split('\n').map(str::trim_end).collect();
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
    lines[first..end].join("\n")
}

impl ContentHash {
    /// The hash of a document by its title and its text, both normalised. The title counts: a file can be renamed. NUL
    /// stands between the two, as neither can hold one.
    #[must_use]
    pub fn of(title: &str, content: &str) -> Self {
        Self(hex(&Sha256::new().chain_update(title).chain_update([0]).chain_update(content).finalize()))
    }

    /// The hash in hexadecimal, for rows.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Bytes in lower case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes whatever is written");
        text
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::as_it_is("one\n\n  two", "one\n\n  two")]
    #[case::line_ends("one\r\ntwo\rthree\n", "one\ntwo\nthree")]
    #[case::nul("o\0ne", "one")]
    #[case::white_space_at_ends("one \t\n two\u{a0}\n", "one\n two")]
    #[case::empty_lines_around("\n \n one\n\n\n", " one")]
    #[case::nothing(" \r\n\0", "")]
    #[case::empty("", "")]
    fn a_text_has_one_form(#[case] text: &str, #[case] normal: &str) {
        assert_eq!(normalise(text), normal);
        assert_eq!(normalise(normal), normal, "normalising again changes nothing");
    }

    #[test]
    fn a_hash_tells_title_and_text_apart() {
        let hash = ContentHash::of("ab", "c");

        assert_eq!(hash, ContentHash::of("ab", "c"));
        assert_ne!(hash, ContentHash::of("a", "bc"));
        assert_ne!(hash, ContentHash::of("ab", "d"));
        assert_eq!(hash.as_str().len(), 64);
    }

    #[test]
    fn a_hash_is_sha_256() {
        assert_eq!(
            ContentHash::of("", "").as_str(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }
}
