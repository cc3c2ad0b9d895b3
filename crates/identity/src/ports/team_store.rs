//! Who belongs to the company, to be changed.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Email, PageRequest, StoreError, UserId};
use thiserror::Error;

use crate::model::{Invitation, Mapping, Member, MemberChange, MemberPage, TeamRefusal};

/// Keeps the team of a company. A write and its audit rows are one, and the writes of one company take turns, so that
/// what was true when one was decided is true when it is written.
///
/// Whoever is invited, mapped or let in again is marked: his account at Master may not say so yet. The mark stays until
/// somebody says that it does; of many who look for marks each gets another one.
///
/// # Contract
///
/// - Members are listed by address, page by page.
/// - A cursor that is none is refused.
/// - Members of another company are not listed.
/// - Places are found by address without case.
/// - An invitation makes an open place and one audit row.
/// - An open invitation is renewed.
/// - An active member is not invited.
/// - A deactivated member can be invited again.
/// - An address that another account left behind is free.
/// - Twenty invitations of one address at once make one place.
/// - A role is changed with one audit row.
/// - What changes nothing leaves no audit row.
/// - A deactivated member is marked inactive and has no invitation.
/// - A member comes back with one audit row.
/// - An address that another member has by now keeps a member out.
/// - A member of another company is none.
/// - Of twenty changes at once one owner is left.
/// - A mapping makes an active member once.
/// - A mapping does not take the last owner.
/// - A mark is found once until its time is over.
/// - A mark that was put off is found later.
/// - A settled mark is gone.
/// - A deactivated member has no mark.
/// - Marks of another company are not found.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TeamStore: Send + Sync {
    /// A part of the company's members, active or not.
    async fn list_members(&self, company_id: CompanyId, page: &PageRequest) -> Result<MemberPage, ListMembersError>;

    /// The places of everybody with this address; in order they are one at most, and old rows may differ.
    async fn list_by_email(&self, company_id: CompanyId, email: &Email) -> Result<Vec<Member>, StoreError>;

    /// Makes or renews an open invitation, if [`Invitation::against`] allows it. Other invitations of the same address
    /// end: there is one account for it.
    async fn invite(&self, invitation: &Invitation) -> Result<Member, ChangeTeamError>;

    /// Changes a place as far as [`MemberChange::against`] allows it.
    async fn change(&self, change: &MemberChange) -> Result<Member, ChangeTeamError>;

    /// Makes somebody an active member, if [`Mapping::against`] allows it, and tells whether that was anything new.
    async fn map(&self, mapping: &Mapping) -> Result<(Member, bool), ChangeTeamError>;

    /// Takes a mark whose time has come, that of `user_id` or anybody's, for as long as `lease`. Time is the store's.
    async fn claim_binding(
        &self,
        company_id: CompanyId,
        user_id: Option<UserId>,
        lease: Duration,
    ) -> Result<Option<PendingBinding>, StoreError>;

    /// Leaves the mark until `delay` is over.
    async fn put_off_binding(&self, company_id: CompanyId, user_id: UserId, delay: Duration) -> Result<(), StoreError>;

    /// Takes the mark away.
    async fn settle_binding(&self, company_id: CompanyId, user_id: UserId) -> Result<(), StoreError>;
}

/// A mark: an account that may not say yet what the team knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingBinding {
    /// Whose.
    pub user_id: UserId,
    /// How often it was taken, this time included; from 1.
    pub attempt: u32,
}

/// The team was not changed.
#[derive(Debug, Error)]
pub enum ChangeTeamError {
    /// It must not be.
    #[error(transparent)]
    Refused(#[from] TeamRefusal),
    /// Master could not be asked.
    #[error("the team could not be changed")]
    Store(#[from] StoreError),
}

/// A part of the team could not be read.
#[derive(Debug, Error)]
pub enum ListMembersError {
    /// The caller's cursor is none of ours.
    #[error("the cursor is none of those that were given out")]
    InvalidCursor,
    /// Master could not be asked.
    #[error("the members could not be read")]
    Store(#[from] StoreError),
}
