//! The words of this domain. They know no wire format and no row.

mod attribution;
mod blob;
mod content;
mod custody;
mod document;
mod draft;
mod extracted;
mod file_name;
mod fingerprint;
mod held_deletion;
mod idempotency;
mod mail;
mod message_key;
mod page;
mod passage;
mod put;
mod search;
mod set_aside;
mod stream;
mod text;
mod usage;
mod view;

pub use attribution::{Attribution, IngestionMethod, UnknownIngestionMethod};
pub use blob::{BlobKey, FileBody};
pub use content::{Lacks, PageContents, Postponed, Unfinished};
pub use custody::{Erase, ErasureReceipt, ExportStart, ExportedDocument, RemoveDocument};
pub use document::{Document, DocumentFile, DocumentKey, DocumentKind, DocumentSource, NewDocument, SourceName};
pub(crate) use draft::scrub;
pub use draft::{DocumentDraft, MAX_CONTENT_CHARS};
pub use extracted::{Extracted, ExtractedMail, ExtractedPart, FileToRead, FileType};
pub use file_name::FileName;
pub use fingerprint::Fingerprint;
pub use held_deletion::{
    CarriedOut, DecisionOutcome, DeletionDecision, DeletionState, HeldDeletion, MassDeletion, UnknownDeletionState,
    Verdict,
};
pub use idempotency::{
    Claim, ClaimOutcome, IdempotencyKey, InvalidIdempotencyKey, KEEP_ANSWERS, KeptAnswer, KeyedRequest,
};
pub use mail::{MAX_ATTACHMENTS, MailCursor, MailFilter, MailHead, MailQuery, MailView, WholeDocument};
pub use message_key::{MailIdentity, MessageKey};
pub use page::{CommitOutcome, PageCommit, PageCounts};
pub use passage::{Passage, PassageQuery, Sentence};
pub use put::{Contributor, DocumentPut, Known, Once, PutChange, PutDocument, PutOutcome};
pub use search::{
    InvalidCursor, InvalidSearchText, Match, Ranking, SearchHit, SearchPage, SearchQuery, SearchText, SnippetPiece,
};
pub use set_aside::{RecordKey, SetAside, SetAsideFilter, SetAsideQuery, SetAsideRecord, SetAsideView};
pub use stream::{Cursor, Stream};
pub use text::{ContentHash, normalise};
pub use usage::{Amount, CompanyUsage, MemberUsage, Quota, Usage};
pub use view::{DocumentFilter, DocumentQuery, DocumentText, DocumentView, SourceView};
