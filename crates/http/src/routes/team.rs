//! `/api/v1/users`: who belongs to the company.

use std::sync::Arc;

use actix_web::web::{Data, Json, Path, Query};
use cortex_identity::invite_member::{InviteMemberError, Invited, Wish};
use cortex_identity::model::{Member, Role, Standing, TeamRefusal};
use cortex_identity::ports::{ChangeTeamError, DirectoryError, ListMembersError, TeamStore};
use cortex_identity::{ChangeMember, InviteMember};
use cortex_kernel::{Clock, Email, PageRequest, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::openapi::ProblemBody;
use crate::extract::{self, OptionalJson};
use crate::gate::Caller;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// How people are invited, where the deployment can.
#[derive(Clone)]
pub(super) struct Inviting(pub(super) Option<Arc<InviteMember>>);

/// Parameters of `/api/v1/users`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// How many members at most: 50 unless it says otherwise, and never more than 200.
    limit: Option<u16>,
    /// Where to go on: a `next_cursor`.
    cursor: Option<String>,
}

/// Answer of `/api/v1/users`.
#[derive(Serialize, ToSchema)]
pub(super) struct Team {
    users: Vec<MemberItem>,
    /// How many there are in all.
    total: u64,
    next_cursor: Option<String>,
}

/// A member, or somebody who was one or is invited.
#[derive(Serialize, ToSchema)]
pub(super) struct MemberItem {
    id: String,
    user_id: String,
    email: String,
    role: &'static str,
    is_active: bool,
    /// `active`, `invited` or `deactivated`; an invitation that ran out is the last.
    status: &'static str,
    invited_by: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    invited_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_login_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<OffsetDateTime>,
}

/// Answer to a change of a member.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangedMember {
    #[serde(flatten)]
    user: MemberItem,
    company_id: String,
}

/// A role by its name.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RoleName {
    /// Reads.
    Viewer,
    /// Also connects own accounts, syncs them and uploads.
    User,
    /// Also sees connections and jobs of the company, and invites.
    Admin,
    /// Everything.
    Owner,
}

/// Body of `/api/v1/users/invite`.
#[derive(Deserialize, ToSchema)]
pub(super) struct InviteBody {
    email: String,
    role: RoleName,
    /// That an address of another domain is meant.
    #[serde(default)]
    confirm: Option<bool>,
}

/// Answer of `/api/v1/users/invite`.
#[derive(Serialize, ToSchema)]
pub(super) struct InviteAnswer {
    /// Whether somebody was invited.
    success: bool,
    /// Whether nothing happened yet because the address is of another domain: `confirm` says that it is meant.
    warning: bool,
    message: String,
    invitee_email: String,
    /// Who invites.
    user_id: String,
    company_id: String,
}

/// Body of a change of a member. What is not said stays.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct ChangeBody {
    #[serde(default)]
    role: Option<RoleName>,
    #[serde(default)]
    is_active: Option<bool>,
}

/// The members of the company.
#[utoipa::path(get, path = "/api/v1/users", tag = "team", params(Part), responses((status = 200, body = Team)))]
pub(super) async fn list(
    Caller(caller): Caller,
    part: Query<Part>,
    team: Data<dyn TeamStore>,
    clock: Data<dyn Clock>,
) -> Result<Json<Team>, Problem> {
    let Part { limit, cursor } = part.into_inner();
    let page = team.list_members(caller.company_id, &PageRequest::new(limit, cursor)).await?;
    let now = clock.now();
    let users = page.members.into_iter().map(|member| MemberItem::of(member, now)).collect();
    Ok(Json(Team { users, total: page.total, next_cursor: page.next_cursor }))
}

/// Invites somebody by mail.
#[utoipa::path(
    post,
    path = "/api/v1/users/invite",
    tag = "team",
    request_body = InviteBody,
    responses(
        (status = 200, body = InviteAnswer),
        (status = 409, response = ProblemBody),
        (status = 501, response = ProblemBody),
        (status = 502, response = ProblemBody)
    )
)]
pub(super) async fn invite(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    extract::Json(body): extract::Json<InviteBody>,
    inviting: Data<Inviting>,
) -> Result<Json<InviteAnswer>, Problem> {
    let email: Email =
        body.email.parse().map_err(|error: cortex_kernel::InvalidEmail| refused_address(error.to_string()))?;
    let Inviting(Some(invite_member)) = inviting.get_ref() else {
        return Err(Problem::new(ProblemKind::InvitationsNotConfigured));
    };
    let wish = Wish { email: email.clone(), role: body.role.into(), is_confirmed: body.confirm.unwrap_or(false) };
    let invited = invite_member.invite(&caller, wish, origin).await?;
    let message = match &invited {
        Invited::OtherDomain => format!(
            "{email} is outside {}. Nothing was sent: repeat the request with confirm to invite all the same.",
            caller.email.domain()
        ),
        Invited::Sent(_) => format!("An invitation was sent to {email}."),
        Invited::HasAccount(_) => format!("{email} has an account already and was invited: signing in is enough."),
    };
    let warning = invited == Invited::OtherDomain;
    Ok(Json(InviteAnswer {
        success: !warning,
        warning,
        message,
        invitee_email: email.to_string(),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

/// Changes a member's role, or whether he may enter.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{user_id}",
    tag = "team",
    params(("user_id" = String, Path)),
    request_body = ChangeBody,
    responses(
        (status = 200, body = ChangedMember),
        (status = 404, response = ProblemBody),
        (status = 409, response = ProblemBody)
    )
)]
pub(super) async fn change(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    user_id: Path<Uuid>,
    OptionalJson(body): OptionalJson<ChangeBody>,
    change_member: Data<ChangeMember>,
    clock: Data<dyn Clock>,
) -> Result<Json<ChangedMember>, Problem> {
    let (user_id, role) = (UserId::new(*user_id), body.role.map(Role::from));
    let changed = change_member.change(&caller, user_id, role, body.is_active, origin).await?;
    Ok(Json(ChangedMember::of(changed, clock.now())))
}

/// Takes a member out.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{user_id}",
    tag = "team",
    params(("user_id" = String, Path)),
    responses((status = 200, body = ChangedMember), (status = 404, response = ProblemBody))
)]
pub(super) async fn deactivate(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    user_id: Path<Uuid>,
    change_member: Data<ChangeMember>,
    clock: Data<dyn Clock>,
) -> Result<Json<ChangedMember>, Problem> {
    let changed = change_member.change(&caller, UserId::new(*user_id), None, Some(false), origin).await?;
    Ok(Json(ChangedMember::of(changed, clock.now())))
}

