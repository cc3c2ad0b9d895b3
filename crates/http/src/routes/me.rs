//! `/api/v1/me`: who the caller is, and where else he may go.

use actix_web::web::{Data, Json};
use cortex_identity::model::UserCompany;
use cortex_identity::ports::ProfileReader;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// Answer of `/api/v1/me`.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    user_id: String,
    company_id: String,
    email: String,
    role: &'static str,
    company: Company,
    #[serde(with = "time::serde::rfc3339::option")]
    last_login_at: Option<OffsetDateTime>,
}

#[derive(Serialize, ToSchema)]
struct Company {
    id: String,
    name: String,
    slug: String,
    status: &'static str,
}

/// Answer of `/api/v1/me/companies`.
#[derive(Serialize, ToSchema)]
pub(super) struct Companies {
    companies: Vec<Place>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = UserCompany)]
struct Place {
    company_id: String,
    company_name: String,
    company_slug: String,
    user_role: &'static str,
    backend_url: Option<String>,
    frontend_url: Option<String>,
}

/// Who the caller is here.
#[utoipa::path(get, path = "/api/v1/me", tag = "identity", responses((status = 200, body = Me)))]
pub(super) async fn me(Caller(caller): Caller, profiles: Data<dyn ProfileReader>) -> Result<Json<Me>, Problem> {
    let profile = profiles.find_profile(caller.company_id, caller.user_id).await?;
    // It was there a moment ago, when the caller was let in.
    let profile = profile.ok_or_else(|| Problem::new(ProblemKind::NotAMember))?;
    Ok(Json(Me {
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
        email: caller.email.to_string(),
        role: caller.role.name(),
        company: Company {
            id: profile.company.id.to_string(),
            name: profile.company.name,
            slug: profile.company.slug,
            status: profile.company.status.name(),
        },
        last_login_at: profile.last_login_at,
    }))
}

/// Every company that the caller may enter.
#[utoipa::path(get, path = "/api/v1/me/companies", tag = "identity", responses((status = 200, body = Companies)))]
pub(super) async fn companies(
    Caller(caller): Caller,
    profiles: Data<dyn ProfileReader>,
) -> Result<Json<Companies>, Problem> {
    let companies = profiles.list_companies(caller.user_id).await?;
    Ok(Json(Companies { companies: companies.into_iter().map(Place::from).collect() }))
}

impl From<UserCompany> for Place {
    fn from(company: UserCompany) -> Self {
        Self {
            company_id: company.id.to_string(),
            company_name: company.name,
            company_slug: company.slug,
            user_role: company.role.name(),
            backend_url: company.backend_url,
            frontend_url: company.frontend_url,
        }
    }
}
