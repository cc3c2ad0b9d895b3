//! Which original bytes are to be removed, in memory.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use time::OffsetDateTime;

use super::InMemoryPageStore;
use crate::model::BlobKey;
use crate::ports::BlobRemovals;

/// All companies' bytes that are to be removed.
#[derive(Clone, Debug, Default)]
pub(super) struct BlobRemovalRows {
    rows: HashMap<(CompanyId, BlobKey), Row>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    due_at: OffsetDateTime,
    is_being_removed: bool,
}

impl BlobRemovalRows {
    /// What documents had is due, and what they have is not. Fails where they cannot have it.
    pub(super) fn follow(
        &mut self,
        company_id: CompanyId,
        before: &BTreeSet<BlobKey>,
        after: &BTreeSet<BlobKey>,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        for key in before.difference(after) {
            self.rows.insert((company_id, *key), Row { due_at: now, is_being_removed: false });
        }
        for key in after.difference(before) {
            let announced = self.rows.remove(&(company_id, *key)).filter(|row| !row.is_being_removed);
            announced.ok_or_else(|| StoreError::Unavailable("the bytes are gone".into()))?;
        }
        Ok(())
    }
}

#[async_trait]
impl BlobRemovals for InMemoryPageStore {
    async fn announce(&self, company_id: CompanyId, key: BlobKey, within: Duration) -> Result<(), StoreError> {
        let mut state = self.state();
        let row = Row { due_at: state.now() + within, is_being_removed: false };
        state.removals.rows.insert((company_id, key), row);
        Ok(())
    }

    async fn claim_due(&self, company_id: CompanyId, most: u16, hold: Duration) -> Result<Vec<BlobKey>, StoreError> {
        let mut state = self.state();
        let now = state.now();
        let rows = state.removals.rows.iter_mut().filter(|((of, _), row)| *of == company_id && row.due_at <= now);
        let mut due: Vec<_> = rows.map(|((_, key), row)| (key, row)).collect();
        due.sort_by_key(|(key, row)| (row.due_at, **key));
        let claimed = due.into_iter().take(most.into()).map(|(key, row)| {
            *row = Row { due_at: now + hold, is_being_removed: true };
            *key
        });
        Ok(claimed.collect())
    }

    async fn forget(&self, company_id: CompanyId, keys: &[BlobKey]) -> Result<(), StoreError> {
        let mut state = self.state();
        for key in keys {
            state.removals.rows.remove(&(company_id, *key));
        }
        Ok(())
    }
}
