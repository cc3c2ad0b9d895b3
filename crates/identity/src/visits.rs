//! When members were last here, noted beside their requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cortex_kernel::{CompanyId, StoreError, UserId};
use time::{Duration, OffsetDateTime};

use crate::model::{Membership, NewEmail, VerifiedToken, Visit};
use crate::ports::VisitStore;

/// Notes that members came: once for each of their sessions, and again every five minutes. Requests do not wait for it:
/// whoever runs the process calls [`Self::flush`] again and again.
pub struct Visits {
    company_id: CompanyId,
    store: Arc<dyn VisitStore>,
    noted: Mutex<Noted>,
}

/// How often the visits of one session are noted.
const EVERY: Duration = Duration::minutes(5);

/// So many sessions, and so many visits that wait, are kept. A visit beyond that is not noted: the next one will be.
const MOST: usize = 10_000;

#[derive(Default)]
struct Noted {
    /// When the visits of a person's session were last noted.
    last: HashMap<(UserId, Option<String>), OffsetDateTime>,
    /// What the store does not know yet.
    waiting: HashMap<UserId, Visit>,
}

impl Visits {
    /// Notes the visits of this company's members in `store`.
    #[must_use]
    pub fn new(company_id: CompanyId, store: Arc<dyn VisitStore>) -> Self {
        Self { company_id, store, noted: Mutex::default() }
    }

    /// Takes note that the member came with this token. Does not wait for anything.
    pub(crate) fn note(&self, membership: &Membership, token: &VerifiedToken, now: OffsetDateTime) {
        let user_id = membership.user_id;
        let session = (user_id, token.session_id.clone());
        let is_recent = |at: OffsetDateTime| (Duration::ZERO..EVERY).contains(&(now - at));
        let mut noted = self.noted();
        if noted.last.get(&session).copied().is_some_and(is_recent) {
            return;
        }
        if noted.last.len() >= MOST {
            noted.last.retain(|_, at| is_recent(*at));
        }
        if noted.last.len() >= MOST || noted.waiting.len() >= MOST {
            return;
        }
        noted.last.insert(session, now);
        let new_email = token.email.clone().filter(|email| *email != membership.email);
        let new_email = new_email.zip(token.issued_at).map(|(email, issued_at)| NewEmail { email, issued_at });
        noted.waiting.insert(user_id, Visit { user_id, at: now, new_email });
    }

    /// Hands over what was noted since. What the store could not take waits for the next time.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let visits: Vec<_> = std::mem::take(&mut self.noted().waiting).into_values().collect();
        if visits.is_empty() {
            return Ok(());
        }
        match self.store.record(self.company_id, &visits).await {
            Ok(taken) => {
                for user_id in taken {
                    tracing::warn!(
                        user.id = %user_id,
                        "the address that a member signs in with is not taken over: an active colleague has it"
                    );
                }
                Ok(())
            }
            Err(error) => {
                let mut noted = self.noted();
                for visit in visits {
                    noted.waiting.entry(visit.user_id).or_insert(visit);
                }
                Err(error)
            }
        }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockVisitStore;
    use crate::testing::{COMPANY_A, NOON, USER_1, a_membership, a_token};

    /// The visits that a store was told of when these tokens had come, each so long after noon.
    async fn told(tokens: &[(VerifiedToken, Duration)]) -> Vec<Visit> {
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&recorded);
        let mut store = MockVisitStore::new();
        store.expect_record().returning(move |_, visits| {
            record.lock().unwrap().extend_from_slice(visits);
            Ok(Vec::new())
        });
        let visits = Visits::new(COMPANY_A, Arc::new(store));
        for (token, later) in tokens {
            visits.note(&a_membership(), token, NOON + *later);
            visits.flush().await.unwrap();
        }
        Arc::try_unwrap(recorded).map_or_else(|shared| shared.lock().unwrap().clone(), |own| own.into_inner().unwrap())
    }

    fn of_session(session: &str) -> VerifiedToken {
        VerifiedToken { session_id: Some(session.to_owned()), ..a_token() }
    }

    #[tokio::test]
    async fn a_session_is_noted_once_and_again_after_five_minutes() {
        let token = of_session("one");
        let (soon, later) = (Duration::minutes(5) - Duration::SECOND, Duration::minutes(5));

        let visits = told(&[(token.clone(), Duration::ZERO), (token.clone(), soon), (token, later)]).await;

        let moments: Vec<_> = visits.iter().map(|visit| visit.at - NOON).collect();
        assert_eq!(moments, [Duration::ZERO, later]);
    }

    #[tokio::test]
    async fn another_session_is_another_visit() {
        let visits = told(&[
            (of_session("one"), Duration::ZERO),
            (of_session("two"), Duration::SECOND),
            (of_session("one"), Duration::seconds(2)),
        ])
        .await;

        assert_eq!(visits.len(), 2);
    }

    #[tokio::test]
    async fn an_address_is_told_where_it_is_another_one() {
        let spelt_otherwise = VerifiedToken { email: Some("ONE@example.com".parse().unwrap()), ..of_session("one") };
        let another = VerifiedToken { email: Some("new@example.com".parse().unwrap()), ..of_session("two") };
        let timeless = VerifiedToken { session_id: Some("four".to_owned()), issued_at: None, ..another.clone() };
        let none = VerifiedToken { email: None, ..of_session("three") };

        let visits = told(&[spelt_otherwise, another, none, timeless].map(|token| (token, Duration::ZERO))).await;

        let emails: Vec<_> =
            visits.iter().map(|visit| visit.new_email.as_ref().map(|new| new.email.to_string())).collect();
        assert_eq!(emails, [None, Some("new@example.com".to_owned()), None, None]);
    }

    #[tokio::test]
    async fn what_the_store_could_not_take_is_told_again() {
        let mut store = MockVisitStore::new();
        let mut times = 0;
        store.expect_record().times(2).returning(move |_, visits| {
            assert_eq!(visits.len(), 1);
            times += 1;
            if times == 1 { Err(StoreError::Unavailable("gone".into())) } else { Ok(Vec::new()) }
        });
        let visits = Visits::new(COMPANY_A, Arc::new(store));
        visits.note(&a_membership(), &a_token(), NOON);

        assert!(visits.flush().await.is_err());
        visits.flush().await.unwrap();
        visits.flush().await.unwrap();
    }

    #[tokio::test]
    async fn no_more_are_kept_than_there_is_room_for() {
        let visits = Visits::new(COMPANY_A, Arc::new(MockVisitStore::new()));
        for session in 0..MOST + 10 {
            visits.note(&a_membership(), &of_session(&session.to_string()), NOON);
        }
        assert_eq!(visits.noted().last.len(), MOST);

        visits.note(&a_membership(), &of_session("late"), NOON + EVERY);

        assert_eq!(visits.noted().last.len(), 1, "what is over makes room");
        assert_eq!(visits.noted().waiting[&USER_1].at, NOON + EVERY);
    }
}
