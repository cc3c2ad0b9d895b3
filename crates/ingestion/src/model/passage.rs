//! What documents say to a question.

use cortex_kernel::DocumentId;
use time::OffsetDateTime;

use super::{DocumentFilter, DocumentKind, SearchText, SourceName};

/// A question to the documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassageQuery {
    /// The question: any of its words, and none of its signs.
    pub text: SearchText,
    /// Among which documents.
    pub filter: DocumentFilter,
    /// How many documents at most; not more than [`PassageQuery::MOST`].
    pub most: u8,
}

/// A document that says something to a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Which.
    pub document_id: DocumentId,
    /// Its title.
    pub title: String,
    /// Its sentences that say most, best first; at most [`Passage::MOST_SENTENCES`]. None where only its title does.
    pub sentences: Vec<Sentence>,
    /// How well it fits; of use only to compare it with others of the same question.
    pub score: f32,
    /// Where it comes from.
    pub source: SourceName,
    /// What it is.
    pub kind: DocumentKind,
    /// When it came to be, by its own account.
    pub created_at: Option<OffsetDateTime>,
    /// Who sent it, where it is a message: the name, or else the address.
    pub sender: Option<String>,
    /// Where it is shown at its provider.
    pub file_url: Option<String>,
    /// The document that it is a part of.
    pub parent_id: Option<DocumentId>,
}

/// A sentence of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Its text, with single blanks.
    pub text: String,
    /// How many different words of the question are in it.
    pub worth: usize,
}

impl PassageQuery {
    /// The most documents that are told of.
    pub const MOST: u8 = 20;
}

impl Passage {
    /// The most sentences of one document.
    pub const MOST_SENTENCES: usize = 3;
}
