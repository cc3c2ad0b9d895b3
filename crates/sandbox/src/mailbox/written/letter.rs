//! A message of the corpus with everything looked up: people, days, what it answers.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use time::{Date, Duration, OffsetDateTime, Time, UtcOffset};

use super::Person;
use super::attach::File;
use super::corpus::Entry;
use crate::hex;

/// How the text goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Html,
    Both,
}

/// A message, ready to be rendered.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) from: &'static Person,
    pub(super) to: Vec<&'static Person>,
    pub(super) cc: Vec<&'static Person>,
    pub(super) bcc: Vec<&'static Person>,
    pub(super) subject: String,
    pub(super) at: OffsetDateTime,
    /// Name of the form of the Date line; see `rfc5322.rs`.
    pub(super) date_form: String,
    pub(super) message_id: Option<String>,
    /// Message ids of the thread, oldest first; the last is the one that this message answers.
    pub(super) references: Vec<String>,
    pub(super) form: Form,
    pub(super) charset: String,
    pub(super) encoding: Option<String>,
    pub(super) importance: Option<String>,
    pub(super) body: String,
    pub(super) files: Vec<File>,
    /// Text that is derived from the key, for boundaries and ids.
    pub(super) token: String,
}

impl Letter {
    pub(super) fn new(entry: &Entry, now: OffsetDateTime, sent: &HashMap<String, Self>) -> Self {
        let from = Person::by_key(entry.need("from"));
        let at = moment(entry.need("at"), now);
        let answered = entry.answers().map(|key| sent.get(&key).unwrap_or_else(|| panic!("{key} comes later")));
        let token = token(&entry.key, at);
        let quirk = entry.get("quirk").unwrap_or_default();
        let everybody = |name: &str| entry.list(name).into_iter().map(Person::by_key).collect::<Vec<_>>();

        let mut body = with_days(&entry.body, at);
        if let (Some("yes"), Some(before)) = (entry.get("quote"), answered) {
            body = format!("{body}\n\n{}", quoted(before));
        }
        match quirk {
            "nul" => body = body.replacen("[NUL]", "\0", 1),
            "long" => body = prolonged(&body),
            _ => {}
        }
        Self {
            from,
            to: everybody("to"),
            cc: everybody("cc"),
            bcc: everybody("bcc"),
            subject: entry.get("subject").map_or_else(|| answer_to(answered), |text| with_days(text, at)),
            at,
            date_form: entry.get("date").unwrap_or("full").to_owned(),
            message_id: (quirk != "no-id").then(|| format!("{token}@{}", from.domain())),
            references: answered.map(Self::thread).unwrap_or_default(),
            form: match entry.get("form") {
                None | Some("text") => Form::Text,
                Some("html") => Form::Html,
                Some("both") => Form::Both,
                Some(other) => panic!("{}: no form {other}", entry.key),
            },
            charset: entry.get("charset").unwrap_or("utf-8").to_owned(),
            encoding: entry.get("encoding").map(ToOwned::to_owned),
            importance: entry.get("importance").map(ToOwned::to_owned),
            files: entry.files.iter().map(|file| File::new(file, &with_days(&file.content, at))).collect(),
            body,
            token,
        }
    }

    /// The ids that an answer to this message refers to.
    fn thread(&self) -> Vec<String> {
        self.references.iter().chain(&self.message_id).cloned().collect()
    }
}

/// "118 09:14 +0100": days back, time of day, zone.
fn moment(text: &str, now: OffsetDateTime) -> OffsetDateTime {
    let mut words = text.split_whitespace();
    let mut next = || words.next().unwrap_or_else(|| panic!("not a moment: {text}"));
    let number = |digits: &str| digits.parse::<i64>().unwrap_or_else(|_| panic!("not a moment: {text}"));
    let (days, clock, zone) = (number(next()), next(), number(next()));
    let (hour, minute) = clock.split_once(':').unwrap_or_else(|| panic!("not a moment: {text}"));
    let seconds = (zone / 100) * 3600 + (zone % 100) * 60;
    let offset = i32::try_from(seconds).ok().and_then(|seconds| UtcOffset::from_whole_seconds(seconds).ok());
    // The second is made up from the minute, so that not every message is sent on the full minute.
    let second = number(minute) * 37 % 60;
    let start = now.date() - Duration::days(days);
    let clock = Duration::hours(number(hour)) + Duration::minutes(number(minute)) + Duration::seconds(second);
    let local = start.with_time(Time::MIDNIGHT) + clock;
    local.assume_offset(offset.unwrap_or_else(|| panic!("not a zone: {text}")))
}

/// Replaces `{d+7}` by a day and `{month}` by a month.
fn with_days(text: &str, at: OffsetDateTime) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, behind) = after.split_once('}').unwrap_or_else(|| panic!("an open brace in: {after}"));
        done.push_str(before);
        done.push_str(&match inside {
            "month" => at.month().to_string(),
            "year" => at.year().to_string(),
            day => spoken(at.date() + Duration::days(day_offset(day))),
        });
        rest = behind;
    }
    done + rest
}

fn day_offset(text: &str) -> i64 {
    text.strip_prefix('d').and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("unknown: {{{text}}}"))
}

fn spoken(day: Date) -> String {
    format!("{} {} {}", day.day(), day.month(), day.year())
}

fn answer_to(answered: Option<&Letter>) -> String {
    let subject = answered.map(|letter| letter.subject.as_str()).unwrap_or_default();
    if subject.starts_with("Re: ") { subject.to_owned() } else { format!("Re: {subject}") }
}

fn quoted(before: &Letter) -> String {
    let lines: Vec<String> = before.body.lines().map(|line| format!("> {line}")).collect();
    format!("On {}, {} wrote:\n{}", spoken(before.at.date()), before.from.name, lines.join("\n"))
}

/// More than 100,000 characters out of one paragraph, every one with its number.
fn prolonged(body: &str) -> String {
    let (intro, paragraph) = body.split_once("\n\n").unwrap_or(("", body));
    let times = 100_000 / paragraph.chars().count() + 1;
    let paragraphs = (1..=times).map(|number| format!("[{number:04}] {paragraph}"));
    let all: Vec<String> = std::iter::once(intro.to_owned()).chain(paragraphs).collect();
    all.join("\n\n") + "\n\n[end of log]"
}

fn token(key: &str, at: OffsetDateTime) -> String {
    hex::encode(&Sha256::digest(format!("{key} {}", at.unix_timestamp()))[..9])
}
