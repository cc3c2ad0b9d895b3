//! What is known of a day.

use cortex_kernel::DocumentId;
use time::{Date, Duration, OffsetDateTime, Time};

use super::{OwnAddresses, WordGroup};

/// A day of a company, and which addresses are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayOf {
    /// The day, by UTC.
    pub day: Date,
    /// The company's own addresses: whoever has another one is outside.
    pub own: OwnAddresses,
}

/// How much there was on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayCounts {
    /// Documents by where they came from, those with the most first, of equals by name.
    pub by_source: Vec<(String, u64)>,
    /// Mails by the hour of UTC.
    pub mails_by_hour: [u64; 24],
}

/// What was exchanged with people outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchanges {
    /// How many people outside.
    pub people: u64,
    /// Mails from them.
    pub received: u64,
    /// Mails to them.
    pub sent: u64,
    /// Those with the most mails first, of equals by their addresses.
    pub partners: Vec<Partner>,
}

/// Somebody outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// His address, in small letters.
    pub address: String,
    /// How he calls himself.
    pub name: Option<String>,
    /// Mails from him.
    pub received: u64,
    /// Mails to him.
    pub sent: u64,
    /// The last of them.
    pub last_id: DocumentId,
    /// Its subject.
    pub last_title: String,
}

/// Threads whose last mail came from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unanswered {
    /// How many.
    pub total: u64,
    /// Those that wait longest first.
    pub threads: Vec<WaitingThread>,
}

/// A thread that waits for the company's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingThread {
    /// The last mail.
    pub document_id: DocumentId,
    /// Its subject.
    pub title: String,
    /// Who wrote it.
    pub address: String,
    /// How he calls himself.
    pub name: Option<String>,
    /// When.
    pub since: OffsetDateTime,
}

/// Which documents are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// All of the day.
    Documents,
    /// Mails from people outside and to them.
    MailsWithOutside,
}

/// Documents that speak of something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// How many.
    pub total: u64,
    /// The newest first.
    pub documents: Vec<Mention>,
}

/// A document that speaks of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Which.
    pub document_id: DocumentId,
    /// Its title.
    pub title: String,
    /// Where it came from.
    pub source: String,
    /// Who sent it, where it is a message.
    pub sender: Option<String>,
    /// How the words begin by which it does, in small letters, by the alphabet.
    pub words: Vec<String>,
    /// What stands around the first of them in its text; none where only the title has one.
    pub passage: Option<String>,
}

/// Documents of a day beyond these are not looked into for words.
pub const MOST_LOOKED_INTO: u32 = 2_000;
/// Characters of a text that are looked into.
pub const LOOKED_INTO: u32 = 4_000;
/// A thread whose last mail is older waits for nobody any more.
pub const WAITS_DAYS: u16 = 14;

impl DayOf {
    /// When it begins, and when the next one does.
    #[must_use]
    pub fn bounds(&self) -> (OffsetDateTime, OffsetDateTime) {
        let begins = self.day.with_time(Time::MIDNIGHT).assume_utc();
        (begins, begins.saturating_add(Duration::DAY))
    }
}

/// What is looked for, and how much of it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MentionQuery {
    /// What documents are to speak of.
    pub group: WordGroup,
    /// Which are looked at.
    pub among: Among,
    /// At most so many are told.
    pub most: u16,
}
