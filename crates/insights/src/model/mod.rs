//! What is asked and answered.

mod books;
mod change;
mod money;
mod overview;
mod period;

pub use books::{
    BookEntry, BookKind, BookTotals, EntryCursor, EntryQuery, KindTotals, MAX_ENTRY_CONTENT, Party, PartyTotal,
    RecordCounts, TimeRange, UnknownTimeRange,
};
pub use change::change_percent;
pub use money::{InvalidMoney, Money};
pub use overview::{
    Attention, ConnectionStanding, ConnectionState, DocumentShare, Health, NewDocuments, SyncHealth, SyncTotals,
    UnknownConnectionState, Week, attention_first,
};
pub use period::{Days, DaysOutOfRange, Period};

use thiserror::Error;

/// The caller's cursor is none that this list wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the cursor is none of ours")]
pub struct InvalidCursor;
