//! Turns.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use time::OffsetDateTime;

use crate::ports::Turns;
use crate::testing::NOON;

/// Turns in memory, with a clock of its own that moves when it is told to.
#[derive(Debug)]
pub struct InMemoryTurns {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: OffsetDateTime,
    next: HashMap<(CompanyId, &'static str), OffsetDateTime>,
}

impl InMemoryTurns {
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.state().now += time;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl Default for InMemoryTurns {
    fn default() -> Self {
        Self { state: Mutex::new(State { now: NOON, next: HashMap::new() }) }
    }
}

#[async_trait]
impl Turns for InMemoryTurns {
    async fn take_turn(&self, company_id: CompanyId, name: &'static str, every: Duration) -> Result<bool, StoreError> {
        let mut state = self.state();
        let State { now, next } = &mut *state;
        let next = next.entry((company_id, name)).or_insert(*now);
        let is_due = *next <= *now;
        if is_due {
            *next = *now + every;
        }
        Ok(is_due)
    }
}
