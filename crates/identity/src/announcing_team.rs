//! A team whose changes are told in the process that makes them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Email, PageRequest, StoreError, UserId};

use crate::model::{Invitation, Mapping, Member, MemberChange, MemberPage};
use crate::ports::{ChangeTeamError, ListMembersError, PendingBinding, TeamStore};

/// Tells of every change before the one who asked for it has his answer, so that whatever remembers members forgets them
/// in time for the next request. Of a change whose outcome nobody knows it tells too.
pub struct AnnouncingTeam {
    team: Arc<dyn TeamStore>,
    tell: Box<dyn Fn() + Send + Sync>,
}

impl AnnouncingTeam {
    /// Calls `tell` after changes of `team`.
    #[must_use]
    pub fn new(team: Arc<dyn TeamStore>, tell: impl Fn() + Send + Sync + 'static) -> Self {
        Self { team, tell: Box::new(tell) }
    }

    fn told<T>(&self, outcome: Result<T, ChangeTeamError>) -> Result<T, ChangeTeamError> {
        match &outcome {
            Ok(_) | Err(ChangeTeamError::Store(_)) => (self.tell)(),
            Err(ChangeTeamError::Refused(_)) => {}
        }
        outcome
    }
}

#[async_trait]
impl TeamStore for AnnouncingTeam {
    async fn list_members(&self, company_id: CompanyId, page: &PageRequest) -> Result<MemberPage, ListMembersError> {
        self.team.list_members(company_id, page).await
    }

    async fn list_by_email(&self, company_id: CompanyId, email: &Email) -> Result<Vec<Member>, StoreError> {
        self.team.list_by_email(company_id, email).await
    }

    async fn invite(&self, invitation: &Invitation) -> Result<Member, ChangeTeamError> {
        self.told(self.team.invite(invitation).await)
    }

    async fn change(&self, change: &MemberChange) -> Result<Member, ChangeTeamError> {
        self.told(self.team.change(change).await)
    }

    async fn map(&self, mapping: &Mapping) -> Result<(Member, bool), ChangeTeamError> {
        self.told(self.team.map(mapping).await)
    }

    async fn claim_binding(
        &self,
        company_id: CompanyId,
        user_id: Option<UserId>,
        lease: Duration,
    ) -> Result<Option<PendingBinding>, StoreError> {
        self.team.claim_binding(company_id, user_id, lease).await
    }

    async fn put_off_binding(&self, company_id: CompanyId, user_id: UserId, delay: Duration) -> Result<(), StoreError> {
        self.team.put_off_binding(company_id, user_id, delay).await
    }

    async fn settle_binding(&self, company_id: CompanyId, user_id: UserId) -> Result<(), StoreError> {
        self.team.settle_binding(company_id, user_id).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use cortex_kernel::Origin;

    use super::*;
    use crate::model::TeamRefusal;
    use crate::ports::MockTeamStore;
    use crate::testing::{COMPANY_A, NOON, USER_1, USER_2};

    async fn told_of(outcome: impl Fn() -> Result<Member, ChangeTeamError> + Send + 'static) -> usize {
        let mut team = MockTeamStore::new();
        team.expect_change().returning(move |_| outcome());
        let times = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&times);
        let team = AnnouncingTeam::new(Arc::new(team), move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let change = MemberChange {
            company_id: COMPANY_A,
            user_id: USER_1,
            role: None,
            is_active: Some(false),
            by: USER_2,
            at: NOON,
            origin: Origin::default(),
        };
        let _ = team.change(&change).await;
        times.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn only_what_may_have_changed_is_told() {
        assert_eq!(told_of(|| Err(StoreError::Unavailable("gone".into()).into())).await, 1);
        assert_eq!(told_of(|| Err(TeamRefusal::LastOwner.into())).await, 0);
    }
}
