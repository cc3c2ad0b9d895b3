//! From a session's token to the session, or to a refusal.

use std::sync::Arc;

use cortex_kernel::{CompanyId, Origin, StoreError};
use thiserror::Error;

use crate::admin_door::{AddressNotAllowed, AdminDoor};
use crate::model::{AdminRefusalReason, AdminSession, AdminTokenHash};
use crate::ports::AdminSessions;

/// Lets the admins of this deployment's company go on, call by call.
pub struct EnterAdminPanel {
    company_id: CompanyId,
    door: Arc<AdminDoor>,
    sessions: Arc<dyn AdminSessions>,
}

/// Nobody was let in.
#[derive(Debug, Error)]
pub enum EnterAdminPanelError {
    /// The panel may not be used from there.
    #[error(transparent)]
    AddressNotAllowed(#[from] AddressNotAllowed),
    /// No session is open by that token.
    #[error("no admin session is open by this token")]
    NoSession,
    /// The sessions could not be read.
    #[error("the admin sessions cannot be read")]
    Store(#[from] StoreError),
}

impl EnterAdminPanel {
    /// Asks at `door` first, and then for the session.
    #[must_use]
    pub fn new(company_id: CompanyId, door: Arc<AdminDoor>, sessions: Arc<dyn AdminSessions>) -> Self {
        Self { company_id, door, sessions }
    }

    /// The session that `token` opens; none is a call without one. From where the call comes counts before its token:
    /// elsewhere a token that was stolen is worth nothing, and nobody learns whether it is one.
    pub async fn enter(&self, token: Option<&str>, origin: &Origin) -> Result<AdminSession, EnterAdminPanelError> {
        self.door.pass(origin, AdminRefusalReason::CallFromElsewhere).await?;
        let token = token.ok_or(EnterAdminPanelError::NoSession)?;
        let found = self.sessions.find_open(self.company_id, &AdminTokenHash::of(token)).await?;
        found.ok_or(EnterAdminPanelError::NoSession)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::ports::MockAdminSessions;
    use crate::testing::{
        COMPANY_A, InMemoryAdminSessions, InMemoryAttemptCounters, NOON, a_new_admin_session, an_admin_origin,
    };

    const INSIDE: &str = "10.0.0.0/8";

    fn panel(sessions: Arc<dyn AdminSessions>, networks: &[&str]) -> EnterAdminPanel {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        let counters = Arc::new(InMemoryAttemptCounters::default());
        let door = AdminDoor::new(COMPANY_A, networks, Arc::clone(&sessions), counters, Arc::new(|| NOON));
        EnterAdminPanel::new(COMPANY_A, Arc::new(door), sessions)
    }

    #[tokio::test]
    async fn who_has_the_token_of_an_open_session_goes_on() {
        let sessions = Arc::new(InMemoryAdminSessions::default());
        let opened = sessions.open(&a_new_admin_session(COMPANY_A, "token")).await.unwrap();

        let entered = panel(sessions, &[INSIDE]).enter(Some("token"), &an_admin_origin()).await.unwrap();

        assert_eq!(entered, opened);
    }

    #[rstest]
    #[case::none(None)]
    #[case::unknown(Some("another"))]
    #[tokio::test]
    async fn without_an_open_session_nobody_goes_on(#[case] token: Option<&str>) {
        let sessions = Arc::new(InMemoryAdminSessions::default());
        sessions.open(&a_new_admin_session(COMPANY_A, "token")).await.unwrap();

        let entered = panel(sessions, &[]).enter(token, &an_admin_origin()).await;

        assert!(matches!(entered, Err(EnterAdminPanelError::NoSession)), "{entered:?}");
    }

    #[rstest]
    #[case::elsewhere(an_admin_origin())]
    #[case::nobody_knows_where(Origin::default())]
    #[tokio::test]
    async fn a_valid_token_is_worth_nothing_elsewhere(#[case] origin: Origin) {
        let sessions = Arc::new(InMemoryAdminSessions::default());
        sessions.open(&a_new_admin_session(COMPANY_A, "token")).await.unwrap();

        let entered = panel(sessions.clone(), &["192.0.2.0/24"]).enter(Some("token"), &origin).await;

        assert!(matches!(entered, Err(EnterAdminPanelError::AddressNotAllowed(_))), "{entered:?}");
        assert_eq!(sessions.audited(COMPANY_A), ["admin_login", "admin_call_refused"]);
    }

    #[tokio::test]
    async fn a_store_that_is_away_lets_nobody_in() {
        let mut sessions = MockAdminSessions::new();
        sessions.expect_find_open().returning(|_, _| Err(StoreError::Unavailable("gone".into())));

        let entered = panel(Arc::new(sessions), &[]).enter(Some("token"), &an_admin_origin()).await;

        assert!(matches!(entered, Err(EnterAdminPanelError::Store(StoreError::Unavailable(_)))), "{entered:?}");
    }
}
