//! What is done about a company's connections is told in Master too, where it stands for all companies side by side.

use std::sync::Arc;

use cortex_kernel::{CompanyId, StoreError};
use time::Duration;

use crate::model::audit::{MasterAction, MasterPosition};
use crate::ports::{ConnectionActions, MasterCopies};

/// Tells Master what is new. Where that came to is read off Master itself, and a copy has the id of its original, so
/// stopping anywhere, and two at once, do no harm. It is a service to whoever looks after Master: the company's own log is
/// the one that counts.
pub struct TellMaster {
    company_id: CompanyId,
    actions: Arc<dyn ConnectionActions>,
    copies: Arc<dyn MasterCopies>,
}

const PAGE: u16 = 200;
/// A row may become visible after one that is younger: transactions end in any order.
const OVERLAP: Duration = Duration::minutes(10);

impl TellMaster {
    /// Tells of the connections of this company.
    #[must_use]
    pub const fn new(
        company_id: CompanyId,
        actions: Arc<dyn ConnectionActions>,
        copies: Arc<dyn MasterCopies>,
    ) -> Self {
        Self { company_id, actions, copies }
    }

    /// Tells what was not told yet, and answers how much it was.
    pub async fn tell(&self) -> Result<usize, StoreError> {
        let latest = self.copies.find_latest(self.company_id).await?;
        let mut after =
            latest.map(|latest| MasterPosition { at: latest.at.checked_sub(OVERLAP).unwrap_or(latest.at), ..latest });
        let mut told = 0;
        loop {
            let page = self.actions.list_actions(self.company_id, after, PAGE).await?;
            told += self.copies.copy(self.company_id, &page).await?;
            if page.len() < usize::from(PAGE) {
                return Ok(told);
            }
            after = page.last().map(MasterAction::position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::audit::{InMemoryAudit, InMemoryMasterActions, NewRow, a_row};
    use crate::testing::{COMPANY_A, NOON};

    #[tokio::test]
    async fn what_is_new_is_told_once() {
        let (here, master) = (Arc::new(InMemoryAudit::default()), Arc::new(InMemoryMasterActions::default()));
        let tell = TellMaster::new(COMPANY_A, here.clone(), master);
        let put = |seconds: i64| {
            here.put(COMPANY_A, NewRow { at: NOON + Duration::seconds(seconds), ..a_row("connection_created") });
        };
        (0..450).for_each(put);

        assert_eq!(tell.tell().await.unwrap(), 450);
        assert_eq!(tell.tell().await.unwrap(), 0);
        put(450);
        put(60);

        assert_eq!(tell.tell().await.unwrap(), 2, "also one that showed itself after younger ones");
    }
}
