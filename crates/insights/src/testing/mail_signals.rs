//! The contract of [`MailSignals`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId};
use time::macros::{date, datetime};
use time::{Duration, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B, NOON};
use crate::model::{
    KeywordCount, LEXICON_VERSION, MailText, Period, ReadMail, SignalCategory, SignalCounts, find_keywords,
};
use crate::ports::MailSignals;

pub use super::fakes::InMemoryMailSignals;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! mail_signals_contract {
    ($harness:expr) => {
        $crate::mail_signals_contract! { $harness =>
            mails_that_no_version_read_are_told_some_at_a_time,
            what_was_read_is_not_told_again_until_the_lexicon_changes,
            a_mail_whose_text_changed_is_read_again_and_its_words_are_written_anew,
            what_was_read_of_an_earlier_state_is_not_kept,
            words_are_counted_by_week_and_their_newest_mails_are_told,
            both_ends_of_a_period_belong_to_it,
            words_of_a_mail_go_with_it,
            another_companys_mails_are_closed,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::mail_signals::$case(&$harness).await;
            }
        )+
    };
}

/// A fresh, empty company and a way to fill it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn signals(&self, company_id: CompanyId) -> Arc<dyn MailSignals>;
    async fn put_mail(&self, company_id: CompanyId, sent_at: OffsetDateTime, title: &str, content: &str) -> DocumentId;
    async fn change_mail(&self, id: DocumentId, content: &str);
    async fn remove_mail(&self, id: DocumentId);
}

/// [`InMemoryMailSignals`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryMailSignals>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn signals(&self, _: CompanyId) -> Arc<dyn MailSignals> {
        self.0.clone()
    }

    async fn put_mail(&self, company_id: CompanyId, sent_at: OffsetDateTime, title: &str, content: &str) -> DocumentId {
        self.0.put_mail(company_id, sent_at, title, content)
    }

    async fn change_mail(&self, id: DocumentId, content: &str) {
        self.0.change_mail(id, content);
    }

    async fn remove_mail(&self, id: DocumentId) {
        self.0.remove_mail(id);
    }
}

async fn unread(harness: &impl Harness, version: i16, most: u8) -> Vec<MailText> {
    harness.signals(COMPANY_A).list_unread(COMPANY_A, version, most).await.expect("mails")
}

fn read(mails: Vec<MailText>) -> Vec<ReadMail> {
    let read = |mail: MailText| ReadMail {
        keywords: find_keywords(&mail.title, &mail.content),
        document_id: mail.document_id,
        state: mail.state,
    };
    mails.into_iter().map(read).collect()
}

async fn keep(harness: &impl Harness, version: i16, mails: Vec<MailText>) {
    harness.signals(COMPANY_A).keep(COMPANY_A, version, &read(mails)).await.expect("an answer");
}

async fn read_all(harness: &impl Harness) {
    keep(harness, LEXICON_VERSION, unread(harness, LEXICON_VERSION, 100).await).await;
}

async fn count(harness: &impl Harness, period: Period) -> SignalCounts {
    harness.signals(COMPANY_A).count(COMPANY_A, period).await.expect("counts")
}

pub async fn mails_that_no_version_read_are_told_some_at_a_time(harness: &impl Harness) {
    let mut put = Vec::new();
    for number in 0..3 {
        put.push(harness.put_mail(COMPANY_A, NOON, &format!("Mail {number}"), "urgent").await);
    }

    let first = unread(harness, 1, 2).await;
    keep(harness, 1, first.clone()).await;
    let rest = unread(harness, 1, 2).await;

    assert_eq!((first[0].title.as_str(), first[0].content.as_str()), ("Mail 0", "urgent"));
    let told: Vec<_> = first.iter().chain(&rest).map(|mail| mail.document_id).collect();
    assert_eq!(told, put);
}

pub async fn what_was_read_is_not_told_again_until_the_lexicon_changes(harness: &impl Harness) {
    harness.put_mail(COMPANY_A, NOON, "Crane", "urgent").await;
    keep(harness, 1, unread(harness, 1, 9).await).await;

    assert_eq!(unread(harness, 1, 9).await, []);
    assert_eq!(unread(harness, 2, 9).await.len(), 1);
}

pub async fn a_mail_whose_text_changed_is_read_again_and_its_words_are_written_anew(harness: &impl Harness) {
    let id = harness.put_mail(COMPANY_A, NOON, "Crane", "urgent, asap").await;
    read_all(harness).await;
    harness.change_mail(id, "a refund, asap").await;

    read_all(harness).await;

    let words: Vec<_> = count(harness, Period::ALL).await.keywords.into_iter().map(|word| word.keyword).collect();
    assert_eq!(words, ["asap", "refund"]);
}

