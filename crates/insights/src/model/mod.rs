//! What is asked and answered.

mod books;
mod change;
mod chat;
mod daily_report;
mod day;
mod line;
mod money;
mod overview;
mod own_addresses;
mod passage;
mod period;
mod saved_report;
mod word_group;

pub use books::{
    BookEntry, BookKind, BookTotals, EntryCursor, EntryQuery, KindTotals, MAX_ENTRY_CONTENT, Party, PartyTotal,
    RecordCounts, TimeRange, UnknownTimeRange,
};
pub use change::change_percent;
pub use chat::{
    Answer, AnswerSource, AnsweredBy, Chat, ChatTitle, Exchange, InvalidChatTitle, Message, Owner, Speaker,
    UnknownSpeaker,
};
pub use daily_report::{
    ChartForm, DailyReport, DailyReportKind, ReportChart, ReportFormat, ReportSection, ReportSource, SectionFacts,
    UnknownReportFormat, UnknownReportKind, escaped,
};
pub use day::{
    Among, DayCounts, DayOf, Exchanges, LOOKED_INTO, MACHINES, MOST_LOOKED_INTO, Mention, MentionQuery, Mentions,
    Partner, Unanswered, WAITS_DAYS, WaitingThread,
};
pub use money::{InvalidMoney, Money};
pub use overview::{
    Attention, ConnectionStanding, ConnectionState, DocumentShare, Health, NewDocuments, SyncHealth, SyncTotals,
    UnknownConnectionState, Week, attention_first,
};
pub use own_addresses::{OwnAddresses, domain_of, is_public};
pub use passage::{InvalidQuestion, Passage, Question, Sentence};
pub use period::{Days, DaysOutOfRange, Period};
pub use saved_report::{
    InvalidSavedReport, NewSavedReport, ReportChange, ReportData, ReportHead, ReportOrigin, ReportQuery, ReportStats,
    SavedReport, SavedReportPart,
};
pub use word_group::WordGroup;

use thiserror::Error;

/// The caller's cursor is none that this list wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the cursor is none of ours")]
pub struct InvalidCursor;
