//! [`VerifyAudit`] over a log in memory.

use super::*;
use crate::SealAudit;
use crate::model::audit::SealHead;
use crate::ports::{AuditRetention, AuditSealer, MockAuditHeads};
use crate::testing::audit::{InMemoryAudit, InMemoryAuditHeads, minutes_after_noon};
use crate::testing::{COMPANY_A, COMPANY_B};

struct Scene {
    log: Arc<InMemoryAudit>,
    heads: Arc<InMemoryAuditHeads>,
}

impl Scene {
    /// So many sealed rows, and some of another company.
    async fn with(rows: usize) -> Self {
        let scene = Self { log: Arc::default(), heads: Arc::default() };
        for _ in 0..rows {
            scene.log.tell(COMPANY_A, "sync_triggered");
        }
        scene.log.tell(COMPANY_B, "sync_triggered");
        let seal = SealAudit::new(COMPANY_A, Arc::clone(&scene.log) as _, Arc::clone(&scene.heads) as _);
        seal.seal().await.unwrap();
        scene
    }

    async fn verify(&self) -> Result<Checked, Finding> {
        let verify = VerifyAudit::new(COMPANY_A, Arc::clone(&self.log) as _, Arc::clone(&self.heads) as _);
        verify.verify().await.unwrap()
    }
}

#[tokio::test]
async fn a_log_of_any_length_agrees() {
    for rows in [0, 1, 498, 499, 500, 501, 1_000, 1_234] {
        let checked = Scene::with(rows).await.verify().await.unwrap();

        assert_eq!(checked.entries, u64::try_from(rows).unwrap());
        assert_eq!(checked.known, checked.head.map(|head| head.seq));
    }
}

#[tokio::test]
async fn what_waits_for_its_seal_is_no_finding_until_it_waits_for_too_long() {
    let scene = Scene::with(3).await;
    let waiting = scene.log.tell(COMPANY_A, "sync_triggered");

    assert_eq!(scene.verify().await.unwrap().entries, 3);
    scene.log.let_wait();

    assert_eq!(scene.verify().await, Err(Finding::Unsealed { entry: waiting }));
}

#[tokio::test]
async fn what_comes_after_the_kept_head_is_gone_over_too() {
    let scene = Scene::with(3).await;
    scene.log.tell(COMPANY_A, "sync_triggered");
    scene.log.seal_next(COMPANY_A, 10).await.unwrap();

    let checked = scene.verify().await.unwrap();

    assert_eq!((checked.known, checked.entries), (Some(3), 4));
}

#[tokio::test]
async fn retention_leaves_nothing_to_find() {
    let scene = Scene::with(3).await;

    scene.log.forget(COMPANY_A, minutes_after_noon(1), 10).await.unwrap();

    assert_eq!(scene.verify().await.unwrap().entries, 3);
}

#[tokio::test]
async fn a_chain_that_ends_before_the_kept_head_was_cut_off() {
    let scene = Scene::with(3).await;
    let reached = SealHead { seq: 5, hash: crate::model::audit::ChainHash::NOTHING };
    let mut heads = MockAuditHeads::new();
    heads.expect_find_head().returning(move |_| Ok(Some(reached)));

    let found = VerifyAudit::new(COMPANY_A, Arc::clone(&scene.log) as _, Arc::new(heads)).verify().await.unwrap();

    assert_eq!(found, Err(Finding::CutOff { reached: 5, ends: Some(3) }));
}

#[tokio::test]
async fn without_master_nothing_is_said() {
    let scene = Scene::with(3).await;
    let mut heads = MockAuditHeads::new();
    heads.expect_find_head().returning(|_| Err(StoreError::Unavailable("gone".into())));

    let asked = VerifyAudit::new(COMPANY_A, Arc::clone(&scene.log) as _, Arc::new(heads)).verify().await;

    assert!(matches!(asked, Err(StoreError::Unavailable(_))), "{asked:?}");
}
