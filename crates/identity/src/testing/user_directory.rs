//! The contract of [`UserDirectory`], one case a bullet, and a fake that keeps it.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Email, UserId};
use uuid::Uuid;

use super::{COMPANY_A, COMPANY_B, USER_2};
use crate::model::{Account, AccountBinding};
use crate::ports::{DirectoryError, InviteAnswer, UserDirectory};

/// A fresh, empty directory and a way to use its accounts.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The directory under test.
    fn directory(&self) -> Arc<dyn UserDirectory>;
    /// Makes an account that was used.
    async fn put_used(&self, user_id: UserId, email: &str);
    /// How many mails were sent to the address.
    async fn mails(&self, email: &str) -> usize;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! user_directory_contract {
    ($harness:expr) => {
        $crate::user_directory_contract! { $harness =>
            an_invitation_makes_an_account_that_names_the_company_as_its_own,
            an_account_that_was_never_used_is_invited_again,
            an_account_that_was_used_is_not_invited,
            an_account_is_found_by_its_whole_address,
            an_account_that_is_not_there_reads_as_absent,
            a_binding_replaces_the_list_of_companies_and_nothing_else,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::user_directory::$case(&$harness).await;
            }
        )+
    };
}

/// Accounts in memory.
#[derive(Debug, Default)]
pub struct InMemoryUserDirectory {
    state: Mutex<State>,
}

/// [`InMemoryUserDirectory`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryUserDirectory>);

#[derive(Debug, Default)]
struct State {
    accounts: Vec<Entry>,
    mails: Vec<String>,
    overwrite: Option<Account>,
}

#[derive(Debug)]
struct Entry {
    email: String,
    was_used: bool,
    account: Account,
}

impl InMemoryUserDirectory {
    /// Adds an account.
    pub fn put(&self, email: &str, was_used: bool, account: Account) {
        self.state().accounts.push(Entry { email: email.to_lowercase(), was_used, account });
    }

