//! What a company's people should look at. The rules that find it stand in [`rules`](super::rules).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use cortex_kernel::{CompanyId, DocumentId, Origin, Page, PageRequest, UserId};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

/// What finds alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertRule {
    /// An invoice is not paid, and its day has passed.
    OverdueInvoice,
    /// A bill is not paid, and its day has passed.
    OverdueBill,
    /// A mail from outside has words of complaint or urgency in it.
    UrgentMail,
    /// A thread waits for an answer of ours.
    UnansweredMail,
    /// Somebody writes far less than the week before.
    SenderFell,
    /// Somebody writes far more than the week before.
    SenderRose,
    /// The syncs of an account fail again and again.
    FailedSyncs,
    /// The owner of a connection has to connect again.
    ReauthorizationNeeded,
    /// Somebody brought in nearly as much as he may on a day.
    QuotaNearlyUsed,
}

/// The text names no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown rule of alerts")]
pub struct UnknownAlertRule;

/// How soon somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Some day.
    Low,
    /// This week.
    Medium,
    /// Today.
    High,
    /// Now.
    Critical,
}

/// The text or the number names no urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the urgency may be one of critical, high, medium, low")]
pub struct UnknownUrgency;

/// A rule as a company has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSetting {
    /// Which.
    pub rule: AlertRule,
    /// From where on it finds something; in what it is counted, the rule says.
    pub threshold: u32,
    /// Whether it is looked for at all.
    pub is_on: bool,
}

/// The rules of a company, at the beginning of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// All of them.
    pub rules: Vec<RuleSetting>,
    /// When it began, by the clock of the store. What was not found since then does not hold any more.
    pub begun_at: OffsetDateTime,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about: of a rule and a subject there is one alert.
    pub subject: String,
    /// What about the subject is the matter: under another mark it is another matter.
    pub mark: String,
    /// How soon somebody should look.
    pub urgency: Urgency,
    /// In a sentence.
    pub summary: String,
    /// Who and what is concerned, the most important first.
    pub key_entities: Vec<String>,
    /// The document that it is about.
    pub document_id: Option<DocumentId>,
    /// The person whose account or usage it is about.
    pub user_id: Option<String>,
}

/// What was found, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its id.
    pub id: Uuid,
    /// What found it.
    pub rule: AlertRule,
    /// How soon somebody should look.
    pub urgency: Urgency,
    /// In a sentence.
    pub summary: String,
    /// Who and what is concerned, the most important first.
    pub key_entities: Vec<String>,
    /// The document that it is about.
    pub document: Option<AlertDocument>,
    /// When it was found, or found again after it was over.
    pub detected_at: OffsetDateTime,
    /// How often it came to be a matter.
    pub occurrences: u32,
    /// How often it was looked into.
    pub investigation_count: u32,
    /// When it did not hold any more; none of what was dismissed.
    pub resolved_at: Option<OffsetDateTime>,
    /// Who said that nothing is to be done.
    pub dismissed: Option<Dismissed>,
}

/// The document that an alert is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertDocument {
    /// Which.
    pub id: DocumentId,
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub source: String,
}

/// Somebody said that nothing is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dismissed {
    /// When.
    pub at: OffsetDateTime,
    /// Who; none once he was erased.
    pub by: Option<UserId>,
    /// Why, in his words.
    pub note: Option<String>,
}

/// An alert by its id, with how its document begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAlert {
    /// The alert.
    pub alert: Alert,
    /// The first [`MAX_PREVIEW`] characters of its document.
    pub preview: Option<String>,
}

/// So much of the document of an alert is told, in characters.
pub const MAX_PREVIEW: u16 = 500;

/// How many alerts there are, by urgency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertCounts {
    /// Of each, in the order of [`Urgency`].
    counts: [u64; 4],
}

/// Who looks at alerts. What is about somebody's account or usage is for him and for admins only; the rest is for all members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// In which company.
    pub company_id: CompanyId,
    /// Who.
    pub user_id: UserId,
    /// Whether he is an admin.
    pub is_admin: bool,
}

/// The alerts that are looked at now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveAlerts {
    /// How many there are.
    pub total: u64,
    /// Those that are told: the most urgent first, and of these the newest.
    pub alerts: Vec<Alert>,
}

/// Which alerts of the past are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Found since then.
    pub since: OffsetDateTime,
    /// Whether those count that somebody dismissed.
    pub includes_dismissed: bool,
    /// Which part of the list.
    pub page: PageRequest,
}

/// Alerts of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Those that hold and that nobody dismissed.
    pub active: u64,
    /// Those that somebody dismissed.
    pub dismissed: u64,
    /// Those that do not hold any more.
    pub resolved: u64,
    /// All of these, by urgency.
    pub by_urgency: AlertCounts,
    /// All of these, by rule; rules without any are left out.
    pub by_rule: BTreeMap<AlertRule, u64>,
    /// A part of them, the newest first.
    pub page: Page<Alert>,
}

/// Somebody says that nothing is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dismissal {
    /// Who says so.
    pub by: Viewer,
    /// About which alert.
    pub id: Uuid,
    /// Why.
    pub note: Option<AlertNote>,
    /// Where the request came from, for the audit row.
    pub origin: Origin,
}

/// Why somebody dismissed an alert: not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertNote(String);

