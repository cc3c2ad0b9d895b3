//! When something is an alert: thresholds, windows and formulas. They stand here, in `docs/alerts.md`, and nowhere else.

use time::{Duration, OffsetDateTime};

use super::{
    AlarmingMail, AlertRule, BookKind, DayLimit, Fact, FactQuery, Finding, OpenEntry, OpenThread, OwnAddresses,
    RuleSetting, SenderWeeks, SignalCategory, SyncFailures, Urgency, UsedToday, Week, change_percent, is_machine,
};

/// Which facts an evaluation looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What is new, and what has an alert already.
    New,
    /// Whatever there is, of any age.
    All,
}

/// The period of a job that looks at [`Scope::All`].
pub const BACKFILL: &str = "backfill";

/// A mail of so many days is new to [`AlertRule::UrgentMail`].
const NEW_MAIL_DAYS: i64 = 14;
/// A thread with a mail of so many days is looked at by [`AlertRule::UnansweredMail`].
const LIVE_THREAD_DAYS: i64 = 30;
/// Syncs of so many days count in [`AlertRule::FailedSyncs`].
const SYNC_DAYS: i64 = 7;
/// Who wrote less often than so in both weeks neither fell nor rose.
const LEAST_MAILS: u64 = 10;
/// A subject or a name is told with so many characters.
const MOST_CHARS: usize = 120;

impl AlertRule {
    /// From where on it finds something, where the company says nothing else.
    #[must_use]
    pub const fn default_threshold(self) -> u32 {
        match self {
            // Days after the one on which it was due; keywords; times that the owner has to connect.
            Self::OverdueInvoice | Self::OverdueBill | Self::UrgentMail | Self::ReauthorizationNeeded => 1,
            // Days; failures.
            Self::UnansweredMail | Self::FailedSyncs => 3,
            // Percent of what was.
            Self::SenderFell => 60,
            Self::SenderRose => 200,
            // Percent of what he may.
            Self::QuotaNearlyUsed => 80,
        }
    }
}

impl RuleSetting {
    /// As a company has it that never said anything.
    #[must_use]
    pub const fn default_of(rule: AlertRule) -> Self {
        Self { rule, threshold: rule.default_threshold(), is_on: true }
    }

    /// What it has to know, if it is now that.
    #[must_use]
    pub fn query(&self, own: &OwnAddresses, scope: Scope, now: OffsetDateTime) -> FactQuery {
        let since = |days| match scope {
            Scope::New => Some(now.saturating_sub(Duration::days(days))),
            Scope::All => None,
        };
        let days = Duration::days(self.threshold.into());
        match self.rule {
            AlertRule::OverdueInvoice => {
                FactQuery::OpenEntries { kind: BookKind::Invoice, due_until: now.date().saturating_sub(days) }
            }
            AlertRule::OverdueBill => {
                FactQuery::OpenEntries { kind: BookKind::Bill, due_until: now.date().saturating_sub(days) }
            }
            AlertRule::UrgentMail => FactQuery::AlarmingMails { own: own.clone(), since: since(NEW_MAIL_DAYS) },
            AlertRule::UnansweredMail => FactQuery::OpenThreads {
                own: own.clone(),
                since: since(LIVE_THREAD_DAYS),
                until: now.saturating_sub(days),
            },
            AlertRule::SenderFell | AlertRule::SenderRose => {
                FactQuery::Senders { own: own.clone(), week: Week::of(now.date()).previous(), at_least: LEAST_MAILS }
            }
            AlertRule::FailedSyncs | AlertRule::ReauthorizationNeeded => {
                FactQuery::Connections { since: now.saturating_sub(Duration::days(SYNC_DAYS)) }
            }
            AlertRule::QuotaNearlyUsed => FactQuery::Usage,
        }
    }

    /// What it finds in a fact; none where that is no alert.
    #[must_use]
    pub fn judge(&self, fact: &Fact, limit: DayLimit, now: OffsetDateTime) -> Option<Finding> {
        let threshold = u64::from(self.threshold);
        match (self.rule, fact) {
            (AlertRule::OverdueInvoice | AlertRule::OverdueBill, Fact::OpenEntry(entry)) => {
                overdue(entry, (now.date() - entry.due_day).whole_days(), self.threshold)
            }
            (AlertRule::UrgentMail, Fact::AlarmingMail(mail)) => urgent(mail, threshold),
            (AlertRule::UnansweredMail, Fact::OpenThread(thread)) => unanswered(thread, now, self.threshold),
            (AlertRule::SenderFell, Fact::Sender(sender)) => fell(sender, threshold),
            (AlertRule::SenderRose, Fact::Sender(sender)) => rose(sender, threshold),
            (AlertRule::FailedSyncs, Fact::Connection(connection)) => failed(connection, threshold),
            (AlertRule::ReauthorizationNeeded, Fact::Connection(connection)) => to_be_connected_again(connection),
            (AlertRule::QuotaNearlyUsed, Fact::Usage(usage)) => nearly_used(usage, limit, threshold),
            _ => None,
        }
    }
}

