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
        let mut state = self.state();
        if state.rows.iter().all(|row| row.removal != *removal) {
            let run_after = state.now;
            state.rows.push(Row { removal: removal.clone(), attempts: 0, run_after });
        }
        Ok(())
    }

    async fn claim_next(&self, company_id: CompanyId, hold: Duration) -> Result<Option<ClaimedRemoval>, StoreError> {
        let mut state = self.state();
        let State { now, rows, in_use } = &mut *state;
        rows.retain(|row| !in_use.contains(&row.removal));
        let due = rows.iter_mut().filter(|row| row.removal.company_id == company_id && row.run_after <= *now);
        Ok(due.min_by_key(|row| row.run_after).map(|row| {
            row.attempts += 1;
            row.run_after = *now + hold;
            ClaimedRemoval { reference: row.removal.reference.clone(), attempt: row.attempts }
        }))
    }

    async fn settle(&self, removal: &Removal) -> Result<(), StoreError> {
        self.state().rows.retain(|row| row.removal != *removal);
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
        let pending = state.rows.iter().filter(|row| row.removal.company_id == company_id);
        Ok(pending.map(|row| row.removal.reference.clone()).collect())
    }
}
