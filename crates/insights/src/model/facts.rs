//! What rules look at: little more than what may be an alert, told by the store.

use cortex_kernel::{ConnectionId, DocumentId, Provider};
use time::{Date, OffsetDateTime};

use super::{BookKind, Money, OwnAddresses, SignalCategory, Week};

/// What a rule wants to know. What has an active alert of the rule is told whatever its age, so that the alert lasts as long
/// as what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactQuery {
    /// Entries of this kind with an open balance that were due on this day or before.
    OpenEntries {
        /// Of which kind.
        kind: BookKind,
        /// The last day.
        due_until: Date,
    },
    /// Mails from outside with words of the lexicon in them to which nobody answered from here.
    AlarmingMails {
        /// Which addresses are ours.
        own: OwnAddresses,
        /// Sent since then; of any time, where it is not said.
        since: Option<OffsetDateTime>,
    },
    /// Threads whose last mail is from outside to one of ours.
    OpenThreads {
        /// Which addresses are ours.
        own: OwnAddresses,
        /// With a mail sent since then; of any time, where it is not said.
        since: Option<OffsetDateTime>,
        /// Whose last mail was sent then or before.
        until: OffsetDateTime,
    },
    /// Who wrote from outside at least so often in this week, or in the one before.
    Senders {
        /// Which addresses are ours.
        own: OwnAddresses,
        /// Which week.
        week: Week,
        /// How often.
        at_least: u64,
    },
    /// Connections that were not ended.
    Connections {
        /// Syncs that were begun since then count.
        since: OffsetDateTime,
    },
    /// What people brought in today.
    Usage,
}

/// Something that may be an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// An entry that is not paid.
    OpenEntry(OpenEntry),
    /// A mail with words of the lexicon in it.
    AlarmingMail(AlarmingMail),
    /// A thread that waits for an answer.
    OpenThread(OpenThread),
    /// Somebody's mails of two weeks.
    Sender(SenderWeeks),
    /// A connection with its syncs.
    Connection(SyncFailures),
    /// What somebody brought in today.
    Usage(UsedToday),
}

/// An entry that is not paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenEntry {
    /// Its document.
    pub document_id: DocumentId,
    /// Of which kind.
    pub kind: BookKind,
    /// The title of its document.
    pub title: String,
    /// Its number in the books.
    pub number: Option<String>,
    /// The customer or vendor.
    pub party: Option<String>,
    /// When it was due.
    pub due_day: Date,
    /// What is not paid yet.
    pub balance: Money,
    /// In which currency.
    pub currency: Option<String>,
}

/// A mail with words of the lexicon in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmingMail {
    /// Its document.
    pub document_id: DocumentId,
    /// Who sent it.
    pub sender: Option<String>,
    /// His name.
    pub sender_name: Option<String>,
    /// Its subject.
    pub subject: String,
    /// The words, by the alphabet.
    pub keywords: Vec<(String, SignalCategory)>,
}

/// A thread that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenThread {
    /// The thread.
    pub thread: String,
    /// Its last mail.
    pub document_id: DocumentId,
    /// Who sent that.
    pub sender: String,
    /// His name.
    pub sender_name: Option<String>,
    /// Its subject.
    pub subject: String,
    /// When it was sent.
    pub sent_at: OffsetDateTime,
}

/// Somebody's mails of two weeks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderWeeks {
    /// His address.
    pub sender: String,
    /// His name.
    pub sender_name: Option<String>,
    /// The later week.
    pub week: Week,
    /// How many he sent in it.
    pub mails: u64,
    /// How many he sent in the week before.
    pub mails_before: u64,
}

/// A connection with its syncs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncFailures {
    /// Which.
    pub id: ConnectionId,
    /// Of which provider.
    pub provider: Provider,
    /// Whose it is.
    pub user_id: Option<String>,
    /// The address of the account, or of its owner.
    pub account: Option<String>,
    /// Whether its owner has to connect again.
    pub needs_reauthorization: bool,
    /// Since when it is connected.
    pub connected_at: OffsetDateTime,
    /// How many syncs failed since one was completed.
    pub failures: u64,
    /// When a sync was last completed.
    pub last_completed_at: Option<OffsetDateTime>,
}

/// What somebody brought in today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedToday {
    /// Who.
    pub user_id: String,
    /// His address, where he has a connection.
    pub email: Option<String>,
    /// Which day it is.
    pub day: Date,
    /// Documents.
    pub documents: u64,
    /// Bytes.
    pub bytes: u64,
}

/// How much one person may bring in by hand on a day. None is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayLimit {
    /// Documents.
    pub documents: Option<u64>,
    /// Bytes.
    pub bytes: Option<u64>,
}

impl Fact {
    /// What it is about. Facts follow each other by this, within one question.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::OpenEntry(entry) => entry.document_id.to_string(),
            Self::AlarmingMail(mail) => mail.document_id.to_string(),
            Self::OpenThread(thread) => thread.thread.clone(),
            Self::Sender(sender) => sender.sender.clone(),
            Self::Connection(connection) => connection.id.to_string(),
            Self::Usage(usage) => usage.user_id.clone(),
        }
    }
}