/// Low from the threshold on, medium from a week, high from thirty days, critical from sixty.
fn overdue(entry: &OpenEntry, days: i64, threshold: u32) -> Option<Finding> {
    if days < i64::from(threshold) || entry.balance.cents() <= 0 {
        return None;
    }
    let urgency = match days {
        ..7 => Urgency::Low,
        7..30 => Urgency::Medium,
        30..60 => Urgency::High,
        60.. => Urgency::Critical,
    };
    let (what, link) = match entry.kind {
        BookKind::Bill => ("Bill", "from"),
        BookKind::Invoice | BookKind::Payment => ("Invoice", "to"),
    };
    let named = match (&entry.number, &entry.party) {
        (Some(number), Some(party)) => format!("{what} {} {link} {}", short(number), short(party)),
        (Some(number), None) => format!("{what} {}", short(number)),
        (None, Some(party)) => format!("{what} {link} {}", short(party)),
        (None, None) => format!("{what} \"{}\"", short(&entry.title)),
    };
    let amount = match &entry.currency {
        Some(currency) => format!("{} {}", entry.balance, short(currency)),
        None => entry.balance.to_string(),
    };
    let summary = format!("{named} was due on {}; {amount} is open.", entry.due_day);
    let entities = [entry.party.clone(), entry.number.clone(), Some(amount)];
    Some(Finding {
        subject: entry.document_id.to_string(),
        mark: entry.due_day.to_string(),
        urgency,
        summary,
        key_entities: told(entities),
        document_id: Some(entry.document_id),
        user_id: None,
    })
}

/// Medium for complaints, high for urgency, critical for both.
fn urgent(mail: &AlarmingMail, threshold: u64) -> Option<Finding> {
    let (count, has) = (mail.keywords.len(), |wanted| mail.keywords.iter().any(|(_, category)| *category == wanted));
    if count == 0 || u64::try_from(count).is_ok_and(|count| count < threshold) {
        return None;
    }
    let urgency = match (has(SignalCategory::Complaint), has(SignalCategory::Urgency)) {
        (true, true) => Urgency::Critical,
        (false, _) => Urgency::High,
        (true, false) => Urgency::Medium,
    };
    let words: Vec<&str> = mail.keywords.iter().map(|(keyword, _)| keyword.as_str()).collect();
    let from = person(mail.sender_name.as_deref(), mail.sender.as_deref());
    let summary = format!("Mail from {from}, \"{}\", says: {}.", short(&mail.subject), words.join(", "));
    let sender = mail.sender_name.clone().or_else(|| mail.sender.clone());
    Some(Finding {
        subject: mail.document_id.to_string(),
        mark: words.join(","),
        urgency,
        summary,
        key_entities: told([sender, Some(mail.subject.clone())]),
        document_id: Some(mail.document_id),
        user_id: None,
    })
}

/// Low from the threshold on, medium from a week, high from two.
fn unanswered(thread: &OpenThread, now: OffsetDateTime, threshold: u32) -> Option<Finding> {
    let days = (now - thread.sent_at).whole_days();
    if days < i64::from(threshold) || is_machine(&thread.sender) {
        return None;
    }
    let urgency = match days {
        ..7 => Urgency::Low,
        7..14 => Urgency::Medium,
        14.. => Urgency::High,
    };
    let from = person(thread.sender_name.as_deref(), Some(&thread.sender));
    let (subject, day) = (short(&thread.subject), thread.sent_at.date());
    let sender = thread.sender_name.clone().unwrap_or_else(|| thread.sender.clone());
    Some(Finding {
        subject: thread.thread.clone(),
        mark: thread.document_id.to_string(),
        urgency,
        summary: format!("Nobody answered {from} to \"{subject}\" of {day}."),
        key_entities: told([Some(sender), Some(thread.subject.clone())]),
        document_id: Some(thread.document_id),
        user_id: None,
    })
}

/// Medium, or high where nothing came any more.
fn fell(sender: &SenderWeeks, threshold: u64) -> Option<Finding> {
    let (now, before) = (sender.mails, sender.mails_before);
    let lost = before.saturating_sub(now);
    if before < LEAST_MAILS || lost == 0 || lost * 100 < before * threshold {
        return None;
    }
    let urgency = if now == 0 { Urgency::High } else { Urgency::Medium };
    Some(changed(sender, urgency, "fewer"))
}

