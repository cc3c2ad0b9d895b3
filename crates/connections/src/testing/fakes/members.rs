//! Members.

use std::sync::Mutex;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Email, StoreError, UserId};

use crate::ports::Members;

/// Active members in memory.
#[derive(Debug, Default)]
pub struct InMemoryMembers(Mutex<Vec<(CompanyId, UserId, Email)>>);

impl InMemoryMembers {
    /// Adds an active member.
    pub fn add(&self, company_id: CompanyId, user_id: UserId, email: Email) {
        self.0.lock().expect("nobody panics while holding it").push((company_id, user_id, email));
    }
}

#[async_trait]
impl Members for InMemoryMembers {
    async fn find_active(&self, company_id: CompanyId, user_id: UserId) -> Result<Option<Email>, StoreError> {
        let members = self.0.lock().expect("nobody panics while holding it");
        let found = members.iter().find(|(company, user, _)| (*company, *user) == (company_id, user_id));
        Ok(found.map(|(_, _, email)| email.clone()))
    }
}
