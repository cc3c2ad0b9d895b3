//! What normalisers make of records, and how it becomes fit to be stored.

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{ContentHash, DocumentKey, DocumentKind, MailIdentity, MessageKey, NewDocument, normalise};

/// The longest text that is kept, in characters; what is longer is cut, and says so in its metadata (`truncated`).
pub const MAX_CONTENT_CHARS: usize = 100_000;

/// A document as a record tells it: texts of any form and length.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentDraft {
    /// What makes it the same one.
    pub key: DocumentKey,
    /// What it is.
    pub kind: DocumentKind,
    /// Its title.
    pub title: String,
    /// Its text.
    pub content: String,
    /// Whether text is still missing that has to be fetched.
    pub content_incomplete: bool,
    /// What it tells of a message, if it is one.
    pub mail: Option<MailIdentity>,
    /// What is known about it besides.
    pub metadata: Map<String, Value>,
    /// The record as it came, where it is worth keeping.
    pub raw: Option<Value>,
    /// The media type of the original.
    pub mime_type: Option<String>,
    /// The size of the original in bytes.
    pub file_size_bytes: Option<i64>,
    /// Where the original can be seen.
    pub file_url: Option<String>,
    /// When it came to be, by its own account.
    pub created_at: Option<OffsetDateTime>,
    /// When it last changed, by its own account.
    pub modified_at: Option<OffsetDateTime>,
    /// The document that it belongs to: an attachment's mail.
    pub parent: Option<DocumentKey>,
}

impl DocumentDraft {
    /// When it last had to do with anybody, by its own account: what came to be long ago and still changes is not old.
    #[must_use]
    pub fn last_stirred_at(&self) -> Option<OffsetDateTime> {
        self.created_at.max(self.modified_at)
    }

    /// Cleans the texts, cuts what is too long, and adds what the document is compared by.
    #[must_use]
    pub fn finish(self) -> NewDocument {
        let title = normalise(&self.title);
        let full = normalise(&self.content);
        let whole = (!self.content_incomplete).then_some(full.as_str());
        let message_key = self.mail.as_ref().and_then(|mail| MessageKey::of(mail, &title, whole));
        let mut metadata = self.metadata;
        if self.content_incomplete {
            metadata.insert("content_incomplete".to_owned(), Value::Bool(true));
        }
        let content = match full.char_indices().nth(MAX_CONTENT_CHARS) {
            None => full,
            Some((end, _)) => {
                metadata.insert("truncated".to_owned(), Value::Bool(true));
                full[..end].to_owned()
            }
        };
        NewDocument {
            key: DocumentKey {
                source_account: without_nul(self.key.source_account),
                source_id: without_nul(self.key.source_id),
                ..self.key
            },
            kind: self.kind,
            content_hash: ContentHash::of(&title, &content),
            title,
            content,
            message_key,
            content_incomplete: self.content_incomplete,
            metadata: scrub_map(metadata),
            raw: self.raw.map(scrub),
            mime_type: self.mime_type.map(without_nul),
            file_size_bytes: self.file_size_bytes,
            file_url: self.file_url.map(without_nul),
            created_at: self.created_at,
            modified_at: self.modified_at,
            parent: self.parent,
            blob: None,
        }
    }
}

/// JSON without NUL in it, which the database's JSON cannot hold.
pub(crate) fn scrub(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_nul(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(scrub).collect()),
        Value::Object(map) => Value::Object(scrub_map(map)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn scrub_map(map: Map<String, Value>) -> Map<String, Value> {
    map.into_iter().map(|(key, value)| (without_nul(key), scrub(value))).collect()
}

fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::a_draft;

    fn draft_of(content: &str) -> DocumentDraft {
        DocumentDraft { content: content.to_owned(), ..a_draft("1") }
    }

    #[test]
    fn texts_of_one_form_have_one_hash() {
        let unix = draft_of("Dear all,\n\nhello").finish();
        let windows = draft_of("Dear all,\r\n\r\nhello \r\n").finish();

        assert_eq!(unix.content, "Dear all,\n\nhello");
        assert_eq!(unix, windows);
    }

    #[test]
    fn a_text_of_the_longest_length_is_kept_whole() {
        let longest = "ä".repeat(MAX_CONTENT_CHARS);

        let document = draft_of(&longest).finish();

        assert_eq!(document.content, longest);
        assert!(!document.metadata.contains_key("truncated"));
    }

    #[test]
    fn a_longer_text_is_cut_and_says_so() {
        let document = draft_of(&"ä".repeat(MAX_CONTENT_CHARS + 1)).finish();

        assert_eq!(document.content.chars().count(), MAX_CONTENT_CHARS);
        assert_eq!(document.metadata.get("truncated"), Some(&Value::Bool(true)));
    }

    #[test]
    fn a_document_without_its_whole_text_says_so() {
        let incomplete = DocumentDraft { content_incomplete: true, ..draft_of("text") };

        assert_eq!(incomplete.finish().metadata.get("content_incomplete"), Some(&Value::Bool(true)));
        assert!(!draft_of("text").finish().metadata.contains_key("content_incomplete"));
    }

    #[test]
    fn nothing_that_is_stored_holds_a_nul() {
        let draft = DocumentDraft {
            title: "a\0".to_owned(),
            raw: Some(json!({"k\0": ["\0v", {"x": "\0"}, 1, null]})),
            file_url: Some("https://example.com/\0".to_owned()),
            ..draft_of("b\0")
        };

        let document = draft.finish();

        assert_eq!((document.title.as_str(), document.content.as_str()), ("a", "b"));
        assert_eq!(document.raw, Some(json!({"k": ["v", {"x": ""}, 1, null]})));
        assert_eq!(document.file_url.as_deref(), Some("https://example.com/"));
    }

    #[test]
    fn a_message_without_its_whole_text_is_not_told_by_it() {
        let mail = MailIdentity {
            sender: Some("nora@example.com".to_owned()),
            sent_at: Some(crate::testing::NOON),
            message_id: None,
        };
        let whole = DocumentDraft { mail: Some(mail), ..draft_of("text") };
        let incomplete = DocumentDraft { content_incomplete: true, ..whole.clone() };

        assert!(whole.finish().message_key.is_some());
        assert_eq!(incomplete.finish().message_key, None);
    }
}
