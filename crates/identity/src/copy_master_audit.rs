//! What is done in Master to a company's people is told in the company's own audit log too.

use std::sync::{Arc, Mutex, PoisonError};

use cortex_kernel::{Clock, CompanyId, StoreError};
use time::{Duration, OffsetDateTime};

use crate::model::audit::MasterPosition;
use crate::ports::{AuditCopies, MasterActions};

/// Copies what is new. It remembers how far it came only while it lives: a copy has the id of its original, so beginning
/// anew, and two at once, do no harm.
pub struct CopyMasterAudit {
    company_id: CompanyId,
    actions: Arc<dyn MasterActions>,
    copies: Arc<dyn AuditCopies>,
    clock: Arc<dyn Clock>,
    reached: Mutex<Reached>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    position: Option<MasterPosition>,
    began: Option<OffsetDateTime>,
}

const PAGE: u16 = 200;
/// A row may become visible after one that is younger: transactions end in any order.
const OVERLAP: Duration = Duration::minutes(10);
/// A transaction that took even longer is found by beginning anew.
const ANEW_EVERY: Duration = Duration::hours(1);

impl CopyMasterAudit {
    /// Copies what is done to people of this company.
    #[must_use]
    pub fn new(
        company_id: CompanyId,
        actions: Arc<dyn MasterActions>,
        copies: Arc<dyn AuditCopies>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { company_id, actions, copies, clock, reached: Mutex::default() }
    }

    /// Copies what is not copied yet, and answers how much it was.
    pub async fn copy(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let mut reached = *self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if reached.began.is_none_or(|began| now - began >= ANEW_EVERY) {
            reached = Reached { position: None, began: Some(now) };
        }
        let mut after = reached
            .position
            .map(|position| MasterPosition { at: position.at.checked_sub(OVERLAP).unwrap_or(position.at), ..position });
        let mut copied = 0;
        loop {
            let page = self.actions.list_actions(self.company_id, after, PAGE).await?;
            copied += self.copies.copy(self.company_id, &page).await?;
            let last = page.last().map(crate::model::audit::MasterAction::position);
            reached.position = reached.position.max(last);
            if page.len() < usize::from(PAGE) {
                break;
            }
            after = last;
        }
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = reached;
        Ok(copied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::audit::{InMemoryAudit, InMemoryMasterActions, a_master_action};
    use crate::testing::{COMPANY_A, NOON};

    struct Scene {
        master: Arc<InMemoryMasterActions>,
        log: Arc<InMemoryAudit>,
        copy: CopyMasterAudit,
    }

    fn scene() -> Scene {
        let (master, log) = (Arc::new(InMemoryMasterActions::default()), Arc::new(InMemoryAudit::default()));
        let copy = CopyMasterAudit::new(COMPANY_A, Arc::clone(&master) as _, Arc::clone(&log) as _, Arc::new(|| NOON));
        Scene { master, log, copy }
    }

    #[tokio::test]
    async fn what_is_new_is_copied_and_what_is_copied_stays_as_it_is() {
        let Scene { master, log, copy } = scene();
        (0..450).for_each(|number| master.put(COMPANY_A, a_master_action(number, NOON)));

        assert_eq!(copy.copy().await.unwrap(), 450);
        assert_eq!(copy.copy().await.unwrap(), 0);
        master.put(COMPANY_A, a_master_action(450, NOON + Duration::SECOND));
        assert_eq!(copy.copy().await.unwrap(), 1);

        assert_eq!(log.actions(COMPANY_A).len(), 451);
    }

    #[tokio::test]
    async fn an_action_that_shows_itself_after_a_younger_one_is_copied_too() {
        let Scene { master, copy, .. } = scene();
        master.put(COMPANY_A, a_master_action(1, NOON));
        copy.copy().await.unwrap();

        master.put(COMPANY_A, a_master_action(2, NOON - Duration::minutes(9)));

        assert_eq!(copy.copy().await.unwrap(), 1);
    }

    #[tokio::test]
    async fn beginning_anew_after_an_hour_finds_what_showed_itself_much_later() {
        let Scene { master, log, .. } = scene();
        let now = Arc::new(Mutex::new(NOON));
        let clock = Arc::clone(&now);
        let clock = Arc::new(move || *clock.lock().unwrap());
        let copy = CopyMasterAudit::new(COMPANY_A, Arc::clone(&master) as _, Arc::clone(&log) as _, clock);
        master.put(COMPANY_A, a_master_action(1, NOON));
        copy.copy().await.unwrap();
        master.put(COMPANY_A, a_master_action(2, NOON - Duration::DAY));

        assert_eq!(copy.copy().await.unwrap(), 0);
        *now.lock().unwrap() += Duration::HOUR;
        assert_eq!(copy.copy().await.unwrap(), 1);
    }
}
