//! Knowing what of records was had, and what lacks.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, StoreError};

use crate::model::{DocumentKey, Fingerprint, Stream, Unfinished};

/// What is known of contents that records do not carry; [`PageStore`](super::PageStore) writes it down, with their pages.
///
/// # Contract
///
/// - A finished record is known by what it said.
/// - A record that vanished is not known.
/// - Another connection's record is not known.
/// - What was postponed is due after its wait.
/// - What was postponed again is kept once.
/// - What is finished, unchanged or gone is postponed no longer.
/// - What is held goes on waiting for its contents.
/// - What goes by somebody's word waits for them no longer.
/// - Of what is due no more than asked is told, and what waits longest first.
/// - What another stream postponed stays its own.
/// - The next that is due is that of any stream of the connection.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ContentLedger: Send + Sync {
    /// Those of these records that say what they said when everything of them was had, and have not vanished since.
    async fn list_unchanged(
        &self,
        stream: &Stream,
        records: &[(DocumentKey, Fingerprint)],
    ) -> Result<HashSet<DocumentKey>, StoreError>;

    /// At most `most` records of the stream of which something lacks and which were left alone for long enough.
    async fn list_due(&self, stream: &Stream, most: u16) -> Result<Vec<Unfinished>, StoreError>;

    /// How long nothing of the connection is due; none where nothing lacks.
    async fn next_due(
        &self,
        company_id: CompanyId,
        connection_id: ConnectionId,
    ) -> Result<Option<Duration>, StoreError>;
}
