//! Documents.

use std::borrow::Cow;

use cortex_kernel::{ConnectionId, DocumentId, Email, JobId, Provider, UserId};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{BlobKey, ContentHash, IngestionMethod, MessageKey};

/// Where documents of a kind come from: a provider, or a name that a client of the API chose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName(Cow<'static, str>);

/// What a document is: `email`, `invoice`, `file` and so on. The set is open, as clients of the API name kinds too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentKind(Cow<'static, str>);

/// What makes a document the same one within a company.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentKey {
    /// Where it comes from.
    pub source: SourceName,
    /// The account within which the id counts: a realm, a mailbox; empty where ids are global.
    pub source_account: String,
    /// The record's id there.
    pub source_id: String,
}

impl DocumentKey {
    /// What stands for the account of a connection whose account could not be read: our number of it.
    #[must_use]
    pub fn unread_account(connection_id: ConnectionId) -> String {
        format!("connection:{connection_id}")
    }

    /// The same record as it was named before its account could be read.
    #[must_use]
    pub fn before_its_account_was_read(&self, connection_id: ConnectionId) -> Self {
        Self { source_account: Self::unread_account(connection_id), ..self.clone() }
    }
}

/// A document as a page brings it: cleaned, and with what it is compared by.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDocument {
    /// What makes it the same one.
    pub key: DocumentKey,
    /// What it is.
    pub kind: DocumentKind,
    /// Its title.
    pub title: String,
    /// Its text, normalised.
    pub content: String,
    /// By which a change is told.
    pub content_hash: ContentHash,
    /// By which the same message is told in another mailbox; none for what is no message, or cannot be told.
    pub message_key: Option<MessageKey>,
    /// Whether text is still missing that has to be fetched.
    pub content_incomplete: bool,
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
    /// Where its original bytes are kept; none where they are not.
    pub blob: Option<BlobKey>,
}

/// A stored document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// What makes it the same one.
    pub key: DocumentKey,
    /// What it is.
    pub kind: DocumentKind,
    /// Its title.
    pub title: String,
    /// Its text.
    pub content: String,
    /// Whether text is still missing.
    pub content_incomplete: bool,
    /// The document that it belongs to: an attachment's mail.
    pub parent: Option<DocumentId>,
    /// What is known about it besides.
    pub metadata: Map<String, Value>,
    /// Who brought it in first; none for documents from before that was known.
    pub ingested_by: Option<UserId>,
    /// The address of that person in the company.
    pub ingested_by_email: Option<Email>,
    /// How it came in first.
    pub method: Option<IngestionMethod>,
    /// Where its original bytes are kept; none where they are not.
    pub blob: Option<BlobKey>,
}

/// One way by which a document came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentSource {
    /// The document.
    pub document_id: DocumentId,
    /// Who brought it.
    pub user_id: UserId,
    /// By which connection.
    pub connection_id: Option<ConnectionId>,
    /// By which job.
    pub job_id: Option<JobId>,
    /// How.
    pub method: IngestionMethod,
    /// The record that it came as.
    pub record: DocumentKey,
    /// When it vanished there; none as long as it has not.
    pub vanished_at: Option<OffsetDateTime>,
}

/// The original bytes of a document, before they are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentFile {
    /// Where they are kept.
    pub blob: BlobKey,
    /// What the file is called: `original_filename` of the document's metadata, or else its title.
    pub name: String,
    /// Their media type, as whoever sent them called it.
    pub mime_type: Option<String>,
}

impl NewDocument {
    /// The id of the document that holds the whole thread of a message, where there is one from before messages were
    /// documents of their own.
    #[must_use]
    pub fn thread(&self) -> Option<String> {
        let source = self.key.source.as_str();
        let is_mail = [Provider::Gmail, Provider::Outlook].map(Provider::name).contains(&source);
        let thread_id = self.metadata.get("thread_id")?.as_str()?;
        (is_mail && self.parent.is_none()).then(|| format!("{source}:thread:{thread_id}"))
    }
}

impl SourceName {
    /// What clients of the API send without saying where it comes from.
    pub const API: Self = Self(Cow::Borrowed("api"));
    /// What people upload.
    pub const UPLOAD: Self = Self(Cow::Borrowed("upload"));

    /// Takes a name as it stands.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Provider> for SourceName {
    fn from(provider: Provider) -> Self {
        Self(Cow::Borrowed(provider.name()))
    }
}

impl DocumentKind {
    /// Something of no special kind that came in by the API.
    pub const DOCUMENT: Self = Self(Cow::Borrowed("document"));
    /// A message.
    pub const EMAIL: Self = Self(Cow::Borrowed("email"));
    /// A file of no special kind.
    pub const FILE: Self = Self(Cow::Borrowed("file"));
    /// An invoice.
    pub const INVOICE: Self = Self(Cow::Borrowed("invoice"));

    /// Takes a kind by its word.
    #[must_use]
    pub fn new(word: impl Into<Cow<'static, str>>) -> Self {
        Self(word.into())
    }

    /// The word in rows and answers.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