impl MemberItem {
    fn of(member: Member, now: OffsetDateTime) -> Self {
        let membership = member.membership;
        Self {
            id: member.id.to_string(),
            user_id: membership.user_id.to_string(),
            role: membership.role.name(),
            is_active: membership.is_active,
            status: match membership.standing(now) {
                Standing::Active => "active",
                Standing::Invited => "invited",
                Standing::Deactivated => "deactivated",
            },
            email: membership.email.to_string(),
            invited_by: member.invited_by.map(|by| by.to_string()),
            invited_at: member.invited_at,
            last_login_at: member.last_login_at,
            created_at: member.created_at,
        }
    }
}

impl ChangedMember {
    fn of(member: Member, now: OffsetDateTime) -> Self {
        let company_id = member.membership.company_id.to_string();
        Self { user: MemberItem::of(member, now), company_id }
    }
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::User => Self::User,
            RoleName::Admin => Self::Admin,
            RoleName::Owner => Self::Owner,
        }
    }
}

impl From<TeamRefusal> for Problem {
    fn from(refusal: TeamRefusal) -> Self {
        match refusal {
            TeamRefusal::NoSuchMember => {
                Self::new(ProblemKind::NotFound).detail("There is no such member in this company.")
            }
            TeamRefusal::Oneself => Self::new(ProblemKind::OwnMembership),
            TeamRefusal::RoleTooLow(least) => {
                Self::new(ProblemKind::RoleTooLow).detail(format!("This takes the role {least}."))
            }
            TeamRefusal::LastOwner => Self::new(ProblemKind::LastOwner),
            TeamRefusal::AlreadyAMember => Self::new(ProblemKind::AlreadyAMember),
            TeamRefusal::EmailTaken => Self::new(ProblemKind::EmailTaken),
        }
    }
}

impl From<ChangeTeamError> for Problem {
    fn from(error: ChangeTeamError) -> Self {
        match error {
            ChangeTeamError::Refused(refusal) => refusal.into(),
            ChangeTeamError::Store(error) => error.into(),
        }
    }
}

impl From<InviteMemberError> for Problem {
    fn from(error: InviteMemberError) -> Self {
        match error {
            InviteMemberError::Refused(refusal) => refusal.into(),
            InviteMemberError::Directory(error) => error.into(),
            InviteMemberError::Store(error) => error.into(),
        }
    }
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        let problem = match &error {
            DirectoryError::MailNotSent(_) => Self::new(ProblemKind::InvitationNotSent),
            DirectoryError::AddressRefused(_) => refused_address("no mail can be sent to this address".to_owned()),
            // Our key is wrong: to the caller the accounts are as good as away.
            DirectoryError::Unauthorised(_)
            | DirectoryError::Unavailable(_)
            | DirectoryError::Throttled { retry_after: None } => Self::new(ProblemKind::AccountsUnavailable),
            DirectoryError::Throttled { retry_after: Some(wait) } => {
                Self::new(ProblemKind::AccountsUnavailable).retry_after(wait.as_secs().max(1))
            }
            DirectoryError::BadAnswer(_) => Self::new(ProblemKind::AccountsBadAnswer),
        };
        problem.caused_by(error)
    }
}

impl From<ListMembersError> for Problem {
    fn from(error: ListMembersError) -> Self {
        match error {
            ListMembersError::InvalidCursor => Self::new(ProblemKind::InvalidQuery)
                .detail("The cursor is none of those that this list answers as next_cursor."),
            ListMembersError::Store(error) => error.into(),
        }
    }
}

fn refused_address(detail: String) -> Problem {
    Problem::new(ProblemKind::InvalidField).invalid_field("/email", detail)
}
