//! The contract of [`ProfileReader`], one case a bullet, and a fake that keeps it.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError, UserId};
use time::{Duration, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_company, a_membership};
use crate::model::{Company, CompanyStatus, Membership, Profile, Role, UserCompany};
use crate::ports::ProfileReader;

/// A fresh, empty reader and a way to give it something to read.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The reader under test, as the deployment of [`COMPANY_A`] uses it.
    fn reader(&self) -> Arc<dyn ProfileReader>;
    /// Puts a company there, whose deployment answers at this address.
    async fn put_company(&self, company: Company, backend_url: Option<&str>);
    /// Puts a membership there; its company is there already.
    async fn put_membership(&self, membership: Membership, last_login_at: Option<OffsetDateTime>);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! profile_reader_contract {
    ($harness:expr) => {
        $crate::profile_reader_contract! { $harness =>
            a_profile_tells_the_company_and_the_last_login,
            a_membership_in_another_company_is_no_profile,
            every_company_that_a_person_may_enter_is_listed_by_name,
            a_company_that_is_not_active_is_not_listed,
            a_membership_that_is_not_active_is_not_listed,
            the_companies_of_somebody_else_are_not_listed,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::profile_reader::$case(&$harness).await;
            }
        )+
    };
}

/// Companies and memberships in memory.
#[derive(Debug, Default)]
pub struct InMemoryProfiles {
    state: Mutex<State>,
}

/// [`InMemoryProfiles`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryProfiles>);

#[derive(Debug, Default)]
struct State {
    companies: Vec<(Company, Option<String>)>,
    memberships: Vec<(Membership, Option<OffsetDateTime>)>,
}

impl InMemoryProfiles {
    /// Adds a company.
    pub fn put_company(&self, company: Company, backend_url: Option<&str>) {
        self.state().companies.push((company, backend_url.map(ToOwned::to_owned)));
    }

    /// Adds a membership.
    pub fn put_membership(&self, membership: Membership, last_login_at: Option<OffsetDateTime>) {
        self.state().memberships.push((membership, last_login_at));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl ProfileReader for InMemoryProfiles {
    async fn find_profile(&self, company_id: CompanyId, user_id: UserId) -> Result<Option<Profile>, StoreError> {
        let state = self.state();
        let mut memberships = state.memberships.iter();
        let found = memberships.find(|(of, _)| of.company_id == company_id && of.user_id == user_id);
        let company = state.companies.iter().find(|(company, _)| company.id == company_id);
        Ok(found.zip(company).map(|((_, last_login_at), (company, _))| Profile {
            company: company.clone(),
            last_login_at: *last_login_at,
        }))
    }

    async fn list_companies(&self, user_id: UserId) -> Result<Vec<UserCompany>, StoreError> {
        let state = self.state();
        let mine = state.memberships.iter().filter(|(of, _)| of.user_id == user_id && of.is_active);
        let mut companies: Vec<_> = mine
            .filter_map(|(of, _)| {
                let mut companies = state.companies.iter();
                let (company, url) = companies.find(|(company, _)| company.id == of.company_id)?;
                company.status.may_be_entered().then(|| UserCompany {
                    id: company.id,
                    name: company.name.clone(),
                    slug: company.slug.clone(),
                    role: of.role,
                    backend_url: url.clone(),
                    frontend_url: None,
                })
            })
            .collect();
        companies.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(companies)
    }
}

#[async_trait]
impl Harness for InMemoryHarness {
    fn reader(&self) -> Arc<dyn ProfileReader> {
        self.0.clone()
    }

    async fn put_company(&self, company: Company, backend_url: Option<&str>) {
        self.0.put_company(company, backend_url);
    }

    async fn put_membership(&self, membership: Membership, last_login_at: Option<OffsetDateTime>) {
        self.0.put_membership(membership, last_login_at);
    }
}

pub async fn a_profile_tells_the_company_and_the_last_login(harness: &impl Harness) {
    harness.put_company(a_company(), None).await;
    let last_login_at = Some(NOON - Duration::HOUR);
    harness.put_membership(a_membership(), last_login_at).await;
    harness.put_membership(Membership { user_id: USER_2, ..a_membership() }, None).await;

    assert_eq!(profile(harness, USER_1).await, Some(Profile { company: a_company(), last_login_at }));
    assert_eq!(profile(harness, USER_2).await, Some(Profile { company: a_company(), last_login_at: None }));
}

pub async fn a_membership_in_another_company_is_no_profile(harness: &impl Harness) {
    harness.put_company(a_company(), None).await;
    harness.put_company(company_b(), None).await;
    harness.put_membership(Membership { company_id: COMPANY_B, ..a_membership() }, Some(NOON)).await;

    assert_eq!(profile(harness, USER_1).await, None);
}

pub async fn every_company_that_a_person_may_enter_is_listed_by_name(harness: &impl Harness) {
    harness.put_company(company_b(), Some("https://b.example.com")).await;
    harness.put_company(a_company(), None).await;
    harness.put_membership(Membership { company_id: COMPANY_B, role: Role::Owner, ..a_membership() }, None).await;
    harness.put_membership(a_membership(), None).await;

    let a = UserCompany {
        id: COMPANY_A,
        name: "Company A".to_owned(),
        slug: "company-a".to_owned(),
        role: Role::User,
        backend_url: None,
        frontend_url: None,
    };
    let b = UserCompany {
        id: COMPANY_B,
        name: "Company B".to_owned(),
        slug: "company-b".to_owned(),
        role: Role::Owner,
        backend_url: Some("https://b.example.com".to_owned()),
        frontend_url: None,
    };
    assert_eq!(harness.reader().list_companies(USER_1).await.expect("an answer"), [a, b]);
}

pub async fn a_company_that_is_not_active_is_not_listed(harness: &impl Harness) {
    harness.put_company(a_company(), None).await;
    harness.put_company(Company { status: CompanyStatus::Suspended, ..company_b() }, None).await;
    harness.put_membership(a_membership(), None).await;
    harness.put_membership(Membership { company_id: COMPANY_B, ..a_membership() }, None).await;

    assert_eq!(listed(harness).await, [COMPANY_A]);
}

pub async fn a_membership_that_is_not_active_is_not_listed(harness: &impl Harness) {
    harness.put_company(a_company(), None).await;
    harness.put_company(company_b(), None).await;
    harness.put_membership(Membership { is_active: false, ..a_membership() }, None).await;
    harness.put_membership(Membership { company_id: COMPANY_B, ..a_membership() }, None).await;

    assert_eq!(listed(harness).await, [COMPANY_B]);
}

pub async fn the_companies_of_somebody_else_are_not_listed(harness: &impl Harness) {
    harness.put_company(a_company(), None).await;
    harness.put_membership(Membership { user_id: USER_2, ..a_membership() }, None).await;

    assert_eq!(listed(harness).await, []);
}

fn company_b() -> Company {
    Company { id: COMPANY_B, slug: "company-b".to_owned(), name: "Company B".to_owned(), ..a_company() }
}

async fn profile(harness: &impl Harness, user_id: UserId) -> Option<Profile> {
    harness.reader().find_profile(COMPANY_A, user_id).await.expect("an answer")
}

async fn listed(harness: &impl Harness) -> Vec<CompanyId> {
    let companies = harness.reader().list_companies(USER_1).await.expect("an answer");
    companies.into_iter().map(|company| company.id).collect()
}
