//! Members of a company as colleagues see them, over Master's `company_users`.
//!
//! Not here: what entering asks of the same table, which is in [`super::company_users`].

use cortex_identity::model::{Invitation, Mapping, Member, Membership, Role};
use cortex_kernel::{CompanyId, Email, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::inconsistency::Reading;
use super::scalars::Count;
use super::{Inconsistency, sql};

/// A place. One without a role belongs to nobody and is never read.
#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    company_id: Uuid,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Bool)]
    is_active: bool,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    invitation_expires_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    invited_by: Option<Uuid>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    invited_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_login_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    created_at: Option<OffsetDateTime>,
}

/// A row that waits for its account to be bound.
#[derive(QueryableByName)]
pub(crate) struct PendingRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) user_id: Uuid,
    #[diesel(sql_type = Integer)]
    pub(crate) binding_attempts: i32,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// A statement about places, which ends with the columns of a [`Row`].
macro_rules! with_columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, user_id, company_id, email, role, coalesce(is_active, false) as is_active, invitation_expires_at, \
             invited_by, invited_at, last_login_at, created_at ",
            $after
        )
    };
}

/// At most `limit` places behind the place `after`, by address.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    after: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    sql(with_columns!(
        "select",
        "from company_users \
         where company_id = $1 and role is not null \
           and ($2 is null or (lower(email), id) > \
             (select lower(email), id from company_users where company_id = $1 and id = $2)) \
         order by lower(email), id limit $3"
    ))
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await
}

/// Whether there is a place of that id.
pub(crate) async fn exists(connection: &mut AsyncPgConnection, company_id: CompanyId, id: Uuid) -> QueryResult<bool> {
    let found: Found = sql("select exists (select from company_users where company_id = $1 and id = $2) as found")
        .bind::<SqlUuid, _>(company_id.as_uuid())
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .await?;
    Ok(found.found)
}

