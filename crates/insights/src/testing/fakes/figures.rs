//! Documents by day, in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, StoreError};
use time::OffsetDateTime;

use crate::model::{DayFigures, KindCount, MailsWanted, Money, Stretch, SummarySource};
use crate::ports::Figures;
use crate::testing::figures::Item;

/// Documents in memory.
#[derive(Debug, Default)]
pub struct InMemoryFigures {
    items: Mutex<Vec<(CompanyId, Item)>>,
}

impl InMemoryFigures {
    /// Adds a document.
    pub fn put(&self, company_id: CompanyId, item: Item) {
        self.items().push((company_id, item));
    }

    fn items(&self) -> MutexGuard<'_, Vec<(CompanyId, Item)>> {
        self.items.lock().expect("nobody panics while holding it")
    }

    fn shown(&self, company_id: CompanyId) -> Vec<Item> {
        let items = self.items();
        let shown = items.iter().filter(|(of, item)| *of == company_id && !item.is_superseded);
        shown.map(|(_, item)| item.clone()).collect()
    }
}

fn moment(item: &Item) -> OffsetDateTime {
    item.created_at.unwrap_or(item.ingested_at)
}

fn holds(stretch: Stretch, moment: OffsetDateTime) -> bool {
    stretch.begins_at() <= moment && moment < stretch.ends_at()
}

fn source(item: &Item) -> SummarySource {
    SummarySource {
        document_id: DocumentId::new(item.id),
        quote: item.title.to_owned(),
        from: item.sender.map(ToOwned::to_owned),
    }
}

fn is_mail(item: &Item) -> bool {
    item.kind == "email"
}

#[async_trait]
impl Figures for InMemoryFigures {
    async fn count_kinds(&self, company_id: CompanyId, stretch: Stretch) -> Result<Vec<KindCount>, StoreError> {
        let mut counts: BTreeMap<_, u64> = BTreeMap::new();
        for item in self.shown(company_id).iter().filter(|item| holds(stretch, moment(item))) {
            *counts.entry((item.source, item.kind)).or_default() += 1;
        }
        let count = |((source, kind), documents): ((&str, &str), _)| KindCount {
            source: source.to_owned(),
            kind: kind.to_owned(),
            documents,
        };
        let mut counts: Vec<_> = counts.into_iter().map(count).collect();
        counts.sort_by_key(|count| Reverse(count.documents));
        Ok(counts)
    }

    async fn list_days(&self, company_id: CompanyId, stretch: Stretch) -> Result<Vec<DayFigures>, StoreError> {
        let mut days: BTreeMap<_, DayFigures> = BTreeMap::new();
        for item in self.shown(company_id) {
            let mut add = |moment: OffsetDateTime, add: &dyn Fn(&mut DayFigures)| {
                if holds(stretch, moment) {
                    let day = moment.date();
                    add(days.entry(day).or_insert_with(|| DayFigures::none(day)));
                }
            };
            add(item.ingested_at, &|day| day.documents += 1);
            let total: Option<Money> = item.total.and_then(|total| total.parse().ok());
            match item.kind {
                "email" => add(moment(&item), &|day| day.mails += 1),
                "invoice" => add(moment(&item), &|day| day.revenue = day.revenue + total.unwrap_or_default()),
                "bill" => add(moment(&item), &|day| day.expenses = day.expenses + total.unwrap_or_default()),
                "payment" => add(moment(&item), &|day| day.payments = day.payments + total.unwrap_or_default()),
                _ => {}
            }
        }
        Ok(days.into_values().collect())
    }

    async fn list_mails(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        wanted: &MailsWanted,
        most: u16,
    ) -> Result<Vec<SummarySource>, StoreError> {
        let is_wanted = |item: &Item| match wanted {
            MailsWanted::All => true,
            MailsWanted::From(writers) => item.sender.is_some_and(|sender| writers.iter().any(|one| one == sender)),
            MailsWanted::About(words) => {
                let title = item.title.to_lowercase();
                title.split(|char: char| !char.is_alphanumeric()).any(|word| words.iter().any(|one| one == word))
            }
        };
        let mut mails = self.shown(company_id);
        mails.retain(|item| is_mail(item) && holds(stretch, moment(item)) && is_wanted(item));
        mails.sort_by_key(|item| Reverse((moment(item), item.id)));
        Ok(mails.iter().take(most.into()).map(source).collect())
    }

    async fn describe(&self, company_id: CompanyId, ids: &[DocumentId]) -> Result<Vec<SummarySource>, StoreError> {
        let shown = self.shown(company_id).into_iter().filter(|item| ids.contains(&DocumentId::new(item.id)));
        Ok(shown.map(|item| source(&item)).collect())
    }
}
