//! Who belongs to which company.

use cortex_identity::model::{Membership, Visit};
use cortex_kernel::{CompanyId, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool as SqlBool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

diesel::table! {
    company_users (id) {
        id -> Uuid,
        user_id -> Uuid,
        company_id -> Uuid,
        email -> Text,
        role -> Nullable<Text>,
        is_active -> Nullable<Bool>,
        invitation_expires_at -> Nullable<Timestamptz>,
        accepted_at -> Nullable<Timestamptz>,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = company_users)]
pub(crate) struct Row {
    id: Uuid,
    user_id: Uuid,
    company_id: Uuid,
    email: String,
    role: Option<String>,
    is_active: Option<bool>,
    invitation_expires_at: Option<OffsetDateTime>,
}

impl Row {
    /// Whose membership it is.
    pub(crate) fn user_id(&self) -> UserId {
        UserId::new(self.user_id)
    }
}

pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<Option<Row>> {
    of(company_id, user_id).select(Row::as_select()).first(connection).await.optional()
}

/// Active members who have a role, by their ids, from after `after` on.
pub(crate) async fn list_active(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    after: Option<UserId>,
    most: i64,
) -> QueryResult<Vec<Row>> {
    let mut active = company_users::table
        .filter(company_users::company_id.eq(company_id.as_uuid()))
        .filter(company_users::is_active.eq(true))
        .filter(company_users::role.is_not_null())
        .into_boxed();
    if let Some(after) = after {
        active = active.filter(company_users::user_id.gt(after.as_uuid()));
    }
    active.order(company_users::user_id).limit(most).select(Row::as_select()).load(connection).await
}

/// Those of these people who are active and have a role.
pub(crate) async fn list_active_among(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    people: &[UserId],
) -> QueryResult<Vec<UserId>> {
    let people: Vec<Uuid> = people.iter().map(|person| person.as_uuid()).collect();
    let active: Vec<Uuid> = company_users::table
        .filter(company_users::company_id.eq(company_id.as_uuid()))
        .filter(company_users::user_id.eq_any(people))
        .filter(company_users::is_active.eq(true))
        .filter(company_users::role.is_not_null())
        .select(company_users::user_id)
        .load(connection)
        .await?;
    Ok(active.into_iter().map(UserId::new).collect())
}

pub(crate) async fn count_active(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<i64> {
    company_users::table
        .filter(company_users::company_id.eq(company_id.as_uuid()))
        .filter(company_users::is_active.eq(true))
        .filter(company_users::role.is_not_null())
        .count()
        .get_result(connection)
        .await
}

/// Whether there was an open invitation to accept.
pub(crate) async fn accept_invitation(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    at: OffsetDateTime,
) -> QueryResult<bool> {
    let invited = of(company_id, user_id)
        .filter(company_users::is_active.is_distinct_from(true))
        .filter(company_users::invitation_expires_at.gt(at));
    let changed = diesel::update(invited)
        .set((
            company_users::is_active.eq(true),
            company_users::accepted_at.eq(at),
            company_users::invitation_expires_at.eq(None::<OffsetDateTime>),
        ))
        .execute(connection)
        .await?;
    Ok(changed > 0)
}

/// Notes when members were here last.
pub(crate) async fn visited(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    visits: &[Visit],
) -> QueryResult<usize> {
    let (users, moments): (Vec<_>, Vec<_>) = visits.iter().map(|visit| (visit.user_id.as_uuid(), visit.at)).unzip();
    sql("update company_users member set last_login_at = visit.at \
         from unnest($2, $3) as visit (user_id, at) \
         where member.company_id = $1 and member.user_id = visit.user_id and member.is_active \
           and (member.last_login_at is null or member.last_login_at < visit.at)")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<Array<SqlUuid>, _>(users)
    .bind::<Array<Timestamptz>, _>(moments)
    .execute(connection)
    .await
}

/// What became of a member's new address.
#[derive(QueryableByName)]
pub(crate) struct EmailChange {
    /// A colleague has it, active or invited, and nothing was changed.
    #[diesel(sql_type = SqlBool)]
    pub(crate) is_taken: bool,
    /// The active member is known by it now, and was not before; no later token said otherwise.
    #[diesel(sql_type = SqlBool)]
    pub(crate) is_new: bool,
}

/// Lets the active member be known by another address. Of two who do so at the same moment, the unique index lets one
/// through.
pub(crate) async fn set_email(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    email: &str,
    issued_at: OffsetDateTime,
) -> QueryResult<EmailChange> {
    sql("with colleague as (select from company_users where company_id = $1 and user_id <> $2 \
                            and (is_active or invitation_expires_at > now()) and lower(email) = lower($3)), \
         changed as (update company_users set email = $3, email_token_at = $4 \
                     where company_id = $1 and user_id = $2 and is_active and lower(email) <> lower($3) \
                       and (email_token_at is null or email_token_at < $4) \
                       and not exists (select from colleague) returning id) \
         select exists (select from colleague) as is_taken, exists (select from changed) as is_new")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<SqlUuid, _>(user_id.as_uuid())
    .bind::<Text, _>(email)
    .bind::<Timestamptz, _>(issued_at)
    .get_result(connection)
    .await
}

/// The membership that the row is. Who has no role may enter nowhere; a row that cannot be read is told to the operator
/// and admits nobody, rather than failing each request of that person.
pub(crate) fn membership(row: &Row) -> Option<Membership> {
    let role = row.role.as_deref()?;
    read(row, role)
        .inspect_err(|error| {
            tracing::error!(error = error as &dyn std::error::Error, "a membership is taken for none");
        })
        .ok()
}

fn read(row: &Row, role: &str) -> Result<Membership, Inconsistency> {
    let reading = Reading { table: "company_users", row: &row.id };
    Ok(Membership {
        user_id: UserId::new(row.user_id),
        company_id: CompanyId::new(row.company_id),
        email: reading.parse("email", &row.email)?,
        role: reading.parse("role", role)?,
        is_active: row.is_active.unwrap_or(false),
        invitation_expires_at: row.invitation_expires_at,
    })
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of(company_id: CompanyId, user_id: UserId) -> _ {
    let company_id: Uuid = company_id.as_uuid();
    let user_id: Uuid = user_id.as_uuid();
    company_users::table.filter(company_users::company_id.eq(company_id)).filter(company_users::user_id.eq(user_id))
}
