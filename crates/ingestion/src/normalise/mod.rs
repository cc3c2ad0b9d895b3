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

use serde_json::Value;

pub use gmail::{gmail_email, gmail_message};
pub use html::html_to_text;

use crate::model::{DocumentDraft, SetAside};

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

/// The id of a record as it stands there, however long; none where there is none.
pub(crate) fn id_of(record: &Value) -> Option<String> {
    fields::line(&record["id"])
}
