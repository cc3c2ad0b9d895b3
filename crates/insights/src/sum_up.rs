//! A day, a week or a month is summed up.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cortex_kernel::{Clock, CompanyId, DocumentId, PageRequest, StoreError};
use time::{Date, Duration, OffsetDateTime, UtcOffset};

use crate::model::{
    Amounts, BookEntry, BookTotals, Comparison, Correspondent, EntryQuery, KeptSummary, KindCount, MailsWanted,
    MostCorrespondents, OwnAddresses, Period, Span, SpanKind, Stretch, Summary, SummarySource, TopicKind,
    by_hour_and_weekday,
};
use crate::ports::{Books, CompanyOverview, Correspondence, Figures, ListError, Summaries};

/// Computes summaries and keeps them.
pub struct SumUp {
    numbers: Numbers,
    kept: Arc<dyn Summaries>,
    clock: Arc<dyn Clock>,
}

/// What summaries are computed of.
#[derive(Clone)]
pub struct Numbers {
    /// What documents of accounting say.
    pub books: Arc<dyn Books>,
    /// Whose addresses are the company's own.
    pub overview: Arc<dyn CompanyOverview>,
    /// Who writes to whom.
    pub correspondence: Arc<dyn Correspondence>,
    /// How much there was.
    pub figures: Arc<dyn Figures>,
}

/// A summary of a span that was not over serves so long, then it is computed anew.
pub const FRESH: Duration = Duration::hours(1);
/// So many of what is in most mails are looked at for whether they rose.
const CANDIDATES: u16 = 1_000;

impl SumUp {
    /// Computes of `numbers`, keeps in `kept`.
    #[must_use]
    pub fn new(numbers: Numbers, kept: Arc<dyn Summaries>, clock: Arc<dyn Clock>) -> Self {
        Self { numbers, kept, clock }
    }

    /// The summary of the span: the one that is kept, unless it is out of date, or else a new one, which is kept.
    pub async fn find(&self, company_id: CompanyId, span: Span) -> Result<KeptSummary, StoreError> {
        match self.kept.find(company_id, span).await? {
            Some(mut kept) if !is_stale(&kept, self.clock.now()) => {
                self.numbers.describe_sources(company_id, &mut kept.summary).await?;
                Ok(kept)
            }
            _ => self.compute(company_id, span).await,
        }
    }

    /// The last span of the kind that has a whole day.
    #[must_use]
    pub fn latest(&self, kind: SpanKind) -> Span {
        Span::of(kind, self.today().saturating_sub(Duration::DAY))
    }

    /// The day that it is, by UTC.
    fn today(&self) -> Date {
        self.clock.now().to_offset(UtcOffset::UTC).date()
    }

    /// Computes the summary of the span and keeps it.
    pub async fn compute(&self, company_id: CompanyId, span: Span) -> Result<KeptSummary, StoreError> {
        // As exactly as it is kept.
        let computed_at = self.clock.now().truncate_to_microsecond();
        let summary = self.numbers.sum_up(company_id, span).await?;
        let kept = KeptSummary { span, summary, computed_at };
        self.kept.keep(company_id, &kept).await?;
        Ok(kept)
    }
}

fn is_stale(kept: &KeptSummary, now: OffsetDateTime) -> bool {
    kept.computed_at < kept.span.stretch().ends_at() && now - kept.computed_at >= FRESH
}

