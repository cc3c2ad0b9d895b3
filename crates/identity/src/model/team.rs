//! The members of a company, and what they may do to each other.
//!
//! The decisions are pure: a store reads what they need under a lock, asks, and writes what was decided.

use cortex_kernel::{CompanyId, Email, Origin, UserId};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Membership, Role, Standing};

/// A person's place in a company, as colleagues see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id of the place itself.
    pub id: Uuid,
    /// Who, where and as what.
    pub membership: Membership,
    /// Who invited the person last; none for one who was never invited.
    pub invited_by: Option<UserId>,
    /// When that was.
    pub invited_at: Option<OffsetDateTime>,
    /// When the member last came.
    pub last_login_at: Option<OffsetDateTime>,
    /// Since when there has been a place.
    pub created_at: Option<OffsetDateTime>,
}

/// A part of a company's members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPage {
    /// At most as many as were asked for, by address.
    pub members: Vec<Member>,
    /// How many there are in all.
    pub total: u64,
    /// Where to go on; none on the last page.
    pub next_cursor: Option<String>,
}

/// Why the team stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TeamRefusal {
    /// The company has no such member.
    #[error("not a member of this company")]
    NoSuchMember,
    /// Nobody takes himself out.
    #[error("members do not deactivate themselves")]
    Oneself,
    /// It takes at least this role.
    #[error("this takes the role {0}")]
    RoleTooLow(Role),
    /// Without this one nobody would be left who may do everything.
    #[error("the last active owner stays")]
    LastOwner,
    /// There is nothing to invite to.
    #[error("an active member already")]
    AlreadyAMember,
    /// Another member has the same address.
    #[error("another member has this address")]
    EmailTaken,
}

/// Somebody is to be invited who has an account by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The company.
    pub company_id: CompanyId,
    /// Whose account.
    pub user_id: UserId,
    /// The address that was invited.
    pub email: Email,
    /// What the person will be.
    pub role: Role,
    /// Who invites.
    pub by: UserId,
    /// When.
    pub at: OffsetDateTime,
    /// Until when it may be accepted.
    pub expires_at: OffsetDateTime,
    /// The request that asked for it.
    pub origin: Origin,
}

/// What an invitation is to the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationKind {
    /// The way in, or back in.
    Fresh,
    /// A reminder of one that is open, with a new expiry.
    Again,
}

/// A member's role or activity is to change. What is not said stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChange {
    /// The company.
    pub company_id: CompanyId,
    /// Whose place.
    pub user_id: UserId,
    /// The role from now on.
    pub role: Option<Role>,
    /// Whether the person may enter from now on.
    pub is_active: Option<bool>,
    /// Who asks for it.
    pub by: UserId,
    /// When.
    pub at: OffsetDateTime,
    /// The request that asked for it.
    pub origin: Origin,
}

/// What of a [`MemberChange`] is a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The role before and from now on.
    pub role: Option<(Role, Role)>,
    /// Whether the person may enter from now on.
    pub is_active: Option<bool>,
}

/// An operator says who belongs to the company, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The company.
    pub company_id: CompanyId,
    /// Whose account.
    pub user_id: UserId,
    /// The person's address.
    pub email: Email,
    /// What the person is.
    pub role: Role,
    /// When.
    pub at: OffsetDateTime,
}

/// Who asks for something, as the team knows him at that moment.
type Actor<'a> = Option<&'a Membership>;

/// Whether a person of rank `rank` may make somebody `role`, or touch one who is.
pub fn check_rank(rank: Role, role: Role) -> Result<(), TeamRefusal> {
    let least = role.max(Role::Admin);
    if rank < least { Err(TeamRefusal::RoleTooLow(least)) } else { Ok(()) }
}

/// Whether a person of rank `rank` may invite an address that these places belong to.
pub fn check_invitable<'a>(
    rank: Role,
    places: impl IntoIterator<Item = &'a Membership>,
    at: OffsetDateTime,
) -> Result<(), TeamRefusal> {
    for place in places {
        if place.standing(at) == Standing::Active {
            return Err(TeamRefusal::AlreadyAMember);
        }
        // An invitation writes the role anew: it would be a way around the ranks.
        check_rank(rank, place.role)?;
    }
    Ok(())
}

