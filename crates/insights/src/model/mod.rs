//! What is asked and answered.

mod alert;
mod books;
mod change;
mod chat;
mod facts;
mod investigation;
mod lexicon;
mod money;
mod overview;
mod own_addresses;
mod passage;
mod period;
mod rules;
mod signals;

pub use alert::{
    ActiveAlerts, Alert, AlertCounts, AlertDocument, AlertNote, AlertRule, DismissOutcome, Dismissal, Dismissed,
    Evaluation, Finding, FoundAlert, History, HistoryQuery, MAX_PREVIEW, NoteTooLong, RuleSetting, UnknownAlertRule,
    UnknownUrgency, Urgency, Viewer,
};
pub use books::{
    BookEntry, BookKind, BookTotals, EntryCursor, EntryQuery, KindTotals, MAX_ENTRY_CONTENT, Party, PartyTotal,
    RecordCounts, TimeRange, UnknownTimeRange,
};
pub use change::change_percent;
pub use chat::{
    Answer, AnswerSource, AnsweredBy, Chat, ChatTitle, Exchange, InvalidChatTitle, Message, Owner, Speaker,
    UnknownSpeaker,
};
pub use facts::{AlarmingMail, DayLimit, Fact, FactQuery, OpenEntry, OpenThread, SenderWeeks, SyncFailures, UsedToday};
pub use investigation::{
    Cause, Impact, Inquiry, Investigation, Metric, MetricTrend, Moment, Recommendation, Stakeholder,
};
pub use lexicon::{Keyword, LEXICON, LEXICON_VERSION, SignalCategory, UnknownSignalCategory, find_keywords};
pub use money::{InvalidMoney, Money};
pub use overview::{
    Attention, ConnectionStanding, ConnectionState, DocumentShare, Health, NewDocuments, SyncHealth, SyncTotals,
    UnknownConnectionState, Week, attention_first,
};
pub use own_addresses::{OwnAddresses, domain_of, is_public};
pub use passage::{InvalidQuestion, Passage, Question, Sentence};
pub use period::{Days, DaysOutOfRange, Period};
pub use rules::Scope;
pub use signals::{KeywordCount, MailText, ReadMail, SignalCounts};

use thiserror::Error;

/// The caller's cursor is none that this list wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the cursor is none of ours")]
pub struct InvalidCursor;
