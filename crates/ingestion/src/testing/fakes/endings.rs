//! The end of records in a connection, in memory.

use cortex_kernel::{ConnectionId, DocumentId};

use super::{NOON, SourceRow, State, is_of};
use crate::model::{DocumentKey, Stream};

/// Records that a connection has and is to have no longer.
#[derive(Default)]
pub(super) struct Endings {
    pub(super) records: Vec<DocumentKey>,
    documents: Vec<DocumentId>,
    /// What hangs on these and came by the connection.
    attached: Vec<DocumentId>,
}

/// What ended.
pub(super) struct Ended {
    pub(super) sources: u64,
    pub(super) documents: u64,
}

impl Endings {
    /// How many documents the connection would have less.
    pub(super) fn count(&self) -> u64 {
        (self.documents.len() + self.attached.len()) as u64
    }
}

impl State {
    /// Those of `records` that the connection has.
    pub(super) fn endings(&self, by: ConnectionId, records: &[DocumentKey]) -> Endings {
        let mut endings = Endings::default();
        for record in records {
            let live = self.sources.iter().filter(|row| is_of(row, by, record) && is_live(row));
            let documents: Vec<_> = live.map(|row| row.source.document_id).collect();
            endings.records.extend((!documents.is_empty()).then(|| record.clone()));
            endings.documents.extend(documents);
        }
        let hangs = |parent: Option<DocumentId>| parent.is_some_and(|parent| endings.documents.contains(&parent));
        let attached = self.documents.iter().filter(|row| hangs(row.document.parent)).map(|row| row.document.id);
        endings.attached = attached.filter(|id| self.is_live_in(by, *id)).collect();
        endings
    }

    /// How many sources of the connection have not vanished.
    pub(super) fn live(&self, by: ConnectionId) -> u64 {
        self.sources.iter().filter(|row| row.source.connection_id == Some(by) && is_live(row)).count() as u64
    }

    /// Ends them.
    pub(super) fn carry_out(&mut self, by: ConnectionId, endings: &Endings) -> Ended {
        let mut sources = 0;
        for record in &endings.records {
            sources += self.vanish(|row| is_of(row, by, record));
        }
        for id in &endings.attached {
            let parent = self.documents.iter().find(|row| row.document.id == *id).and_then(|row| row.document.parent);
            if !parent.is_some_and(|parent| self.is_live_in(by, parent)) {
                sources += self.vanish(|row| row.source.connection_id == Some(by) && row.source.document_id == *id);
            }
        }
        let before = self.documents.len();
        for id in endings.documents.iter().chain(&endings.attached) {
            if !self.sources.iter().any(|row| row.source.document_id == *id && is_live(row)) {
                self.remove(*id);
            }
        }
        Ended { sources, documents: (before - self.documents.len()) as u64 }
    }

    /// The document of a parent, as an attachment in the stream names it.
    pub(super) fn parent(&self, stream: &Stream, record: &DocumentKey) -> Option<DocumentId> {
        let mut known = self.sources.iter().filter(|row| is_of(row, stream.connection_id, record));
        let known = known.next().map(|row| row.source.document_id);
        known.or_else(|| {
            let mut own = self.documents.iter().filter(|row| row.company_id == stream.company_id);
            own.find(|row| row.document.key == *record).map(|row| row.document.id)
        })
    }

    fn is_live_in(&self, by: ConnectionId, id: DocumentId) -> bool {
        let is_of = |row: &SourceRow| row.source.connection_id == Some(by) && row.source.document_id == id;
        self.sources.iter().any(|row| is_of(row) && is_live(row))
    }

    fn vanish(&mut self, which: impl Fn(&SourceRow) -> bool) -> u64 {
        let version = self.next_version();
        let mut vanished = 0;
        for row in self.sources.iter_mut().filter(|row| which(row) && is_live(row)) {
            row.source.vanished_at = Some(NOON);
            row.version = version;
            vanished += 1;
        }
        vanished
    }

    /// Takes the document away, with what hangs on it.
    fn remove(&mut self, id: DocumentId) {
        self.documents.retain(|row| row.document.id != id);
        self.sources.retain(|row| row.source.document_id != id);
        let attached: Vec<_> =
            self.documents.iter().filter(|row| row.document.parent == Some(id)).map(|row| row.document.id).collect();
        for id in attached {
            self.remove(id);
        }
    }
}

fn is_live(row: &SourceRow) -> bool {
    row.source.vanished_at.is_none()
}