impl Numbers {
    /// One query after the other: who reads waits for it, and whoever else wants a connection should not.
    async fn sum_up(&self, company_id: CompanyId, span: Span) -> Result<Summary, StoreError> {
        let (stretch, before) = (span.stretch(), span.previous().stretch());
        let mails = &self.correspondence;
        let own = self.overview.list_own_addresses(company_id).await?;
        let (amounts, documents, books) = self.add_up(company_id, stretch).await?;
        let (before, ..) = self.add_up(company_id, before).await?;
        let most = MostCorrespondents { people: Summary::MOST, ties: 0 };
        let correspondents = mails.list_correspondents(company_id, stretch, most).await?;
        let people = mails.map_network(company_id, stretch, Summary::MOST).await?.people;
        let companies = mails.compare(company_id, stretch, TopicKind::Companies, CANDIDATES).await?;
        let mut new_people = mails.list_new_writers(company_id, stretch, Summary::MOST).await?;
        new_people.retain(|one| !own.own(&one.address));
        let terms = mails.compare(company_id, stretch, TopicKind::Terms, CANDIDATES).await?;
        let topics = terms.risen(TopicKind::Terms, &own, Summary::MOST.into());
        let new = MailsWanted::From(new_people.iter().map(|one| one.address.clone()).collect());
        let about = MailsWanted::About(topics.iter().map(|rise| rise.topic.what.clone()).collect());
        Ok(Summary {
            amounts,
            before,
            documents,
            books,
            senders: correspondents.writers.into_iter().map(|one| one.who).collect(),
            recipients: correspondents.receivers.into_iter().map(|one| one.who).collect(),
            people,
            companies: companies_of(companies, &own),
            median_reply: mails.find_median_reply(company_id, stretch).await?.map(Duration::whole_seconds),
            mail_sources: self.list_mails(company_id, stretch, &MailsWanted::All).await?,
            new_people_sources: self.list_mails(company_id, stretch, &new).await?,
            topic_sources: self.list_mails(company_id, stretch, &about).await?,
            book_sources: self.list_entries(company_id, stretch).await?,
            new_people,
            topics,
        })
    }

    /// What the documents say now; those that are gone are told no more.
    async fn describe_sources(&self, company_id: CompanyId, summary: &mut Summary) -> Result<(), StoreError> {
        let ids: BTreeSet<_> =
            summary.sources_mut().into_iter().flatten().map(|source| source.document_id.get()).collect();
        let ids: Vec<_> = ids.into_iter().map(DocumentId::new).collect();
        let known = self.figures.describe(company_id, &ids).await?;
        let known: HashMap<_, _> = known.into_iter().map(|source| (source.document_id.get(), source)).collect();
        for sources in summary.sources_mut() {
            *sources = sources.iter().filter_map(|source| known.get(&source.document_id.get()).cloned()).collect();
        }
        Ok(())
    }

    /// What is compared, and what it is of.
    async fn add_up(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
    ) -> Result<(Amounts, Vec<KindCount>, BookTotals), StoreError> {
        let documents = self.figures.count_kinds(company_id, stretch).await?;
        let books = self.books.sum_up(company_id, period(stretch)).await?;
        let (hours, _) = by_hour_and_weekday(&self.correspondence.count_by_hour(company_id, stretch).await?);
        let amounts = Amounts {
            documents: documents.iter().map(|count| count.documents).sum(),
            mails: hours.iter().sum(),
            revenue: books.invoices.total,
            expenses: books.bills.total,
            payments: books.payments.total,
        };
        Ok((amounts, documents, books))
    }

    async fn list_mails(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        wanted: &MailsWanted,
    ) -> Result<Vec<SummarySource>, StoreError> {
        self.figures.list_mails(company_id, stretch, wanted, Summary::MOST).await
    }

    async fn list_entries(&self, company_id: CompanyId, stretch: Stretch) -> Result<Vec<SummarySource>, StoreError> {
        let page = PageRequest::new(Some(Summary::MOST), None);
        let query = EntryQuery { kind: None, period: period(stretch), page };
        let entries = match self.books.list_entries(company_id, &query).await {
            Ok(page) => page.items,
            Err(ListError::Store(error)) => return Err(error),
            // None was given.
            Err(ListError::Cursor(error)) => return Err(StoreError::Broken(error.into())),
        };
        Ok(entries.into_iter().map(source).collect())
    }
}

const fn period(stretch: Stretch) -> Period {
    Period { first: Some(stretch.first), last: Some(stretch.last) }
}

fn source(entry: BookEntry) -> SummarySource {
    SummarySource { document_id: entry.id, quote: entry.title, from: entry.party }
}

/// The domains of others in most mails.
fn companies_of(comparison: Comparison, own: &OwnAddresses) -> Vec<Correspondent> {
    let others = comparison.topics.into_iter().filter(|topic| topic.tells(TopicKind::Companies, own));
    let told = others.map(|topic| Correspondent { address: topic.what, name: None, mails: topic.occurrences.now });
    told.take(Summary::MOST.into()).collect()
}

#[cfg(test)]
mod tests;