impl Invitation {
    /// What the invitation is, given who asks, the place of the same account, and those of the same address.
    pub fn against(
        &self,
        actor: Actor<'_>,
        place: Option<&Membership>,
        same_address: &[Membership],
    ) -> Result<InvitationKind, TeamRefusal> {
        let rank = rank_of(actor)?;
        check_rank(rank, self.role)?;
        check_invitable(rank, same_address.iter().chain(place), self.at)?;
        let is_open = place.is_some_and(|place| place.standing(self.at) == Standing::Invited);
        Ok(if is_open { InvitationKind::Again } else { InvitationKind::Fresh })
    }
}

impl InvitationKind {
    /// What the audit log calls it.
    #[must_use]
    pub const fn audit_action(self) -> &'static str {
        match self {
            Self::Fresh => "user_invited",
            Self::Again => "user_reinvited",
        }
    }
}

impl MemberChange {
    /// What has to be written, given who asks, the place as it is, and whether another active owner is there.
    pub fn against(
        &self,
        actor: Actor<'_>,
        place: Option<&Membership>,
        has_other_owner: bool,
    ) -> Result<Difference, TeamRefusal> {
        let place = place.ok_or(TeamRefusal::NoSuchMember)?;
        if self.is_active == Some(false) && self.by == self.user_id {
            return Err(TeamRefusal::Oneself);
        }
        let rank = rank_of(actor)?;
        check_rank(rank, place.role)?;
        check_rank(rank, self.role.unwrap_or(place.role))?;
        let difference = self.difference(place);
        let is_owner = place.role == Role::Owner && place.is_active;
        if is_owner && (difference.role.is_some() || difference.is_active == Some(false)) && !has_other_owner {
            return Err(TeamRefusal::LastOwner);
        }
        Ok(difference)
    }

    fn difference(&self, place: &Membership) -> Difference {
        let standing = place.standing(self.at);
        Difference {
            role: self.role.filter(|role| *role != place.role).map(|role| (place.role, role)),
            is_active: self.is_active.filter(|is_active| match standing {
                Standing::Active => !is_active,
                Standing::Invited => true,
                Standing::Deactivated => *is_active,
            }),
        }
    }
}

impl Difference {
    /// Whether nothing has to be written.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.role.is_none() && self.is_active.is_none()
    }
}

impl Mapping {
    /// Whether anything has to be written, given the place of the same account and whether another active owner is there.
    pub fn against(&self, place: Option<&Membership>, has_other_owner: bool) -> Result<bool, TeamRefusal> {
        let Some(place) = place else { return Ok(true) };
        if place.is_active && place.role == Role::Owner && self.role != Role::Owner && !has_other_owner {
            return Err(TeamRefusal::LastOwner);
        }
        Ok(!place.is_active || place.role != self.role || place.email != self.email)
    }
}

/// Who was demoted or deactivated a moment ago has no rank any more, whatever he was when he was let in.
fn rank_of(actor: Actor<'_>) -> Result<Role, TeamRefusal> {
    actor.filter(|actor| actor.is_active).map(|actor| actor.role).ok_or(TeamRefusal::RoleTooLow(Role::Admin))
}

#[cfg(test)]
mod tests {
    use Role::{Admin, Owner, User, Viewer};
    use rstest::rstest;
    use time::Duration;

    use super::*;
    use crate::testing::{COMPANY_A, NOON, USER_1, USER_2, a_membership};

    fn actor(role: Role) -> Membership {
        Membership { user_id: USER_2, role, ..a_membership() }
    }

    fn place(role: Role) -> Membership {
        Membership { role, ..a_membership() }
    }

    fn change(role: Option<Role>, is_active: Option<bool>) -> MemberChange {
        MemberChange {
            company_id: COMPANY_A,
            user_id: USER_1,
            role,
            is_active,
            by: USER_2,
            at: NOON,
            origin: Origin::default(),
        }
    }

