//! What a summary is worth knowing for: a few answers, each with the documents that it rests on. Titles, templates and
//! thresholds stand in `docs/insights.md`, "Insights".

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::summary::{change_in_words, counted};
use super::{BookTotals, KeptSummary, Money, Span, Summary, SummarySource, change_percent, money_change_percent};

/// What an insight is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InsightCategory {
    /// How much is written, and by whom.
    Communication,
    /// Who is new.
    People,
    /// What is written about.
    Topics,
    /// What the books say.
    Finance,
}

/// The text names no category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected communication, people, topics or finance")]
pub struct UnknownCategory;

/// An answer that nobody had to ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Insight {
    /// What it is about.
    pub category: InsightCategory,
    /// In sentences.
    pub answer: String,
    /// The documents that it rests on, at most [`Summary::MOST`].
    pub sources: Vec<SummarySource>,
    /// Of how many.
    pub total_sources: u64,
    /// What is shown of it.
    pub widgets: Vec<Widget>,
}

/// How a widget looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WidgetKind {
    /// Somebody should look.
    Alert,
    /// A number.
    Stat,
    /// How a number changed.
    Trend,
    /// Some names.
    Snapshot,
}

/// A part of an insight to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Widget {
    /// How it looks.
    pub kind: WidgetKind,
    /// Its heading.
    pub title: &'static str,
    /// A sentence.
    pub message: String,
    /// The number, as it is shown.
    pub value: Option<String>,
    /// What the number is of.
    pub value_label: Option<&'static str>,
}

/// A number that fell by so many percent is worth an alert.
pub const STEEP_FALL: f64 = -50.0;
/// So many documents make an insight certain.
const ENOUGH_SOURCES: f64 = 5.0;
/// Names in a snapshot.
const NAMES: usize = 5;

impl InsightCategory {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Communication, Self::People, Self::Topics, Self::Finance];

    /// As clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Communication => "communication",
            Self::People => "people",
            Self::Topics => "topics",
            Self::Finance => "finance",
        }
    }

    /// The heading of its insight.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Communication => "Who writes",
            Self::People => "New people",
            Self::Topics => "What it is about",
            Self::Finance => "What the books say",
        }
    }

    /// The name of a picture for it, as icon sets have it.
    #[must_use]
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Communication => "mail",
            Self::People => "users",
            Self::Topics => "trending-up",
            Self::Finance => "dollar-sign",
        }
    }
}

impl FromStr for InsightCategory {
    type Err = UnknownCategory;

    fn from_str(text: &str) -> Result<Self, UnknownCategory> {
        Self::ALL.into_iter().find(|category| category.name() == text).ok_or(UnknownCategory)
    }
}

impl WidgetKind {
    /// As clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Stat => "stat",
            Self::Trend => "trend",
            Self::Snapshot => "snapshot",
        }
    }
}

impl Insight {
    /// How certain it is: a fifth for each document that it rests on, 1 at most.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "from five on it is 1")]
    pub fn confidence(&self) -> f64 {
        (self.total_sources as f64 / ENOUGH_SOURCES).min(1.0)
    }
}

/// What an insight is called: the span and its category, `daily:2026-03-02:people`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InsightId {
    /// Of which span.
    pub span: Span,
    /// About what.
    pub category: InsightCategory,
}

/// The text is no id of an insight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected the id of an insight, like daily:2026-03-02:people")]
pub struct InvalidInsightId;

impl fmt::Display for InsightId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.span, self.category.name())
    }
}

impl FromStr for InsightId {
    type Err = InvalidInsightId;

    fn from_str(text: &str) -> Result<Self, InvalidInsightId> {
        let (span, category) = text.rsplit_once(':').ok_or(InvalidInsightId)?;
        Ok(Self {
            span: span.parse().map_err(|_| InvalidInsightId)?,
            category: category.parse().map_err(|_| InvalidInsightId)?,
        })
    }
}

