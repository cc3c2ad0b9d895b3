//! What there was on days, in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, StoreError};
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::model::{
    Among, DayCounts, DayOf, Exchanges, Mention, MentionQuery, Mentions, Partner, Unanswered, WAITS_DAYS,
    WaitingThread, is_machine,
};
use crate::ports::DayReader;
use crate::testing::day_reader::Came;

/// Days in memory.
#[derive(Debug, Default)]
pub struct InMemoryDays {
    documents: Mutex<Vec<(CompanyId, Came)>>,
}

impl InMemoryDays {
    /// Adds a document and answers its id.
    pub fn put(&self, company_id: CompanyId, document: Came) -> DocumentId {
        let mut documents = self.documents();
        documents.push((company_id, document));
        DocumentId::new(i64::try_from(documents.len()).expect("a few documents"))
    }

    /// Another one takes the place of this document.
    pub fn supersede(&self, id: DocumentId) {
        let place = usize::try_from(id.get() - 1).expect("a few documents");
        self.documents()[place].1.is_superseded = true;
    }

    fn documents(&self) -> MutexGuard<'_, Vec<(CompanyId, Came)>> {
        self.documents.lock().expect("nobody panics while holding it")
    }

    /// Those that came between two moments, the newest first.
    fn between(&self, company_id: CompanyId, from: OffsetDateTime, until: OffsetDateTime) -> Vec<(DocumentId, Came)> {
        let documents = self.documents();
        let all = documents.iter().zip(1..).filter(|((of, came), _)| *of == company_id && !came.is_superseded);
        let mut found: Vec<_> = all
            .filter(|((_, came), _)| came.at >= from && came.at < until)
            .map(|((_, came), id)| (DocumentId::new(id), came.clone()))
            .collect();
        found.sort_by_key(|(id, came)| Reverse((came.at, *id)));
        found
    }

    fn of_day(&self, company_id: CompanyId, day: &DayOf) -> Vec<(DocumentId, Came)> {
        let (begins, ends) = day.bounds();
        self.between(company_id, begins, ends)
    }
}

fn outside<'a>(day: &DayOf, came: &'a Came) -> BTreeSet<&'a str> {
    let sender = came.sender.as_ref().map(|(address, _)| *address);
    let is_outside = |address: &&str| !day.own.own(address);
    match sender.filter(is_outside) {
        Some(sender) => BTreeSet::from([sender]),
        None => came.to.iter().copied().filter(is_outside).collect(),
    }
}

fn is_mail(came: &Came) -> bool {
    came.kind == "email"
}

/// The beginnings by which words of the text do.
fn words_of(text: &str, beginnings: &[&str]) -> Vec<String> {
    let text = text.to_lowercase();
    let begins = |beginning: &&&str| {
        text.match_indices(**beginning)
            .any(|(place, _)| !text[..place].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
    };
    beginnings.iter().filter(begins).map(ToString::to_string).collect()
}

#[async_trait]
impl DayReader for InMemoryDays {
    async fn count(&self, company_id: CompanyId, day: &DayOf) -> Result<DayCounts, StoreError> {
        let (mut by_source, mut mails_by_hour) = (BTreeMap::<String, u64>::new(), [0; 24]);
        for (_, came) in self.of_day(company_id, day) {
            *by_source.entry(came.source.to_owned()).or_default() += 1;
            if is_mail(&came) {
                mails_by_hour[usize::from(came.at.to_offset(UtcOffset::UTC).hour())] += 1;
            }
        }
        let mut by_source: Vec<_> = by_source.into_iter().collect();
        by_source.sort_by_key(|(_, count)| Reverse(*count));
        Ok(DayCounts { by_source, mails_by_hour })
    }

    async fn list_exchanges(&self, company_id: CompanyId, day: &DayOf, most: u16) -> Result<Exchanges, StoreError> {
        let mut exchanges = Exchanges::default();
        let mut partners = BTreeMap::<String, Partner>::new();
        for (id, came) in self.of_day(company_id, day).into_iter().filter(|(_, came)| is_mail(came)) {
            let Some((sender, name)) = came.sender else { continue };
            let (is_received, outside) = (!day.own.own(sender), outside(day, &came));
            exchanges.received += u64::from(is_received);
            exchanges.sent += u64::from(!is_received && !outside.is_empty());
            for address in outside {
                let partner = partners.entry(address.to_owned()).or_insert_with(|| Partner {
                    address: address.to_owned(),
                    name: None,
                    received: 0,
                    sent: 0,
                    last_id: id,
                    last_title: came.title.to_owned(),
                });
                if is_received {
                    partner.received += 1;
                    partner.name = partner.name.take().or_else(|| name.map(str::to_owned));
                } else {
                    partner.sent += 1;
                }
            }
        }
        exchanges.people = partners.len() as u64;
        exchanges.partners = partners.into_values().collect();
        exchanges.partners.sort_by_key(|partner| Reverse(partner.received + partner.sent));
        exchanges.partners.truncate(most.into());
        Ok(exchanges)
    }

    async fn list_unanswered(&self, company_id: CompanyId, day: &DayOf, most: u16) -> Result<Unanswered, StoreError> {
        let (_, until) = day.bounds();
        let mut seen = BTreeSet::new();
        let mut threads = Vec::new();
        for (document_id, came) in self.between(company_id, until - Duration::days(WAITS_DAYS.into()), until) {
            let Some(thread) = came.thread.filter(|_| is_mail(&came)) else { continue };
            let Some((address, name)) = came.sender.filter(|_| seen.insert(thread)) else { continue };
            if !day.own.own(address) && !is_machine(address) {
                let (title, address, name) = (came.title.to_owned(), address.to_owned(), name.map(str::to_owned));
                threads.push(WaitingThread { document_id, title, address, name, since: came.at });
            }
        }
        threads.reverse();
        let total = threads.len() as u64;
        threads.truncate(most.into());
        Ok(Unanswered { total, threads })
    }

    async fn find_mentions(
        &self,
        company_id: CompanyId,
        day: &DayOf,
        query: MentionQuery,
    ) -> Result<Mentions, StoreError> {
        let beginnings = query.group.beginnings();
        let mut mentions = Mentions::default();
        for (document_id, came) in self.of_day(company_id, day) {
            if query.among == Among::MailsWithOutside && (!is_mail(&came) || outside(day, &came).is_empty()) {
                continue;
            }
            let words = words_of(&format!("{}\n{}", came.title, came.content), beginnings);
            if words.is_empty() {
                continue;
            }
            mentions.total += 1;
            if mentions.documents.len() < usize::from(query.most) {
                let says =
                    came.content.split(['.', '!', '?', '\n']).find(|part| !words_of(part, beginnings).is_empty());
                mentions.documents.push(Mention {
                    document_id,
                    title: came.title.to_owned(),
                    source: came.source.to_owned(),
                    sender: came.sender.map(|(address, name)| name.unwrap_or(address).to_owned()),
                    words,
                    passage: says.map(|says| says.trim().to_owned()),
                });
            }
        }
        Ok(mentions)
    }
}
