//! Records, as the broker hands them over, become drafts of documents.
//!
//! Here: pure functions, one for each model of a provider. What a record does not say is left out; what cannot be read
//! in it (a date, an address) is left out as well, so that whatever has an id becomes a document.
//!
//! Not here: markers of deletion and of pruning, which the reader of a page knows by the broker's own fields; fetching
//! what a record does not carry; and cleaning and cutting of texts, which [`DocumentDraft::finish`] does for all alike.
//!
//! # Adding a model
//!
//! Write a function from the record and the [`Account`] to drafts or a [`SetAside`], and run the properties of
//! `gmail/tests/properties.rs` on it: any JSON gives one or the other.

mod address;
mod attachment;
mod date;
mod fields;
mod gmail;
mod html;
mod mail;

use thiserror::Error;

pub use gmail::{gmail_email, gmail_message};
pub use html::html_to_text;

use crate::model::DocumentDraft;

/// The account that records come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Within which the ids of records count: the `source_account` of their keys.
    pub source_account: String,
}

/// A message and what came with it.
#[derive(Clone, Debug, PartialEq)]
pub struct MailRecord {
    /// The message.
    pub message: DocumentDraft,
    /// The files that came with it, in their order, each id once. They belong to the message's document.
    pub attachments: Vec<MailAttachment>,
}

/// A file that came with a message. The record tells of it; its content has to be fetched.
#[derive(Clone, Debug, PartialEq)]
pub struct MailAttachment {
    /// The provider's id of it within its message, by which it is fetched.
    pub id: String,
    /// Its document, without content so far.
    pub draft: DocumentDraft,
}

/// Why a record becomes no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum SetAside {
    /// It is no JSON object.
    #[error("the record is no object")]
    NotAnObject,
    /// It says nothing by which it could be found again.
    #[error("the record has no id")]
    WithoutId,
    /// Its id is longer than any that a provider gives, and than what an index takes.
    #[error("the id of the record is too long")]
    IdTooLong,
    /// It is a message that is still being written.
    #[error("the message is a draft")]
    Draft,
}

impl SetAside {
    /// All reasons.
    pub const ALL: [Self; 4] = [Self::NotAnObject, Self::WithoutId, Self::IdTooLong, Self::Draft];

    /// The word in rows and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::WithoutId => "without_id",
            Self::IdTooLong => "id_too_long",
            Self::Draft => "draft",
        }
    }
}
