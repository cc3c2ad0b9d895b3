//! Records that could not be taken in: which ones, and why. Nothing of what they say is kept.

use cortex_kernel::{ConnectionId, JobId, PageRequest, Provider, UserId};
use thiserror::Error;
use time::OffsetDateTime;

use super::Cursor;

/// Why a record becomes no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum SetAside {
    /// It is no JSON object.
    #[error("the record is no object")]
    NotAnObject,
    /// It says nothing by which it could be found again.
    #[error("the record has no id")]
    WithoutId,
    /// Its id is longer than any that a provider gives, and than what an index takes.
    #[error("the id of the record is too long")]
    IdTooLong,
    /// It is a message that is still being written.
    #[error("the message is a draft")]
    Draft,
}

/// By what a record is known among those set aside: its id at the provider, or the broker's cursor of it where it has
/// none. It holds no NUL, and no more than an index takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(String);

/// A record that could not be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAsideRecord {
    /// By what it is known.
    pub key: RecordKey,
    /// Whether that is its id at the provider.
    pub has_id: bool,
    /// Why it could not.
    pub reason: SetAside,
}

/// A record that is kept aside, as readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAsideView {
    /// Our number of it.
    pub id: i64,
    /// Whose account it is in.
    pub user_id: UserId,
    /// By which connection it was read.
    pub connection_id: ConnectionId,
    /// From which provider.
    pub provider: Provider,
    /// Of which model, in the broker's words.
    pub model: String,
    /// Its id at the provider, cut where it is too long; none where it has none.
    pub record_id: Option<String>,
    /// Why it could not be taken in, by the word of a [`SetAside`]; a newer version may have written one of its own.
    pub reason: String,
    /// By which job it was last read.
    pub job_id: JobId,
    /// When it was first set aside.
    pub first_seen_at: OffsetDateTime,
    /// When it last was.
    pub last_seen_at: OffsetDateTime,
}

/// Which of the records that are kept aside; all of them by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetAsideFilter {
    /// In this person's accounts only.
    pub user_id: Option<UserId>,
    /// From there only.
    pub provider: Option<Provider>,
}

/// What is asked of their list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAsideQuery {
    /// Which.
    pub filter: SetAsideFilter,
    /// Which part of the list.
    pub page: PageRequest,
}

/// Most characters of a key. Of four bytes each they fit into an index of the database, with all that stands beside
/// them.
const MAX_KEY_CHARS: usize = 500;

impl SetAside {
    /// All reasons.
    pub const ALL: [Self; 4] = [Self::NotAnObject, Self::WithoutId, Self::IdTooLong, Self::Draft];

    /// The word in rows, answers and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::WithoutId => "without_id",
            Self::IdTooLong => "id_too_long",
            Self::Draft => "draft",
        }
    }

    /// The reason of this name; none where there is no such.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl RecordKey {
    /// The key of this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(text.chars().filter(|c| *c != '\0').take(MAX_KEY_CHARS).collect())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SetAsideRecord {
    /// The record of this id at the provider, if it has one, which stands right before the cursor.
    #[must_use]
    pub fn new(record_id: Option<&str>, cursor: &Cursor, reason: SetAside) -> Self {
        let key = RecordKey::of(record_id.unwrap_or_else(|| cursor.as_str()));
        Self { key, has_id: record_id.is_some(), reason }
    }

    /// Its id at the provider; none where it has none.
    #[must_use]
    pub fn record_id(&self) -> Option<&str> {
        self.has_id.then(|| self.key.as_str())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::by_its_id(Some("18c2"), "18c2", Some("18c2"))]
    #[case::by_its_place(None, "cursor", None)]
    fn a_record_is_known_by_its_id_or_else_by_its_place(
        #[case] id: Option<&str>,
        #[case] key: &str,
        #[case] record_id: Option<&str>,
    ) {
        let record = SetAsideRecord::new(id, &Cursor::new("cursor"), SetAside::Draft);

        assert_eq!((record.key.as_str(), record.record_id()), (key, record_id));
    }

    #[test]
    fn a_key_ends_somewhere_and_holds_no_nul() {
        assert_eq!(RecordKey::of("a\0b").as_str(), "ab");
        assert_eq!(RecordKey::of(&"ä".repeat(501)), RecordKey::of(&"ä".repeat(500)));
        assert_eq!(RecordKey::of(&"ä".repeat(501)).as_str().chars().count(), 500);
    }

    #[test]
    fn a_reason_is_known_by_its_name() {
        for reason in SetAside::ALL {
            assert_eq!(SetAside::named(reason.name()), Some(reason));
        }
        assert_eq!(SetAside::named("too_heavy"), None);
    }
}
