//! Stores that live in memory and keep the contracts of their ports.

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError, UserId};

use crate::model::{Company, Membership, Standing};
use crate::ports::{Acceptance, MembershipStore};

/// Companies and memberships in memory.
#[derive(Debug, Default)]
pub struct InMemoryMembershipStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    companies: Vec<Company>,
    memberships: Vec<Membership>,
    audit: Vec<(CompanyId, &'static str)>,
}

impl InMemoryMembershipStore {
    /// A store that knows these.
    #[must_use]
    pub fn with(
        companies: impl IntoIterator<Item = Company>,
        memberships: impl IntoIterator<Item = Membership>,
    ) -> Self {
        let store = Self::default();
        companies.into_iter().for_each(|company| store.put_company(company));
        memberships.into_iter().for_each(|membership| store.put_membership(membership));
        store
    }

    /// Adds a company.
    pub fn put_company(&self, company: Company) {
        self.state().companies.push(company);
    }

    /// Adds a membership.
    pub fn put_membership(&self, membership: Membership) {
        self.state().memberships.push(membership);
    }

    /// The actions that the audit log of Master tells of the company, oldest first.
    #[must_use]
    pub fn audited(&self, company_id: CompanyId) -> Vec<&'static str> {
        self.state().audit.iter().filter(|(of, _)| *of == company_id).map(|(_, action)| *action).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl MembershipStore for InMemoryMembershipStore {
    async fn find_company(&self, company_id: CompanyId) -> Result<Option<Company>, StoreError> {
        Ok(self.state().companies.iter().find(|company| company.id == company_id).cloned())
    }

    async fn find_membership(&self, company_id: CompanyId, user_id: UserId) -> Result<Option<Membership>, StoreError> {
        let state = self.state();
        let found = state.memberships.iter().find(|m| m.company_id == company_id && m.user_id == user_id);
        Ok(found.cloned())
    }

    async fn accept_invitation(&self, acceptance: &Acceptance) -> Result<Option<Membership>, StoreError> {
        let &Acceptance { company_id, user_id, at, .. } = acceptance;
        let mut state = self.state();
        let State { memberships, audit, .. } = &mut *state;
        let own = memberships.iter().find(|m| m.company_id == company_id && m.user_id == user_id).cloned();
        let is_taken = own.is_some_and(|own| {
            let is_other = |m: &&Membership| m.company_id == company_id && m.user_id != user_id;
            memberships.iter().filter(is_other).any(|other| other.is_active && other.email == own.email)
        });
        if is_taken {
            return Ok(None);
        }
        let found = memberships.iter_mut().find(|m| m.company_id == company_id && m.user_id == user_id);
        let Some(membership) = found else { return Ok(None) };
        Ok(match membership.standing(at) {
            Standing::Active => Some(membership.clone()),
            Standing::Deactivated => None,
            Standing::Invited => {
                membership.is_active = true;
                membership.invitation_expires_at = None;
                audit.push((company_id, "invitation_accepted"));
                Some(membership.clone())
            }
        })
    }
}