/// The text is too long for a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("may have {} characters", AlertNote::MAX_CHARS)]
pub struct NoteTooLong;

/// What became of a dismissal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DismissOutcome {
    /// It is dismissed, by this call.
    Dismissed(Box<Alert>),
    /// It was dismissed or resolved before.
    NotActive,
    /// There is no such alert for who says so.
    NotFound,
}

impl AlertRule {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::OverdueInvoice,
        Self::OverdueBill,
        Self::UrgentMail,
        Self::UnansweredMail,
        Self::SenderFell,
        Self::SenderRose,
        Self::FailedSyncs,
        Self::ReauthorizationNeeded,
        Self::QuotaNearlyUsed,
    ];

    /// As rows and clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OverdueInvoice => "overdue_invoice",
            Self::OverdueBill => "overdue_bill",
            Self::UrgentMail => "urgent_mail",
            Self::UnansweredMail => "unanswered_mail",
            Self::SenderFell => "sender_fell",
            Self::SenderRose => "sender_rose",
            Self::FailedSyncs => "failed_syncs",
            Self::ReauthorizationNeeded => "reauthorization_needed",
            Self::QuotaNearlyUsed => "quota_nearly_used",
        }
    }
}

impl FromStr for AlertRule {
    type Err = UnknownAlertRule;

    fn from_str(text: &str) -> Result<Self, UnknownAlertRule> {
        Self::ALL.into_iter().find(|rule| rule.name() == text).ok_or(UnknownAlertRule)
    }
}

impl Urgency {
    /// All of them, what matters most first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// As clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Its number in rows: the greater, the sooner.
    #[must_use]
    pub const fn rank(self) -> i16 {
        match self {
            Self::Low => 1,
            Self::Medium => 2,
            Self::High => 3,
            Self::Critical => 4,
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Low => 0,
            Self::Medium => 1,
            Self::High => 2,
            Self::Critical => 3,
        }
    }
}

impl FromStr for Urgency {
    type Err = UnknownUrgency;

    fn from_str(text: &str) -> Result<Self, UnknownUrgency> {
        Self::ALL.into_iter().find(|urgency| urgency.name() == text).ok_or(UnknownUrgency)
    }
}

impl TryFrom<i16> for Urgency {
    type Error = UnknownUrgency;

    fn try_from(rank: i16) -> Result<Self, UnknownUrgency> {
        Self::ALL.into_iter().find(|urgency| urgency.rank() == rank).ok_or(UnknownUrgency)
    }
}

impl AlertCounts {
    /// Of this urgency.
    #[must_use]
    pub const fn of(&self, urgency: Urgency) -> u64 {
        self.counts[urgency.place()]
    }

    /// More of this urgency.
    pub const fn add(&mut self, urgency: Urgency, more: u64) {
        self.counts[urgency.place()] += more;
    }

    /// Of any urgency.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Alert {
    /// Whether it holds and nobody dismissed it.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.resolved_at.is_none() && self.dismissed.is_none()
    }

    /// How it stands, as clients call it.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        if self.dismissed.is_some() {
            "dismissed"
        } else if self.resolved_at.is_some() {
            "resolved"
        } else {
            "active"
        }
    }
}

impl Viewer {
    /// Whether what is about this person is for him; about nobody in particular where none is named.
    #[must_use]
    pub fn may_see(&self, about: Option<&str>) -> bool {
        self.is_admin || about.is_none_or(|about| about == self.user_id.to_string())
    }
}

impl AlertNote {
    /// The longest note, in characters.
    pub const MAX_CHARS: usize = 2_000;

    /// A text without its surrounding white space; none where nothing else is in it. NUL, which no database takes, is white
    /// space too.
    pub fn of(text: &str) -> Result<Option<Self>, NoteTooLong> {
        let text = text.replace('\0', " ");
        let text = text.trim();
        match text.chars().count() {
            0 => Ok(None),
            count if count > Self::MAX_CHARS => Err(NoteTooLong),
            _ => Ok(Some(Self(text.to_owned()))),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlertRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_urgencies_are_read_as_they_are_called() {
        for rule in AlertRule::ALL {
            assert_eq!(rule.name().parse(), Ok(rule));
        }
        for urgency in Urgency::ALL {
            assert_eq!((urgency.name().parse(), urgency.rank().try_into()), (Ok(urgency), Ok(urgency)));
        }
        assert_eq!("all".parse::<Urgency>(), Err(UnknownUrgency));
        assert_eq!("".parse::<AlertRule>(), Err(UnknownAlertRule));
    }

    #[test]
    fn what_is_urgent_comes_first() {
        let ranks = Urgency::ALL.map(Urgency::rank);

        assert!(ranks.is_sorted_by(|one, other| one > other) && Urgency::ALL.is_sorted_by(|one, other| one > other));
    }

    #[test]
    fn a_note_is_not_blank_and_not_too_long() {
        assert_eq!(AlertNote::of(" \0 "), Ok(None));
        assert_eq!(
            AlertNote::of(" paid\0").map(|note| note.map(|note| note.as_str().to_owned())),
            Ok(Some("paid".into()))
        );
        assert!(AlertNote::of(&"ä".repeat(2_000)).is_ok());
        assert_eq!(AlertNote::of(&"ä".repeat(2_001)), Err(NoteTooLong));
    }
}
