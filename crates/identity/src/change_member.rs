//! Changes what a member is, or whether he is one.

use std::sync::Arc;

use cortex_kernel::{Clock, Origin, UserId};

use crate::model::{Member, MemberChange, Role, UserContext};
use crate::ports::{ChangeTeamError, TeamStore};

/// Changes roles, takes members out and lets them in again.
pub struct ChangeMember {
    team: Arc<dyn TeamStore>,
    clock: Arc<dyn Clock>,
}

impl ChangeMember {
    /// Works on `team`.
    #[must_use]
    pub fn new(team: Arc<dyn TeamStore>, clock: Arc<dyn Clock>) -> Self {
        Self { team, clock }
    }

    /// Changes the place of `user_id` in the caller's company, as far as the caller may. What is not said stays.
    pub async fn change(
        &self,
        caller: &UserContext,
        user_id: UserId,
        role: Option<Role>,
        is_active: Option<bool>,
        origin: Origin,
    ) -> Result<Member, ChangeTeamError> {
        let change = MemberChange {
            company_id: caller.company_id,
            user_id,
            role,
            is_active,
            by: caller.user_id,
            at: self.clock.now(),
            origin,
        };
        self.team.change(&change).await
    }
}
