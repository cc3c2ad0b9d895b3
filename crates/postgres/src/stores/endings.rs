//! The end of records in a connection, by whatever way: what goes with them, and what of it is locked.

use cortex_ingestion::model::DocumentKey;
use cortex_kernel::{CompanyId, ConnectionId};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use crate::tables::{document_sources, documents};

/// Records that a connection has and is to have no longer, with the attachments of those that are messages.
#[derive(Default)]
pub(super) struct Endings<'a> {
    records: Vec<&'a DocumentKey>,
    /// The sources by which they came in.
    sources: Vec<i64>,
    /// The documents that they belong to.
    documents: Vec<i64>,
    /// Documents that hang on these, and that the connection has.
    attached: Vec<i64>,
    /// The others, which go with their message where nobody else has that.
    attached_elsewhere: Vec<i64>,
}

/// What ended.
pub(super) struct Ended {
    /// Sources that vanished.
    pub(super) sources: u64,
    /// Documents that went with their last source.
    pub(super) documents: u64,
}

impl<'a> Endings<'a> {
    /// Those of `records` that the connection has. What it never brought in, or has no longer, is not among them.
    pub(super) async fn find(
        connection: &mut AsyncPgConnection,
        company_id: CompanyId,
        by: ConnectionId,
        records: impl IntoIterator<Item = &'a DocumentKey>,
    ) -> QueryResult<Self> {
        let asked: Vec<&DocumentKey> = records.into_iter().collect();
        if asked.is_empty() {
            return Ok(Self::default());
        }
        let mut found = document_sources::list_live(connection, company_id, by, &asked).await?;
        if found.is_empty() {
            return Ok(Self::default());
        }
        let sources = found.iter().map(|live| live.id).collect();
        let documents: Vec<i64> = found.iter().map(|live| live.document_id).collect();
        found.sort_unstable_by_key(|live| live.place);
        found.dedup_by_key(|live| live.place);
        let records = found.iter().filter_map(|live| place_in(&asked, live.place)).collect();
        let attached = documents::list_attached(connection, company_id, by, &documents).await?;
        let (attached, elsewhere): (Vec<_>, Vec<_>) = attached.into_iter().partition(|one| one.is_live);
        let ids = |attached: Vec<documents::Attached>| attached.into_iter().map(|one| one.id).collect();
        Ok(Self { records, sources, documents, attached: ids(attached), attached_elsewhere: ids(elsewhere) })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn records(&self) -> &[&'a DocumentKey] {
        &self.records
    }

    /// How many documents the connection would have less.
    pub(super) fn count(&self) -> u64 {
        (self.documents.len() + self.attached.len()) as u64
    }

    /// The documents that may change or go. They are to be locked before anything ends.
    pub(super) fn to_lock(&self) -> impl Iterator<Item = i64> {
        self.documents.iter().chain(&self.attached).chain(&self.attached_elsewhere).copied()
    }

    /// Ends them.
    pub(super) async fn carry_out(
        &self,
        connection: &mut AsyncPgConnection,
        company_id: CompanyId,
        by: ConnectionId,
    ) -> QueryResult<Ended> {
        if self.is_empty() {
            return Ok(Ended { sources: 0, documents: 0 });
        }
        let mut sources = document_sources::vanish(connection, company_id, &self.sources).await?;
        if !self.attached.is_empty() {
            sources += document_sources::vanish_attached(connection, company_id, by, &self.attached).await?;
        }
        // Whoever has the mail still has what came with it; what is told to be gone by itself is. The mails go last, as they
        // take along what hangs on them.
        let mut documents = documents::delete_ownerless(connection, company_id, &self.attached).await?.len();
        documents += documents::delete_sourceless(connection, company_id, &self.documents).await?;
        Ok(Ended { sources: sources as u64, documents: documents as u64 })
    }
}

/// What stands at this place, from 1.
fn place_in<'a>(asked: &[&'a DocumentKey], place: i64) -> Option<&'a DocumentKey> {
    asked.get(usize::try_from(place).ok()?.checked_sub(1)?).copied()
}
