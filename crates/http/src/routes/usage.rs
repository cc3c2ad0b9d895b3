//! `/api/v1/usage`: how much people bring in.

use actix_web::web::{Data, Json, Query};
use cortex_identity::model::{Role, UserContext};
use cortex_ingestion::model::{Amount, CompanyUsage, MemberUsage, Quota, Usage};
use cortex_kernel::PageRequest;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::IntakeServices;
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// Whose usage is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `own`, which counts where it is not said, or `company`, for admins.
    scope: Option<String>,
    /// Of a company, at most so many members; 50 where it is not said, 200 at most.
    limit: Option<u16>,
    /// Where to go on: `next_cursor` of the part before.
    cursor: Option<String>,
}

/// The caller's usage, or the company's.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Usage)]
pub(super) enum UsageBody {
    /// The caller's own.
    Own(OwnUsage),
    /// The company's.
    Company(CompanyUsageBody),
}

/// What the caller brought in.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnUsage)]
pub(super) struct OwnUsage {
    user_id: String,
    /// Documents that he ever brought in, by hand and by syncs, also those that are gone.
    documents: u64,
    /// Their bytes: of a file as it was uploaded, of what came in otherwise its text's.
    bytes: u64,
    today: AmountBody,
    quota: QuotaBody,
}

/// What the company's people brought in.
#[derive(Serialize, ToSchema)]
#[schema(as = CompanyUsage)]
pub(super) struct CompanyUsageBody {
    company_id: String,
    documents: u64,
    bytes: u64,
    today: AmountBody,
    /// Of each member.
    quota: QuotaBody,
    /// Those who brought in anything.
    items: Vec<MemberUsageItem>,
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MemberUsage)]
struct MemberUsageItem {
    user_id: String,
    documents: u64,
    bytes: u64,
    today: AmountBody,
}

/// A day is one of the calendar of UTC.
#[derive(Serialize, ToSchema)]
#[schema(as = Amount)]
struct AmountBody {
    documents: u64,
    bytes: u64,
}

/// What one person may bring in by hand on a day; none is without limit.
#[derive(Serialize, ToSchema)]
#[schema(as = Quota)]
struct QuotaBody {
    documents: Option<u64>,
    bytes: Option<u64>,
    #[serde(with = "time::serde::rfc3339")]
    resets_at: OffsetDateTime,
}

/// How much the caller brought in, ever and today, and how much he may on a day.
#[utoipa::path(
    get, path = "/api/v1/usage", operation_id = "usage", tag = "documents", params(Wanted),
    responses((status = 200, body = UsageBody))
)]
pub(super) async fn usage(
    Caller(caller): Caller,
    Query(wanted): Query<Wanted>,
    intake: Data<IntakeServices>,
) -> Result<Json<UsageBody>, Problem> {
    let body = match wanted.scope.as_deref() {
        None | Some("own") => {
            let usage = intake.usage.of_user(caller.company_id, caller.user_id).await?;
            UsageBody::Own(OwnUsage::of(&caller, usage, intake.quota))
        }
        Some("company") if caller.role >= Role::Admin => {
            let page = PageRequest::new(wanted.limit, wanted.cursor);
            let usage = intake.usage.of_company(caller.company_id, &page).await?;
            UsageBody::Company(CompanyUsageBody::of(&caller, usage, intake.quota))
        }
        Some("company") => {
            return Err(Problem::new(ProblemKind::RoleTooLow).detail("Only admins see the usage of the company."));
        }
        Some(_) => {
            return Err(Problem::new(ProblemKind::InvalidQuery).detail("The scope may be own or company."));
        }
    };
    Ok(Json(body))
}

impl OwnUsage {
    fn of(caller: &UserContext, usage: Usage, quota: Quota) -> Self {
        Self {
            user_id: caller.user_id.to_string(),
            documents: usage.total.documents,
            bytes: usage.total.bytes,
            today: usage.today.into(),
            quota: QuotaBody::of(quota, usage.resets_at),
        }
    }
}

impl CompanyUsageBody {
    fn of(caller: &UserContext, usage: CompanyUsage, quota: Quota) -> Self {
        let CompanyUsage { of_all, members } = usage;
        Self {
            company_id: caller.company_id.to_string(),
            documents: of_all.total.documents,
            bytes: of_all.total.bytes,
            today: of_all.today.into(),
            quota: QuotaBody::of(quota, of_all.resets_at),
            items: members.items.into_iter().map(MemberUsageItem::from).collect(),
            next_cursor: members.next_cursor,
        }
    }
}

impl QuotaBody {
    fn of(quota: Quota, resets_at: OffsetDateTime) -> Self {
        Self { documents: quota.documents, bytes: quota.bytes, resets_at }
    }
}

impl From<Amount> for AmountBody {
    fn from(Amount { documents, bytes }: Amount) -> Self {
        Self { documents, bytes }
    }
}

impl From<MemberUsage> for MemberUsageItem {
    fn from(MemberUsage { user_id, total, today }: MemberUsage) -> Self {
        Self { user_id: user_id.to_string(), documents: total.documents, bytes: total.bytes, today: today.into() }
    }
}
