//! Members.

use std::sync::Mutex;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Email, Page, PageRequest, StoreError, UserId};

use crate::ports::{DirectoryError, MemberDirectory, Members};

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

#[async_trait]
impl MemberDirectory for InMemoryMembers {
    async fn list_active(
        &self,
        company_id: CompanyId,
        page: &PageRequest,
    ) -> Result<Page<(UserId, Email)>, DirectoryError> {
        let after = page.cursor().map(str::parse::<UserId>).transpose().map_err(|_| DirectoryError::Cursor)?;
        let members = self.0.lock().expect("nobody panics while holding it");
        let of_company = members.iter().filter(|(company, ..)| *company == company_id);
        let mut items: Vec<_> = of_company.map(|(_, user, email)| (*user, email.clone())).collect();
        items.sort_by_key(|(user, _)| *user);
        items.retain(|(user, _)| after.is_none_or(|after| *user > after));
        Ok(Page::of(items, page, |(user, _)| user.to_string()))
    }

    async fn count_active(&self, company_id: CompanyId) -> Result<u64, StoreError> {
        let members = self.0.lock().expect("nobody panics while holding it");
        Ok(members.iter().filter(|(company, ..)| *company == company_id).count() as u64)
    }
}
