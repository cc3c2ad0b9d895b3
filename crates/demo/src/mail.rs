//! Whose mailbox holds what.
//!
//! A1 has her part of the sandbox's invented mail. A2 has his, which shares messages with hers, and besides the reports of
//! a test bench, a real mailbox or both: several pages of records, so that a sync has a middle.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use cortex_sandbox::mailbox::{Mailbox, MailboxError, Message};
use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};

use crate::cli::WrongUsage;
use crate::people::{A1, A2};

/// The mail of the two colleagues, each with ids of their own mailbox.
pub(crate) struct Mail {
    pub(crate) a1: Mailbox,
    pub(crate) a2: Mailbox,
    /// Everybody's, for accounts of others.
    pub(crate) written: Mailbox,
    /// How many messages of A2 are from which real mailbox.
    pub(crate) real: Option<String>,
    /// Nothing in the mailboxes is older.
    pub(crate) backfill_days: u32,
}

/// A message in A2's mailbox alone, and a word that stands in no other subject.
pub(crate) struct Telling<'a> {
    pub(crate) message: &'a Message,
    pub(crate) word: String,
}

const BENCH_REPORTS: u32 = 400;

/// A year is what deployments take in by themselves; the most that they can be told to take.
const BACKFILL: std::ops::RangeInclusive<i64> = 365..=36_500;

impl Mail {
    /// The mail of the two, with the mailbox at `real` if there is one.
    pub(crate) fn gather(real: Option<&Path>, now: OffsetDateTime) -> Result<Self> {
        let written = Mailbox::written(now);
        let mut a2 = written.as_seen_by(A2.email);
        let real = real.map(open).transpose()?;
        let backfill_days = backfill_days(real.iter().flat_map(|(mailbox, _)| &mailbox.messages), now);
        // A real mailbox that is large makes pages enough.
        if real.as_ref().is_none_or(|(mailbox, _)| mailbox.messages.len() < BENCH_REPORTS as usize) {
            a2.messages.extend(Mailbox::of_raw((0..BENCH_REPORTS).map(|number| bench_report(number, now))).messages);
        }
        let real = real.map(|(mailbox, path)| {
            let told = format!("{} of {}", mailbox.messages.len(), path.display());
            a2.messages.extend(mailbox.messages);
            told
        });
        Ok(Self { a1: written.as_seen_by(A1.email), a2, written, real, backfill_days })
    }

    /// The messages that lie in both mailboxes: A1's copy and A2's. Such as tell a sender and a time, by which a copy is
    /// known as one.
    pub(crate) fn shared(&self) -> Vec<(&Message, &Message)> {
        let of_a2: HashMap<&[u8], &Message> = self.a2.messages.iter().map(|copy| (&*copy.raw, copy)).collect();
        let pairs = self.a1.messages.iter().filter_map(|copy| Some((copy, *of_a2.get(&*copy.raw)?)));
        pairs.filter(|(copy, _)| copy.date.is_some() && !copy.from_address.is_empty()).collect()
    }

    /// Something to search for; none where no message has a word of its own.
    pub(crate) fn telling(&self) -> Option<Telling<'_>> {
        let mut times: HashMap<String, u32> = HashMap::new();
        for message in self.a1.messages.iter().chain(&self.a2.messages) {
            for word in words(&message.subject) {
                *times.entry(word).or_default() += 1;
            }
        }
        // What came from elsewhere stands last.
        self.a2.messages.iter().rev().find_map(|message| {
            let word = words(&message.subject).find(|word| times.get(word) == Some(&1))?;
            Some(Telling { message, word })
        })
    }
}

/// Long words of plain letters: no stop words, and nothing that a search could read as an operator.
fn words(subject: &str) -> impl Iterator<Item = String> {
    let plain = |word: &&str| word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    subject.split(|c: char| !c.is_alphanumeric()).filter(plain).map(str::to_lowercase)
}

fn open(path: &Path) -> Result<(Mailbox, &Path)> {
    match Mailbox::open(path) {
        Ok(mailbox) => Ok((mailbox, path)),
        Err(error @ MailboxError::Unreadable { .. }) => Err(error.into()),
        Err(error) => Err(WrongUsage(error.to_string()).into()),
    }
}

