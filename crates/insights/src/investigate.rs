//! Somebody looks into an alert, or into anything else that documents say something about.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use cortex_kernel::{Clock, CompanyId, StoreError};

use crate::model::{
    BookTotals, Cause, Days, Impact, Inquiry, Investigation, Metric, MetricTrend, Moment, Money, Party, Passage,
    Period, Recommendation, Stakeholder,
};
use crate::ports::{Books, Passages};

/// Reports what documents and books say about something. Nothing in it is invented: each part is what documents say, a sum
/// of the books, or a sentence that stands in `docs/alerts.md`.
pub struct Investigate {
    passages: Arc<dyn Passages>,
    books: Arc<dyn Books>,
    clock: Arc<dyn Clock>,
}

/// Documents of a report.
const MOST_SOURCES: u8 = 15;
/// Sentences that stand for the documents.
const MOST_EVIDENCE: usize = 5;
/// Customers of the books whose names are looked for.
const MOST_CUSTOMERS: u16 = 200;
/// What is said where no document says anything.
const NOTHING_KNOWN: &str = "None of your company's documents says anything about this.";

impl Investigate {
    /// Asks `passages` and `books`.
    #[must_use]
    pub const fn new(passages: Arc<dyn Passages>, books: Arc<dyn Books>, clock: Arc<dyn Clock>) -> Self {
        Self { passages, books, clock }
    }

    /// What is known about it.
    pub async fn investigate(&self, company_id: CompanyId, inquiry: Inquiry) -> Result<Investigation, StoreError> {
        let begun = self.clock.now();
        let sources = match &inquiry.words {
            Some(words) => self.passages.find(company_id, words, MOST_SOURCES).await?,
            None => Vec::new(),
        };
        let parties = self.books.list_parties(company_id, Party::Customers, Period::ALL, MOST_CUSTOMERS).await?;
        let names = parties.into_iter().map(|party| party.name);
        let metrics = self.metrics(company_id, begun.date()).await?;
        let stakeholders = stakeholders(&sources);
        let Inquiry { title, alert, .. } = inquiry;
        let evidence = evidence(&sources);
        let impact = Impact {
            financial: alert.as_ref().filter(|alert| alert.rule.is_about_money()).map(|alert| alert.summary.clone()),
            customers: named(names, &title, alert.iter().flat_map(|alert| &alert.key_entities), &sources),
            urgency: alert.as_ref().map(|alert| alert.urgency),
        };
        let recommendation = alert.as_ref().map(|alert| {
            let (action, expected_outcome) = alert.rule.advice();
            Recommendation { action, expected_outcome, priority: alert.urgency }
        });
        Ok(Investigation {
            executive_summary: summary(alert.as_ref().map(|alert| alert.summary.as_str()), &sources, &stakeholders),
            title,
            cause: Cause { primary: alert.map(|alert| alert.summary), evidence },
            impact,
            timeline: timeline(&sources),
            stakeholders,
            recommendations: recommendation.into_iter().collect(),
            metrics,
            sources,
            took: (self.clock.now() - begun).try_into().unwrap_or_default(),
        })
    }

    /// Of the last thirty days and of the thirty before.
    async fn metrics(&self, company_id: CompanyId, today: time::Date) -> Result<Vec<Metric>, StoreError> {
        let now = Period::until(today, Days::THIRTY);
        let last = Days::THIRTY.first_until(today).saturating_sub(time::Duration::DAY);
        let sums = self.books.sum_up(company_id, now).await?;
        let before = self.books.sum_up(company_id, Period::until(last, Days::THIRTY)).await?;
        if [&sums, &before].iter().all(|sums| sums.invoices.count + sums.bills.count + sums.payments.count == 0) {
            return Ok(Vec::new());
        }
        let metric = |name, of: fn(&BookTotals) -> Money| {
            let (value, before) = (of(&sums), of(&before));
            Metric { name, value, trend: MetricTrend::of(value, before), before, currencies: sums.currencies.clone() }
        };
        Ok(vec![
            metric("invoiced", |sums| sums.invoices.total),
            metric("outstanding of invoices", |sums| sums.invoices.balance),
            metric("billed", |sums| sums.bills.total),
            metric("unpaid of bills", |sums| sums.bills.balance),
            metric("payments", |sums| sums.payments.total),
        ])
    }
}

fn summary(found: Option<&str>, sources: &[Passage], stakeholders: &[Stakeholder]) -> String {
    let mut said: Vec<String> = found.map(ToOwned::to_owned).into_iter().collect();
    let days: Vec<_> = timeline(sources).into_iter().map(|moment| moment.at.date()).collect();
    said.push(match (sources.len(), days.first(), days.last()) {
        (0, ..) => NOTHING_KNOWN.to_owned(),
        (1, Some(day), _) => format!("One document says something about this, of {day}."),
        (1, ..) => "One document says something about this.".to_owned(),
        (count, Some(first), Some(last)) => {
            format!("{count} documents say something about this, from {first} to {last}.")
        }
        (count, ..) => format!("{count} documents say something about this."),
    });
    if let Some(most) = stakeholders.first().filter(|most| most.sources > 1) {
        said.push(format!("{} of them are from {}.", most.sources, most.name));
    }
    said.join(" ")
}

/// The sentences that say most; of equals the better document's.
fn evidence(sources: &[Passage]) -> Vec<String> {
    let mut sentences: Vec<_> = sources.iter().flat_map(|source| &source.sentences).collect();
    sentences.sort_by_key(|sentence| Reverse(sentence.worth));
    sentences.into_iter().take(MOST_EVIDENCE).map(|sentence| sentence.text.clone()).collect()
}

fn timeline(sources: &[Passage]) -> Vec<Moment> {
    let moment = |source: &Passage| {
        let (event, from) = (source.title.clone(), source.source.clone());
        source.created_at.map(|at| Moment { at, event, source: from })
    };
    let mut timeline: Vec<_> = sources.iter().filter_map(moment).collect();
    timeline.sort_by_key(|moment| moment.at);
    timeline
}

/// Those with the most sources first, and of equals by their names.
fn stakeholders(sources: &[Passage]) -> Vec<Stakeholder> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for sender in sources.iter().filter_map(|source| source.sender.as_deref()) {
        *counts.entry(sender).or_default() += 1;
    }
    let mut stakeholders: Vec<_> =
        counts.into_iter().map(|(name, sources)| Stakeholder { name: name.to_owned(), sources }).collect();
    stakeholders.sort_by_key(|stakeholder| Reverse(stakeholder.sources));
    stakeholders
}

/// Those of the names that stand in what is known, as they are written, whatever the case.
fn named<'a>(
    names: impl Iterator<Item = String>,
    title: &str,
    entities: impl Iterator<Item = &'a String>,
    sources: &[Passage],
) -> Vec<String> {
    let mut text = bare(title);
    let said = sources.iter().flat_map(|source| [source.title.clone(), source.said()]);
    for part in entities.cloned().chain(said) {
        text += &bare(&part);
    }
    let stands_in = |name: &String| {
        let name = bare(name);
        !name.trim().is_empty() && text.contains(&name)
    };
    names.filter(stands_in).collect()
}

/// Words of letters and digits in small letters, each between spaces.
fn bare(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    format!(" {} ", words.map(str::to_lowercase).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests;
