//! Files that come with messages.

use std::collections::HashSet;

use bytes::Bytes;
use serde_json::Value;

use super::address::decoded;
use super::base64::decode;
use super::fields::{MAX_ID_BYTES, id, line, text, title, whole_number};
use super::{Account, AttachedContent, Attachment};
use crate::content_source::Wanted;
use crate::model::{DocumentDraft, DocumentKey, DocumentKind};

/// Images within a text that are smaller, in bytes, are logos and smileys.
const MIN_INLINE_IMAGE_BYTES: i64 = 10 * 1024;

/// A file as a record tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    /// The provider's id of it within its message; without one it is known to be there, and that is all.
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) mime_type: Option<String>,
    /// In bytes.
    pub(super) size: Option<i64>,
    /// Whether it is shown within the text and not beside it.
    pub(super) is_inline: bool,
    /// Its bytes, where the record carries them.
    pub(super) bytes: Option<Bytes>,
    /// Whether it is had with its message only: its id tells it from its neighbours, and the provider hands nothing
    /// over by it.
    pub(super) is_had_with_message: bool,
}

impl File {
    /// A file in the list that the older models of mail have.
    ///
    /// They do not say which files stand within the text, unless a script adds it. Small images mostly do, so that what
    /// is not said to be beside the text counts as within.
    pub(super) fn listed(file: &Value) -> Self {
        let bytes = bytes(&file["contentBytes"]);
        Self {
            id: id(&file["attachmentId"]),
            name: text(&file["filename"]).as_deref().map(decoded).filter(|name| !name.is_empty()),
            mime_type: line(&file["mimeType"]).map(|mime_type| mime_type.to_lowercase()),
            size: bytes.as_ref().map(size).or_else(|| whole_number(&file["size"])),
            is_inline: file["isInline"].as_bool().unwrap_or(true),
            bytes,
            is_had_with_message: false,
        }
    }

    /// Whether somebody may look for it.
    pub(super) fn is_worth_keeping(&self) -> bool {
        let is_image = self.mime_type.as_deref().is_some_and(|mime_type| mime_type.starts_with("image/"));
        let is_small = self.size.is_some_and(|size| size < MIN_INLINE_IMAGE_BYTES);
        let is_decoration = self.is_inline && is_image && is_small;
        let is_nothing =
            self.size == Some(0) || (self.name.is_none() && self.mime_type.is_none() && self.size.is_none());
        !is_decoration && !is_nothing
    }
}

/// The bytes that a record carries of a file; none where it carries none.
pub(super) fn bytes(value: &Value) -> Option<Bytes> {
    decode(value.as_str()?).filter(|bytes| !bytes.is_empty()).map(Bytes::from)
}

/// How many bytes they are.
pub(super) fn size(bytes: &Bytes) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

/// The files as documents of their own; those without an id cannot be. By `whole` the message is had, with what it is
/// had with only.
pub(super) fn attachments(
    files: Vec<File>,
    message: &DocumentDraft,
    account: &Account,
    whole: &Wanted,
    attached: fn(message_id: String, id: String) -> Wanted,
) -> Vec<Attachment> {
    let mut seen = HashSet::new();
    let with_id = files.into_iter().filter_map(|mut file| Some((file.id.take()?, file)));
    let fit = with_id.filter(|(id, _)| id.len() <= MAX_ID_BYTES && seen.insert(id.clone()));
    let made = fit.map(|(id, mut file)| {
        let content = match file.bytes.take() {
            Some(bytes) => AttachedContent::Here(bytes),
            None if file.is_had_with_message => AttachedContent::Missing(whole.clone()),
            None => AttachedContent::Missing(attached(message.key.source_id.clone(), id.clone())),
        };
        Attachment { draft: draft(&id, file, message, account), content }
    });
    made.collect()
}

fn draft(id: &str, file: File, message: &DocumentDraft, account: &Account) -> DocumentDraft {
    DocumentDraft {
        key: DocumentKey {
            source: message.key.source.clone(),
            source_account: account.source_account.clone(),
            source_id: format!("{}_{id}", message.key.source_id),
        },
        kind: DocumentKind::new("attachment"),
        title: file.name.as_deref().map(title).unwrap_or_default(),
        content: String::new(),
        content_incomplete: true,
        mail: None,
        metadata: serde_json::Map::new(),
        raw: None,
        mime_type: file.mime_type,
        file_size_bytes: file.size,
        file_url: None,
        created_at: message.created_at,
        modified_at: None,
        parent: Some(message.key.clone()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::testing::a_draft;

    fn file(mime_type: &str, size: Option<i64>, is_inline: bool) -> File {
        File {
            id: Some("1".to_owned()),
            name: Some("name".to_owned()),
            mime_type: Some(mime_type.to_owned()),
            size,
            is_inline,
            bytes: None,
            is_had_with_message: false,
        }
    }

    #[rstest]
    #[case::document(file("application/pdf", Some(5), false), true)]
    #[case::inline_document(file("application/pdf", Some(5), true), true)]
    #[case::small_image_beside_the_text(file("image/png", Some(5), false), true)]
    #[case::small_image_in_the_text(file("image/png", Some(10_239), true), false)]
    #[case::larger_image_in_the_text(file("image/png", Some(10_240), true), true)]
    #[case::image_of_unknown_size(file("image/png", None, true), true)]
    #[case::empty(file("application/pdf", Some(0), false), false)]
    #[case::nothing_known(File { id: Some("1".to_owned()), ..File::default() }, false)]
    fn decoration_and_nothing_are_not_kept(#[case] file: File, #[case] is_kept: bool) {
        assert_eq!(file.is_worth_keeping(), is_kept);
    }

    #[test]
    fn each_id_makes_one_document() {
        let whole = Wanted::GmailMessage { id: "m".to_owned() };
        let account = Account { source_account: "one@example.com".to_owned() };
        let with_id = |id: Option<String>| File { id, ..file("application/pdf", None, false) };
        let too_long = Some("x".repeat(MAX_ID_BYTES + 1));
        let files = [Some("a".to_owned()), None, Some("a".to_owned()), too_long, Some("b".to_owned())].map(with_id);

        let attached = |message_id, id| Wanted::GmailAttachment { message_id, id };
        let made = attachments(files.to_vec(), &a_draft("m"), &account, &whole, attached);

        let told: Vec<_> = made.iter().map(|one| one.draft.key.source_id.as_str()).collect();
        assert_eq!(told, ["m_a", "m_b"]);
    }
}