    #[rstest]
    #[case::admin_raises_a_viewer(Admin, Viewer, Admin, None)]
    #[case::admin_lowers_an_admin(Admin, Admin, User, None)]
    #[case::admin_makes_an_owner(Admin, User, Owner, Some(Owner))]
    #[case::admin_lowers_an_owner(Admin, Owner, User, Some(Owner))]
    #[case::admin_confirms_an_owner(Admin, Owner, Owner, Some(Owner))]
    #[case::user_raises_a_viewer(User, Viewer, User, Some(Admin))]
    #[case::owner_makes_an_owner(Owner, User, Owner, None)]
    #[case::owner_lowers_an_owner(Owner, Owner, Viewer, None)]
    fn nobody_outranks_himself(#[case] by: Role, #[case] from: Role, #[case] to: Role, #[case] needed: Option<Role>) {
        let decided = change(Some(to), None).against(Some(&actor(by)), Some(&place(from)), true);

        assert_eq!(decided.err(), needed.map(TeamRefusal::RoleTooLow));
    }

    #[test]
    fn who_was_deactivated_meanwhile_changes_nothing() {
        let gone = Membership { is_active: false, ..actor(Owner) };

        for actor in [Some(&gone), None] {
            let refused = change(Some(Viewer), None).against(actor, Some(&place(User)), true);
            assert_eq!(refused, Err(TeamRefusal::RoleTooLow(Admin)));
        }
    }

    #[rstest]
    #[case::lowered(Some(Admin), None)]
    #[case::deactivated(None, Some(false))]
    fn the_last_owner_stays(#[case] role: Option<Role>, #[case] is_active: Option<bool>) {
        let decide = |others| change(role, is_active).against(Some(&actor(Owner)), Some(&place(Owner)), others);

        assert_eq!(decide(false), Err(TeamRefusal::LastOwner));
        assert!(decide(true).is_ok());
    }

    #[test]
    fn the_last_owner_may_be_called_what_he_is() {
        let decided = change(Some(Owner), Some(true)).against(Some(&actor(Owner)), Some(&place(Owner)), false);

        assert_eq!(decided, Ok(Difference::default()));
    }

    #[test]
    fn nobody_deactivates_himself() {
        let own = MemberChange { by: USER_1, ..change(None, Some(false)) };

        assert_eq!(own.against(Some(&place(Admin)), Some(&place(Admin)), true), Err(TeamRefusal::Oneself));
    }

    #[rstest]
    #[case::active_stays(true, None, true, None)]
    #[case::active_goes(true, None, false, Some(false))]
    #[case::invited_is_let_in(false, Some(1), true, Some(true))]
    #[case::invitation_is_withdrawn(false, Some(1), false, Some(false))]
    #[case::deactivated_comes_back(false, None, true, Some(true))]
    #[case::deactivated_stays(false, None, false, None)]
    #[case::ran_out_stays(false, Some(-1), false, None)]
    fn only_what_differs_is_a_change(
        #[case] is_active: bool,
        #[case] invitation_ends_in_days: Option<i64>,
        #[case] wanted: bool,
        #[case] expected: Option<bool>,
    ) {
        let invitation_expires_at = invitation_ends_in_days.map(|days| NOON + Duration::days(days));
        let place = Membership { is_active, invitation_expires_at, ..a_membership() };

        let decided = change(None, Some(wanted)).against(Some(&actor(Admin)), Some(&place), true);

        assert_eq!(decided, Ok(Difference { role: None, is_active: expected }));
    }

    #[test]
    fn an_invitation_does_not_lower_an_owner_who_was_deactivated() {
        let gone = Membership { is_active: false, ..place(Owner) };

        assert_eq!(check_invitable(Admin, [&gone], NOON), Err(TeamRefusal::RoleTooLow(Owner)));
        assert_eq!(check_invitable(Owner, [&gone], NOON), Ok(()));
    }
}
