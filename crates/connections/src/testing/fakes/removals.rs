//! Connections that are to go at the broker.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use time::OffsetDateTime;

use crate::model::{BrokerReference, ClaimedRemoval, Removal};
use crate::ports::BrokerRemovals;
use crate::testing::NOON;

/// Removals in memory, with a clock of its own that moves when it is told to.
#[derive(Debug)]
pub struct InMemoryBrokerRemovals {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: OffsetDateTime,
    rows: Vec<Row>,
    in_use: Vec<Removal>,
}

#[derive(Debug)]
struct Row {
    removal: Removal,
    attempts: u32,
    run_after: OffsetDateTime,
    gone_at: Option<OffsetDateTime>,
}

impl Row {
    fn claim(&mut self, until: OffsetDateTime) -> ClaimedRemoval {
        self.attempts += 1;
        self.run_after = until;
        ClaimedRemoval { reference: self.removal.reference.clone(), attempt: self.attempts }
    }

    fn is_due(&self, now: OffsetDateTime) -> bool {
        self.gone_at.is_none() && self.run_after <= now
    }
}

impl State {
    fn put(&mut self, removal: &Removal) {
        if self.rows.iter().all(|row| row.removal != *removal) {
            self.rows.push(Row { removal: removal.clone(), attempts: 0, run_after: self.now, gone_at: None });
        }
    }
}

impl InMemoryBrokerRemovals {
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.state().now += time;
    }

    /// Somebody uses this connection.
    pub fn use_connection(&self, company_id: CompanyId, reference: BrokerReference) {
        self.state().in_use.push(Removal { company_id, reference });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl Default for InMemoryBrokerRemovals {
    fn default() -> Self {
        Self { state: Mutex::new(State { now: NOON, rows: Vec::new(), in_use: Vec::new() }) }
    }
}

#[async_trait]
impl BrokerRemovals for InMemoryBrokerRemovals {
    async fn put(&self, removal: &Removal) -> Result<(), StoreError> {
        self.state().put(removal);
        Ok(())
    }

    async fn take(&self, removal: &Removal, hold: Duration) -> Result<Option<ClaimedRemoval>, StoreError> {
        let mut state = self.state();
        if state.in_use.contains(removal) {
            return Ok(None);
        }
        state.put(removal);
        let now = state.now;
        let row = state.rows.iter_mut().find(|row| row.removal == *removal && row.is_due(now));
        Ok(row.map(|row| row.claim(now + hold)))
    }

    async fn claim_next(&self, company_id: CompanyId, hold: Duration) -> Result<Option<ClaimedRemoval>, StoreError> {
        let mut state = self.state();
        let State { now, rows, in_use } = &mut *state;
        rows.retain(|row| !in_use.contains(&row.removal));
        let due = rows.iter_mut().filter(|row| row.removal.company_id == company_id && row.is_due(*now));
        Ok(due.min_by_key(|row| row.run_after).map(|row| row.claim(*now + hold)))
    }

    async fn settle(&self, removal: &Removal) -> Result<(), StoreError> {
        let mut state = self.state();
        let now = state.now;
        for row in state.rows.iter_mut().filter(|row| row.removal == *removal) {
            row.gone_at = Some(now);
        }
        Ok(())
    }

    async fn put_off(&self, removal: &Removal, _: &str, after: Duration) -> Result<(), StoreError> {
        let mut state = self.state();
        let then = state.now + after;
        for row in state.rows.iter_mut().filter(|row| row.removal == *removal) {
            row.run_after = then;
        }
        Ok(())
    }

    async fn list_pending(&self, company_id: CompanyId) -> Result<Vec<BrokerReference>, StoreError> {
        let state = self.state();
        let is_pending = |row: &&Row| row.removal.company_id == company_id && row.gone_at.is_none();
        Ok(state.rows.iter().filter(is_pending).map(|row| row.removal.reference.clone()).collect())
    }

    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError> {
        let mut state = self.state();
        let (before, mut left) = (state.now - age, most);
        let count = state.rows.len();
        state.rows.retain(|row| {
            let is_old = row.removal.company_id == company_id && row.gone_at.is_some_and(|gone| gone < before);
            let goes = is_old && left > 0;
            left -= u16::from(goes);
            !goes
        });
        Ok(count - state.rows.len())
    }
}