fn backfill_days<'a>(messages: impl Iterator<Item = &'a Message>, now: OffsetDateTime) -> u32 {
    let dates = messages.flat_map(|message| [message.date, message.received]).flatten();
    // Two more: one for the day that has begun, one for clocks of other zones.
    let oldest = dates.min().map_or(0, |oldest| (now - oldest).whole_days() + 2);
    u32::try_from(oldest.clamp(*BACKFILL.start(), *BACKFILL.end())).unwrap_or(u32::MAX)
}

/// A report as a machine sends it: no two are the same.
fn bench_report(number: u32, now: OffsetDateTime) -> Vec<u8> {
    let at = now - Duration::hours(20 * i64::from(number) + 1);
    let serial = 10_400 + number;
    let (flow, head) = (88 + number % 17, 35 + number % 7);
    let date = at.replace_nanosecond(0).unwrap_or(at).format(&Rfc2822).unwrap_or_default();
    let mut text = String::new();
    let _ = write!(
        text,
        "Date: {date}\r\nFrom: Test bench 3 <bench3@kestrelpumps.example>\r\nTo: {} <{}>\r\n\
         Subject: Test bench 3: KP-220 no. {serial} passed\r\nMessage-ID: <bench3.{serial}@kestrelpumps.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         KP-220, serial number {serial}\r\nflow {flow} m3/h, head {head} m, noise {} dB(A) at ten metres\r\n\
         Result: passed\r\n",
        A2.name,
        A2.email,
        49 + number % 5,
    );
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> OffsetDateTime {
        cortex_sandbox::clock::Clock::new().now()
    }

    #[test]
    fn the_invented_mail_has_a_middle_something_shared_and_something_to_search_for() {
        let mail = Mail::gather(None, now()).unwrap();
        assert!(mail.a2.messages.len() > 400, "more than four pages");
        assert_eq!(mail.backfill_days, 365);

        let shared = mail.shared();
        assert!(!shared.is_empty());
        assert!(shared.iter().all(|(of_a1, of_a2)| of_a1.id != of_a2.id && of_a1.raw == of_a2.raw));

        let Telling { message, word } = mail.telling().unwrap();
        assert!(message.subject.to_lowercase().contains(&word));
        assert!(mail.a1.messages.iter().all(|other| other.raw != message.raw), "it is A2's alone");
    }

    #[test]
    fn every_report_of_the_bench_is_a_message_of_its_own_within_the_year() {
        let now = now();
        let reports = Mailbox::of_raw((0..BENCH_REPORTS).map(|number| bench_report(number, now)));
        assert_eq!(reports.messages.len(), 400);
        assert!(reports.messages.iter().all(|report| report.date.is_some_and(|date| now - date < Duration::days(360))));
    }

    #[test]
    fn a_real_mailbox_is_taken_in_whole_however_old() {
        let file = tempfile::NamedTempFile::with_suffix(".eml").unwrap();
        let message =
            "Date: Mon, 5 Jan 2004 10:00:00 +0000\r\nFrom: a@x.example\r\nSubject: Zeppelin timetable\r\n\r\nHi\r\n";
        std::fs::write(file.path(), message).unwrap();
        let mail = Mail::gather(Some(file.path()), now()).unwrap();
        assert!(mail.backfill_days > 20 * 365, "{}", mail.backfill_days);
        assert!(mail.real.as_ref().unwrap().starts_with("1 of "));
        assert!(mail.a2.messages.len() > 400, "a small one leaves a sync without a middle");
        assert_eq!(mail.telling().unwrap().word, "zeppelin");
    }

    #[test]
    fn what_is_no_mailbox_is_wrong_usage() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "just a text\n").unwrap();
        for path in [file.path(), Path::new("nowhere.mbox")] {
            let error = Mail::gather(Some(path), now()).err().unwrap();
            assert!(error.is::<WrongUsage>(), "{error:#}");
        }
    }
}
