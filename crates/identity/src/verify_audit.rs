//! Whether the audit log is what was sealed.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, StoreError};

use crate::model::audit::{Checked, Finding, Walk};
use crate::ports::{AuditChain, AuditHeads};

/// Walks along the chain of a company and says what does not agree first.
pub struct VerifyAudit {
    company_id: CompanyId,
    chain: Arc<dyn AuditChain>,
    heads: Arc<dyn AuditHeads>,
}

/// Rows in memory at once.
const PAGE: u16 = 500;

/// How long a row may wait for its seal before it counts as kept from it.
pub const PATIENCE: Duration = Duration::from_secs(30);

impl VerifyAudit {
    /// Checks the log of this company.
    #[must_use]
    pub const fn new(company_id: CompanyId, chain: Arc<dyn AuditChain>, heads: Arc<dyn AuditHeads>) -> Self {
        Self { company_id, chain, heads }
    }

    /// What was gone over if all agrees, else the first thing that does not. People may go on working meanwhile: what
    /// they add stands behind what was gone over.
    pub async fn verify(&self) -> Result<Result<Checked, Finding>, StoreError> {
        let company_id = self.company_id;
        // Before the walk: the chain has reached the kept head by then, whatever is sealed meanwhile.
        let mut walk = Walk::begin(company_id, self.heads.find_head(company_id).await?);
        let mut after = None;
        loop {
            let page = self.chain.list_past(company_id, after, PAGE).await?;
            for entry in &page {
                if let Err(finding) = walk.past(entry) {
                    return Ok(Err(finding));
                }
            }
            match page.last() {
                Some(last) if page.len() == usize::from(PAGE) => after = Some(last.id),
                _ => break,
            }
        }
        loop {
            let page = self.chain.list_links(company_id, walk.last(), PAGE).await?;
            for link in &page {
                if let Err(finding) = walk.link(link) {
                    return Ok(Err(finding));
                }
            }
            if page.len() < usize::from(PAGE) {
                break;
            }
        }
        let forgotten_before = self.chain.forgotten_before(company_id).await?;
        let checked = match walk.end(forgotten_before) {
            Ok(checked) => checked,
            Err(finding) => return Ok(Err(finding)),
        };
        let overdue = self.chain.find_overdue(company_id, PATIENCE).await?;
        Ok(overdue.map_or(Ok(checked), Err))
    }
}

#[cfg(test)]
mod tests;
