//! Invites somebody into the company.

use std::sync::Arc;

use cortex_kernel::{Clock, Email, Origin, StoreError, UserId};
use thiserror::Error;
use time::Duration;

use crate::keep_bindings::KeepBindings;
use crate::model::{Invitation, Member, Role, TeamRefusal, UserContext, check_invitable, check_rank};
use crate::ports::{ChangeTeamError, DirectoryError, InviteAnswer, TeamStore, UserDirectory};

/// Sends the mail first and writes the place then, marked until the account says what it should. So a mail that cannot be
/// sent leaves nothing behind, and whatever is away after it is made up for: by asking again, or by the mark.
pub struct InviteMember {
    team: Arc<dyn TeamStore>,
    directory: Arc<dyn UserDirectory>,
    bindings: Arc<KeepBindings>,
    clock: Arc<dyn Clock>,
    valid_for: Duration,
}

/// Who is to be invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// By mail to.
    pub email: Email,
    /// As what.
    pub role: Role,
    /// Whether somebody looked at the address and meant it.
    pub is_confirmed: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invited {
    /// Nothing yet: the address is of another domain than the inviter's, and nobody said that it is meant.
    OtherDomain,
    /// The mail is on its way.
    Sent(Member),
    /// The person has an account and gets no mail; signing in is enough.
    HasAccount(Member),
}

