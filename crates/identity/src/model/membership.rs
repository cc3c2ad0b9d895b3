//! A person's place in a company.

use cortex_kernel::{CompanyId, Email, UserId};
use time::OffsetDateTime;

use super::Role;

/// A person's place in a company, as Master's `company_users` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub user_id: UserId,
    /// Where.
    pub company_id: CompanyId,
    /// The address by which the company knows the person.
    pub email: Email,
    /// What the person may do here; what a token says about roles does not count.
    pub role: Role,
    /// Whether the person may enter.
    pub is_active: bool,
    /// Until when an invitation may be accepted. Only an inactive membership with a future value is an invitation: one
    /// without it was deactivated, or made inactive by hand.
    pub invitation_expires_at: Option<OffsetDateTime>,
}

/// What a membership allows at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The person may enter.
    Active,
    /// The person may enter by accepting, which the first request with a valid token does.
    Invited,
    /// The person may not enter.
    Deactivated,
}

impl Membership {
    /// What it allows at `now`.
    #[must_use]
    pub fn standing(&self, now: OffsetDateTime) -> Standing {
        match self.invitation_expires_at {
            _ if self.is_active => Standing::Active,
            Some(expiry) if expiry > now => Standing::Invited,
            Some(_) | None => Standing::Deactivated,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::Duration;

    use super::*;
    use crate::testing::{NOON, a_membership};

    #[rstest]
    #[case::active(true, None, Standing::Active)]
    #[case::active_with_an_old_invitation(true, Some(-1), Standing::Active)]
    #[case::invited(false, Some(1), Standing::Invited)]
    #[case::invitation_ends_now(false, Some(0), Standing::Deactivated)]
    #[case::invitation_ran_out(false, Some(-1), Standing::Deactivated)]
    #[case::deactivated(false, None, Standing::Deactivated)]
    fn a_standing_follows_from_activity_and_invitation(
        #[case] is_active: bool,
        #[case] invitation_ends_in_seconds: Option<i64>,
        #[case] expected: Standing,
    ) {
        let membership = Membership {
            is_active,
            invitation_expires_at: invitation_ends_in_seconds.map(|s| NOON + Duration::seconds(s)),
            ..a_membership()
        };

        assert_eq!(membership.standing(NOON), expected);
    }
}
