//! Contents that records do not carry: which were had, and which are still to come.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::{DocumentKey, Fingerprint, MessageKey, RecordKey};

/// A record of which something could not be had so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    /// By what it is known among those of its stream.
    pub key: RecordKey,
    /// What is known of it, without its texts: what its reader reads to learn what is to be fetched.
    pub record: Value,
    /// What lacks.
    pub lacks: Lacks,
    /// What it said when it was read: the fingerprint that it has once everything of it is had.
    pub fingerprint: Fingerprint,
    /// How often it was asked for in vain.
    pub attempts: u32,
}

/// What of a record is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lacks {
    /// Its own content, and whatever came with it.
    Everything,
    /// Files that came with it.
    Attachments {
        /// The message that they came with, by its key; none where it has none.
        of: Option<MessageKey>,
        /// The ids of their documents.
        pending: Vec<String>,
    },
}

/// The same, as a page leaves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Postponed {
    /// What is to be had.
    pub unfinished: Unfinished,
    /// How long it is left alone.
    pub wait: Duration,
    /// The stable word for why it could not be had.
    pub reason: &'static str,
}

/// What a page says of contents besides its documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageContents {
    /// Records that say what they said when everything of them was had: nothing is written of them.
    pub unchanged: Vec<DocumentKey>,
    /// Records of which everything is settled, and what they say now, where that is worth remembering.
    pub finished: Vec<(DocumentKey, Option<Fingerprint>)>,
    /// Records of which something lacks; none of them is among the others.
    pub postponed: Vec<Postponed>,
}

impl PageContents {
    /// By what those records are known of which nothing lacks any more, if it did.
    #[must_use]
    pub fn settled(&self) -> BTreeSet<RecordKey> {
        let finished = self.finished.iter().map(|(key, _)| key);
        finished.chain(&self.unchanged).map(|key| RecordKey::of(&key.source_id)).collect()
    }
}
