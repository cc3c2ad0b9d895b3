//! Audit rows get their seals, and how far the chain reached is told outside of its database.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cortex_kernel::{CompanyId, StoreError};

use crate::model::audit::SealHead;
use crate::ports::{AuditHeads, AuditSealer, Sealing};

/// Seals what waits.
pub struct SealAudit {
    company_id: CompanyId,
    sealer: Arc<dyn AuditSealer>,
    heads: Arc<dyn AuditHeads>,
    heads_at: Mutex<HeadsAt>,
}

/// How far the chain reaches, and how far Master was told that it does.
#[derive(Clone, Copy, Default)]
struct HeadsAt {
    newest: Option<SealHead>,
    told: Option<SealHead>,
}

/// Rows that are sealed in one transaction.
const BATCH: u16 = 500;

impl SealAudit {
    /// Seals the rows of this company.
    #[must_use]
    pub fn new(company_id: CompanyId, sealer: Arc<dyn AuditSealer>, heads: Arc<dyn AuditHeads>) -> Self {
        Self { company_id, sealer, heads, heads_at: Mutex::default() }
    }

    /// Seals all that waits and tells Master, once. Whoever does so again and again calls [`Self::seal_rows`] and
    /// [`Self::tell_master`] apart, so that a Master that does not answer holds up no seal.
    pub async fn seal(&self) -> Result<usize, StoreError> {
        let sealed = self.seal_rows().await?;
        if let Err(error) = self.tell_master().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "Master was not told of the newest audit seal");
        }
        Ok(sealed)
    }

    /// Seals all that waits, and answers how much it was. The newest seal is told in the log.
    pub async fn seal_rows(&self) -> Result<usize, StoreError> {
        let (mut sealed, mut newest) = (0, None);
        while let Sealing::Sealed { count, head: Some(head) } = self.sealer.seal_next(self.company_id, BATCH).await? {
            sealed += count;
            newest = Some(head);
            if count < usize::from(BATCH) {
                break;
            }
        }
        if let Some(head) = newest.filter(|_| sealed > 0) {
            tracing::info!(company = %self.company_id, seq = head.seq, hash = %head.hash, sealed, "[AUDIT_SEAL] head");
        }
        if newest.is_some() {
            self.heads_at().newest = newest;
        }
        Ok(sealed)
    }

    /// Tells Master how far the chain reaches, where it does not know: a chain that is cut off later, seals and all, is
    /// missed there. Master may be away; it is told the next time.
    pub async fn tell_master(&self) -> Result<(), StoreError> {
        let HeadsAt { newest, told } = *self.heads_at();
        if let Some(head) = newest.filter(|_| told != newest) {
            self.keep(head).await?;
            self.heads_at().told = newest;
        }
        Ok(())
    }

    fn heads_at(&self) -> MutexGuard<'_, HeadsAt> {
        self.heads_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever rewrites a chain must not have the new one vouched for: the kept head moves along one chain only.
    async fn keep(&self, head: SealHead) -> Result<(), StoreError> {
        if let Some(kept) = self.heads.find_head(self.company_id).await? {
            if kept == head {
                return Ok(());
            }
            if self.sealer.find_seal(self.company_id, kept.seq).await? != Some(kept.hash) {
                tracing::error!(
                    company = %self.company_id,
                    seq = kept.seq,
                    hash = %kept.hash,
                    "❌ [AUDIT_SEAL] the audit log does not go on from the seal that Master knows: run cortex audit verify"
                );
                return Ok(());
            }
        }
        self.heads.keep_head(self.company_id, head).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockAuditHeads;
    use crate::testing::COMPANY_A;
    use crate::testing::audit::{InMemoryAudit, InMemoryAuditHeads};

    fn sealing(log: &Arc<InMemoryAudit>, heads: impl AuditHeads + 'static) -> SealAudit {
        SealAudit::new(COMPANY_A, Arc::clone(log) as _, Arc::new(heads))
    }

    #[tokio::test]
    async fn more_than_a_batch_is_sealed_at_one_go_and_master_is_told() {
        let log = Arc::new(InMemoryAudit::default());
        for _ in 0..1_234 {
            log.tell(COMPANY_A, "sync_triggered");
        }
        let heads = Arc::new(InMemoryAuditHeads::default());
        let seal = SealAudit::new(COMPANY_A, Arc::clone(&log) as _, Arc::clone(&heads) as _);

        assert_eq!(seal.seal().await.unwrap(), 1_234);

        let kept = heads.find_head(COMPANY_A).await.unwrap().unwrap();
        assert_eq!(kept.seq, 1_234);
        assert_eq!(log.find_seal(COMPANY_A, 1_234).await.unwrap(), Some(kept.hash));
        assert_eq!(seal.seal().await.unwrap(), 0);
    }

    #[tokio::test]
    async fn master_may_be_away() {
        let log = Arc::new(InMemoryAudit::default());
        log.tell(COMPANY_A, "sync_triggered");
        let mut heads = MockAuditHeads::new();
        heads.expect_find_head().returning(|_| Err(StoreError::Unavailable("gone".into())));

        assert_eq!(sealing(&log, heads).seal().await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_master_that_does_not_answer_holds_up_no_seal() {
        let log = Arc::new(InMemoryAudit::default());
        log.tell(COMPANY_A, "sync_triggered");
        // It panics when it is asked anything.
        let seal = sealing(&log, MockAuditHeads::new());

        assert_eq!(seal.seal_rows().await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_head_that_was_not_told_is_told_later_without_a_new_seal() {
        let log = Arc::new(InMemoryAudit::default());
        log.tell(COMPANY_A, "sync_triggered");
        log.seal_next(COMPANY_A, 10).await.unwrap();
        let heads = Arc::new(InMemoryAuditHeads::default());
        let seal = SealAudit::new(COMPANY_A, Arc::clone(&log) as _, Arc::clone(&heads) as _);

        assert_eq!(seal.seal().await.unwrap(), 0);

        assert_eq!(heads.find_head(COMPANY_A).await.unwrap().unwrap().seq, 1);
    }

    #[tokio::test]
    async fn a_chain_that_does_not_go_on_from_the_kept_head_is_not_vouched_for() {
        let log = Arc::new(InMemoryAudit::default());
        log.tell(COMPANY_A, "sync_triggered");
        let Sealing::Sealed { head: Some(head), .. } = log.seal_next(COMPANY_A, 10).await.unwrap() else {
            panic!("nothing was sealed");
        };
        log.tell(COMPANY_A, "sync_triggered");
        let mut heads = MockAuditHeads::new();
        let other = SealHead { hash: crate::model::audit::ChainHash::NOTHING, ..head };
        heads.expect_find_head().returning(move |_| Ok(Some(other)));
        heads.expect_keep_head().never();

        assert_eq!(sealing(&log, heads).seal().await.unwrap(), 1);
    }
}
