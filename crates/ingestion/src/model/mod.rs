//! The words of this domain. They know no wire format and no row.

mod attribution;
mod blob;
mod content;
mod document;
mod draft;
mod extracted;
mod message_key;
mod page;
mod search;
mod set_aside;
mod stream;
mod text;
mod view;

pub use attribution::{Attribution, IngestionMethod, UnknownIngestionMethod};
pub use blob::{BlobKey, FileBody};
pub use content::{Fingerprint, Lacks, PageContents, Postponed, Unfinished};
pub use document::{Document, DocumentKey, DocumentKind, DocumentSource, NewDocument, SourceName};
pub(crate) use draft::scrub;
pub use draft::{DocumentDraft, MAX_CONTENT_CHARS};
pub use extracted::{Extracted, ExtractedMail, ExtractedPart, FileToRead, FileType};
pub use message_key::{MailIdentity, MessageKey};
pub use page::{CommitOutcome, PageCommit, PageCounts};
pub use search::{
    InvalidCursor, InvalidSearchText, Match, Ranking, SearchHit, SearchPage, SearchQuery, SearchText, SnippetPiece,
};
pub use set_aside::{RecordKey, SetAside, SetAsideFilter, SetAsideQuery, SetAsideRecord, SetAsideView};
pub use stream::{Cursor, Stream};
pub use text::{ContentHash, normalise};
pub use view::{DocumentFilter, DocumentQuery, DocumentText, DocumentView, SourceView};
