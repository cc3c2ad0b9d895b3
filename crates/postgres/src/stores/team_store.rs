//! [`TeamStore`] on Master.

use std::time::Duration;

use async_trait::async_trait;
use cortex_identity::model::{
    Difference, Invitation, Mapping, Member, MemberChange, MemberPage, Membership, TeamRefusal,
};
use cortex_identity::ports::{ChangeTeamError, ListMembersError, PendingBinding, TeamStore};
use cortex_kernel::{CompanyId, Email, Origin, PageRequest, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use tracing::instrument;
use uuid::Uuid;

use crate::tables::{audit_log_global, locks, team};
use crate::{Abort, Pool};

/// The members of a company in Master.
pub struct PgTeamStore {
    master: Pool,
}

type Changed<T> = Result<T, Abort<ChangeTeamError>>;

/// What the audit log is told beside who and where.
struct Told<'a> {
    company_id: CompanyId,
    /// Who did it, or to whom it was done where that is nobody of the company.
    user_id: UserId,
    whose: UserId,
    origin: &'a Origin,
}

impl PgTeamStore {
    /// Works on the pool of Master.
    #[must_use]
    pub fn new(master: Pool) -> Self {
        Self { master }
    }
}

#[async_trait]
impl TeamStore for PgTeamStore {
    #[instrument(name = "pg.team_store.list_members", skip_all)]
    async fn list_members(&self, company_id: CompanyId, page: &PageRequest) -> Result<MemberPage, ListMembersError> {
        let after: Option<Uuid> =
            page.cursor().map(str::parse).transpose().map_err(|_| ListMembersError::InvalidCursor)?;
        let limit = usize::from(page.limit());
        // One more than asked for, to know whether there is a next page.
        let most = i64::from(page.limit()) + 1;
        let read = self
            .master
            .run(async |connection: &mut AsyncPgConnection| {
                if let Some(after) = after
                    && !team::exists(connection, company_id, after).await?
                {
                    return Ok(None);
                }
                let total = team::count(connection, company_id).await?;
                Ok(Some((team::list(connection, company_id, after, most).await?, total)))
            })
            .await?;
        let (rows, total) = read.ok_or(ListMembersError::InvalidCursor)?;
        let is_last = rows.len() <= limit;
        let next_cursor = rows.get(limit - 1).filter(|_| !is_last).map(|last| last.id.to_string());
        let members = rows.into_iter().take(limit).filter_map(readable).collect();
        Ok(MemberPage { members, total: total.unsigned_abs(), next_cursor })
    }

    #[instrument(name = "pg.team_store.list_by_email", skip_all)]
    async fn list_by_email(&self, company_id: CompanyId, email: &Email) -> Result<Vec<Member>, StoreError> {
        let rows = self
            .master
            .run(async |connection: &mut AsyncPgConnection| team::list_by_email(connection, company_id, email).await)
            .await?;
        Ok(rows.into_iter().map(Member::try_from).collect::<Result<_, _>>()?)
    }

    #[instrument(name = "pg.team_store.invite", skip_all)]
    async fn invite(&self, invitation: &Invitation) -> Result<Member, ChangeTeamError> {
        self.master
            .transaction(async |connection: &mut AsyncPgConnection| invite_in(connection, invitation).await)
            .await
    }

    #[instrument(name = "pg.team_store.change", skip_all)]
    async fn change(&self, change: &MemberChange) -> Result<Member, ChangeTeamError> {
        self.master.transaction(async |connection: &mut AsyncPgConnection| change_in(connection, change).await).await
    }

    #[instrument(name = "pg.team_store.map", skip_all)]
    async fn map(&self, mapping: &Mapping) -> Result<(Member, bool), ChangeTeamError> {
        self.master.transaction(async |connection: &mut AsyncPgConnection| map_in(connection, mapping).await).await
    }

    #[instrument(name = "pg.team_store.claim_binding", level = "debug", skip_all)]
    async fn claim_binding(
        &self,
        company_id: CompanyId,
        user_id: Option<UserId>,
        lease: Duration,
    ) -> Result<Option<PendingBinding>, StoreError> {
        let row = self
            .master
            .run(async |connection: &mut AsyncPgConnection| {
                team::claim_binding(connection, company_id, user_id, lease.as_secs_f64()).await
            })
            .await?;
        Ok(row.map(|row| PendingBinding {
            user_id: UserId::new(row.user_id),
            attempt: row.binding_attempts.unsigned_abs(),
        }))
    }

    #[instrument(name = "pg.team_store.put_off_binding", skip_all)]
    async fn put_off_binding(&self, company_id: CompanyId, user_id: UserId, delay: Duration) -> Result<(), StoreError> {
        self.master
            .run(async |connection: &mut AsyncPgConnection| {
                team::put_off_binding(connection, company_id, user_id, delay.as_secs_f64()).await
            })
            .await
    }

    #[instrument(name = "pg.team_store.settle_binding", skip_all)]
    async fn settle_binding(&self, company_id: CompanyId, user_id: UserId) -> Result<(), StoreError> {
        self.master
            .run(async |connection: &mut AsyncPgConnection| team::settle_binding(connection, company_id, user_id).await)
            .await
    }
}

