//! Works off what an invitation left to be written to accounts at Master.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, StoreError, UserId};

use crate::bind_account::{BindAccount, BindAccountError, Bound};
use crate::ports::{PendingBinding, TeamStore};

/// Binds marked accounts one after the other, and comes back to those that could not be bound, each time later.
pub struct KeepBindings {
    company_id: CompanyId,
    team: Arc<dyn TeamStore>,
    bind_account: Arc<BindAccount>,
}

/// How long one attempt may take: longer than all of its calls together.
const LEASE: Duration = Duration::from_mins(2);
/// When an account that was written is looked at again: long after any call that was under way.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

impl KeepBindings {
    /// Works for `company_id`.
    #[must_use]
    pub fn new(company_id: CompanyId, team: Arc<dyn TeamStore>, bind_account: Arc<BindAccount>) -> Self {
        Self { company_id, team, bind_account }
    }

    /// Takes one mark whose time has come, if there is one, and tells whether there was.
    pub async fn tick(&self) -> Result<bool, StoreError> {
        self.work_on(None).await
    }

    /// The same with the mark of one person, as soon as it was made. What fails is left to [`Self::tick`].
    pub async fn bind_now(&self, user_id: UserId) {
        if let Err(error) = self.work_on(Some(user_id)).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "an account is left to be bound later");
        }
    }

    async fn work_on(&self, user_id: Option<UserId>) -> Result<bool, StoreError> {
        let Some(pending) = self.team.claim_binding(self.company_id, user_id, LEASE).await? else { return Ok(false) };
        let PendingBinding { user_id, attempt } = pending;
        match self.bind_account.bind(self.company_id, user_id).await {
            Ok(Bound::Already) => self.team.settle_binding(self.company_id, user_id).await?,
            // Another deployment may have read before us and write after us: it is looked at once more.
            Ok(Bound::Now) => self.team.put_off_binding(self.company_id, user_id, LOOK_AGAIN).await?,
            Err(BindAccountError::NoSuchAccount) => {
                tracing::warn!(user.id = %user_id, "a member has no account at Master, so none is bound");
                self.team.settle_binding(self.company_id, user_id).await?;
            }
            Err(
                error @ (BindAccountError::Overwritten | BindAccountError::Directory(_) | BindAccountError::Store(_)),
            ) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(user.id = %user_id, attempt, error, "an account is not bound yet");
                self.team.put_off_binding(self.company_id, user_id, pause_after(attempt)).await?;
            }
        }
        Ok(true)
    }
}

fn pause_after(attempt: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{DirectoryError, MockTeamStore, MockUserDirectory, UserDirectory};
    use crate::testing::profile_reader::InMemoryProfiles;
    use crate::testing::user_directory::InMemoryUserDirectory;
    use crate::testing::{COMPANY_A, USER_1, an_account};

    fn keep(team: MockTeamStore, directory: Arc<dyn UserDirectory>) -> KeepBindings {
        let bind = BindAccount::new(directory, Arc::new(InMemoryProfiles::default()));
        KeepBindings::new(COMPANY_A, Arc::new(team), Arc::new(bind))
    }

    fn with_mark(attempt: u32) -> MockTeamStore {
        let mut team = MockTeamStore::new();
        team.expect_claim_binding().returning(move |_, _, _| Ok(Some(PendingBinding { user_id: USER_1, attempt })));
        team
    }

    #[tokio::test]
    async fn an_account_that_was_written_is_looked_at_again_before_it_is_settled() {
        let directory = Arc::new(InMemoryUserDirectory::default());
        directory.put("one@example.com", true, an_account());
        let mut written = with_mark(1);
        written
            .expect_put_off_binding()
            .withf(|_, user_id, pause| *user_id == USER_1 && *pause == LOOK_AGAIN)
            .once()
            .returning(|_, _, _| Ok(()));
        let mut holds = with_mark(2);
        holds.expect_settle_binding().once().returning(|_, _| Ok(()));

        assert!(keep(written, directory.clone()).tick().await.unwrap());
        assert!(keep(holds, directory).tick().await.unwrap());
    }

    #[tokio::test]
    async fn an_account_that_is_gone_is_settled_too() {
        let mut team = with_mark(1);
        team.expect_settle_binding().once().returning(|_, _| Ok(()));

        assert!(keep(team, Arc::new(InMemoryUserDirectory::default())).tick().await.unwrap());
    }

    #[tokio::test]
    async fn what_fails_is_put_off() {
        let mut directory = MockUserDirectory::new();
        directory.expect_find().returning(|_| Err(DirectoryError::Unavailable("gone".into())));
        let mut team = with_mark(3);
        team.expect_put_off_binding()
            .withf(|_, user_id, pause| *user_id == USER_1 && *pause == Duration::from_secs(4))
            .once()
            .returning(|_, _, _| Ok(()));

        assert!(keep(team, Arc::new(directory)).tick().await.unwrap());
    }

    #[test]
    fn pauses_grow_up_to_a_bound() {
        assert_eq!([1, 2, 5].map(pause_after).map(|pause| pause.as_secs()), [1, 2, 16]);
        assert_eq!(pause_after(9), Duration::from_secs(256));
        assert_eq!(pause_after(u32::MAX), LONGEST_PAUSE);
    }
}
