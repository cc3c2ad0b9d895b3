//! Mails as readers see them: documents of the kind `email` that nothing newer stands in the place of.

use std::fmt;
use std::str::FromStr;

use cortex_kernel::{DocumentId, PageRequest};
use serde_json::Value;
use time::OffsetDateTime;

use super::{DocumentText, DocumentView, InvalidCursor};

/// Which mails; all of them by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailFilter {
    /// Only from there: an address, a domain (`example.com` or `@example.com`), or words of a sender's name.
    pub from: Option<String>,
    /// Only to this address, or with a copy to it.
    pub to: Option<String>,
    /// Only with these words in the subject.
    pub subject: Option<String>,
    /// Not from before.
    pub since: Option<OffsetDateTime>,
    /// From before only.
    pub until: Option<OffsetDateTime>,
}

/// What is asked of a list of mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailQuery {
    /// Which.
    pub filter: MailFilter,
    /// Which part of the list.
    pub page: PageRequest,
}

/// A mail without its text.
#[derive(Clone, Debug, PartialEq)]
pub struct MailView {
    /// Its document.
    pub document: DocumentView,
    /// How its text begins, in one line.
    pub snippet: String,
}

/// A document with its text and the files that came with it.
#[derive(Clone, Debug, PartialEq)]
pub struct WholeDocument {
    /// The document.
    pub document: DocumentText,
    /// The files, in the order in which they came in.
    pub attachments: Vec<DocumentText>,
}

/// What the head of a mail says, as far as it says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailHead<'a>(&'a Value);

/// Where a list of mails goes on: its last one, by moment and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailCursor {
    /// The moment, in microseconds since 1970.
    pub micros: i64,
    /// The id.
    pub id: i64,
}

/// Most attachments that are told with a mail.
pub const MAX_ATTACHMENTS: u16 = 100;

/// The longest snippet, in characters.
const MAX_SNIPPET_CHARS: usize = 200;

impl MailView {
    /// Begins the snippet where the text does; a part of the text is enough, as long as it is no shorter than
    /// a snippet.
    #[must_use]
    pub fn new(document: DocumentView, text: &str) -> Self {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let snippet = line.chars().take(MAX_SNIPPET_CHARS).collect();
        Self { document, snippet }
    }
}

impl DocumentView {
    /// The moment by which it stands in lists of mails: its own, or else when it was brought in.
    #[must_use]
    pub fn moment(&self) -> OffsetDateTime {
        self.created_at.or(self.ingested_at).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// What the metadata say of a mail.
    #[must_use]
    pub const fn mail_head(&self) -> MailHead<'_> {
        MailHead(&self.metadata)
    }
}

impl<'a> MailHead<'a> {
    /// The name of who wrote it.
    #[must_use]
    pub fn sender_name(self) -> Option<&'a str> {
        self.0["sender_name"].as_str()
    }

    /// The address of who wrote it.
    #[must_use]
    pub fn sender_address(self) -> Option<&'a str> {
        self.0["sender_address"].as_str()
    }

    /// The addresses that it went to.
    #[must_use]
    pub fn to_addresses(self) -> Vec<&'a str> {
        self.texts("to_addresses")
    }

    /// The addresses that got a copy.
    #[must_use]
    pub fn cc_addresses(self) -> Vec<&'a str> {
        self.texts("cc_addresses")
    }

    /// What it has in common with the mails that it answers, and with their answers.
    #[must_use]
    pub fn thread_id(self) -> Option<&'a str> {
        self.0["thread_id"].as_str()
    }

    /// Whether files came with it.
    #[must_use]
    pub fn has_attachments(self) -> bool {
        self.0["has_attachments"] == true
    }

    fn texts(self, key: &str) -> Vec<&'a str> {
        self.0[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

impl MailCursor {
    /// The place of a mail.
    #[must_use]
    pub fn of(document: &DocumentView) -> Self {
        Self::at(document.moment(), document.id)
    }

    /// The place of a mail of this moment and id.
    #[must_use]
    pub fn at(moment: OffsetDateTime, id: DocumentId) -> Self {
        let micros = moment.unix_timestamp_nanos() / 1_000;
        Self { micros: i64::try_from(micros).unwrap_or(i64::MAX), id: id.get() }
    }

    /// The moment; none beyond the ends of the calendar.
    #[must_use]
    pub fn moment(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.micros) * 1_000).ok()
    }
}

impl fmt::Display for MailCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.micros, self.id)
    }
}

impl FromStr for MailCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (micros, id) = text.split_once('.').ok_or(InvalidCursor)?;
        let cursor =
            Self { micros: micros.parse().map_err(|_| InvalidCursor)?, id: id.parse().map_err(|_| InvalidCursor)? };
        cursor.moment().map(|_| cursor).ok_or(InvalidCursor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{NOON, a_document_view};

    #[test]
    fn a_snippet_is_one_line_and_not_long() {
        let view = MailView::new(a_document_view("1"), " Dear\r\n\tall,\n\nhello ");
        let long = MailView::new(a_document_view("1"), &"ä".repeat(300));

        assert_eq!(view.snippet, "Dear all, hello");
        assert_eq!(long.snippet, "ä".repeat(200));
    }

    #[test]
    fn metadata_of_any_form_are_a_head() {
        for metadata in [json!(null), json!([1]), json!({"to_addresses": "a@b", "thread_id": 7})] {
            let view = DocumentView { metadata, ..a_document_view("1") };
            let head = view.mail_head();
            assert_eq!((head.to_addresses(), head.thread_id(), head.has_attachments()), (vec![], None, false));
        }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = MailCursor::at(NOON, DocumentId::new(7));

        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_eq!(cursor.moment(), Some(NOON));
        for text in ["", "7", "7.", ".7", "x.7", "7.x", "9223372036854775807.1"] {
            assert_eq!(text.parse::<MailCursor>(), Err(InvalidCursor), "{text}");
        }
    }
}
