//! What texts are found by: the same code makes lexemes of documents and of what is searched for.
//!
//! A document is of one language, told by its small words, and its words are stemmed as that language does it; English
//! is what is assumed where nothing is told. The lexemes of other languages than English carry its name (`de/haus`), so
//! that words are only taken for one another within a language. Whoever searches says no language: a query asks for what
//! each language makes of it. What has no language (numbers, codes, characters without spaces between words) has no name.
//!
//! Words are compared without case and accents. What is joined by a hyphen, a dot, a slash or an at sign counts as words
//! in a row: `jane.doe@example.com` is found whole, by `jane` and by `example.com`; with hyphens also as one word.
//! Chinese, Japanese, Korean and Thai are taken in pairs of characters.
//!
//! Not here: how lexemes are stored and searched.

mod language;
mod near;
mod query;
mod sentences;
mod snippet;
mod vector;
mod words;

pub use query::Lexed;
pub use sentences::sentences;
pub use snippet::snippet;
pub use vector::{Lexeme, SearchVector, Searchable};

/// Changes with every change of what a text is found by: documents whose lexemes are of a lower version are made anew.
pub const VERSION: i16 = 2;
