//! What is known about something that somebody should look at: a report of what documents and books say. What they do not
//! say stays empty.

use std::time::Duration;

use time::OffsetDateTime;

use super::{Alert, AlertRule, Money, Passage, Question, Urgency};

/// What is to be looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// What it is called.
    pub title: String,
    /// What documents are asked for; none where there is nothing to ask for.
    pub words: Option<Question>,
    /// The alert that it is about, if it is about one.
    pub alert: Option<Alert>,
}

/// What is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Investigation {
    /// What it is called.
    pub title: String,
    /// How much there is, in a sentence or two.
    pub executive_summary: String,
    /// Why, as far as a rule says.
    pub cause: Cause,
    /// What it does.
    pub impact: Impact,
    /// What happened when, the earliest first.
    pub timeline: Vec<Moment>,
    /// Whose documents these are: whose are the most first.
    pub stakeholders: Vec<Stakeholder>,
    /// What to do, by the rule that found it.
    pub recommendations: Vec<Recommendation>,
    /// What the books say; none of a company without entries.
    pub metrics: Vec<Metric>,
    /// The documents, the best first.
    pub sources: Vec<Passage>,
    /// How long it took.
    pub took: Duration,
}

/// Why something is the matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// What a rule found.
    pub primary: Option<String>,
    /// Sentences of documents that say most to it.
    pub evidence: Vec<String>,
}

/// What something does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// What it is about in money, where a rule says so.
    pub financial: Option<String>,
    /// Customers of the books that are named.
    pub customers: Vec<String>,
    /// How soon somebody should look.
    pub urgency: Option<Urgency>,
}

/// What happened once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub event: String,
    /// Where it is known from.
    pub source: String,
}

/// Somebody who wrote about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stakeholder {
    /// Who.
    pub name: String,
    /// How many of the sources are his.
    pub sources: usize,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// What.
    pub action: &'static str,
    /// What comes of it.
    pub expected_outcome: &'static str,
    /// How soon.
    pub priority: Urgency,
}

/// A sum of the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// What it is.
    pub name: &'static str,
    /// The sum of the last thirty days.
    pub value: Money,
    /// Against the thirty days before.
    pub trend: MetricTrend,
    /// The sum of the thirty days before.
    pub before: Money,
    /// The currencies that it is of.
    pub currencies: Vec<String>,
}

/// Whether something is more than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricTrend {
    /// More.
    Up,
    /// Less.
    Down,
    /// The same.
    Flat,
}

impl Inquiry {
    /// What to look into about an alert: who and what is concerned, and its document.
    #[must_use]
    pub fn about(alert: Alert) -> Self {
        let document = alert.document.iter().map(|document| document.title.as_str());
        let words: Vec<&str> = alert.key_entities.iter().map(String::as_str).chain(document).collect();
        let words = Self::words(&words.join(" ")).or_else(|| Self::words(&alert.summary));
        Self { title: alert.summary.clone(), words, alert: Some(alert) }
    }

    /// As much of a text as can be asked for; none where there is nothing in it.
    #[must_use]
    pub fn words(text: &str) -> Option<Question> {
        text.chars().take(Question::MAX_CHARS).collect::<String>().parse().ok()
    }
}

impl MetricTrend {
    /// Of what was that, and is this now.
    #[must_use]
    pub fn of(now: Money, before: Money) -> Self {
        match now.cmp(&before) {
            std::cmp::Ordering::Less => Self::Down,
            std::cmp::Ordering::Equal => Self::Flat,
            std::cmp::Ordering::Greater => Self::Up,
        }
    }

    /// As clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Flat => "flat",
        }
    }
}

impl AlertRule {
    /// Whether it is about money that is open.
    #[must_use]
    pub const fn is_about_money(self) -> bool {
        match self {
            Self::OverdueInvoice | Self::OverdueBill => true,
            Self::UrgentMail
            | Self::UnansweredMail
            | Self::SenderFell
            | Self::SenderRose
            | Self::FailedSyncs
            | Self::ReauthorizationNeeded
            | Self::QuotaNearlyUsed => false,
        }
    }

    /// What to do about what it found, and what comes of that. The same for every company: `docs/alerts.md`.
    #[must_use]
    pub const fn advice(self) -> (&'static str, &'static str) {
        match self {
            Self::OverdueInvoice => ("Ask the customer for payment.", "The open balance is paid."),
            Self::OverdueBill => {
                ("Pay the bill, or agree on another day with the vendor.", "The open balance is paid.")
            }
            Self::UrgentMail => ("Answer the sender.", "The sender knows what happens next."),
            Self::UnansweredMail => ("Answer the last mail of the thread.", "Nobody waits for an answer."),
            Self::SenderFell => ("Ask whether something is wrong.", "It is known why fewer mails come."),
            Self::SenderRose => ("Read the new mails together.", "It is known why more mails come."),
            Self::FailedSyncs => {
                ("Look at the error of the last sync, and start it again.", "New documents come in again.")
            }
            Self::ReauthorizationNeeded => {
                ("Ask the owner to connect the account again.", "New documents come in again.")
            }
            Self::QuotaNearlyUsed => {
                ("Wait for the next day, or raise the quota.", "Documents can be brought in again.")
            }
        }
    }
}