/// Nobody was invited.
#[derive(Debug, Error)]
pub enum InviteMemberError {
    /// It must not be.
    #[error(transparent)]
    Refused(#[from] TeamRefusal),
    /// The accounts could not be administered.
    #[error("the invitation could not be sent")]
    Directory(#[from] DirectoryError),
    /// Master could not be asked.
    #[error("the team could not be asked")]
    Store(#[from] StoreError),
}

impl InviteMember {
    /// Invites into `team` by way of `directory`, for as long as `valid_for`.
    #[must_use]
    pub fn new(
        team: Arc<dyn TeamStore>,
        directory: Arc<dyn UserDirectory>,
        bindings: Arc<KeepBindings>,
        clock: Arc<dyn Clock>,
        valid_for: Duration,
    ) -> Self {
        Self { team, directory, bindings, clock, valid_for }
    }

    /// Invites in the caller's name into the caller's company.
    pub async fn invite(&self, caller: &UserContext, wish: Wish, origin: Origin) -> Result<Invited, InviteMemberError> {
        let Wish { email, role, is_confirmed } = wish;
        let now = self.clock.now();
        // The store decides once more under its lock; before that nobody should get mail in vain.
        check_rank(caller.role, role)?;
        let places = self.team.list_by_email(caller.company_id, &email).await?;
        check_invitable(caller.role, places.iter().map(|place| &place.membership), now)?;
        if email.domain() != caller.email.domain() && !is_confirmed {
            return Ok(Invited::OtherDomain);
        }
        let answer = self.directory.invite(&email, caller.company_id).await?;
        let user_id = match answer {
            InviteAnswer::Sent(user_id) => user_id,
            InviteAnswer::HasAccount => self.account_of(&email).await?,
        };
        let invitation = Invitation {
            company_id: caller.company_id,
            user_id,
            email,
            role,
            by: caller.user_id,
            at: now,
            expires_at: now + self.valid_for,
            origin,
        };
        let member = self.team.invite(&invitation).await?;
        self.bindings.bind_now(user_id).await;
        Ok(match answer {
            InviteAnswer::Sent(_) => Invited::Sent(member),
            InviteAnswer::HasAccount => Invited::HasAccount(member),
        })
    }

    async fn account_of(&self, email: &Email) -> Result<UserId, DirectoryError> {
        let found = self.directory.find_by_email(email).await?;
        found.ok_or_else(|| {
            DirectoryError::BadAnswer("the address is said to have an account, and none is found".into())
        })
    }
}

impl From<ChangeTeamError> for InviteMemberError {
    fn from(error: ChangeTeamError) -> Self {
        match error {
            ChangeTeamError::Refused(refusal) => refusal.into(),
            ChangeTeamError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::bind_account::BindAccount;
    use crate::model::{Membership, Standing};
    use crate::ports::MockUserDirectory;
    use crate::testing::profile_reader::InMemoryProfiles;
    use crate::testing::team_store::InMemoryTeam;
    use crate::testing::user_directory::InMemoryUserDirectory;
    use crate::testing::{COMPANY_A, NOON, USER_1, USER_2, a_membership, an_account};

    const VALID_FOR: Duration = Duration::days(7);

    fn admin() -> Membership {
        Membership { user_id: USER_2, email: "boss@example.com".parse().unwrap(), role: Role::Admin, ..a_membership() }
    }

    fn caller(membership: &Membership) -> UserContext {
        let Membership { user_id, company_id, email, role, .. } = membership.clone();
        UserContext { user_id, company_id, email, role }
    }

    fn invite_member(team: &Arc<InMemoryTeam>, directory: Arc<dyn UserDirectory>) -> InviteMember {
        let bind = BindAccount::new(Arc::clone(&directory), Arc::new(InMemoryProfiles::default()));
        let bindings = KeepBindings::new(COMPANY_A, team.clone(), Arc::new(bind));
        InviteMember::new(team.clone(), directory, Arc::new(bindings), Arc::new(|| NOON), VALID_FOR)
    }

    fn wish(email: &str) -> Wish {
        Wish { email: email.parse().unwrap(), role: Role::User, is_confirmed: false }
    }

    async fn invite(
        team: &Arc<InMemoryTeam>,
        directory: Arc<dyn UserDirectory>,
        wish: Wish,
    ) -> Result<Invited, InviteMemberError> {
        invite_member(team, directory).invite(&caller(&admin()), wish, Origin::default()).await
    }

    #[tokio::test]
    async fn a_colleague_gets_a_mail_a_place_and_a_bound_account() {
        let (team, directory) = (Arc::new(InMemoryTeam::with([admin()])), Arc::new(InMemoryUserDirectory::default()));

        let invited = invite(&team, directory.clone(), wish("new@example.com")).await.unwrap();

        let Invited::Sent(member) = invited else { panic!("expected a mail, got {invited:?}") };
        assert_eq!(member.membership.standing(NOON), Standing::Invited);
        assert_eq!(member.membership.invitation_expires_at, Some(NOON + VALID_FOR));
        assert_eq!(member.invited_by, Some(USER_2));
        assert_eq!(directory.mails(), ["new@example.com"]);
        let account = directory.find(member.membership.user_id).await.unwrap().unwrap();
        assert_eq!(account.company_ids, [COMPANY_A.to_string()]);
        assert_eq!(team.claim_binding(COMPANY_A, None, std::time::Duration::ZERO).await.unwrap(), None);
    }

    #[tokio::test]
    async fn who_has_an_account_gets_a_place_and_no_mail() {
        let (team, directory) = (Arc::new(InMemoryTeam::with([admin()])), Arc::new(InMemoryUserDirectory::default()));
        directory.put("new@example.com", true, an_account());

        let invited = invite(&team, directory.clone(), wish("New@Example.com")).await.unwrap();

        let Invited::HasAccount(member) = invited else { panic!("expected no mail, got {invited:?}") };
        assert_eq!(member.membership.user_id, USER_1);
        assert_eq!(directory.mails(), [""; 0]);
    }

    /// `MockUserDirectory` without expectations panics when it is asked anything.
    #[rstest]
    #[case::another_domain("new@elsewhere.example")]
    #[case::a_subdomain("new@sub.example.com")]
    #[tokio::test]
    async fn a_foreign_domain_is_told_before_anything_is_sent(#[case] email: &str) {
        let team = Arc::new(InMemoryTeam::with([admin()]));

        let warned = invite(&team, Arc::new(MockUserDirectory::new()), wish(email)).await.unwrap();

        assert_eq!(warned, Invited::OtherDomain);
        assert_eq!(team.audited(COMPANY_A), [""; 0]);

        let confirmed = Wish { is_confirmed: true, ..wish(email) };
        let sent = invite(&team, Arc::new(InMemoryUserDirectory::default()), confirmed).await.unwrap();
        assert!(matches!(sent, Invited::Sent(_)), "{sent:?}");
    }

    #[tokio::test]
    async fn an_active_member_gets_no_mail() {
        let team = Arc::new(InMemoryTeam::with([admin()]));

        let refused = invite(&team, Arc::new(MockUserDirectory::new()), wish("BOSS@example.com")).await;

        assert!(matches!(refused, Err(InviteMemberError::Refused(TeamRefusal::AlreadyAMember))), "{refused:?}");
    }

    #[tokio::test]
    async fn an_admin_makes_no_owner() {
        let team = Arc::new(InMemoryTeam::with([admin()]));
        let owner = Wish { role: Role::Owner, ..wish("new@example.com") };

        let refused = invite(&team, Arc::new(MockUserDirectory::new()), owner).await;

        assert!(
            matches!(refused, Err(InviteMemberError::Refused(TeamRefusal::RoleTooLow(Role::Owner)))),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn a_mail_that_cannot_be_sent_leaves_nothing() {
        let team = Arc::new(InMemoryTeam::with([admin()]));
        let mut directory = MockUserDirectory::new();
        directory.expect_invite().returning(|_, _| Err(DirectoryError::MailNotSent("no server".into())));

        let refused = invite(&team, Arc::new(directory), wish("new@example.com")).await;

        assert!(matches!(refused, Err(InviteMemberError::Directory(DirectoryError::MailNotSent(_)))), "{refused:?}");
        let places = team.list_by_email(COMPANY_A, &"new@example.com".parse().unwrap()).await.unwrap();
        assert_eq!(places, []);
    }

    #[tokio::test]
    async fn an_account_that_cannot_be_bound_yet_is_left_marked() {
        let team = Arc::new(InMemoryTeam::with([admin()]));
        let mut directory = MockUserDirectory::new();
        directory.expect_invite().returning(|_, _| Ok(InviteAnswer::Sent(USER_1)));
        directory.expect_find().returning(|_| Err(DirectoryError::Unavailable("gone".into())));

        let invited = invite(&team, Arc::new(directory), wish("new@example.com")).await.unwrap();

        assert!(matches!(invited, Invited::Sent(_)), "{invited:?}");
        team.pass(Duration::SECOND);
        let mark = team.claim_binding(COMPANY_A, None, std::time::Duration::ZERO).await.unwrap();
        assert_eq!(mark.map(|mark| (mark.user_id, mark.attempt)), Some((USER_1, 2)));
    }
}
