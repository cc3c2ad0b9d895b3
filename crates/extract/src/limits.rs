//! How much a file may cost.

use std::time::Duration;

use cortex_ingestion::model::MAX_CONTENT_CHARS;

/// The largest file that is read, in bytes: more than anybody may upload.
pub(crate) const MAX_FILE_BYTES: u64 = 128 << 20;

/// How many characters of text are read before reading ends: one more than is kept, so that a text that goes on is seen
/// to be cut.
pub(crate) const MAX_CHARS: usize = MAX_CONTENT_CHARS + 1;

/// How many bytes the parts of a zip that are read may unpack to, together.
pub(crate) const MAX_UNPACKED_BYTES: u64 = 128 << 20;

/// How many members a zip may have.
pub(crate) const MAX_MEMBERS: usize = 10_000;

/// How many bytes the strings may have that the sheets of a workbook share.
pub(crate) const MAX_SHARED_BYTES: usize = 32 << 20;

/// How deeply elements may stand within each other.
pub(crate) const MAX_XML_DEPTH: usize = 256;

/// How deeply the parts of a message may stand within each other, and messages within messages.
pub(crate) const MAX_MIME_DEPTH: usize = 32;

/// How many files a message may carry.
pub(crate) const MAX_PARTS: usize = 500;

/// How many bytes they may have together. Base64 makes a file of [`MAX_FILE_BYTES`] hold less.
pub(crate) const MAX_PART_BYTES: u64 = 100 << 20;

/// How many bytes an answer may have besides text and parts.
pub(crate) const MAX_HEAD_BYTES: u32 = 1 << 20;

/// How many characters of a name, a title or an address are handed on.
pub(crate) const MAX_LINE_CHARS: usize = 500;

/// How many addresses of a kind are handed on.
pub(crate) const MAX_ADDRESSES: usize = 200;

/// How much address space the reading process may have, in bytes: the file, what it unpacks to, and the program itself.
pub(crate) const MAX_MEMORY_BYTES: u64 = 1 << 30;

/// How long the processor may be at it, in seconds.
pub(crate) const MAX_CPU_SECONDS: u64 = 20;

/// How long it may take on a machine that has other things to do.
pub(crate) const MAX_WALL: Duration = Duration::from_mins(1);

/// How large the stack is on which files are read, in bytes.
pub(crate) const STACK_BYTES: usize = 64 << 20;

/// How much is kept of what the reading process complains about, in bytes.
pub(crate) const MAX_COMPLAINT_BYTES: u64 = 2_000;

/// How many files are read at once at most, whatever the machine: each may take [`MAX_MEMORY_BYTES`].
pub(crate) const MAX_AT_ONCE: usize = 4;
