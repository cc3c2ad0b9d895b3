//! Documents that people bring in by hand.

use std::fmt;
use std::sync::Arc;

use cortex_kernel::{CompanyId, Email, Origin, UserId};
use time::OffsetDateTime;

use super::{Attribution, Claim, DocumentText, IngestionMethod, KeptAnswer, NewDocument, Quota};

/// Who brings something in by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contributor {
    /// The company.
    pub company_id: CompanyId,
    /// The person.
    pub user_id: UserId,
    /// The person's address in the company.
    pub user_email: Email,
    /// Where the request came from.
    pub origin: Origin,
}

/// A document with the files within it, decided and ready to become durable.
#[derive(Clone, Debug)]
pub struct DocumentPut {
    /// Who brings it in.
    pub by: Contributor,
    /// How.
    pub method: IngestionMethod,
    /// The document.
    pub document: NewDocument,
    /// The files within it, each with the document as its parent.
    pub parts: Vec<NewDocument>,
    /// The bytes that it counts for.
    pub bytes: u64,
    /// How much its contributor may bring in today.
    pub quota: Quota,
    /// What becomes of a document of the same key that is there already.
    pub known: Known,
    /// Under which claim the answer is kept, where the request may be sent again.
    pub once: Option<Once>,
}

/// What becomes of a document that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is written over.
    WrittenOver,
    /// It stays as it is: its key tells that it says the same.
    Left,
}

/// How an answer is kept in the same breath as what it tells of.
#[derive(Clone)]
pub struct Once {
    /// The right to answer.
    pub claim: Claim,
    /// Makes the answer of what was put.
    pub answer: Arc<dyn Fn(&PutDocument) -> KeptAnswer + Send + Sync>,
}

/// A document after it was put.
#[derive(Clone, Debug, PartialEq)]
pub struct PutDocument {
    /// What became of it.
    pub change: PutChange,
    /// As it stands now.
    pub stored: DocumentText,
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutChange {
    /// It is new.
    Created,
    /// It was there, and was written over.
    Updated,
    /// It was there, and was left.
    Unchanged,
}

/// What putting a document came to. Where it came to nothing, nothing was written.
#[derive(Clone, Debug, PartialEq)]
pub enum PutOutcome {
    /// It is there.
    Put(Box<PutDocument>),
    /// It is more than its contributor may bring in today.
    QuotaExceeded {
        /// When the next day begins.
        resets_at: OffsetDateTime,
    },
    /// Somebody else answers the request.
    ClaimLost,
}

impl DocumentPut {
    /// Who brings it in, and how.
    #[must_use]
    pub fn attribution(&self) -> Attribution {
        Attribution {
            user_id: self.by.user_id,
            user_email: self.by.user_email.clone(),
            connection_id: None,
            account_email: None,
            job_id: None,
            method: self.method,
        }
    }

    /// What an audit row calls it.
    #[must_use]
    pub const fn action(&self, change: PutChange) -> &'static str {
        match (change, self.method) {
            (PutChange::Updated, _) => "document_updated",
            (_, IngestionMethod::ManualUpload) => "document_uploaded",
            (_, IngestionMethod::Api | IngestionMethod::OauthSync | IngestionMethod::Webhook) => "document_created",
        }
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").field("claim", &self.claim).finish_non_exhaustive()
    }
}
