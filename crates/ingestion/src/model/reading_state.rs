//! How far a person's connections were read.

use cortex_kernel::ConnectionId;
use time::OffsetDateTime;

/// What reading a connection came to so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingState {
    /// Which connection.
    pub connection_id: ConnectionId,
    /// When a reading last came to its end; none where none did.
    pub last_read_at: Option<OffsetDateTime>,
    /// Whether its owner may have it read from the beginning.
    pub may_begin: bool,
    /// Whether it was read from the beginning to the end once.
    pub is_complete: bool,
}
