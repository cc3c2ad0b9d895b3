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
//! Write a function from the record and the [`Account`] to what it tells or a [`SetAside`], and name it in `readers.rs`:
//! the properties in `tests/properties.rs` hold for everything that is named there.

mod address;
mod attachment;
mod base64;
mod date;
mod drive;
mod fields;
mod gmail;
mod html;
mod mail;
mod money;
mod outlook;
mod quickbooks;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use cortex_kernel::Provider;
use serde_json::Value;

pub use drive::drive_file;
pub use gmail::{gmail_email, gmail_message};
pub use html::{html_title, html_to_text};
pub use outlook::{outlook_email, outlook_message};
pub use quickbooks::{quickbooks_bill, quickbooks_customer, quickbooks_invoice, quickbooks_payment};

use crate::content_source::Wanted;
use crate::model::{DocumentDraft, DocumentKey, SetAside};

/// The account that records come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Within which the ids of records count: the `source_account` of their keys.
    pub source_account: String,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// It is a document.
    Document(Box<ToldDocument>),
    /// What it tells of was thrown away.
    Gone(DocumentKey),
    /// It tells of nothing that is worth finding, and says by its id what that is.
    Unwanted,
}

/// A document, and what the record does not carry of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldDocument {
    /// The document.
    pub draft: DocumentDraft,
    /// By what its content is had; none where all of it is there, or there is none.
    pub missing: Option<Wanted>,
    /// The files that came with it, in their order, each id once. They belong to its document.
    pub attachments: Vec<Attachment>,
}

/// A file that came with a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Attachment {
    /// Its document, without content so far.
    pub draft: DocumentDraft,
    /// Its bytes.
    pub content: AttachedContent,
}

/// Where the bytes of a file are that came with a message.
#[derive(Clone, Debug, PartialEq)]
pub enum AttachedContent {
    /// At the provider.
    Missing(Wanted),
    /// In the record.
    Here(Bytes),
}

impl From<ToldDocument> for Told {
    fn from(told: ToldDocument) -> Self {
        Self::Document(Box::new(told))
    }
}

/// The key of a record of `provider`, by its id with `prefix` in front: what is counted apart is told apart by that.
pub(crate) fn key_of(
    provider: Provider,
    prefix: &str,
    record: &Value,
    account: &Account,
) -> Result<DocumentKey, SetAside> {
    let id = fields::record_id(record)?;
    Ok(DocumentKey {
        source: provider.into(),
        source_account: account.source_account.clone(),
        source_id: format!("{prefix}{id}"),
    })
}

/// The id of a record as it stands there, however long; none where there is none.
pub(crate) fn id_of(record: &Value) -> Option<String> {
    fields::line(&record["id"])
}
