//! Summaries in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::{KeptSummary, Span};
use crate::ports::Summaries;

/// Summaries in memory.
#[derive(Debug, Default)]
pub struct InMemorySummaries {
    kept: Mutex<HashMap<(CompanyId, Span), KeptSummary>>,
}

impl InMemorySummaries {
    /// Forgets what was kept.
    pub fn forget(&self) {
        self.kept().clear();
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<(CompanyId, Span), KeptSummary>> {
        self.kept.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl Summaries for InMemorySummaries {
    async fn find(&self, company_id: CompanyId, span: Span) -> Result<Option<KeptSummary>, StoreError> {
        Ok(self.kept().get(&(company_id, span)).cloned())
    }

    async fn keep(&self, company_id: CompanyId, summary: &KeptSummary) -> Result<(), StoreError> {
        self.kept().insert((company_id, summary.span), summary.clone());
        Ok(())
    }
}
