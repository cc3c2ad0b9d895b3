//! What a person may know of his own places, over Master's companies and memberships.

use cortex_identity::model::{Company, Profile, UserCompany};
use cortex_kernel::{CompanyId, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct ProfileRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_login_at: Option<OffsetDateTime>,
}

#[derive(QueryableByName)]
pub(crate) struct UserCompanyRow {
    #[diesel(sql_type = SqlUuid)]
    company_id: Uuid,
    #[diesel(sql_type = Text)]
    company_name: String,
    #[diesel(sql_type = Text)]
    company_slug: String,
    #[diesel(sql_type = Text)]
    user_role: String,
    #[diesel(sql_type = Nullable<Text>)]
    backend_url: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    frontend_url: Option<String>,
}

pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<Option<ProfileRow>> {
    sql("select company.id, company.slug, company.name, company.status, member.last_login_at \
         from companies company join company_users member on member.company_id = company.id \
         where company.id = $1 and member.user_id = $2")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<SqlUuid, _>(user_id.as_uuid())
    .get_result(connection)
    .await
    .optional()
}

/// The companies that the person may enter. Row level security shows the service one company only; this function sees
/// all of them.
pub(crate) async fn list_companies(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> QueryResult<Vec<UserCompanyRow>> {
    // Who has no role may enter nowhere.
    sql("select * from get_user_companies($1) where user_role is not null order by company_name, company_slug")
        .bind::<SqlUuid, _>(user_id.as_uuid())
        .load(connection)
        .await
}

impl TryFrom<ProfileRow> for Profile {
    type Error = Inconsistency;

    fn try_from(row: ProfileRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "companies", row: &row.id };
        let status = reading.required("status", row.status.as_deref())?;
        let status = reading.parse("status", status)?;
        let company = Company { id: CompanyId::new(row.id), slug: row.slug, name: row.name, status };
        Ok(Self { company, last_login_at: row.last_login_at })
    }
}

impl TryFrom<UserCompanyRow> for UserCompany {
    type Error = Inconsistency;

    fn try_from(row: UserCompanyRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "company_users", row: &row.company_id };
        Ok(Self {
            id: CompanyId::new(row.company_id),
            role: reading.parse("role", &row.user_role)?,
            name: row.company_name,
            slug: row.company_slug,
            backend_url: row.backend_url,
            frontend_url: row.frontend_url,
        })
    }
}
