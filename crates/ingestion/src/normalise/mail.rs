//! What all mail providers' messages come to.

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::address::Correspondent;
use super::attachment::{File, attachments};
use super::fields::{MAX_ID_BYTES, line, lines, text, title};
use super::{Account, ToldDocument};
use crate::content_source::Wanted;
use crate::model::{DocumentDraft, DocumentKey, DocumentKind, MailIdentity, SourceName};

/// A message, taken from whatever shape its record has. What the record does not tell is none.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) source: SourceName,
    pub(super) id: String,
    pub(super) subject: String,
    pub(super) content: String,
    pub(super) content_incomplete: bool,
    pub(super) from: Correspondent,
    pub(super) to: Option<Vec<String>>,
    pub(super) cc: Option<Vec<String>>,
    pub(super) labels: Option<Vec<String>>,
    pub(super) thread_id: Option<String>,
    /// The Message-ID of RFC 5322, however it is wrapped.
    pub(super) message_id: Option<String>,
    pub(super) web_link: Option<String>,
    /// When it was sent, by the sender's clock: the same in all mailboxes.
    pub(super) sent_at: Option<OffsetDateTime>,
    /// When it came into this mailbox, or was sent.
    pub(super) created_at: Option<OffsetDateTime>,
    pub(super) files: Vec<File>,
    /// Whether it says that files came with it, and does not list them.
    pub(super) has_unlisted_files: bool,
    pub(super) raw: Option<Value>,
    /// By what the message is had whole.
    pub(super) missing: Wanted,
    /// By what a file is had that came with a message, of both their ids.
    pub(super) attached: fn(message_id: String, id: String) -> Wanted,
}

impl Letter {
    /// The message and the files that came with it.
    pub(super) fn into_record(self, account: &Account) -> ToldDocument {
        let files: Vec<File> = self.files.into_iter().filter(File::is_worth_keeping).collect();
        let message_id = self.message_id.as_deref().and_then(bare);
        let mut metadata = Map::new();
        let mut tell = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                metadata.insert(key.to_owned(), value);
            }
        };
        tell("sender_name", self.from.name.map(Value::from));
        tell("sender_address", self.from.address.clone().map(Value::from));
        tell("to_addresses", self.to.map(Value::from));
        tell("cc_addresses", self.cc.map(Value::from));
        tell("thread_id", self.thread_id.map(Value::from));
        tell("message_id", message_id.clone().map(Value::from));
        tell("labels", self.labels.map(Value::from));
        tell("web_link", self.web_link.clone().map(Value::from));
        tell("has_attachments", Some(Value::from(self.has_unlisted_files || !files.is_empty())));
        let message = DocumentDraft {
            key: DocumentKey {
                source: self.source,
                source_account: account.source_account.clone(),
                source_id: self.id,
            },
            kind: DocumentKind::EMAIL,
            title: title(&self.subject),
            content: self.content,
            content_incomplete: self.content_incomplete,
            mail: Some(MailIdentity { message_id, sender: self.from.address, sent_at: self.sent_at }),
            metadata,
            raw: self.raw,
            mime_type: Some("message/rfc822".to_owned()),
            file_size_bytes: None,
            file_url: self.web_link,
            created_at: self.created_at,
            modified_at: None,
            parent: None,
        };
        let attachments = attachments(files, &message, account, &self.missing, self.attached);
        ToldDocument { missing: message.content_incomplete.then_some(self.missing), attachments, draft: message }
    }
}

/// One text of correspondents; a list of them is joined to one.
pub(super) fn list(value: &Value) -> Option<String> {
    text(value).or_else(|| lines(value).map(|lines| lines.join(", ")))
}

/// The field for the Message-ID, as some scripts add it. Others put the provider's own id there, which is not one.
pub(super) fn message_id_field(record: &Value, id: &str) -> Option<String> {
    line(&record["messageId"]).filter(|message_id| message_id != id)
}

/// The id without what stands around it. One that is too long for an index counts as none.
fn bare(message_id: &str) -> Option<String> {
    let bare = message_id.trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>'));
    (!bare.is_empty() && bare.len() <= MAX_ID_BYTES).then(|| bare.to_owned())
}
