//! What is known of contents, in memory.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, StoreError};
use time::OffsetDateTime;

use super::{InMemoryPageStore, State};
use crate::model::{DocumentKey, Fingerprint, PageCommit, Postponed, RecordKey, Stream, Unfinished};
use crate::ports::ContentLedger;

/// All companies' fingerprints and what is unfinished.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    fingerprints: Vec<(Stream, DocumentKey, Fingerprint)>,
    unfinished: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    stream: Stream,
    unfinished: Unfinished,
    next_at: OffsetDateTime,
}

impl Contents {
    /// Does what the page says. Records whose deletions are held may stay, and then they still want their contents.
    pub(super) fn take_in(&mut self, commit: &PageCommit, are_deletions_held: bool, now: OffsetDateTime) {
        let stream = &commit.stream;
        let mut settled = commit.settled_contents();
        for key in commit.deletions.iter().filter(|_| are_deletions_held) {
            settled.remove(&RecordKey::of(&key.source_id));
        }
        self.unfinished.retain(|row| row.stream != *stream || !settled.contains(&row.unfinished.key));
        for Postponed { unfinished, wait, reason: _ } in &commit.contents.postponed {
            self.unfinished.retain(|row| row.stream != *stream || row.unfinished.key != unfinished.key);
            let (stream, unfinished) = (stream.clone(), unfinished.clone());
            self.unfinished.push(Row { stream, unfinished, next_at: now + *wait });
        }
        for (key, fingerprint) in &commit.contents.finished {
            let Some(fingerprint) = fingerprint else { continue };
            self.fingerprints.retain(|(of, known, _)| !(of.connection_id == stream.connection_id && known == key));
            self.fingerprints.push((stream.clone(), key.clone(), fingerprint.clone()));
        }
    }
}

impl Contents {
    /// These records of the connection lack nothing any more.
    pub(super) fn settle(&mut self, by: ConnectionId, records: &[DocumentKey]) {
        let keys: HashSet<RecordKey> = records.iter().map(|record| RecordKey::of(&record.source_id)).collect();
        self.unfinished.retain(|row| row.stream.connection_id != by || !keys.contains(&row.unfinished.key));
    }
}

impl State {
    fn is_live(&self, connection_id: ConnectionId, key: &DocumentKey) -> bool {
        self.sources.iter().any(|row| {
            let source = &row.source;
            source.connection_id == Some(connection_id) && source.record == *key && source.vanished_at.is_none()
        })
    }
}

#[async_trait]
impl ContentLedger for InMemoryPageStore {
    async fn list_unchanged(
        &self,
        stream: &Stream,
        records: &[(DocumentKey, Fingerprint)],
    ) -> Result<HashSet<DocumentKey>, StoreError> {
        let state = self.state();
        let is_known = |(key, fingerprint): &&(DocumentKey, Fingerprint)| {
            let says_the_same = state.contents.fingerprints.iter().any(|(of, known, said)| {
                of.company_id == stream.company_id
                    && of.connection_id == stream.connection_id
                    && known == key
                    && said == fingerprint
            });
            says_the_same && state.is_live(stream.connection_id, key)
        };
        Ok(records.iter().filter(is_known).map(|(key, _)| key.clone()).collect())
    }

    async fn list_due(&self, stream: &Stream, most: u16) -> Result<Vec<Unfinished>, StoreError> {
        let state = self.state();
        let now = state.now();
        let mut due: Vec<_> =
            state.contents.unfinished.iter().filter(|row| row.stream == *stream && row.next_at <= now).collect();
        due.sort_by_key(|row| row.next_at);
        Ok(due.into_iter().take(most.into()).map(|row| row.unfinished.clone()).collect())
    }

    async fn next_due(
        &self,
        company_id: CompanyId,
        connection_id: ConnectionId,
    ) -> Result<Option<Duration>, StoreError> {
        let state = self.state();
        let now = state.now();
        let of_connection = state
            .contents
            .unfinished
            .iter()
            .filter(|row| row.stream.company_id == company_id && row.stream.connection_id == connection_id);
        let next = of_connection.map(|row| row.next_at).min();
        Ok(next.map(|next| Duration::try_from(next - now).unwrap_or_default()))
    }
}
