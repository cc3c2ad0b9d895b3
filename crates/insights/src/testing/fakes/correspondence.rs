//! Mails in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::model::{
    Acquainted, Comparison, Correspondent, Correspondents, HourShare, LEAST_MENTIONS, LONGEST_REPLY,
    MostCorrespondents, Network, Occurrences, Stretch, Tie, Topic, TopicKind, TouchedThread, Touches,
};
use crate::ports::Correspondence;
use crate::testing::correspondence::Mail;

/// Mails in memory.
#[derive(Debug, Default)]
pub struct InMemoryCorrespondence {
    mails: Mutex<Vec<(CompanyId, Mail)>>,
}

impl InMemoryCorrespondence {
    /// Adds a mail.
    pub fn put(&self, company_id: CompanyId, mail: Mail) {
        self.mails().push((company_id, mail));
    }

    fn mails(&self) -> MutexGuard<'_, Vec<(CompanyId, Mail)>> {
        self.mails.lock().expect("nobody panics while holding it")
    }

    /// Those between these moments, by time.
    fn between(&self, company_id: CompanyId, from: OffsetDateTime, until: OffsetDateTime) -> Vec<Mail> {
        let mails = self.mails();
        let of_company =
            mails.iter().filter(|(of, mail)| *of == company_id && mail.kind == "email" && !mail.is_superseded);
        let mut shown: Vec<_> =
            of_company.filter(|(_, mail)| from <= mail.at && mail.at < until).map(|(_, mail)| mail.clone()).collect();
        shown.sort_by_key(|mail| mail.at);
        shown
    }

    fn of(&self, company_id: CompanyId, stretch: Stretch) -> Vec<Mail> {
        self.between(company_id, stretch.begins_at(), stretch.ends_at())
    }
}

/// How many mails, and who is at the other ends.
#[derive(Default)]
struct Ends {
    mails: u64,
    others: BTreeSet<&'static str>,
}

fn acquainted(mails: &[Mail], ends: BTreeMap<&'static str, Ends>, most: u16) -> Vec<Acquainted> {
    let name = |address| mails.iter().filter(|mail| mail.from == Some(address)).filter_map(|mail| mail.name).max();
    let told = ends.into_iter().map(|(address, ends)| Acquainted {
        who: Correspondent {
            address: address.to_owned(),
            name: name(address).map(ToOwned::to_owned),
            mails: ends.mails,
        },
        contacts: ends.others.iter().filter(|other| **other != address).count() as u64,
    });
    let mut told: Vec<_> = told.collect();
    told.sort_by_key(|one| Reverse(one.who.mails));
    told.truncate(most.into());
    told
}

fn correspondents(mails: &[Mail], ends: BTreeMap<&'static str, Ends>, most: u16) -> Vec<Correspondent> {
    acquainted(mails, ends, most).into_iter().map(|one| one.who).collect()
}

fn writers(mails: &[Mail]) -> BTreeMap<&'static str, Ends> {
    let mut ends: BTreeMap<_, Ends> = BTreeMap::new();
    for mail in mails {
        let Some(from) = mail.from else { continue };
        let ends = ends.entry(from).or_default();
        ends.mails += 1;
        ends.others.extend(&mail.to);
    }
    ends
}

fn ties(mails: &[Mail]) -> Vec<Tie> {
    let mut pairs: BTreeMap<_, (u64, OffsetDateTime)> = BTreeMap::new();
    for mail in mails {
        let Some(from) = mail.from else { continue };
        for to in mail.to.iter().filter(|to| **to != from) {
            let pair = pairs.entry((from, *to)).or_insert((0, mail.at));
            *pair = (pair.0 + 1, pair.1.max(mail.at));
        }
    }
    let tie = |((from, to), (mails, last_at)): ((&str, &str), _)| Tie {
        from: from.to_owned(),
        to: to.to_owned(),
        mails,
        last_at,
    };
    let mut ties: Vec<_> = pairs.into_iter().map(tie).collect();
    ties.sort_by_key(|tie| Reverse(tie.mails));
    ties
}

#[async_trait]
impl Correspondence for InMemoryCorrespondence {
    async fn list_correspondents(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        most: MostCorrespondents,
    ) -> Result<Correspondents, StoreError> {
        let mails = self.of(company_id, stretch);
        let mut receivers: BTreeMap<_, Ends> = BTreeMap::new();
        for mail in &mails {
            for to in &mail.to {
                let ends = receivers.entry(*to).or_default();
                ends.mails += 1;
                ends.others.extend(mail.from);
            }
        }
        let mut ties = ties(&mails);
        ties.truncate(most.ties.into());
        Ok(Correspondents {
            writers: acquainted(&mails, writers(&mails), most.people),
            receivers: acquainted(&mails, receivers, most.people),
            ties,
        })
    }

