//! The contract of [`TeamStore`], one case a bullet, and a fake that keeps it.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

mod cases;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration as StdDuration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Email, PageRequest, StoreError, UserId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{COMPANY_A, COMPANY_B, NOON};
use crate::model::{Invitation, Mapping, Member, MemberChange, MemberPage, Membership, Role, Standing, TeamRefusal};
use crate::ports::{ChangeTeamError, ListMembersError, PendingBinding, TeamStore};

pub use cases::*;

/// A fresh, empty team of two companies and a way to look at it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test, as the deployment of the company uses it.
    fn store(&self, company_id: CompanyId) -> Arc<dyn TeamStore>;
    /// Puts a place there.
    async fn put(&self, membership: Membership);
    /// The actions of Master's audit rows of the company, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
    /// Lets time go by for marks.
    async fn pass(&self, time: StdDuration);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! team_store_contract {
    ($harness:expr) => {
        $crate::team_store_contract! { $harness =>
            members_are_listed_by_address_page_by_page,
            a_cursor_that_is_none_is_refused,
            members_of_another_company_are_not_listed,
            places_are_found_by_address_without_case,
            an_invitation_makes_an_open_place_and_one_audit_row,
            an_open_invitation_is_renewed,
            an_active_member_is_not_invited,
            a_deactivated_member_can_be_invited_again,
            an_address_that_another_account_left_behind_is_free,
            twenty_invitations_of_one_address_at_once_make_one_place,
            a_role_is_changed_with_one_audit_row,
            what_changes_nothing_leaves_no_audit_row,
            a_deactivated_member_is_marked_inactive_and_has_no_invitation,
            a_member_comes_back_with_one_audit_row,
            an_address_that_another_member_has_by_now_keeps_a_member_out,
            a_member_of_another_company_is_none,
            of_twenty_changes_at_once_one_owner_is_left,
            a_mapping_makes_an_active_member_once,
            a_mapping_does_not_take_the_last_owner,
            a_mark_is_found_once_until_its_time_is_over,
            a_mark_that_was_put_off_is_found_later,
            a_settled_mark_is_gone,
            a_deactivated_member_has_no_mark,
            marks_of_another_company_are_not_found,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::team_store::$case(&$harness).await;
            }
        )+
    };
}

/// A team in memory. Time for marks stands still until [`Self::pass`].
#[derive(Debug)]
pub struct InMemoryTeam {
    state: Mutex<State>,
}

/// [`InMemoryTeam`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryTeam>);

#[derive(Debug)]
struct State {
    places: Vec<Place>,
    audit: Vec<(CompanyId, &'static str)>,
    now: OffsetDateTime,
}

#[derive(Debug)]
struct Place {
    member: Member,
    mark: Option<Mark>,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    due_at: OffsetDateTime,
    attempts: u32,
}

impl Default for InMemoryTeam {
    fn default() -> Self {
        Self { state: Mutex::new(State { places: Vec::new(), audit: Vec::new(), now: NOON }) }
    }
}

impl InMemoryTeam {
    /// A team of these.
    #[must_use]
    pub fn with(memberships: impl IntoIterator<Item = Membership>) -> Self {
        let team = Self::default();
        memberships.into_iter().for_each(|membership| team.put(membership));
        team
    }

    /// Adds a place.
    pub fn put(&self, membership: Membership) {
        self.state().add(membership);
    }

    /// The actions that the audit log of Master tells of the company, oldest first.
    #[must_use]
    pub fn audited(&self, company_id: CompanyId) -> Vec<&'static str> {
        self.state().audit.iter().filter(|(of, _)| *of == company_id).map(|(_, action)| *action).collect()
    }