    /// To whom mails were sent, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<String> {
        self.state().mails.clone()
    }

    /// Puts `account` in the place of what the next write leaves: somebody else writes right after it.
    pub fn overwrite_after_next_write(&self, account: Account) {
        self.state().overwrite = Some(account);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl UserDirectory for InMemoryUserDirectory {
    async fn invite(&self, email: &Email, company_id: CompanyId) -> Result<InviteAnswer, DirectoryError> {
        let mut state = self.state();
        let email = email.folded();
        let known = state.accounts.iter().find(|entry| entry.email == email);
        if known.is_some_and(|entry| entry.was_used) {
            return Ok(InviteAnswer::HasAccount);
        }
        let user_id = known.map(|entry| entry.account.user_id);
        state.mails.push(email.clone());
        let user_id = user_id.unwrap_or_else(|| {
            let user_id = UserId::new(Uuid::from_u128(0xACC0_0000 + state.accounts.len() as u128));
            let own_company_id = Some(company_id.to_string());
            let account = Account { user_id, company_ids: Vec::new(), company_id: None, own_company_id };
            state.accounts.push(Entry { email, was_used: false, account });
            user_id
        });
        Ok(InviteAnswer::Sent(user_id))
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<UserId>, DirectoryError> {
        let (state, email) = (self.state(), email.folded());
        Ok(state.accounts.iter().find(|entry| entry.email == email).map(|entry| entry.account.user_id))
    }

    async fn find(&self, user_id: UserId) -> Result<Option<Account>, DirectoryError> {
        let state = self.state();
        let found = state.accounts.iter().find(|entry| entry.account.user_id == user_id);
        Ok(found.map(|entry| entry.account.clone()))
    }

    async fn write_binding(&self, user_id: UserId, binding: &AccountBinding) -> Result<(), DirectoryError> {
        let mut state = self.state();
        let overwrite = state.overwrite.take();
        let Some(entry) = state.accounts.iter_mut().find(|entry| entry.account.user_id == user_id) else {
            return Ok(());
        };
        let account = &mut entry.account;
        account.company_ids.clone_from(&binding.company_ids);
        account.company_id = binding.company_id.clone().or_else(|| account.company_id.clone());
        account.own_company_id = binding.own_company_id.clone().or_else(|| account.own_company_id.clone());
        if let Some(other) = overwrite {
            entry.account = other;
        }
        Ok(())
    }
}

#[async_trait]
impl Harness for InMemoryHarness {
    fn directory(&self) -> Arc<dyn UserDirectory> {
        self.0.clone()
    }

    async fn put_used(&self, user_id: UserId, email: &str) {
        let account = Account { user_id, company_ids: Vec::new(), company_id: None, own_company_id: None };
        self.0.put(email, true, account);
    }

    async fn mails(&self, email: &str) -> usize {
        self.0.mails().iter().filter(|to| *to == email).count()
    }
}

fn guest() -> Email {
    "guest@example.com".parse().expect("an address")
}

async fn invite(harness: &impl Harness) -> InviteAnswer {
    harness.directory().invite(&guest(), COMPANY_A).await.expect("an answer")
}

pub async fn an_invitation_makes_an_account_that_names_the_company_as_its_own(harness: &impl Harness) {
    let InviteAnswer::Sent(user_id) = invite(harness).await else { panic!("a mail is sent") };

    let account = harness.directory().find(user_id).await.expect("an answer").expect("an account");

    let own_company_id = Some(COMPANY_A.to_string());
    assert_eq!(account, Account { user_id, company_ids: Vec::new(), company_id: None, own_company_id });
    assert_eq!(harness.mails("guest@example.com").await, 1);
}

pub async fn an_account_that_was_never_used_is_invited_again(harness: &impl Harness) {
    let first = invite(harness).await;

    assert_eq!(invite(harness).await, first);
    assert_eq!(harness.mails("guest@example.com").await, 2);
}

pub async fn an_account_that_was_used_is_not_invited(harness: &impl Harness) {
    harness.put_used(USER_2, "guest@example.com").await;

    assert_eq!(invite(harness).await, InviteAnswer::HasAccount);
    assert_eq!(harness.mails("guest@example.com").await, 0);
}

pub async fn an_account_is_found_by_its_whole_address(harness: &impl Harness) {
    harness.put_used(UserId::new(Uuid::from_u128(1)), "my.guest@example.com").await;
    harness.put_used(UserId::new(Uuid::from_u128(2)), "guest@example.com.evil.example").await;
    harness.put_used(USER_2, "guest@example.com").await;
    harness.put_used(UserId::new(Uuid::from_u128(3)), "a.guest@example.com").await;

    let found = harness.directory().find_by_email(&"Guest@Example.com".parse().expect("an address")).await;

    assert_eq!(found.expect("an answer"), Some(USER_2));
}

pub async fn an_account_that_is_not_there_reads_as_absent(harness: &impl Harness) {
    let directory = harness.directory();
    let binding = AccountBinding { company_ids: Vec::new(), company_id: None, own_company_id: None };

    assert_eq!(directory.find(USER_2).await.expect("an answer"), None);
    assert_eq!(directory.find_by_email(&guest()).await.expect("an answer"), None);
    directory.write_binding(USER_2, &binding).await.expect("it is let be");
}

pub async fn a_binding_replaces_the_list_of_companies_and_nothing_else(harness: &impl Harness) {
    harness.put_used(USER_2, "guest@example.com").await;
    let (directory, a, b) = (harness.directory(), COMPANY_A.to_string(), COMPANY_B.to_string());
    let first =
        AccountBinding { company_ids: vec![a.clone()], company_id: Some(a.clone()), own_company_id: Some(a.clone()) };
    directory.write_binding(USER_2, &first).await.expect("an answer");

    let second =
        AccountBinding { company_ids: vec![b.clone(), "rubbish".to_owned()], company_id: None, own_company_id: None };
    directory.write_binding(USER_2, &second).await.expect("an answer");

    let account = directory.find(USER_2).await.expect("an answer").expect("an account");
    assert_eq!(account.company_ids, [b, "rubbish".to_owned()]);
    assert_eq!((account.company_id, account.own_company_id), (Some(a.clone()), Some(a)));
}
