//! Words of the lexicon in mails, as they are kept and counted.

use cortex_kernel::DocumentId;
use time::Date;

use super::{Keyword, SignalCategory};

/// A mail that was not looked through by this version of the lexicon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailText {
    /// Its document.
    pub document_id: DocumentId,
    /// The state of the mail that these texts are of, in a word of the store.
    pub state: String,
    /// Its subject.
    pub title: String,
    /// Its text.
    pub content: String,
}

/// A mail that was looked through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadMail {
    /// Its document.
    pub document_id: DocumentId,
    /// The state that it was in.
    pub state: String,
    /// What was found in it.
    pub keywords: Vec<Keyword>,
}

/// What mails of some days say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignalCounts {
    /// How many mails were looked through.
    pub mails: u64,
    /// What was found in them: what stands in most first, and of equals by its name.
    pub keywords: Vec<KeywordCount>,
}

/// How many mails have a word in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeywordCount {
    /// The word; one of an earlier lexicon, perhaps.
    pub keyword: String,
    /// What it is a sign of.
    pub category: SignalCategory,
    /// How many mails.
    pub count: u64,
    /// How many of each week, by its Monday, the earliest first; weeks without any are left out.
    pub weeks: Vec<(Date, u64)>,
    /// The newest [`KeywordCount::MOST_DOCUMENTS`] of them, the newest first.
    pub documents: Vec<DocumentId>,
}

/// How much a word matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It stands in a mail or two.
    Low,
    /// It stands in some.
    Medium,
    /// It stands in many.
    High,
}

/// In so many mails a word is of medium severity, and in so many of high severity.
const SOME_MAILS: u64 = 3;
const MANY_MAILS: u64 = 10;

impl Severity {
    /// As clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl KeywordCount {
    /// How much it matters, by the number of mails.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self.count {
            ..SOME_MAILS => Severity::Low,
            SOME_MAILS..MANY_MAILS => Severity::Medium,
            MANY_MAILS.. => Severity::High,
        }
    }

    /// So many documents are told of a word.
    pub const MOST_DOCUMENTS: usize = 20;
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(1, "low")]
    #[case(2, "low")]
    #[case(3, "medium")]
    #[case(9, "medium")]
    #[case(10, "high")]
    fn a_word_matters_by_the_mails_it_stands_in(#[case] count: u64, #[case] severity: &str) {
        let (category, keyword) = (SignalCategory::Urgency, "urgent".to_owned());
        let one = KeywordCount { keyword, category, count, weeks: Vec::new(), documents: Vec::new() };

        assert_eq!(one.severity().name(), severity);
    }
}
