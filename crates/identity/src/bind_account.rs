//! Makes an account at Master say of which companies its owner is a member.

use std::sync::Arc;

use cortex_kernel::{CompanyId, StoreError, UserId};
use thiserror::Error;

use crate::ports::{DirectoryError, ProfileReader, UserDirectory};

/// Writes the companies of a person into the account, so that tokens are bound to them by what the person cannot edit.
///
/// Other deployments write the same list of the same account, and a list that is written replaces the one before. So the
/// account is read immediately before each write, and only a reading in which everything stands counts as done.
pub struct BindAccount {
    directory: Arc<dyn UserDirectory>,
    profiles: Arc<dyn ProfileReader>,
}

/// What it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The account said so already.
    Already,
    /// It does now.
    Now,
}

/// The account does not say what it should.
#[derive(Debug, Error)]
pub enum BindAccountError {
    /// There is no such account.
    #[error("there is no such account")]
    NoSuchAccount,
    /// What was written was not there any more when it was read again, several times.
    #[error("what was written to the account does not stay there")]
    Overwritten,
    /// The accounts could not be administered.
    #[error("the account could not be bound")]
    Directory(#[from] DirectoryError),
    /// Master could not be asked.
    #[error("the person's companies could not be read")]
    Store(#[from] StoreError),
}

/// How often to write before it is left for another time.
const WRITES: u32 = 3;

impl BindAccount {
    /// Binds accounts of `directory` by what `profiles` knows.
    #[must_use]
    pub fn new(directory: Arc<dyn UserDirectory>, profiles: Arc<dyn ProfileReader>) -> Self {
        Self { directory, profiles }
    }

    /// Binds the account to `company_id`, of which the person need not be an active member yet, and to every other company
    /// of which he is.
    pub async fn bind(&self, company_id: CompanyId, user_id: UserId) -> Result<Bound, BindAccountError> {
        let others = self.profiles.list_companies(user_id).await?;
        let others: Vec<_> = others.into_iter().map(|company| company.id).collect();
        let mut bound = Bound::Already;
        for _ in 0..=WRITES {
            let account = self.directory.find(user_id).await?.ok_or(BindAccountError::NoSuchAccount)?;
            let Some(binding) = account.binding_to(company_id, &others) else { return Ok(bound) };
            self.directory.write_binding(user_id, &binding).await?;
            bound = Bound::Now;
        }
        Err(BindAccountError::Overwritten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Account, Membership};
    use crate::ports::MockUserDirectory;
    use crate::testing::profile_reader::InMemoryProfiles;
    use crate::testing::user_directory::InMemoryUserDirectory;
    use crate::testing::{COMPANY_A, COMPANY_B, USER_1, a_company, a_membership, an_account};

    fn member_of_b() -> Arc<InMemoryProfiles> {
        let profiles = InMemoryProfiles::default();
        profiles.put_company(crate::model::Company { id: COMPANY_B, ..a_company() }, None);
        profiles.put_membership(Membership { company_id: COMPANY_B, ..a_membership() }, None);
        Arc::new(profiles)
    }

    #[tokio::test]
    async fn an_account_is_bound_once_to_all_companies_of_its_owner() {
        let directory = Arc::new(InMemoryUserDirectory::default());
        directory.put("one@example.com", true, an_account());
        let bind = BindAccount::new(directory.clone(), member_of_b());

        assert_eq!(bind.bind(COMPANY_A, USER_1).await.unwrap(), Bound::Now);
        assert_eq!(bind.bind(COMPANY_A, USER_1).await.unwrap(), Bound::Already);

        let account = directory.find(USER_1).await.unwrap().unwrap();
        assert_eq!(account.company_ids, [COMPANY_A.to_string(), COMPANY_B.to_string()]);
    }

    #[tokio::test]
    async fn what_another_deployment_wrote_meanwhile_is_kept() {
        let directory = Arc::new(InMemoryUserDirectory::default());
        directory.put("one@example.com", true, an_account());
        let elsewhere = Account { company_ids: vec![COMPANY_B.to_string()], ..an_account() };
        // Another deployment read before us and writes after us.
        directory.overwrite_after_next_write(elsewhere);
        let bind = BindAccount::new(directory.clone(), Arc::new(InMemoryProfiles::default()));

        bind.bind(COMPANY_A, USER_1).await.unwrap();

        let account = directory.find(USER_1).await.unwrap().unwrap();
        assert_eq!(account.company_ids, [COMPANY_B.to_string(), COMPANY_A.to_string()]);
    }

    #[tokio::test]
    async fn an_account_that_forgets_is_given_up() {
        let mut directory = MockUserDirectory::new();
        directory.expect_find().returning(|_| Ok(Some(an_account())));
        directory.expect_write_binding().returning(|_, _| Ok(()));
        let bind = BindAccount::new(Arc::new(directory), Arc::new(InMemoryProfiles::default()));

        let given_up = bind.bind(COMPANY_A, USER_1).await;

        assert!(matches!(given_up, Err(BindAccountError::Overwritten)), "{given_up:?}");
    }

    #[tokio::test]
    async fn nobody_is_bound_without_an_account() {
        let bind = BindAccount::new(Arc::new(InMemoryUserDirectory::default()), Arc::new(InMemoryProfiles::default()));

        let refused = bind.bind(COMPANY_A, USER_1).await;

        assert!(matches!(refused, Err(BindAccountError::NoSuchAccount)), "{refused:?}");
    }
}