/// Low, or medium where it is five times as much or more, or was nothing.
fn rose(sender: &SenderWeeks, threshold: u64) -> Option<Finding> {
    let (now, before) = (sender.mails, sender.mails_before);
    let more = now.saturating_sub(before);
    if now < LEAST_MAILS || more == 0 || more * 100 < before * threshold {
        return None;
    }
    let urgency = if now >= before * 5 { Urgency::Medium } else { Urgency::Low };
    Some(changed(sender, urgency, "more"))
}

fn changed(sender: &SenderWeeks, urgency: Urgency, how: &str) -> Finding {
    let SenderWeeks { mails, mails_before, week, .. } = sender;
    let from = person(sender.sender_name.as_deref(), Some(&sender.sender));
    let percent = change_percent(*mails, *mails_before).map(|percent| format!(" ({percent:+} %)")).unwrap_or_default();
    let first = week.first();
    Finding {
        subject: sender.sender.clone(),
        mark: first.to_string(),
        urgency,
        summary: format!(
            "{from} wrote far {how}: {mails} mails in the week of {first}, {mails_before} before{percent}."
        ),
        key_entities: told([sender.sender_name.clone(), Some(sender.sender.clone())]),
        document_id: None,
        user_id: None,
    }
}

/// Medium, or high from ten on.
fn failed(connection: &SyncFailures, threshold: u64) -> Option<Finding> {
    let failures = connection.failures;
    if connection.needs_reauthorization || failures == 0 || failures < threshold {
        return None;
    }
    let since = match connection.last_completed_at {
        Some(at) => format!("the last one that worked was on {}", at.date()),
        None => "none worked yet".to_owned(),
    };
    let what = account(connection);
    Some(Finding {
        subject: connection.id.to_string(),
        mark: connection.last_completed_at.map_or_else(|| "never".to_owned(), |at| at.unix_timestamp().to_string()),
        urgency: if failures >= 10 { Urgency::High } else { Urgency::Medium },
        summary: format!("The last {failures} syncs of {what} failed; {since}."),
        key_entities: told([Some(account(connection))]),
        document_id: None,
        user_id: connection.user_id.clone(),
    })
}

/// High.
fn to_be_connected_again(connection: &SyncFailures) -> Option<Finding> {
    connection.needs_reauthorization.then(|| Finding {
        subject: connection.id.to_string(),
        mark: connection.connected_at.unix_timestamp().to_string(),
        urgency: Urgency::High,
        summary: format!("{} is not read any more: its owner has to connect it again.", account(connection)),
        key_entities: told([Some(account(connection))]),
        document_id: None,
        user_id: connection.user_id.clone(),
    })
}

/// Medium, or high where nothing is left.
fn nearly_used(usage: &UsedToday, limit: DayLimit, threshold: u64) -> Option<Finding> {
    let share = |used: u64, most: Option<u64>| {
        // Who may nothing has used all of it; that is no news.
        most.filter(|most| *most > 0)
            .map(|most| u64::try_from(u128::from(used) * 100 / u128::from(most)).unwrap_or(u64::MAX))
    };
    let (documents, bytes) = (share(usage.documents, limit.documents), share(usage.bytes, limit.bytes));
    let percent = documents.max(bytes)?;
    if percent < threshold.max(1) {
        return None;
    }
    let who = usage.email.clone().unwrap_or_else(|| usage.user_id.clone());
    let of = if documents >= bytes { "documents" } else { "bytes" };
    Some(Finding {
        subject: usage.user_id.clone(),
        mark: usage.day.to_string(),
        urgency: if percent >= 100 { Urgency::High } else { Urgency::Medium },
        summary: format!("{who} used {percent} % of the {of} that one person may bring in on {}.", usage.day),
        key_entities: told([Some(who.clone())]),
        document_id: None,
        user_id: Some(usage.user_id.clone()),
    })
}

fn account(connection: &SyncFailures) -> String {
    // An account that is nobody's is told of to everybody, so its address is not.
    match connection.account.as_ref().filter(|_| connection.user_id.is_some()) {
        Some(account) => format!("{} of {}", connection.provider.name(), short(account)),
        None => format!("{} of connection {}", connection.provider.name(), connection.id),
    }
}

fn person(name: Option<&str>, address: Option<&str>) -> String {
    name.filter(|name| !name.trim().is_empty()).or(address).map_or_else(|| "somebody".to_owned(), short)
}

/// Those that say something, each once and not too long.
fn told(entities: impl IntoIterator<Item = Option<String>>) -> Vec<String> {
    let mut told = Vec::new();
    for entity in entities.into_iter().flatten().map(|entity| short(&entity)) {
        if !entity.is_empty() && !told.contains(&entity) {
            told.push(entity);
        }
    }
    told
}

/// In one line, cut where it is long.
fn short(text: &str) -> String {
    let words: Vec<&str> = text.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST_CHARS {
        return line;
    }
    let cut: String = line.chars().take(MOST_CHARS - 1).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests;
