//! Quarantined connections.

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::QuarantinedConnection;
use crate::ports::QuarantineStore;

/// Quarantined connections in memory; each stands for its audit row too.
#[derive(Debug, Default)]
pub struct InMemoryQuarantineStore(Mutex<Vec<QuarantinedConnection>>);

impl InMemoryQuarantineStore {
    /// What stands in the company's quarantine.
    #[must_use]
    pub fn kept(&self, company_id: CompanyId) -> Vec<QuarantinedConnection> {
        self.rows().iter().filter(|row| row.company_id == company_id).cloned().collect()
    }

    fn rows(&self) -> MutexGuard<'_, Vec<QuarantinedConnection>> {
        self.0.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl QuarantineStore for InMemoryQuarantineStore {
    async fn quarantine(&self, connection: &QuarantinedConnection) -> Result<(), StoreError> {
        let mut rows = self.rows();
        let is_kept = |row: &QuarantinedConnection| {
            row.company_id == connection.company_id && row.reference == connection.reference
        };
        if !rows.iter().any(is_kept) {
            rows.push(connection.clone());
        }
        Ok(())
    }
}