pub async fn what_was_read_of_an_earlier_state_is_not_kept(harness: &impl Harness) {
    let id = harness.put_mail(COMPANY_A, NOON, "Crane", "urgent").await;
    let gone = harness.put_mail(COMPANY_A, NOON, "Boat", "urgent").await;
    let earlier = unread(harness, 1, 9).await;
    harness.change_mail(id, "All is well.").await;
    harness.remove_mail(gone).await;

    keep(harness, 1, earlier).await;

    assert_eq!(count(harness, Period::ALL).await, SignalCounts::default());
    assert_eq!(unread(harness, 1, 9).await.len(), 1);
}

pub async fn words_are_counted_by_week_and_their_newest_mails_are_told(harness: &impl Harness) {
    let mut ids = Vec::new();
    for number in 0..22 {
        ids.push(harness.put_mail(COMPANY_A, NOON - Duration::hours(number), "Crane", "Urgent! Urgent!").await);
    }
    let before = harness.put_mail(COMPANY_A, NOON - Duration::WEEK, "Crane", "urgent refund").await;
    harness.put_mail(COMPANY_A, NOON, "Crane", "All is well.").await;
    harness.put_mail(COMPANY_A, NOON - Duration::WEEK * 5, "Crane", "urgent").await;
    read_all(harness).await;
    harness.put_mail(COMPANY_A, NOON, "Not read", "urgent").await;

    let period = Period { first: Some(date!(2026 - 02 - 01)), last: Some(date!(2026 - 03 - 02)) };
    let counted = count(harness, period).await;

    ids.truncate(KeywordCount::MOST_DOCUMENTS);
    // It is a Monday, at noon.
    let weeks = vec![(date!(2026 - 02 - 23), 9 + 1), (date!(2026 - 03 - 02), 13)];
    let urgent = KeywordCount {
        keyword: "urgent".to_owned(),
        category: SignalCategory::Urgency,
        count: 23,
        weeks,
        documents: ids,
    };
    let refund = KeywordCount {
        keyword: "refund".to_owned(),
        category: SignalCategory::Complaint,
        count: 1,
        weeks: vec![(date!(2026 - 02 - 23), 1)],
        documents: vec![before],
    };
    assert_eq!(counted, SignalCounts { mails: 24, keywords: vec![urgent, refund] });
}

pub async fn both_ends_of_a_period_belong_to_it(harness: &impl Harness) {
    for sent_at in [
        datetime!(2026-02-28 23:59:59.999999 UTC),
        datetime!(2026-03-01 0:00 UTC),
        datetime!(2026-03-02 23:59:59.999999 UTC),
        datetime!(2026-03-03 0:00 UTC),
    ] {
        harness.put_mail(COMPANY_A, sent_at, "Crane", "urgent").await;
    }
    read_all(harness).await;

    let period = Period { first: Some(date!(2026 - 03 - 01)), last: Some(date!(2026 - 03 - 02)) };
    let counted = count(harness, period).await;

    assert_eq!((counted.mails, counted.keywords[0].count), (2, 2));
}

pub async fn words_of_a_mail_go_with_it(harness: &impl Harness) {
    let id = harness.put_mail(COMPANY_A, NOON, "Crane", "urgent").await;
    read_all(harness).await;

    harness.remove_mail(id).await;

    assert_eq!(count(harness, Period::ALL).await, SignalCounts::default());
}

pub async fn another_companys_mails_are_closed(harness: &impl Harness) {
    harness.put_mail(COMPANY_B, NOON, "Crane", "urgent").await;
    let elsewhere = harness.signals(COMPANY_B);
    let mails = elsewhere.list_unread(COMPANY_B, 1, 9).await.expect("mails");

    assert_eq!(unread(harness, 1, 9).await, []);
    harness.signals(COMPANY_A).keep(COMPANY_A, 1, &read(mails.clone())).await.expect("an answer");
    assert_eq!(elsewhere.list_unread(COMPANY_B, 1, 9).await.expect("mails").len(), 1);
    elsewhere.keep(COMPANY_B, 1, &read(mails)).await.expect("an answer");
    for deployment in [COMPANY_A, COMPANY_B] {
        let counted = harness.signals(deployment).count(COMPANY_A, Period::ALL).await.expect("counts");
        assert_eq!(counted, SignalCounts::default());
    }
}
