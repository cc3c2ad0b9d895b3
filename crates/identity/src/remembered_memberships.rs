//! Who belongs here, remembered for a moment.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use cortex_kernel::{Clock, CompanyId, Lookups, StoreError, UserId};
use time::{Duration, OffsetDateTime};

use crate::model::{Company, Membership};
use crate::ports::{Acceptance, MembershipStore};

/// Keeps what lets people in, so that not every request asks Master.
///
/// Only what lets in is kept, never a refusal: whoever is let in again enters at once. It is kept for five seconds at the
/// most, and only while somebody sees to it that changes are told ([`Self::trust`]): then they count for the next request.
pub struct RememberedMemberships {
    store: Arc<dyn MembershipStore>,
    clock: Arc<dyn Clock>,
    memory: RwLock<Memory>,
    lookups: Arc<Lookups>,
}

/// Longest time for which a change that nobody told of is not seen.
const MAX_AGE: Duration = Duration::seconds(5);

/// So many members are kept at once. Beyond that all are forgotten, which costs one question each.
const MAX_MEMBERS: usize = 10_000;

#[derive(Default)]
struct Memory {
    is_trusted: bool,
    /// Counts how often everything was forgotten: what was asked before that is not kept after it.
    generation: u64,
    companies: HashMap<CompanyId, Known<Company>>,
    members: HashMap<(CompanyId, UserId), Known<Membership>>,
}

struct Known<T> {
    what: T,
    /// When it was asked: the answer may have taken its time.
    since: OffsetDateTime,
}

