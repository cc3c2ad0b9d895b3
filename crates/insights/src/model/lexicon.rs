//! Words of complaint and of urgency in mails, and how they are found. The words stand in `docs/alerts.md` too.

use std::str::FromStr;

use thiserror::Error;

/// What a word is a sign of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignalCategory {
    /// Somebody is not content.
    Complaint,
    /// Somebody cannot wait.
    Urgency,
}

/// The text names no category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown category of words")]
pub struct UnknownSignalCategory;

/// A word of the lexicon, or several that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Keyword {
    /// In small letters.
    pub text: &'static str,
    /// What it is a sign of.
    pub category: SignalCategory,
}

/// Counts up with each change of [`LEXICON`]: mails that were read by an earlier one are read again.
pub const LEXICON_VERSION: i16 = 1;

/// So much of a mail is looked through, in characters.
const MOST_CHARS: usize = 100_000;

/// All words, in English and German.
pub const LEXICON: [Keyword; 42] = {
    use SignalCategory::{Complaint, Urgency};
    const fn word(text: &'static str, category: SignalCategory) -> Keyword {
        Keyword { text, category }
    }
    [
        word("complain", Complaint),
        word("complaining", Complaint),
        word("complaint", Complaint),
        word("complaints", Complaint),
        word("damaged", Complaint),
        word("defective", Complaint),
        word("disappointed", Complaint),
        word("disappointing", Complaint),
        word("dissatisfied", Complaint),
        word("faulty", Complaint),
        word("frustrated", Complaint),
        word("frustrating", Complaint),
        word("not acceptable", Complaint),
        word("not working", Complaint),
        word("poor quality", Complaint),
        word("refund", Complaint),
        word("unacceptable", Complaint),
        word("unhappy", Complaint),
        word("beschwerde", Complaint),
        word("defekt", Complaint),
        word("enttäuscht", Complaint),
        word("inakzeptabel", Complaint),
        word("mangelhaft", Complaint),
        word("reklamation", Complaint),
        word("unzufrieden", Complaint),
        word("as soon as possible", Urgency),
        word("asap", Urgency),
        word("emergency", Urgency),
        word("escalate", Urgency),
        word("escalation", Urgency),
        word("final notice", Urgency),
        word("final reminder", Urgency),
        word("immediate action", Urgency),
        word("time sensitive", Urgency),
        word("urgent", Urgency),
        word("urgently", Urgency),
        word("dringend", Urgency),
        word("dringende", Urgency),
        word("eilig", Urgency),
        word("letzte mahnung", Urgency),
        word("notfall", Urgency),
        word("umgehend", Urgency),
    ]
};

/// The words of the lexicon that stand in a mail, each once, in the order of the lexicon.
///
/// Whole words, whatever the case: letters and digits belong to a word, everything else stands between words. Lines that
/// quote another mail (those that begin with `>`) do not count.
#[must_use]
pub fn find_keywords(title: &str, content: &str) -> Vec<Keyword> {
    let mut text = String::from(" ");
    for line in [title].into_iter().chain(content.lines().filter(|line| !line.trim_start().starts_with('>'))) {
        for letter in line.chars().flat_map(char::to_lowercase) {
            if letter.is_alphanumeric() {
                text.push(letter);
            } else if !text.ends_with(' ') {
                text.push(' ');
            }
        }
        if !text.ends_with(' ') {
            text.push(' ');
        }
        if text.len() > MOST_CHARS {
            break;
        }
    }
    let stands_in = |keyword: &Keyword| text.contains(&format!(" {} ", keyword.text));
    LEXICON.into_iter().filter(stands_in).collect()
}

impl SignalCategory {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Complaint, Self::Urgency];

    /// As rows and clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Urgency => "urgency",
        }
    }
}

impl FromStr for SignalCategory {
    type Err = UnknownSignalCategory;

    fn from_str(text: &str) -> Result<Self, UnknownSignalCategory> {
        Self::ALL.into_iter().find(|category| category.name() == text).ok_or(UnknownSignalCategory)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::whole_words("Hello", "This is urgent.", &["urgent"])]
    #[case::any_case("URGENT: crane", "", &["urgent"])]
    #[case::no_part_of_a_word("Insurgents", "urgentish refunded", &[])]
    #[case::several_words("", "Please call as  soon\nas possible", &["as soon as possible"])]
    #[case::hyphens("Time-sensitive", "", &["time sensitive"])]
    #[case::each_once_in_the_order_of_the_lexicon("urgent", "Urgent! A refund, a refund, asap", &["refund", "asap", "urgent"])]
    #[case::umlauts("Ich bin ENTTÄUSCHT", "", &["enttäuscht"])]
    #[case::what_is_quoted("Re: crane", "All is well.\n> This is urgent\n  >> asap", &[])]
    #[case::across_lines("", "a final\nnotice", &["final notice"])]
    #[case::nothing("", "", &[])]
    fn words_are_found(#[case] title: &str, #[case] content: &str, #[case] expected: &[&str]) {
        let found: Vec<_> = find_keywords(title, content).into_iter().map(|keyword| keyword.text).collect();

        assert_eq!(found, expected);
    }

    #[test]
    fn the_lexicon_has_each_word_once_and_as_it_is_looked_for() {
        let words: BTreeSet<_> = LEXICON.iter().map(|keyword| keyword.text).collect();

        assert_eq!(words.len(), LEXICON.len());
        for word in words {
            assert_eq!(find_keywords(word, "").iter().filter(|keyword| keyword.text == word).count(), 1, "{word}");
        }
    }

    #[test]
    fn a_text_without_an_end_is_looked_through_at_its_beginning() {
        let text = format!("urgent\n{}", "a line\n".repeat(100_000));

        assert_eq!(find_keywords("", &text).len(), 1);
        assert_eq!(find_keywords("", &format!("{}\nasap", "a line\n".repeat(100_000))).len(), 0);
    }
}
