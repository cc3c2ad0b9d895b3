//! The contract of [`AdminSessions`], one case a bullet, and a fake that keeps it.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{AdminSessionId, CompanyId, Origin, StoreError};
use futures_util::future::join_all;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{COMPANY_A, COMPANY_B, NOON};
use crate::model::{AdminFailure, AdminRefusal, AdminRefusalReason, AdminSession, AdminTokenHash, NewAdminSession};
use crate::ports::AdminSessions;

/// Sessions in memory, with a clock of their own that moves when it is told to.
#[derive(Debug)]
pub struct InMemoryAdminSessions {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: OffsetDateTime,
    open: Vec<(AdminTokenHash, AdminSession)>,
    audit: Vec<(CompanyId, &'static str, Option<AdminSessionId>)>,
}

impl Default for InMemoryAdminSessions {
    fn default() -> Self {
        Self { state: Mutex::new(State { now: NOON, open: Vec::new(), audit: Vec::new() }) }
    }
}

impl InMemoryAdminSessions {
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.state().now += time;
    }

    /// The actions of the company's audit rows, oldest first.
    #[must_use]
    pub fn audited(&self, company_id: CompanyId) -> Vec<&'static str> {
        self.state().audit.iter().filter(|(of, ..)| *of == company_id).map(|(_, action, _)| *action).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl AdminSessions for InMemoryAdminSessions {
    async fn open(&self, new: &NewAdminSession) -> Result<AdminSession, StoreError> {
        let mut state = self.state();
        let now = state.now;
        let session = AdminSession { id: new.id, company_id: new.company_id, expires_at: now + new.lasts };
        state.open.retain(|(_, session)| session.company_id != new.company_id || session.expires_at > now);
        state.open.push((new.token, session));
        state.audit.push((new.company_id, "admin_login", Some(new.id)));
        Ok(session)
    }

    async fn find_open(
        &self,
        company_id: CompanyId,
        token: &AdminTokenHash,
    ) -> Result<Option<AdminSession>, StoreError> {
        let state = self.state();
        let fits = |(of, session): &&(AdminTokenHash, AdminSession)| {
            of == token && session.company_id == company_id && session.expires_at > state.now
        };
        Ok(state.open.iter().find(fits).map(|(_, session)| *session))
    }

    async fn close(&self, closed: &AdminSession, _: &Origin) -> Result<bool, StoreError> {
        let mut state = self.state();
        let now = state.now;
        let is_it = |session: &AdminSession| {
            session.company_id == closed.company_id && session.id == closed.id && session.expires_at > now
        };
        let Some(place) = state.open.iter().position(|(_, session)| is_it(session)) else { return Ok(false) };
        state.open.remove(place);
        state.audit.push((closed.company_id, "admin_logout", Some(closed.id)));
        Ok(true)
    }

    async fn tell_refusal(&self, refusal: &AdminRefusal) -> Result<(), StoreError> {
        self.state().audit.push((refusal.company_id, refusal.reason.action(), None));
        Ok(())
    }

    async fn tell_failure(&self, failure: &AdminFailure) -> Result<(), StoreError> {
        let AdminSession { company_id, id, .. } = failure.session;
        self.state().audit.push((company_id, "admin_action_failed", Some(id)));
        Ok(())
    }
}

/// A fresh, empty store and a way to look at it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test, as the deployment of this company uses it.
    fn sessions(&self, company_id: CompanyId) -> Arc<dyn AdminSessions>;
    /// Lets time pass for all sessions.
    async fn pass(&self, time: Duration);
    /// How many sessions of the company are kept, open or not.
    async fn kept(&self, company_id: CompanyId) -> usize;
    /// The actions of the company's audit rows and their sessions, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<(String, Option<AdminSessionId>)>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! admin_sessions_contract {
    ($harness:expr) => {
        $crate::admin_sessions_contract! { $harness =>
            an_opened_session_is_found_by_its_token,
            a_session_whose_time_is_over_is_not_found,
            another_companys_session_is_not_found,
            a_closed_session_is_not_found_and_the_others_are,
            a_login_and_a_logout_leave_an_audit_row_each_with_the_session,
            a_session_that_is_closed_twenty_times_at_once_leaves_one_audit_row,
            a_session_whose_time_is_over_is_not_closed,
            a_refusal_leaves_an_audit_row_without_a_session,
            a_failure_leaves_an_audit_row_with_the_session,
            a_login_removes_the_sessions_whose_time_is_over,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::admin_sessions::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryAdminSessions`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryAdminSessions>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn sessions(&self, _: CompanyId) -> Arc<dyn AdminSessions> {
        self.0.clone()
    }

    async fn pass(&self, time: Duration) {
        self.0.pass(time);
    }

    async fn kept(&self, company_id: CompanyId) -> usize {
        self.0.state().open.iter().filter(|(_, session)| session.company_id == company_id).count()
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<(String, Option<AdminSessionId>)> {
        let state = self.0.state();
        let rows = state.audit.iter().filter(|(of, ..)| *of == company_id);
        rows.map(|(_, action, session)| ((*action).to_owned(), *session)).collect()
    }
}

const HOUR: Duration = Duration::from_hours(1);
const BLINK: Duration = Duration::from_mins(1);

/// A session that `token` opens for an hour.
#[must_use]
pub fn a_new_admin_session(company_id: CompanyId, token: &str) -> NewAdminSession {
    NewAdminSession {
        id: AdminSessionId::new(Uuid::from_u128(u128::from(token.bytes().map(u64::from).sum::<u64>()))),
        company_id,
        token: AdminTokenHash::of(token),
        lasts: HOUR,
        origin: an_admin_origin(),
    }
}

/// Where an admin comes from.
#[must_use]
pub fn an_admin_origin() -> Origin {
    Origin {
        request_id: Some("request-1".to_owned()),
        address: Some("10.0.0.7".parse().expect("an address")),
        user_agent: Some("a browser".to_owned()),
    }
}

async fn open(harness: &impl Harness, company_id: CompanyId, token: &str) -> AdminSession {
    harness.sessions(company_id).open(&a_new_admin_session(company_id, token)).await.expect("a session")
}

async fn find(harness: &impl Harness, token: &str) -> Option<AdminSession> {
    harness.sessions(COMPANY_A).find_open(COMPANY_A, &AdminTokenHash::of(token)).await.expect("an answer")
}

async fn close(harness: &impl Harness, session: &AdminSession) -> bool {
    harness.sessions(COMPANY_A).close(session, &an_admin_origin()).await.expect("an answer")
}

pub async fn an_opened_session_is_found_by_its_token(harness: &impl Harness) {
    let session = open(harness, COMPANY_A, "one").await;
    let other = open(harness, COMPANY_A, "another").await;

    assert_eq!((find(harness, "one").await, find(harness, "another").await), (Some(session), Some(other)));
    assert_eq!(find(harness, "neither").await, None);
    assert_eq!(session.id, a_new_admin_session(COMPANY_A, "one").id);
    harness.pass(HOUR.saturating_sub(BLINK)).await;
    assert!(find(harness, "one").await.is_some());
}

pub async fn a_session_whose_time_is_over_is_not_found(harness: &impl Harness) {
    open(harness, COMPANY_A, "one").await;

    harness.pass(HOUR).await;

    assert_eq!(find(harness, "one").await, None);
}

pub async fn another_companys_session_is_not_found(harness: &impl Harness) {
    let elsewhere = open(harness, COMPANY_B, "one").await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let sessions = harness.sessions(deployment);
        let found = sessions.find_open(COMPANY_A, &AdminTokenHash::of("one")).await.expect("an answer");
        assert_eq!(found, None);
        let closed = sessions.close(&AdminSession { company_id: COMPANY_A, ..elsewhere }, &Origin::default()).await;
        assert!(!closed.expect("an answer"));
    }
    assert_eq!(harness.kept(COMPANY_B).await, 1);
}

pub async fn a_closed_session_is_not_found_and_the_others_are(harness: &impl Harness) {
    let session = open(harness, COMPANY_A, "one").await;
    let other = open(harness, COMPANY_A, "another").await;

    assert!(close(harness, &session).await);

    assert_eq!((find(harness, "one").await, find(harness, "another").await), (None, Some(other)));
}

pub async fn a_login_and_a_logout_leave_an_audit_row_each_with_the_session(harness: &impl Harness) {
    let session = open(harness, COMPANY_A, "one").await;
    close(harness, &session).await;

    let expected = ["admin_login", "admin_logout"].map(|action| (action.to_owned(), Some(session.id)));
    assert_eq!(harness.audited(COMPANY_A).await, expected);
}

pub async fn a_session_that_is_closed_twenty_times_at_once_leaves_one_audit_row(harness: &impl Harness) {
    let session = open(harness, COMPANY_A, "one").await;
    let (sessions, origin) = (harness.sessions(COMPANY_A), an_admin_origin());

    let closed = join_all((0..20).map(|_| sessions.close(&session, &origin))).await;

    assert_eq!(closed.into_iter().filter(|closed| *closed.as_ref().expect("an answer")).count(), 1);
    assert_eq!(harness.audited(COMPANY_A).await.len(), 2);
}

pub async fn a_session_whose_time_is_over_is_not_closed(harness: &impl Harness) {
    let session = open(harness, COMPANY_A, "one").await;
    harness.pass(HOUR).await;

    assert!(!close(harness, &session).await);

    assert_eq!(harness.audited(COMPANY_A).await.len(), 1);
}

pub async fn a_refusal_leaves_an_audit_row_without_a_session(harness: &impl Harness) {
    for reason in [AdminRefusalReason::WrongPin, AdminRefusalReason::CallFromElsewhere] {
        let refusal = AdminRefusal { company_id: COMPANY_A, reason, origin: an_admin_origin() };
        harness.sessions(COMPANY_A).tell_refusal(&refusal).await.expect("told");
    }

    let expected = ["admin_login_failed", "admin_call_refused"].map(|action| (action.to_owned(), None));
    assert_eq!(harness.audited(COMPANY_A).await, expected);
}

pub async fn a_failure_leaves_an_audit_row_with_the_session(harness: &impl Harness) {
    let session = open(harness, COMPANY_A, "one").await;

    let called = "POST /admin/jobs/{id}/retry".to_owned();
    let failure = AdminFailure { session, called, code: "wrong_state", origin: an_admin_origin() };
    harness.sessions(COMPANY_A).tell_failure(&failure).await.expect("told");

    let expected = ["admin_login", "admin_action_failed"].map(|action| (action.to_owned(), Some(session.id)));
    assert_eq!(harness.audited(COMPANY_A).await, expected);
}

pub async fn a_login_removes_the_sessions_whose_time_is_over(harness: &impl Harness) {
    open(harness, COMPANY_A, "one").await;
    open(harness, COMPANY_B, "two").await;
    harness.pass(HOUR).await;

    open(harness, COMPANY_A, "three").await;

    assert_eq!((harness.kept(COMPANY_A).await, harness.kept(COMPANY_B).await), (1, 1));
}
