//! The contract of [`VisitStore`], one case a bullet, and a fake that keeps it.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Email, StoreError, UserId};
use time::{Duration, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_membership};
use crate::model::{Membership, NewEmail, Visit};
use crate::ports::VisitStore;

/// Visits in memory.
#[derive(Debug, Default)]
pub struct InMemoryVisits {
    members: Mutex<Vec<(Membership, Option<OffsetDateTime>)>>,
    /// When the tokens were issued that addresses were taken from.
    issued: Mutex<HashMap<(CompanyId, UserId), OffsetDateTime>>,
    audit: Mutex<Vec<(CompanyId, &'static str)>>,
}

impl InMemoryVisits {
    /// Adds a membership whose holder never came.
    pub fn put_membership(&self, membership: Membership) {
        self.members().push((membership, None));
    }

    fn members(&self) -> MutexGuard<'_, Vec<(Membership, Option<OffsetDateTime>)>> {
        self.members.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl VisitStore for InMemoryVisits {
    async fn record(&self, company_id: CompanyId, visits: &[Visit]) -> Result<Vec<UserId>, StoreError> {
        let mut members = self.members();
        let mut taken = Vec::new();
        for visit in visits {
            let colleague_has = |email: &Email| {
                members.iter().any(|(member, _)| {
                    member.company_id == company_id
                        && member.user_id != visit.user_id
                        && member.is_active
                        && member.email == *email
                })
            };
            let is_taken = visit.new_email.as_ref().is_some_and(|new| colleague_has(&new.email));
            let own = members.iter_mut().find(|(member, _)| {
                member.company_id == company_id && member.user_id == visit.user_id && member.is_active
            });
            let Some((member, last)) = own else { continue };
            *last = (*last).max(Some(visit.at));
            match &visit.new_email {
                Some(_) if is_taken => taken.push(visit.user_id),
                Some(NewEmail { email, issued_at }) => {
                    let mut issued = self.issued.lock().expect("nobody panics while holding it");
                    let key = (company_id, visit.user_id);
                    if issued.get(&key).is_some_and(|known| known >= issued_at) {
                        continue;
                    }
                    issued.insert(key, *issued_at);
                    member.email = email.clone();
                    self.audit.lock().expect("nobody panics while holding it").push((company_id, "user_email_changed"));
                }
                None => {}
            }
        }
        Ok(taken)
    }
}

/// A fresh store with two companies and a way to look at it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test.
    fn store(&self) -> Arc<dyn VisitStore>;
    /// Puts a membership there.
    async fn put_membership(&self, membership: Membership);
    /// The member's last login and address.
    async fn find(&self, company_id: CompanyId, user_id: UserId) -> (Option<OffsetDateTime>, String);
    /// The actions of Master's audit rows of the company, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! visit_store_contract {
    ($harness:expr) => {
        $crate::visit_store_contract! { $harness =>
            a_visit_moves_the_last_login,
            an_earlier_visit_moves_nothing_back,
            a_visit_of_nobodys_changes_nothing,
            another_companys_membership_stays_as_it_is,
            a_new_address_takes_the_place_of_the_old_one_and_leaves_an_audit_row,
            what_an_older_token_says_does_not_come_back,
            an_address_that_an_active_colleague_has_is_not_taken,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::visit_store::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryVisits`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryVisits>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn store(&self) -> Arc<dyn VisitStore> {
        self.0.clone()
    }

    async fn put_membership(&self, membership: Membership) {
        self.0.put_membership(membership);
    }

    async fn find(&self, company_id: CompanyId, user_id: UserId) -> (Option<OffsetDateTime>, String) {
        let members = self.0.members();
        let (member, last) = members
            .iter()
            .find(|(member, _)| member.company_id == company_id && member.user_id == user_id)
            .expect("the member is there");
        (*last, member.email.to_string())
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        let audit = self.0.audit.lock().expect("nobody panics while holding it");
        audit.iter().filter(|(of, _)| *of == company_id).map(|(_, action)| (*action).to_owned()).collect()
    }
}

fn visit(at: OffsetDateTime) -> Visit {
    Visit { user_id: USER_1, at, new_email: None }
}

fn named(email: &str, issued_at: OffsetDateTime) -> NewEmail {
    NewEmail { email: email.parse().expect("an address"), issued_at }
}

async fn record(harness: &impl Harness, visits: &[Visit]) -> Vec<UserId> {
    harness.store().record(COMPANY_A, visits).await.expect("an answer")
}

pub async fn a_visit_moves_the_last_login(harness: &impl Harness) {
    harness.put_membership(a_membership()).await;

    assert_eq!(record(harness, &[visit(NOON)]).await, []);
    assert_eq!(harness.find(COMPANY_A, USER_1).await.0, Some(NOON));

    let later = NOON + Duration::HOUR;
    record(harness, &[visit(later)]).await;
    assert_eq!(harness.find(COMPANY_A, USER_1).await, (Some(later), "one@example.com".to_owned()));
    assert_eq!(harness.audited(COMPANY_A).await, [""; 0]);
}

pub async fn an_earlier_visit_moves_nothing_back(harness: &impl Harness) {
    harness.put_membership(a_membership()).await;
    record(harness, &[visit(NOON)]).await;

    record(harness, &[visit(NOON - Duration::HOUR)]).await;

    assert_eq!(harness.find(COMPANY_A, USER_1).await.0, Some(NOON));
}

pub async fn a_visit_of_nobodys_changes_nothing(harness: &impl Harness) {
    harness.put_membership(Membership { is_active: false, ..a_membership() }).await;
    let new_email = Some(named("new@example.com", NOON));
    let stranger = Visit { user_id: USER_2, at: NOON, new_email: new_email.clone() };

    assert_eq!(record(harness, &[Visit { new_email, ..visit(NOON) }, stranger]).await, []);

    assert_eq!(harness.find(COMPANY_A, USER_1).await, (None, "one@example.com".to_owned()));
    assert_eq!(harness.audited(COMPANY_A).await, [""; 0]);
}

pub async fn another_companys_membership_stays_as_it_is(harness: &impl Harness) {
    harness.put_membership(a_membership()).await;
    harness.put_membership(Membership { company_id: COMPANY_B, ..a_membership() }).await;
    let new_email = Some(named("new@example.com", NOON));

    record(harness, &[Visit { new_email, ..visit(NOON) }]).await;

    assert_eq!(harness.find(COMPANY_B, USER_1).await, (None, "one@example.com".to_owned()));
    assert_eq!(harness.find(COMPANY_A, USER_1).await, (Some(NOON), "new@example.com".to_owned()));
}

pub async fn a_new_address_takes_the_place_of_the_old_one_and_leaves_an_audit_row(harness: &impl Harness) {
    harness.put_membership(a_membership()).await;
    let new_email = Some(named("New@example.com", NOON));

    for _ in 0..2 {
        let visit = Visit { new_email: new_email.clone(), ..visit(NOON) };
        assert_eq!(record(harness, &[visit]).await, []);
        assert_eq!(harness.find(COMPANY_A, USER_1).await.1, "New@example.com");
    }

    assert_eq!(harness.audited(COMPANY_A).await, ["user_email_changed"]);
}

/// Two devices: one signed in before the address was changed, one afterwards.
pub async fn what_an_older_token_says_does_not_come_back(harness: &impl Harness) {
    harness.put_membership(a_membership()).await;
    let old = Some(named("one@example.com", NOON - Duration::HOUR));
    let new = Some(named("new@example.com", NOON));

    for new_email in [new.clone(), old, new] {
        assert_eq!(record(harness, &[Visit { new_email, ..visit(NOON) }]).await, []);
        assert_eq!(harness.find(COMPANY_A, USER_1).await.1, "new@example.com");
    }

    assert_eq!(harness.audited(COMPANY_A).await, ["user_email_changed"]);
}

pub async fn an_address_that_an_active_colleague_has_is_not_taken(harness: &impl Harness) {
    let colleague =
        Membership { user_id: USER_2, email: "Two@example.com".parse().expect("an address"), ..a_membership() };
    harness.put_membership(a_membership()).await;
    harness.put_membership(colleague).await;
    let new_email = Some(named("two@EXAMPLE.com", NOON));

    let taken = record(harness, &[Visit { new_email, ..visit(NOON) }]).await;

    assert_eq!(taken, [USER_1]);
    assert_eq!(harness.find(COMPANY_A, USER_1).await, (Some(NOON), "one@example.com".to_owned()));
    assert_eq!(harness.audited(COMPANY_A).await, [""; 0]);
}
