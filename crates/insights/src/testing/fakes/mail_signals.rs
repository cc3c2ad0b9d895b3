//! Words in mails, in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, StoreError};
use time::OffsetDateTime;

use crate::model::{Keyword, KeywordCount, MailText, Period, ReadMail, SignalCounts, Week};
use crate::ports::MailSignals;

/// Mails in memory, with what was found in them.
#[derive(Debug, Default)]
pub struct InMemoryMailSignals {
    mails: Mutex<Vec<Mail>>,
}

#[derive(Debug)]
struct Mail {
    company_id: CompanyId,
    id: DocumentId,
    sent_at: OffsetDateTime,
    texts: (String, String),
    /// Counts up with each change.
    state: u32,
    version: i16,
    keywords: Vec<Keyword>,
}

impl InMemoryMailSignals {
    /// Adds a mail.
    pub fn put_mail(&self, company_id: CompanyId, sent_at: OffsetDateTime, title: &str, content: &str) -> DocumentId {
        let mut mails = self.mails();
        let id = DocumentId::new(i64::try_from(mails.len()).expect("a few") + 1);
        let texts = (title.to_owned(), content.to_owned());
        mails.push(Mail { company_id, id, sent_at, texts, state: 0, version: 0, keywords: Vec::new() });
        id
    }

    /// Changes the text of a mail.
    pub fn change_mail(&self, id: DocumentId, content: &str) {
        let mut mails = self.mails();
        let mail = mails.iter_mut().find(|mail| mail.id == id).expect("a mail");
        content.clone_into(&mut mail.texts.1);
        mail.state += 1;
        mail.version = 0;
    }

    /// Takes a mail away.
    pub fn remove_mail(&self, id: DocumentId) {
        self.mails().retain(|mail| mail.id != id);
    }

    fn mails(&self) -> MutexGuard<'_, Vec<Mail>> {
        self.mails.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl MailSignals for InMemoryMailSignals {
    async fn list_unread(&self, company_id: CompanyId, version: i16, most: u8) -> Result<Vec<MailText>, StoreError> {
        let mails = self.mails();
        let unread = mails.iter().filter(|mail| mail.company_id == company_id && mail.version < version);
        let text = |mail: &Mail| {
            let (title, content) = mail.texts.clone();
            MailText { document_id: mail.id, state: mail.state.to_string(), title, content }
        };
        Ok(unread.take(most.into()).map(text).collect())
    }

    async fn keep(&self, company_id: CompanyId, version: i16, read: &[ReadMail]) -> Result<(), StoreError> {
        let mut mails = self.mails();
        for one in read {
            let same = |mail: &&mut Mail| {
                mail.company_id == company_id && mail.id == one.document_id && mail.state.to_string() == one.state
            };
            if let Some(mail) = mails.iter_mut().find(same) {
                (mail.version, mail.keywords) = (version, one.keywords.clone());
            }
        }
        Ok(())
    }

    async fn count(&self, company_id: CompanyId, period: Period) -> Result<SignalCounts, StoreError> {
        let mails = self.mails();
        let of_period = |mail: &&Mail| mail.company_id == company_id && period.holds(Some(mail.sent_at.date()));
        let mut read: Vec<_> = mails.iter().filter(of_period).filter(|mail| mail.version > 0).collect();
        read.sort_by_key(|mail| Reverse((mail.sent_at, mail.id.get())));
        let mut found: BTreeMap<Keyword, Vec<&Mail>> = BTreeMap::new();
        for mail in &read {
            for keyword in &mail.keywords {
                found.entry(*keyword).or_default().push(mail);
            }
        }
        let mut keywords: Vec<_> = found.into_iter().map(|(keyword, mails)| count(keyword, &mails)).collect();
        keywords.sort_by(|one, other| (Reverse(one.count), &one.keyword).cmp(&(Reverse(other.count), &other.keyword)));
        Ok(SignalCounts { mails: u64::try_from(read.len()).expect("a few"), keywords })
    }
}

/// Of these mails, the newest first.
fn count(keyword: Keyword, mails: &[&Mail]) -> KeywordCount {
    let mut weeks = BTreeMap::new();
    for mail in mails {
        *weeks.entry(Week::of(mail.sent_at.date()).first()).or_default() += 1;
    }
    KeywordCount {
        keyword: keyword.text.to_owned(),
        category: keyword.category,
        count: u64::try_from(mails.len()).expect("a few"),
        weeks: weeks.into_iter().collect(),
        documents: mails.iter().take(KeywordCount::MOST_DOCUMENTS).map(|mail| mail.id).collect(),
    }
}
