//! Books in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, Page, StoreError};
use time::{Date, UtcOffset};

use crate::model::{
    BookEntry, BookKind, BookTotals, EntryCursor, EntryQuery, MAX_ENTRY_CONTENT, Money, Party, PartyTotal, Period,
    RecordCounts,
};
use crate::ports::{Books, ListError};
use crate::testing::books::Record;

/// Books in memory. It reckons in millionths, which is enough for tests.
#[derive(Debug, Default)]
pub struct InMemoryBooks {
    records: Mutex<Vec<(CompanyId, DocumentId, Record)>>,
}

impl InMemoryBooks {
    /// Adds a record and answers the id of its document, or changes the record that has its source id.
    pub fn put(&self, company_id: CompanyId, record: Record) -> DocumentId {
        let mut records = self.records();
        let known = records.iter_mut().find(|(of, _, known)| *of == company_id && known.source_id == record.source_id);
        if let Some((_, id, known)) = known {
            *known = record;
            return *id;
        }
        let last = records.iter().map(|(_, id, _)| id.get()).max().unwrap_or_default();
        let id = DocumentId::new(last + 1);
        records.push((company_id, id, record));
        id
    }

    /// Removes a record.
    pub fn remove(&self, id: DocumentId) {
        self.records().retain(|(_, known, _)| *known != id);
    }

    fn records(&self) -> MutexGuard<'_, Vec<(CompanyId, DocumentId, Record)>> {
        self.records.lock().expect("nobody panics while holding it")
    }

    fn of(&self, company_id: CompanyId) -> Vec<(DocumentId, Record)> {
        let records = self.records();
        let of_books = records.iter().filter(|(of, _, record)| *of == company_id && record.source == "quickbooks");
        of_books.map(|(_, id, record)| (*id, record.clone())).collect()
    }

    fn entries(&self, company_id: CompanyId, period: Period) -> Vec<(DocumentId, BookKind, Record)> {
        let all = self.of(company_id).into_iter();
        all.filter_map(|(id, record)| Some((id, kind_of(&record)?, record)))
            .filter(|(_, _, record)| period.holds(day_of(record)))
            .collect()
    }
}

#[async_trait]
impl Books for InMemoryBooks {
    async fn sum_up(&self, company_id: CompanyId, period: Period) -> Result<BookTotals, StoreError> {
        let entries = self.entries(company_id, period);
        let currencies: BTreeSet<_> = entries.iter().filter_map(|(_, _, record)| record.currency.clone()).collect();
        let mut totals = BookTotals { currencies: currencies.into_iter().collect(), ..BookTotals::default() };
        for kind in BookKind::ALL {
            let records: Vec<_> =
                entries.iter().filter(|(_, of, _)| *of == kind).map(|(_, _, record)| record).collect();
            let sum = |amount: &dyn Fn(&Record) -> Option<i128>| {
                rounded(records.iter().filter_map(|record| amount(record)).sum())
            };
            let of = totals.of_mut(kind);
            of.count = u64::try_from(records.len()).expect("few");
            of.total = sum(&|record| millionths(record.total.as_deref()));
            of.balance = sum(&|record| millionths(record.balance.as_deref()));
            of.paid =
                sum(&|record| Some(millionths(record.total.as_deref())? - millionths(record.balance.as_deref())?));
        }
        Ok(totals)
    }

    async fn count_records(&self, company_id: CompanyId) -> Result<RecordCounts, StoreError> {
        let mut counts = RecordCounts::default();
        for (_, record) in self.of(company_id) {
            counts.all += 1;
            match record.kind {
                "invoice" => counts.invoices += 1,
                "bill" => counts.bills += 1,
                "payment" => counts.payments += 1,
                "customer" => counts.customers += 1,
                _ => {}
            }
        }
        Ok(counts)
    }

    async fn list_parties(
        &self,
        company_id: CompanyId,
        party: Party,
        period: Period,
        most: u16,
    ) -> Result<Vec<PartyTotal>, StoreError> {
        let mut sums: BTreeMap<String, (i128, u64)> = BTreeMap::new();
        for (_, kind, record) in self.entries(company_id, period) {
            if let (true, Some(name)) = (kind == party.kind(), record.party) {
                let (sum, count) = sums.entry(name).or_default();
                *sum += millionths(record.total.as_deref()).unwrap_or_default();
                *count += 1;
            }
        }
        let mut parties: Vec<_> = sums.into_iter().collect();
        parties.sort_by_key(|(_, (sum, _))| Reverse(*sum));
        let told = parties.into_iter().take(most.into());
        Ok(told.map(|(name, (sum, count))| PartyTotal { name, total: rounded(sum), count }).collect())
    }

    async fn list_entries(&self, company_id: CompanyId, query: &EntryQuery) -> Result<Page<BookEntry>, ListError> {
        let after: Option<EntryCursor> = query.page.cursor().map(str::parse).transpose()?;
        let entries = self.entries(company_id, query.period).into_iter();
        let wanted = entries.filter(|(_, kind, _)| query.kind.is_none_or(|wanted| *kind == wanted));
        let mut entries: Vec<_> = wanted.map(|(id, kind, record)| entry(id, kind, record)).collect();
        let place = |cursor: EntryCursor| (Reverse(cursor.day), Reverse(cursor.id.get()));
        entries.sort_by_key(|entry| place(EntryCursor::of(entry)));
        let rest = entries.into_iter();
        let rest = rest.filter(|entry| after.is_none_or(|after| place(EntryCursor::of(entry)) > place(after)));
        Ok(Page::of(rest.collect(), &query.page, |last| EntryCursor::of(last).to_string()))
    }
}

fn entry(id: DocumentId, kind: BookKind, record: Record) -> BookEntry {
    let money = |text: Option<String>| text.map(|text| rounded(millionths(Some(&text)).expect("an amount")));
    BookEntry {
        id,
        kind,
        day: day_of(&record),
        title: record.title,
        number: record.number,
        party: record.party,
        total: money(record.total),
        balance: money(record.balance),
        currency: record.currency,
        status: record.status,
        due_day: record.due_day,
        payment_method: record.payment_method,
        content: record.content.chars().take(MAX_ENTRY_CONTENT.into()).collect(),
    }
}

fn kind_of(record: &Record) -> Option<BookKind> {
    BookKind::ALL.into_iter().find(|kind| kind.name() == record.kind)
}

fn day_of(record: &Record) -> Option<Date> {
    record.day.or_else(|| record.entered_at.map(|at| at.to_offset(UtcOffset::UTC).date()))
}

fn millionths(amount: Option<&str>) -> Option<i128> {
    let amount = amount?;
    let (is_negative, number) = amount.strip_prefix('-').map_or((false, amount), |number| (true, number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let millionths: i128 = format!("{whole}{fraction:0<6}").parse().expect("an amount of at most six decimals");
    Some(if is_negative { -millionths } else { millionths })
}

fn rounded(millionths: i128) -> Money {
    let half = if millionths < 0 { -5_000 } else { 5_000 };
    Money::of_cents((millionths + half) / 10_000)
}