    async fn count_by_hour(&self, company_id: CompanyId, stretch: Stretch) -> Result<Vec<HourShare>, StoreError> {
        let mut hours: BTreeMap<_, u64> = BTreeMap::new();
        for at in self.of(company_id, stretch).iter().map(|mail| mail.at.to_offset(UtcOffset::UTC)) {
            *hours.entry((at.weekday().number_days_from_monday(), at.hour())).or_default() += 1;
        }
        Ok(hours.into_iter().map(|((weekday, hour), mails)| HourShare { weekday, hour, mails }).collect())
    }

    async fn find_median_reply(&self, company_id: CompanyId, stretch: Stretch) -> Result<Option<Duration>, StoreError> {
        let mails = self.between(company_id, stretch.begins_at() - LONGEST_REPLY, stretch.ends_at());
        let mut took: Vec<Duration> = Vec::new();
        for (at, mail) in mails.iter().enumerate().filter(|(_, mail)| mail.at >= stretch.begins_at()) {
            let (Some(from), Some(thread)) = (mail.from, mail.thread) else { continue };
            let before = mails[..at].iter().rfind(|one| one.thread == Some(thread) && one.from.is_some());
            took.extend(before.filter(|one| one.from != Some(from)).map(|one| mail.at - one.at));
        }
        took.retain(|took| *took <= LONGEST_REPLY);
        took.sort();
        let (Some(low), Some(high)) = (took.get(took.len().saturating_sub(1) / 2), took.get(took.len() / 2)) else {
            return Ok(None);
        };
        let middle: Duration = (*low + *high) / 2;
        Ok(Some(Duration::seconds(middle.whole_seconds())))
    }

    async fn map_network(&self, company_id: CompanyId, stretch: Stretch, most: u16) -> Result<Network, StoreError> {
        let mails = self.of(company_id, stretch);
        let mut ends = writers(&mails);
        for mail in &mails {
            let Some(from) = mail.from else { continue };
            for to in mail.to.iter().filter(|to| **to != from) {
                let ends = ends.entry(*to).or_default();
                ends.mails += 1;
                ends.others.insert(from);
            }
        }
        let people = correspondents(&mails, ends, most);
        let is_told = |address: &String| people.iter().any(|one| one.address == *address);
        let mut ties = ties(&mails);
        ties.retain(|tie| is_told(&tie.from) && is_told(&tie.to));
        ties.truncate(usize::from(most) * 10);
        Ok(Network { people, ties })
    }

    async fn list_threads(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        most: u16,
    ) -> Result<Vec<TouchedThread>, StoreError> {
        let mut threads: BTreeMap<&str, (Touches, OffsetDateTime, &str)> = BTreeMap::new();
        let mails = self.between(company_id, stretch.previous().begins_at(), stretch.ends_at());
        for mail in &mails {
            let Some(thread) = mail.thread else { continue };
            let none = Touches { now: 0, before: 0, last: mail.at.date() };
            let (touches, last, subject) = threads.entry(thread).or_insert((none, mail.at, mail.subject));
            touches.now += u64::from(mail.at >= stretch.begins_at());
            touches.before += u64::from(mail.at < stretch.begins_at());
            (touches.last, *last, *subject) = (mail.at.date(), mail.at, mail.subject);
        }
        let mut threads: Vec<_> = threads.into_iter().filter(|(_, (one, ..))| one.now + one.before > 1).collect();
        threads.sort_by_key(|(id, (touches, last, _))| Reverse((touches.now, touches.before, *last, Reverse(*id))));
        let told = threads.into_iter().take(most.into()).map(|(id, (touches, _, subject))| TouchedThread {
            id: id.to_owned(),
            subject: subject.to_owned(),
            touches,
        });
        Ok(told.collect())
    }

    async fn compare(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        kind: TopicKind,
        most: u16,
    ) -> Result<Comparison, StoreError> {
        let mut topics: BTreeMap<String, Occurrences> = BTreeMap::new();
        let mut all = Occurrences::default();
        for mail in self.between(company_id, stretch.previous().begins_at(), stretch.ends_at()) {
            let is_now = mail.at >= stretch.begins_at();
            for what in kind.of_mail(mail.from.into_iter().chain(mail.to), mail.subject) {
                for counted in [&mut all, topics.entry(what).or_default()] {
                    counted.now += u64::from(is_now);
                    counted.before += u64::from(!is_now);
                }
            }
        }
        let topics = topics.into_iter().map(|(what, occurrences)| Topic { what, occurrences });
        let mut topics: Vec<_> = topics.filter(|topic| topic.occurrences.now >= LEAST_MENTIONS).collect();
        topics.sort_by_key(|topic| Reverse(topic.occurrences.now));
        topics.truncate(most.into());
        Ok(Comparison { topics, all })
    }

    async fn list_new_writers(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        most: u16,
    ) -> Result<Vec<Correspondent>, StoreError> {
        let before = writers(&self.between(company_id, OffsetDateTime::UNIX_EPOCH, stretch.begins_at()));
        let mails = self.of(company_id, stretch);
        let mut new = writers(&mails);
        new.retain(|address, _| !before.contains_key(address));
        Ok(correspondents(&mails, new, most))
    }
}
