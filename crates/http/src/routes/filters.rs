//! What lists and searches are narrowed by.

use std::fmt;

use cortex_ingestion::model::{DocumentFilter, DocumentKind, SourceName};
use cortex_ingestion::ports::ListError;
use cortex_kernel::{Provider, UserId};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;

use crate::problem::{Problem, ProblemKind};

/// A text that a database can compare with: one without NUL.
pub(super) struct Word(String);

/// A time by RFC 3339 that can be told in UTC: at the ends of the calendar not every one can.
pub(super) struct Moment(OffsetDateTime);

/// The parameters of a [`DocumentFilter`], as they came.
pub(super) struct Filters {
    pub(super) source: Option<Word>,
    pub(super) document_type: Option<Word>,
    pub(super) ingested_by: Option<Uuid>,
    pub(super) since: Option<Moment>,
    pub(super) until: Option<Moment>,
}

impl Filters {
    pub(super) fn into_filter(self) -> DocumentFilter {
        // A provider may be called by any of its names.
        let source = self.source.map(|Word(name)| match name.parse::<Provider>() {
            Ok(provider) => provider.into(),
            Err(_) => SourceName::new(name),
        });
        DocumentFilter {
            source,
            kind: self.document_type.map(|Word(word)| DocumentKind::new(word)),
            ingested_by: self.ingested_by.map(UserId::new),
            since: self.since.map(|Moment(since)| since),
            until: self.until.map(|Moment(until)| until),
        }
    }
}

impl Word {
    /// The text.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl Moment {
    /// The time, in UTC.
    pub(super) const fn time(&self) -> OffsetDateTime {
        self.0
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text without NUL")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Word, E> {
                if text.contains('\0') {
                    return Err(E::invalid_value(serde::de::Unexpected::Str(text), &self));
                }
                Ok(Word(text.to_owned()))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let moment = time::serde::rfc3339::deserialize(deserializer)?;
        let in_utc = moment.checked_to_offset(UtcOffset::UTC);
        in_utc.map(Self).ok_or_else(|| D::Error::custom("the time is beyond the end of the calendar in UTC"))
    }
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Cursor(error) => Self::new(ProblemKind::InvalidQuery)
                .detail("The cursor is none of those that this list answers as next_cursor.")
                .caused_by(error),
            ListError::Store(error) => error.into(),
        }
    }
}
