//! Documents as readers see them.
//!
//! Rows from before Cortex kept its own books may say anything about who brought them in and how. A reader sees what
//! they say, so these are texts here and nothing is refused.

use cortex_kernel::{ConnectionId, DocumentId, JobId, PageRequest, UserId};
use serde_json::Value;
use time::OffsetDateTime;

use super::{BlobKey, DocumentKey, DocumentKind, IngestionMethod, SourceName};

/// A stored document without its text.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentView {
    /// Its id.
    pub id: DocumentId,
    /// What makes it the same one.
    pub key: DocumentKey,
    /// What it is.
    pub kind: DocumentKind,
    /// Its title.
    pub title: String,
    /// When it came to be, by its own account.
    pub created_at: Option<OffsetDateTime>,
    /// When it last changed, by its own account.
    pub modified_at: Option<OffsetDateTime>,
    /// When it was brought in.
    pub ingested_at: Option<OffsetDateTime>,
    /// The id of who brought it in first.
    pub ingested_by: Option<String>,
    /// The address of that person in the company.
    pub ingested_by_email: Option<String>,
    /// How it came in first, by the word of an [`IngestionMethod`].
    pub method: Option<String>,
    /// What is known about it besides.
    pub metadata: Value,
    /// The media type of the original.
    pub mime_type: Option<String>,
    /// The size of the original in bytes.
    pub file_size_bytes: Option<i64>,
    /// Where the original can be seen.
    pub file_url: Option<String>,
    /// Where its original bytes are kept; none where they are not.
    pub blob: Option<BlobKey>,
    /// The document that it belongs to: an attachment's mail.
    pub parent: Option<DocumentId>,
    /// Whether text is still missing.
    pub content_incomplete: bool,
}

/// A stored document with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentText {
    /// The document.
    pub document: DocumentView,
    /// Its text.
    pub content: String,
}

/// One way by which a document came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceView {
    /// The id of who brought it.
    pub user_id: String,
    /// The address of that person in the company.
    pub user_email: Option<String>,
    /// By which connection; none where it was none, or where it is gone.
    pub connection_id: Option<ConnectionId>,
    /// The address of the connected account.
    pub account_email: Option<String>,
    /// By which job.
    pub job_id: Option<JobId>,
    /// How, by the word of an [`IngestionMethod`].
    pub method: String,
    /// The record that it came as.
    pub record: DocumentKey,
    /// When it came first.
    pub first_seen_at: OffsetDateTime,
    /// When it was last seen there.
    pub last_seen_at: OffsetDateTime,
    /// When it vanished there; none as long as it has not.
    pub vanished_at: Option<OffsetDateTime>,
}

/// Which documents; all of them by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentFilter {
    /// From there only.
    pub source: Option<SourceName>,
    /// Of this kind only.
    pub kind: Option<DocumentKind>,
    /// Only what this person brought in first.
    pub ingested_by: Option<UserId>,
    /// Not from before. What has no date of its own counts from when it was brought in.
    pub since: Option<OffsetDateTime>,
    /// From before only.
    pub until: Option<OffsetDateTime>,
}

/// What is asked of a list of documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentQuery {
    /// Which.
    pub filter: DocumentFilter,
    /// Only what came in first in this way.
    pub method: Option<IngestionMethod>,
    /// Which part of the list.
    pub page: PageRequest,
}