    /// Lets time go by for marks.
    pub fn pass(&self, time: Duration) {
        self.state().now += time;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl State {
    fn add(&mut self, membership: Membership) -> usize {
        let member = Member {
            id: Uuid::from_u128(1 + self.places.len() as u128),
            membership,
            invited_by: None,
            invited_at: None,
            last_login_at: None,
            created_at: Some(NOON),
        };
        self.places.push(Place { member, mark: None });
        self.places.len() - 1
    }

    fn of(&self, company_id: CompanyId) -> impl Iterator<Item = &Member> {
        self.places.iter().map(|place| &place.member).filter(move |member| member.membership.company_id == company_id)
    }

    fn find(&self, company_id: CompanyId, user_id: UserId) -> Option<usize> {
        let is_his = |place: &Place| {
            place.member.membership.company_id == company_id && place.member.membership.user_id == user_id
        };
        self.places.iter().position(is_his)
    }

    fn membership(&self, company_id: CompanyId, user_id: UserId) -> Option<&Membership> {
        self.find(company_id, user_id).map(|index| &self.places[index].member.membership)
    }

    fn has_other_owner(&self, company_id: CompanyId, user_id: UserId) -> bool {
        self.of(company_id)
            .map(|member| &member.membership)
            .any(|membership| membership.user_id != user_id && membership.is_active && membership.role == Role::Owner)
    }

    fn has_other_active(&self, company_id: CompanyId, user_id: UserId, email: &Email) -> bool {
        self.of(company_id)
            .map(|member| &member.membership)
            .any(|membership| membership.user_id != user_id && membership.is_active && membership.email == *email)
    }

    fn end_other_invitations(&mut self, company_id: CompanyId, user_id: UserId, email: &Email) {
        for place in &mut self.places {
            let membership = &mut place.member.membership;
            if membership.company_id == company_id && membership.user_id != user_id && membership.email == *email {
                membership.invitation_expires_at = None;
            }
        }
    }

    fn mark(&mut self, index: usize) {
        self.places[index].mark = Some(Mark { due_at: self.now, attempts: 0 });
    }
}

#[async_trait]
impl TeamStore for InMemoryTeam {
    async fn list_members(&self, company_id: CompanyId, page: &PageRequest) -> Result<MemberPage, ListMembersError> {
        let state = self.state();
        let mut members: Vec<_> = state.of(company_id).cloned().collect();
        members.sort_by_key(|member| (member.membership.email.folded(), member.id));
        let total = members.len() as u64;
        let begin = match page.cursor() {
            None => 0,
            Some(cursor) => {
                let after = members.iter().position(|member| member.id.to_string() == cursor);
                after.ok_or(ListMembersError::InvalidCursor)? + 1
            }
        };
        let limit = usize::from(page.limit());
        let is_last = members.len() <= begin + limit;
        let members: Vec<_> = members.into_iter().skip(begin).take(limit).collect();
        let next_cursor = members.last().filter(|_| !is_last).map(|last| last.id.to_string());
        Ok(MemberPage { members, total, next_cursor })
    }

    async fn list_by_email(&self, company_id: CompanyId, email: &Email) -> Result<Vec<Member>, StoreError> {
        Ok(self.state().of(company_id).filter(|member| member.membership.email == *email).cloned().collect())
    }

    async fn invite(&self, invitation: &Invitation) -> Result<Member, ChangeTeamError> {
        let Invitation { company_id, user_id, email, role, by, at, expires_at, .. } = invitation.clone();
        let mut state = self.state();
        let same_address: Vec<_> = state
            .of(company_id)
            .map(|member| &member.membership)
            .filter(|membership| membership.email == email && membership.user_id != user_id)
            .cloned()
            .collect();
        let kind = invitation.against(
            state.membership(company_id, by),
            state.membership(company_id, user_id),
            &same_address,
        )?;
        state.end_other_invitations(company_id, user_id, &email);
        let membership =
            Membership { user_id, company_id, email, role, is_active: false, invitation_expires_at: Some(expires_at) };
        let index = match state.find(company_id, user_id) {
            Some(index) => index,
            None => state.add(membership.clone()),
        };
        let member = &mut state.places[index].member;
        member.membership = membership;
        member.invited_by = Some(by);
        member.invited_at = Some(at);
        state.mark(index);
        state.audit.push((company_id, kind.audit_action()));
        Ok(state.places[index].member.clone())
    }

    async fn change(&self, change: &MemberChange) -> Result<Member, ChangeTeamError> {
        let &MemberChange { company_id, user_id, by, .. } = change;
        let mut state = self.state();
        let difference = change.against(
            state.membership(company_id, by),
            state.membership(company_id, user_id),
            state.has_other_owner(company_id, user_id),
        )?;
        let index = state.find(company_id, user_id).ok_or(TeamRefusal::NoSuchMember)?;
        let email = state.places[index].member.membership.email.clone();
        if difference.is_active == Some(true) {
            if state.has_other_active(company_id, user_id, &email) {
                return Err(TeamRefusal::EmailTaken.into());
            }
            state.end_other_invitations(company_id, user_id, &email);
        }
        let membership = &mut state.places[index].member.membership;
        if let Some((_, role)) = difference.role {
            membership.role = role;
            state.audit.push((company_id, "user_role_changed"));
        }
        if let Some(is_active) = difference.is_active {
            let membership = &mut state.places[index].member.membership;
            membership.is_active = is_active;
            membership.invitation_expires_at = None;
            state.places[index].mark = None;
            if is_active {
                state.mark(index);
            }
            let action = if is_active { "user_reactivated" } else { "user_deactivated" };
            state.audit.push((company_id, action));
        }
        Ok(state.places[index].member.clone())
    }

    async fn map(&self, mapping: &Mapping) -> Result<(Member, bool), ChangeTeamError> {
        let Mapping { company_id, user_id, email, role, .. } = mapping.clone();
        let mut state = self.state();
        let others = state.has_other_owner(company_id, user_id);
        let is_new = mapping.against(state.membership(company_id, user_id), others)?;
        if state.has_other_active(company_id, user_id, &email) {
            return Err(TeamRefusal::EmailTaken.into());
        }
        let membership = Membership { user_id, company_id, email, role, is_active: true, invitation_expires_at: None };
        let index = match state.find(company_id, user_id) {
            Some(index) => index,
            None => state.add(membership.clone()),
        };
        if is_new {
            state.end_other_invitations(company_id, user_id, &membership.email);
            state.places[index].member.membership = membership;
            state.mark(index);
            state.audit.push((company_id, "user_mapped"));
        }
        Ok((state.places[index].member.clone(), is_new))
    }

    async fn claim_binding(
        &self,
        company_id: CompanyId,
        user_id: Option<UserId>,
        lease: StdDuration,
    ) -> Result<Option<PendingBinding>, StoreError> {
        let mut state = self.state();
        let now = state.now;
        let due = state.places.iter_mut().filter(|place| {
            let membership = &place.member.membership;
            membership.company_id == company_id
                && user_id.is_none_or(|user_id| user_id == membership.user_id)
                && place.mark.is_some_and(|mark| mark.due_at <= now)
        });
        let Some(place) = due.min_by_key(|place| place.mark.map(|mark| mark.due_at)) else { return Ok(None) };
        let attempt = place.mark.map_or(1, |mark| mark.attempts + 1);
        place.mark = Some(Mark { due_at: now + lease, attempts: attempt });
        Ok(Some(PendingBinding { user_id: place.member.membership.user_id, attempt }))
    }

    async fn put_off_binding(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        delay: StdDuration,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let due_at = state.now + delay;
        if let Some(index) = state.find(company_id, user_id) {
            let mark = state.places[index].mark;
            state.places[index].mark = mark.map(|mark| Mark { due_at, ..mark });
        }
        Ok(())
    }

    async fn settle_binding(&self, company_id: CompanyId, user_id: UserId) -> Result<(), StoreError> {
        let mut state = self.state();
        if let Some(index) = state.find(company_id, user_id) {
            state.places[index].mark = None;
        }
        Ok(())
    }
}

#[async_trait]
impl Harness for InMemoryHarness {
    fn store(&self, _: CompanyId) -> Arc<dyn TeamStore> {
        self.0.clone()
    }

    async fn put(&self, membership: Membership) {
        self.0.put(membership);
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id).into_iter().map(ToOwned::to_owned).collect()
    }

    async fn pass(&self, time: StdDuration) {
        self.0.pass(time.try_into().expect("a short time"));
    }
}

/// How a place stands at noon, for cases.
async fn standing(harness: &impl Harness, company_id: CompanyId, email: &str) -> Vec<Standing> {
    let email = email.parse().expect("an address");
    let places = harness.store(company_id).list_by_email(company_id, &email).await.expect("an answer");
    places.iter().map(|place| place.membership.standing(NOON)).collect()
}

const BOTH: [CompanyId; 2] = [COMPANY_A, COMPANY_B];