impl KeptSummary {
    /// What it is worth knowing for; nothing about what there was nothing of.
    #[must_use]
    pub fn insights(&self) -> Vec<Insight> {
        let (summary, span) = (&self.summary, self.span);
        [communication(summary, span), people(summary), topics(summary), finance(summary, span)]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn communication(summary: &Summary, span: Span) -> Option<Insight> {
    let (now, before) = (summary.amounts.mails, summary.before.mails);
    if now == 0 && before == 0 {
        return None;
    }
    let change = change_in_words(now, before, span);
    let written = if now == 1 { "1 mail was written".to_owned() } else { format!("{now} mails were written") };
    let names: Vec<_> =
        summary.senders.iter().take(NAMES).map(|one| format!("{} ({})", one.called(), one.mails)).collect();
    let most = if names.is_empty() { String::new() } else { format!(" Most by {}.", names.join(", ")) };
    let answer = format!("{written}, {change}.{most}");
    let percent = change_percent(now, before);
    let mut widgets = vec![
        stat("Mails", format!("{written}."), now.to_string(), "mails"),
        trend("Mails against before", change, percent),
    ];
    widgets.extend(steep("Mails fell", percent));
    Some(Insight {
        category: InsightCategory::Communication,
        answer,
        sources: summary.mail_sources.clone(),
        total_sources: now,
        widgets,
    })
}

fn people(summary: &Summary) -> Option<Insight> {
    let new = &summary.new_people;
    if new.is_empty() {
        return None;
    }
    let names: Vec<_> = new.iter().take(NAMES).map(|one| one.called().to_owned()).collect();
    let names = names.join(", ");
    Some(Insight {
        category: InsightCategory::People,
        answer: format!("Wrote for the first time: {names}."),
        sources: summary.new_people_sources.clone(),
        total_sources: new.iter().map(|one| one.mails).sum(),
        widgets: vec![snapshot("New people", names, new.len())],
    })
}

fn topics(summary: &Summary) -> Option<Insight> {
    let risen = &summary.topics;
    if risen.is_empty() {
        return None;
    }
    let told = risen.iter().take(NAMES).map(|rise| {
        let occurrences = rise.topic.occurrences;
        format!("{} ({}, {} before)", rise.topic.what, counted(occurrences.now, "mail"), occurrences.before)
    });
    let told = told.collect::<Vec<_>>().join(", ");
    Some(Insight {
        category: InsightCategory::Topics,
        answer: format!("Written about more than before: {told}."),
        sources: summary.topic_sources.clone(),
        total_sources: risen.iter().map(|rise| rise.topic.occurrences.now).max().unwrap_or_default(),
        widgets: vec![snapshot("Topics", told, risen.len())],
    })
}

fn finance(summary: &Summary, span: Span) -> Option<Insight> {
    let BookTotals { invoices, bills, payments, .. } = &summary.books;
    let count = invoices.count + bills.count + payments.count;
    if count == 0 {
        return None;
    }
    let percent = money_change_percent(summary.amounts.revenue, summary.before.revenue);
    let noun = span.kind().noun();
    let change = percent.map_or_else(
        || format!("nothing was invoiced the {noun} before"),
        |percent| format!("{percent} % against the {noun} before"),
    );
    let answer = format!(
        "{} of {} ({change}), {} of {}, {} of {}. {} of what was invoiced is not paid.",
        counted(invoices.count, "invoice"),
        invoices.total,
        counted(bills.count, "bill"),
        bills.total,
        counted(payments.count, "payment"),
        payments.total,
        invoices.balance
    );
    let mut widgets = vec![
        stat("Revenue", format!("{}.", counted(invoices.count, "invoice")), invoices.total.to_string(), "invoiced"),
        trend("Revenue against before", change, percent),
    ];
    if invoices.balance > Money::ZERO {
        let message = format!("{} of what was invoiced is not paid.", invoices.balance);
        widgets.push(stat("Not paid", message, invoices.balance.to_string(), "outstanding"));
    }
    widgets.extend(steep("Revenue fell", percent));
    Some(Insight {
        category: InsightCategory::Finance,
        answer,
        sources: summary.book_sources.clone(),
        total_sources: count,
        widgets,
    })
}

fn stat(title: &'static str, message: String, value: String, label: &'static str) -> Widget {
    Widget { kind: WidgetKind::Stat, title, message, value: Some(value), value_label: Some(label) }
}

fn trend(title: &'static str, message: String, percent: Option<f64>) -> Widget {
    let value = percent.map(|percent| format!("{percent:+}"));
    Widget { kind: WidgetKind::Trend, title, message, value, value_label: Some("percent") }
}

fn snapshot(title: &'static str, message: String, count: usize) -> Widget {
    Widget { kind: WidgetKind::Snapshot, title, message, value: Some(count.to_string()), value_label: None }
}

/// An alert where something fell steeply.
fn steep(title: &'static str, percent: Option<f64>) -> Option<Widget> {
    let percent = percent.filter(|percent| *percent <= STEEP_FALL)?;
    let message = format!("{title} by {} %.", -percent);
    let (value, value_label) = (Some(format!("{percent:+}")), Some("percent"));
    Some(Widget { kind: WidgetKind::Alert, title, message, value, value_label })
}

#[cfg(test)]
mod tests;