/// How many places there are.
pub(crate) async fn count(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<i64> {
    let counted: Count = sql("select count(*) as count from company_users where company_id = $1 and role is not null")
        .bind::<SqlUuid, _>(company_id.as_uuid())
        .get_result(connection)
        .await?;
    Ok(counted.count)
}

/// The place of an account.
pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<Option<Row>> {
    sql(with_columns!("select", "from company_users where company_id = $1 and user_id = $2 and role is not null"))
        .bind::<SqlUuid, _>(company_id.as_uuid())
        .bind::<SqlUuid, _>(user_id.as_uuid())
        .get_result(connection)
        .await
        .optional()
}

/// The same, and nobody else writes it until the end of the transaction.
pub(crate) async fn lock(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<Option<Row>> {
    sql(with_columns!(
        "select",
        "from company_users where company_id = $1 and user_id = $2 and role is not null for update"
    ))
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<SqlUuid, _>(user_id.as_uuid())
    .get_result(connection)
    .await
    .optional()
}

/// The places with that address; far fewer than the limit, unless somebody made them by hand.
pub(crate) async fn list_by_email(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    email: &Email,
) -> QueryResult<Vec<Row>> {
    sql(with_columns!(
        "select",
        "from company_users where company_id = $1 and lower(email) = lower($2) and role is not null \
         order by is_active desc nulls last, id limit 50"
    ))
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<Text, _>(email.as_str())
    .load(connection)
    .await
}

/// The same but for one account, and nobody else writes them until the end of the transaction.
pub(crate) async fn lock_others_of_email(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    email: &Email,
) -> QueryResult<Vec<Row>> {
    sql(with_columns!(
        "select",
        "from company_users \
         where company_id = $1 and lower(email) = lower($2) and user_id <> $3 and role is not null \
         order by is_active desc nulls last, id limit 50 for update"
    ))
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<Text, _>(email.as_str())
    .bind::<SqlUuid, _>(user_id.as_uuid())
    .load(connection)
    .await
}

/// Whether the company has an active owner beside that account.
pub(crate) async fn has_other_owner(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<bool> {
    let found: Found = sql("select exists (select from company_users \
         where company_id = $1 and user_id <> $2 and role = 'owner' and is_active) as found")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<SqlUuid, _>(user_id.as_uuid())
    .get_result(connection)
    .await?;
    Ok(found.found)
}

/// Ends the invitations of an address but for that of one account, those that ran out too.
pub(crate) async fn end_other_invitations(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    email: &Email,
) -> QueryResult<()> {
    sql("update company_users set invitation_expires_at = null, binding_due_at = null \
         where company_id = $1 and lower(email) = lower($2) and user_id <> $3 and is_active is not true \
           and invitation_expires_at is not null")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<Text, _>(email.as_str())
    .bind::<SqlUuid, _>(user_id.as_uuid())
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens the place, new or old, and marks it.
pub(crate) async fn invite(connection: &mut AsyncPgConnection, invitation: &Invitation) -> QueryResult<Row> {
    sql(with_columns!(
        "insert into company_users as place \
           (user_id, company_id, email, role, is_active, invited_by, invited_at, invitation_expires_at, binding_due_at) \
         values ($1, $2, $3, $4, false, $5, $6, $7, now()) \
         on conflict (user_id, company_id) do update set \
           email = excluded.email, role = excluded.role, is_active = false, invited_by = excluded.invited_by, \
           invited_at = excluded.invited_at, invitation_expires_at = excluded.invitation_expires_at, \
           accepted_at = null, binding_due_at = now(), binding_attempts = 0 \
         returning",
        ""
    ))
    .bind::<SqlUuid, _>(invitation.user_id.as_uuid())
    .bind::<SqlUuid, _>(invitation.company_id.as_uuid())
    .bind::<Text, _>(invitation.email.as_str())
    .bind::<Text, _>(invitation.role.name())
    .bind::<SqlUuid, _>(invitation.by.as_uuid())
    .bind::<Timestamptz, _>(invitation.at)
    .bind::<Timestamptz, _>(invitation.expires_at)
    .get_result(connection)
    .await
}

/// Changes what is given. Activity ends an invitation, and marks whoever is let in.
pub(crate) async fn change(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    role: Option<Role>,
    is_active: Option<bool>,
) -> QueryResult<Row> {
    sql(with_columns!(
        "update company_users set \
           role = coalesce($3, role), \
           is_active = coalesce($4, is_active), \
           invitation_expires_at = case when $4 is null then invitation_expires_at end, \
           binding_due_at = case when $4 is null then binding_due_at when $4 then now() end, \
           binding_attempts = case when $4 is null then binding_attempts else 0 end \
         where company_id = $1 and user_id = $2 \
         returning",
        ""
    ))
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<SqlUuid, _>(user_id.as_uuid())
    .bind::<Nullable<Text>, _>(role.map(Role::name))
    .bind::<Nullable<Bool>, _>(is_active)
    .get_result(connection)
    .await
}

/// Makes the place an active member's, new or old, and marks it.
pub(crate) async fn map(connection: &mut AsyncPgConnection, mapping: &Mapping) -> QueryResult<Row> {
    sql(with_columns!(
        "insert into company_users as place (user_id, company_id, email, role, is_active, invited_at, binding_due_at) \
         values ($1, $2, $3, $4, true, null, now()) \
         on conflict (user_id, company_id) do update set \
           email = excluded.email, role = excluded.role, is_active = true, invitation_expires_at = null, \
           binding_due_at = now(), binding_attempts = 0 \
         returning",
        ""
    ))
    .bind::<SqlUuid, _>(mapping.user_id.as_uuid())
    .bind::<SqlUuid, _>(mapping.company_id.as_uuid())
    .bind::<Text, _>(mapping.email.as_str())
    .bind::<Text, _>(mapping.role.name())
    .get_result(connection)
    .await
}

/// Takes the mark that has waited longest, for `lease_seconds`. Two who take at once take two.
pub(crate) async fn claim_binding(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: Option<UserId>,
    lease_seconds: f64,
) -> QueryResult<Option<PendingRow>> {
    sql("update company_users set \
           binding_due_at = now() + make_interval(secs => $3), binding_attempts = binding_attempts + 1 \
         where company_id = $1 and id = (select id from company_users \
           where company_id = $1 and binding_due_at <= now() and ($2 is null or user_id = $2) \
           order by binding_due_at limit 1 for update skip locked) \
         returning user_id, binding_attempts")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<Nullable<SqlUuid>, _>(user_id.map(UserId::as_uuid))
    .bind::<Double, _>(lease_seconds)
    .get_result(connection)
    .await
    .optional()
}

/// Leaves the mark for `delay_seconds`; none where there is none.
pub(crate) async fn put_off_binding(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
    delay_seconds: f64,
) -> QueryResult<()> {
    sql("update company_users set binding_due_at = now() + make_interval(secs => $3) \
         where company_id = $1 and user_id = $2 and binding_due_at is not null")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<SqlUuid, _>(user_id.as_uuid())
    .bind::<Double, _>(delay_seconds)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the mark away.
pub(crate) async fn settle_binding(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<()> {
    sql("update company_users set binding_due_at = null, binding_attempts = 0 \
         where company_id = $1 and user_id = $2 and binding_due_at is not null")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<SqlUuid, _>(user_id.as_uuid())
    .execute(connection)
    .await?;
    Ok(())
}

impl TryFrom<Row> for Member {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "company_users", row: &row.id };
        Ok(Self {
            id: row.id,
            membership: Membership {
                user_id: UserId::new(row.user_id),
                company_id: CompanyId::new(row.company_id),
                email: reading.parse("email", &row.email)?,
                role: reading.parse("role", &row.role)?,
                is_active: row.is_active,
                invitation_expires_at: row.invitation_expires_at,
            },
            invited_by: row.invited_by.map(UserId::new),
            invited_at: row.invited_at,
            last_login_at: row.last_login_at,
            created_at: row.created_at,
        })
    }
}
