//! What documents say to a question.

use std::str::FromStr;

use cortex_kernel::DocumentId;
use thiserror::Error;
use time::OffsetDateTime;

/// What somebody asks; not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question(String);

/// The text is no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidQuestion {
    /// There is nothing in it.
    #[error("must not be empty")]
    Empty,
    /// It is longer than [`Question::MAX_CHARS`].
    #[error("may have {} characters", Question::MAX_CHARS)]
    TooLong,
}

/// A document that says something to a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Which.
    pub document_id: DocumentId,
    /// Its title.
    pub title: String,
    /// Its sentences that say most, best first; none where only its title does.
    pub sentences: Vec<Sentence>,
    /// How well it fits; of use only to compare it with others of the same question.
    pub score: f32,
    /// Where it comes from.
    pub source: String,
    /// What it is.
    pub kind: String,
    /// When it came to be, by its own account.
    pub created_at: Option<OffsetDateTime>,
    /// Who sent it, where it is a message.
    pub sender: Option<String>,
    /// Where it is shown at its provider.
    pub file_url: Option<String>,
    /// The document that it is a part of.
    pub parent_id: Option<DocumentId>,
}

/// A sentence of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Its text, in one line.
    pub text: String,
    /// How many different words of the question are in it.
    pub worth: usize,
}

impl Passage {
    /// What it says, in one line; its title where only that says something.
    #[must_use]
    pub fn said(&self) -> String {
        let said: Vec<&str> = self.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
        if said.is_empty() { self.title.clone() } else { said.join(" ") }
    }
}

impl Question {
    /// The longest question, in characters.
    pub const MAX_CHARS: usize = 1_000;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Question {
    type Err = InvalidQuestion;

    /// Takes a text without its surrounding white space. NUL, which no database takes, is white space too.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.replace('\0', " ");
        let text = text.trim();
        if text.is_empty() {
            Err(InvalidQuestion::Empty)
        } else if text.chars().count() > Self::MAX_CHARS {
            Err(InvalidQuestion::TooLong)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}