async fn invite_in(connection: &mut AsyncPgConnection, invitation: &Invitation) -> Changed<Member> {
    let &Invitation { company_id, user_id, ref email, by, .. } = invitation;
    take_turn(connection, company_id).await?;
    let actor = team::find(connection, company_id, by).await?.map(membership).transpose()?;
    let place = team::lock(connection, company_id, user_id).await?.map(membership).transpose()?;
    let same_address = team::lock_others_of_email(connection, company_id, user_id, email).await?;
    let same_address: Vec<_> = same_address.into_iter().map(membership).collect::<Result<_, _>>()?;
    let kind = invitation.against(actor.as_ref(), place.as_ref(), &same_address).map_err(refused)?;
    team::end_other_invitations(connection, company_id, user_id, email).await?;
    let invited = member(team::invite(connection, invitation).await?)?;
    let told = Told { company_id, user_id: by, whose: user_id, origin: &invitation.origin };
    told.tell(connection, kind.audit_action(), json!({ "role": invitation.role.name() })).await?;
    Ok(invited)
}

async fn change_in(connection: &mut AsyncPgConnection, change: &MemberChange) -> Changed<Member> {
    let &MemberChange { company_id, user_id, by, ref origin, .. } = change;
    take_turn(connection, company_id).await?;
    let actor = team::find(connection, company_id, by).await?.map(membership).transpose()?;
    let place = team::lock(connection, company_id, user_id).await?.map(member).transpose()?;
    let has_other_owner = team::has_other_owner(connection, company_id, user_id).await?;
    let membership = place.as_ref().map(|place| &place.membership);
    let difference = change.against(actor.as_ref(), membership, has_other_owner).map_err(refused)?;
    let place = place.ok_or_else(|| refused(TeamRefusal::NoSuchMember))?;
    if difference.is_none() {
        return Ok(place);
    }
    let Difference { role, is_active } = difference;
    if is_active == Some(true) {
        free_address(connection, company_id, user_id, &place.membership.email).await?;
    }
    let new_role = role.map(|(_, role)| role);
    let changed = member(team::change(connection, company_id, user_id, new_role, is_active).await?)?;
    let told = Told { company_id, user_id: by, whose: user_id, origin };
    if let Some((from, to)) = role {
        told.tell(connection, "user_role_changed", json!({ "from": from.name(), "to": to.name() })).await?;
    }
    match is_active {
        Some(true) => told.tell(connection, "user_reactivated", json!({})).await?,
        Some(false) => told.tell(connection, "user_deactivated", json!({})).await?,
        None => {}
    }
    Ok(changed)
}

async fn map_in(connection: &mut AsyncPgConnection, mapping: &Mapping) -> Changed<(Member, bool)> {
    let &Mapping { company_id, user_id, ref email, role, .. } = mapping;
    take_turn(connection, company_id).await?;
    let place = team::lock(connection, company_id, user_id).await?.map(member).transpose()?;
    let has_other_owner = team::has_other_owner(connection, company_id, user_id).await?;
    let is_new = mapping.against(place.as_ref().map(|place| &place.membership), has_other_owner).map_err(refused)?;
    if let Some(place) = place.filter(|_| !is_new) {
        return Ok((place, false));
    }
    free_address(connection, company_id, user_id, email).await?;
    let mapped = member(team::map(connection, mapping).await?)?;
    // Nobody of the company did it, so the row is told of the person whom it was done to.
    let told = Told { company_id, user_id, whose: user_id, origin: &Origin::default() };
    told.tell(connection, "user_mapped", json!({ "role": role.name(), "by": "operator" })).await?;
    Ok((mapped, true))
}

/// Lets nobody else change the team of the company until the end of the transaction.
async fn take_turn(connection: &mut AsyncPgConnection, company_id: CompanyId) -> diesel::QueryResult<()> {
    locks::hold(connection, &[format!("team of {company_id}")]).await
}

/// Sees to it that nobody else is an active member with the address, or could become one.
async fn free_address(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    email: &Email,
) -> Changed<()> {
    let others = team::lock_others_of_email(connection, company_id, user_id, email).await?;
    for other in others {
        if membership(other)?.is_active {
            return Err(refused(TeamRefusal::EmailTaken));
        }
    }
    Ok(team::end_other_invitations(connection, company_id, user_id, email).await?)
}

impl Told<'_> {
    async fn tell(&self, connection: &mut AsyncPgConnection, action: &str, details: Value) -> diesel::QueryResult<()> {
        let entry = audit_log_global::Entry {
            company_id: self.company_id,
            user_id: self.user_id,
            action,
            resource_type: "company_user",
            resource_id: self.whose.to_string(),
            details,
            origin: self.origin,
        };
        audit_log_global::insert(connection, &entry).await
    }
}

/// A row that cannot be read is told to the operator and left out, rather than hiding the rest of the team.
fn readable(row: team::Row) -> Option<Member> {
    let read = Member::try_from(row).inspect_err(|error| {
        tracing::error!(error = error as &dyn std::error::Error, "a member is not listed");
    });
    read.ok()
}

fn member(row: team::Row) -> Changed<Member> {
    Member::try_from(row).map_err(|inconsistency| Abort::Decided(StoreError::from(inconsistency).into()))
}

fn membership(row: team::Row) -> Changed<Membership> {
    Ok(member(row)?.membership)
}

fn refused(refusal: TeamRefusal) -> Abort<ChangeTeamError> {
    Abort::Decided(refusal.into())
}
