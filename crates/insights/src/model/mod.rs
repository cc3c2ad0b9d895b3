//! What is asked and answered.

mod alert;
mod books;
mod change;
mod chat;
mod common_words;
mod correspondence;
mod daily_report;
mod day;
mod facts;
mod figures;
mod insight;
mod investigation;
mod lexicon;
mod line;
mod log_odds;
mod machine;
mod momentum;
mod money;
mod overview;
mod own_addresses;
mod passage;
mod period;
mod rules;
mod saved_report;
mod signals;
mod span;
mod summary;
mod trending;
mod word_group;

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
pub use correspondence::{
    Acquainted, Correspondent, Correspondents, HourShare, LONGEST_REPLY, MostCorrespondents, Network, Tie,
    TouchedThread, by_hour_and_weekday,
};
pub use daily_report::{
    ChartForm, DailyReport, DailyReportKind, ReportChart, ReportFormat, ReportSection, ReportSource, SectionFacts,
    UnknownReportFormat, UnknownReportKind, escaped,
};
pub use day::{
    Among, DayCounts, DayOf, Exchanges, LOOKED_INTO, MOST_LOOKED_INTO, Mention, MentionQuery, Mentions, Partner,
    Unanswered, WAITS_DAYS, WaitingThread,
};
pub use facts::{AlarmingMail, DayLimit, Fact, FactQuery, OpenEntry, OpenThread, SenderWeeks, SyncFailures, UsedToday};
pub use figures::{DayFigures, MailsWanted, by_span};
pub use insight::{
    Insight, InsightCategory, InsightId, InvalidInsightId, STEEP_FALL, UnknownCategory, Widget, WidgetKind,
};
pub use investigation::{
    Cause, Impact, Inquiry, Investigation, Metric, MetricTrend, Moment, Recommendation, Stakeholder,
};
pub use lexicon::{Keyword, LEXICON, LEXICON_VERSION, SignalCategory, UnknownSignalCategory, find_keywords};
pub use log_odds::{Occurrences, log_odds};
pub use machine::{MACHINES, is_machine};
pub use momentum::{ThreadStatus, Touches, Trend};
pub use money::{InvalidMoney, Money};
pub use overview::{
    Attention, ConnectionStanding, ConnectionState, DocumentShare, Health, NewDocuments, SyncHealth, SyncTotals,
    UnknownConnectionState, Week, attention_first,
};
pub use own_addresses::{OwnAddresses, domain_of, is_public};
pub use passage::{InvalidQuestion, Passage, Question, Sentence};
pub use period::{Days, DaysOutOfRange, Period, Stretch};
pub use rules::{BACKFILL, Scope};
pub use saved_report::{
    InvalidSavedReport, NewSavedReport, ReportChange, ReportData, ReportHead, ReportOrigin, ReportQuery, ReportStats,
    SavedReport, SavedReportPart,
};
pub use signals::{KeywordCount, MailText, ReadMail, Severity, SignalCounts};
pub use span::{InvalidSpan, Span, SpanKind, UnknownSpanKind};
pub use summary::{
    Amounts, HealthScores, KeptSummary, KindCount, PROMPT_REPLY, SLOW_REPLY, Summary, SummarySource,
    money_change_percent,
};
pub use trending::{Comparison, LEAST_MENTIONS, Rise, Topic, TopicKind};
pub use word_group::WordGroup;

use thiserror::Error;

/// The caller's cursor is none that this list wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the cursor is none of ours")]
pub struct InvalidCursor;