impl RememberedMemberships {
    /// Remembers what `store` tells. Nothing is kept before [`Self::trust`].
    #[must_use]
    pub fn new(store: Arc<dyn MembershipStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, memory: RwLock::default(), lookups: Arc::default() }
    }

    /// How often a membership was remembered.
    #[must_use]
    pub fn lookups(&self) -> Arc<Lookups> {
        Arc::clone(&self.lookups)
    }

    /// From now on what is read is kept for a moment: changes are heard.
    pub fn trust(&self) {
        self.forget();
        self.write().is_trusted = true;
    }

    /// From now on nothing is kept: changes may be missed.
    pub fn distrust(&self) {
        self.write().is_trusted = false;
        self.forget();
    }

    /// Something changed.
    pub fn forget(&self) {
        let mut memory = self.write();
        memory.generation += 1;
        memory.companies.clear();
        memory.members.clear();
    }

    fn generation(&self) -> u64 {
        self.read().generation
    }

    fn keep(&self, generation: u64, keep: impl FnOnce(&mut Memory)) {
        let mut memory = self.write();
        if memory.is_trusted && memory.generation == generation {
            keep(&mut memory);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Memory> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Memory> {
        self.memory.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl MembershipStore for RememberedMemberships {
    async fn find_company(&self, company_id: CompanyId) -> Result<Option<Company>, StoreError> {
        let now = self.clock.now();
        if let Some(known) = self.read().companies.get(&company_id).and_then(|known| known.at(now)) {
            return Ok(Some(known));
        }
        let generation = self.generation();
        let found = self.store.find_company(company_id).await?;
        if let Some(company) = found.as_ref().filter(|company| company.status.may_be_entered()) {
            self.keep(generation, |memory| {
                memory.companies.insert(company_id, Known { what: company.clone(), since: now });
            });
        }
        Ok(found)
    }

    async fn find_membership(&self, company_id: CompanyId, user_id: UserId) -> Result<Option<Membership>, StoreError> {
        let (key, now) = ((company_id, user_id), self.clock.now());
        if let Some(known) = self.read().members.get(&key).and_then(|known| known.at(now)) {
            self.lookups.hit();
            return Ok(Some(known));
        }
        self.lookups.miss();
        let generation = self.generation();
        let found = self.store.find_membership(company_id, user_id).await?;
        if let Some(membership) = found.as_ref().filter(|membership| membership.is_active) {
            self.keep(generation, |memory| {
                if memory.members.len() >= MAX_MEMBERS {
                    memory.members.clear();
                }
                memory.members.insert(key, Known { what: membership.clone(), since: now });
            });
        }
        Ok(found)
    }

    async fn accept_invitation(&self, acceptance: &Acceptance) -> Result<Option<Membership>, StoreError> {
        self.store.accept_invitation(acceptance).await
    }
}

impl<T: Clone> Known<T> {
    /// What is known, if it is fresh. A clock that was set back makes it stale.
    fn at(&self, now: OffsetDateTime) -> Option<T> {
        (Duration::ZERO..MAX_AGE).contains(&(now - self.since)).then(|| self.what.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rstest::rstest;

    use super::*;
    use crate::model::CompanyStatus;
    use crate::ports::MockMembershipStore;
    use crate::testing::{COMPANY_A, NOON, USER_1, USER_2, a_company, a_membership};

    /// A clock that the test moves.
    #[derive(Clone)]
    struct Hand(Arc<Mutex<OffsetDateTime>>);

    impl Hand {
        fn moves(&self, by: Duration) {
            *self.0.lock().unwrap() += by;
        }
    }

    /// Answers so many times for the membership and the company, and fails the test at one more.
    fn remembering(membership: &Membership, company: &Company, asked: usize) -> (RememberedMemberships, Hand) {
        let (membership, company) = (membership.clone(), company.clone());
        let mut store = MockMembershipStore::new();
        store.expect_find_membership().times(asked).returning(move |_, _| Ok(Some(membership.clone())));
        store.expect_find_company().times(asked).returning(move |_| Ok(Some(company.clone())));
        let hand = Hand(Arc::new(Mutex::new(NOON)));
        let clock = hand.clone();
        (RememberedMemberships::new(Arc::new(store), Arc::new(move || *clock.0.lock().unwrap())), hand)
    }

    async fn ask(memory: &RememberedMemberships) {
        assert!(memory.find_membership(COMPANY_A, USER_1).await.unwrap().is_some());
        assert!(memory.find_company(COMPANY_A).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn what_was_asked_a_moment_ago_is_not_asked_again() {
        let (memory, hand) = remembering(&a_membership(), &a_company(), 1);
        memory.trust();

        ask(&memory).await;
        hand.moves(Duration::milliseconds(4_999));
        ask(&memory).await;
    }

    #[rstest]
    #[case::later(Duration::seconds(5))]
    #[case::with_a_clock_that_was_set_back(-Duration::SECOND)]
    #[tokio::test]
    async fn after_a_moment_it_is_asked_again(#[case] later: Duration) {
        let (memory, hand) = remembering(&a_membership(), &a_company(), 2);
        memory.trust();

        ask(&memory).await;
        hand.moves(later);
        ask(&memory).await;
    }

    #[tokio::test]
    async fn after_a_change_it_is_asked_again() {
        let (memory, _) = remembering(&a_membership(), &a_company(), 2);
        memory.trust();

        ask(&memory).await;
        memory.forget();
        ask(&memory).await;
    }

    #[tokio::test]
    async fn while_changes_may_be_missed_everything_is_asked() {
        let (memory, _) = remembering(&a_membership(), &a_company(), 4);

        ask(&memory).await;
        ask(&memory).await;
        memory.trust();
        ask(&memory).await;
        memory.distrust();
        ask(&memory).await;
    }

    #[tokio::test]
    async fn what_lets_nobody_in_is_asked_each_time() {
        let deactivated = Membership { is_active: false, ..a_membership() };
        let suspended = Company { status: CompanyStatus::Suspended, ..a_company() };
        let (memory, _) = remembering(&deactivated, &suspended, 2);
        memory.trust();

        ask(&memory).await;
        ask(&memory).await;
    }

    #[tokio::test]
    async fn who_is_no_member_is_asked_for_each_time() {
        let mut store = MockMembershipStore::new();
        store.expect_find_membership().times(2).returning(|_, _| Ok(None));
        let memory = RememberedMemberships::new(Arc::new(store), Arc::new(|| NOON));
        memory.trust();

        for _ in 0..2 {
            assert_eq!(memory.find_membership(COMPANY_A, USER_2).await.unwrap(), None);
        }
    }

    /// The answer was on its way when the change was told: it may be the old one.
    #[tokio::test]
    async fn an_answer_that_a_change_overtook_is_not_kept() {
        struct Slow(Arc<std::sync::OnceLock<Arc<RememberedMemberships>>>, Mutex<usize>);

        #[async_trait]
        impl MembershipStore for Slow {
            async fn find_company(&self, _: CompanyId) -> Result<Option<Company>, StoreError> {
                Ok(None)
            }

            async fn find_membership(&self, _: CompanyId, _: UserId) -> Result<Option<Membership>, StoreError> {
                *self.1.lock().unwrap() += 1;
                self.0.get().unwrap().forget();
                Ok(Some(a_membership()))
            }

            async fn accept_invitation(&self, _: &Acceptance) -> Result<Option<Membership>, StoreError> {
                Ok(None)
            }
        }

        let itself = Arc::new(std::sync::OnceLock::new());
        let store = Arc::new(Slow(Arc::clone(&itself), Mutex::new(0)));
        let memory = Arc::new(RememberedMemberships::new(Arc::<Slow>::clone(&store), Arc::new(|| NOON)));
        assert!(itself.set(Arc::clone(&memory)).is_ok());
        memory.trust();

        for _ in 0..3 {
            memory.find_membership(COMPANY_A, USER_1).await.unwrap();
        }

        assert_eq!(*store.1.lock().unwrap(), 3);
    }
}
