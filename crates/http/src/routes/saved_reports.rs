//! `/api/v1/reports`: the reports that people keep. One is its owner's alone, unless he shares it with the company.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path, Query};
use cortex_identity::model::UserContext;
use cortex_insights::model::{
    InvalidSavedReport, NewSavedReport, Owner, ReportChange, ReportData, ReportHead, ReportOrigin, ReportQuery,
    SavedReport,
};
use cortex_insights::ports::{SaveReportError, SavedReports};
use cortex_kernel::{PageRequest, SavedReportId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::filters::Word;
use super::openapi::ProblemBody;
use crate::ReportServices;
use crate::extract::{Json, OptionalJson};
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// A report to be kept.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewReport)]
pub(super) struct NewReportBody {
    /// One line of at most 200 characters.
    title: String,
    /// What kind of report it is, in at most 50 characters.
    report_type: String,
    /// The report itself: an object of at most 256 KiB.
    #[schema(value_type = Object)]
    report_data: Value,
    /// At most 2,000 characters.
    description: Option<String>,
    /// At most 2,000 characters.
    source_widget_title: Option<String>,
    /// At most 2,000 characters.
    source_widget_message: Option<String>,
    /// At most 100 characters.
    source_alert_id: Option<String>,
    /// At most 2,000 characters.
    source_query: Option<String>,
    /// At most 20, of at most 50 characters each.
    tags: Option<Vec<String>>,
}

/// Answer where a report was kept.
#[derive(Serialize, ToSchema)]
pub(super) struct KeptReport {
    success: bool,
    report_id: String,
    message: String,
    user_id: String,
    company_id: String,
}

/// Which reports are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Of this kind.
    #[param(value_type = Option<String>)]
    report_type: Option<Word>,
    /// Only one's own that are starred.
    #[serde(default)]
    starred_only: bool,
    /// At most so many, from 1 to 200; 50 where it is not said.
    limit: Option<u16>,
    /// Leaves out so many.
    #[serde(default)]
    offset: u32,
}

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Sought {
    /// Stands in the title, the description, a tag, the summary or the question, whatever its case; at most 200 characters.
    #[param(value_type = String)]
    q: Word,
    /// At most so many, from 1 to 200; 50 where it is not said.
    limit: Option<u16>,
    /// Leaves out so many.
    #[serde(default)]
    offset: u32,
}

/// One's own reports and those that colleagues share, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct KeptReports {
    total: u64,
    limit: u16,
    offset: u32,
    reports: Vec<ReportItem>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SavedReportItem)]
struct ReportItem {
    report_id: String,
    title: String,
    report_type: String,
    description: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    /// When its owner last looked at it.
    #[serde(with = "time::serde::rfc3339::option")]
    last_viewed_at: Option<OffsetDateTime>,
    /// How often he did.
    view_count: u64,
    is_starred: bool,
    is_shared: bool,
    /// Whether it is the caller's own; a colleague's can be read and nothing else.
    is_own: bool,
    owner_id: String,
    tags: Vec<String>,
    source_widget_title: Option<String>,
    source_alert_id: Option<String>,
    /// The beginning of what it says.
    report_summary: String,
}

/// A report with what it says.
#[derive(Serialize, ToSchema)]
#[schema(as = SavedReport)]
pub(super) struct WholeReport {
    #[serde(flatten)]
    report: ReportItem,
    source_widget_message: Option<String>,
    source_query: Option<String>,
    #[schema(value_type = Object)]
    report_data: Value,
}

/// What is changed; what is not said stays.
#[derive(Deserialize, ToSchema)]
#[schema(as = ReportChange)]
pub(super) struct ChangeBody {
    title: Option<String>,
    /// An empty one takes it away.
    description: Option<String>,
    tags: Option<Vec<String>>,
    /// Whether colleagues may read it.
    is_shared: Option<bool>,
}

/// A report that was changed.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangedReport {
    success: bool,
    #[serde(flatten)]
    report: ReportItem,
    user_id: String,
    company_id: String,
}

/// Whether the star is wanted.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct StarBody {
    /// The star is turned where it is not said.
    is_starred: Option<bool>,
}

/// How the star is now.
#[derive(Serialize, ToSchema)]
pub(super) struct StarredReport {
    success: bool,
    report_id: String,
    is_starred: bool,
    user_id: String,
    company_id: String,
}

/// Answer where a report was deleted.
#[derive(Serialize, ToSchema)]
pub(super) struct DeletedReport {
    success: bool,
    report_id: String,
    user_id: String,
    company_id: String,
}

/// How much the caller keeps.
#[derive(Serialize, ToSchema)]
pub(super) struct ReportCounts {
    total_reports: u64,
    starred_reports: u64,
    shared_reports: u64,
    /// How often he looked at them.
    total_views: u64,
    /// How many there are of each kind.
    by_type: BTreeMap<String, u64>,
}

/// Keeps a report for the caller.
#[utoipa::path(
    post, path = "/api/v1/reports/save", operation_id = "save_report", tag = "reports", request_body = NewReportBody,
    responses((status = 201, body = KeptReport), (status = 409, response = ProblemBody))
)]
pub(super) async fn save(
    Caller(caller): Caller,
    Json(body): Json<NewReportBody>,
    reports: Data<ReportServices>,
) -> Result<HttpResponse, Problem> {
    let report = body.into_report(SavedReportId::new(reports.ids.new_uuid()))?;
    reports.saved.save(owner(&caller), &report).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(KeptReport {
        success: true,
        report_id: report.id.to_string(),
        message: "The report is kept.".to_owned(),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

/// The caller's reports and those that colleagues share.
#[utoipa::path(
    get, path = "/api/v1/reports/list", operation_id = "saved_reports", tag = "reports", params(Wanted),
    responses((status = 200, body = KeptReports))
)]
pub(super) async fn list(
    Caller(caller): Caller,
    wanted: Query<Wanted>,
    reports: Data<ReportServices>,
) -> Result<web::Json<KeptReports>, Problem> {
    let Wanted { report_type, starred_only, limit, offset } = wanted.into_inner();
    let report_type = report_type.map(Word::into_text);
    let query = ReportQuery { report_type, starred_only, text: None, limit: within(limit), offset };
    tell(&*reports.saved, &caller, &query).await
}

/// Those of them in which a text stands.
#[utoipa::path(
    get, path = "/api/v1/reports/search", operation_id = "search_reports", tag = "reports", params(Sought),
    responses((status = 200, body = KeptReports))
)]
pub(super) async fn search(
    Caller(caller): Caller,
    sought: Query<Sought>,
    reports: Data<ReportServices>,
) -> Result<web::Json<KeptReports>, Problem> {
    let Sought { q, limit, offset } = sought.into_inner();
    let text = q.into_text().trim().to_owned();
    if text.is_empty() || text.chars().count() > ReportQuery::MAX_TEXT {
        let detail = format!("q must have 1 to {} characters.", ReportQuery::MAX_TEXT);
        return Err(Problem::new(ProblemKind::InvalidQuery).detail(detail));
    }
    let (limit, text) = (within(limit), Some(text));
    let query = ReportQuery { report_type: None, starred_only: false, text, limit, offset };
    tell(&*reports.saved, &caller, &query).await
}

/// How much the caller keeps.
#[utoipa::path(
    get, path = "/api/v1/reports/stats", operation_id = "report_stats", tag = "reports",
    responses((status = 200, body = ReportCounts))
)]
pub(super) async fn stats(
    Caller(caller): Caller,
    reports: Data<ReportServices>,
) -> Result<web::Json<ReportCounts>, Problem> {
    let stats = reports.saved.count(owner(&caller)).await?;
    Ok(web::Json(ReportCounts {
        total_reports: stats.total(),
        starred_reports: stats.starred,
        shared_reports: stats.shared,
        total_views: stats.views,
        by_type: stats.by_type.into_iter().collect(),
    }))
}

/// One of these reports, with what it says. The owner's look is counted.
#[utoipa::path(
    get, path = "/api/v1/reports/{id}", operation_id = "saved_report", tag = "reports", params(("id" = Uuid, Path)),
    responses((status = 200, body = WholeReport), (status = 404, response = ProblemBody))
)]
pub(super) async fn one(
    Caller(caller): Caller,
    id: Path<Uuid>,
    reports: Data<ReportServices>,
) -> Result<web::Json<WholeReport>, Problem> {
    let owner = owner(&caller);
    let found = reports.saved.open(owner, SavedReportId::new(id.into_inner())).await?;
    let (report, report_data) = found.ok_or_else(absent)?;
    let (source_widget_message, source_query) = (report.widget_message.clone(), report.query.clone());
    let report = ReportItem::of(report, owner);
    Ok(web::Json(WholeReport { report, source_widget_message, source_query, report_data }))
}

/// Changes one of the caller's reports, or shares it.
#[utoipa::path(
    patch, path = "/api/v1/reports/{id}", operation_id = "change_report", tag = "reports", params(("id" = Uuid, Path)),
    request_body = ChangeBody,
    responses((status = 200, body = ChangedReport), (status = 404, response = ProblemBody))
)]
pub(super) async fn change(
    Caller(caller): Caller,
    id: Path<Uuid>,
    Json(body): Json<ChangeBody>,
    reports: Data<ReportServices>,
) -> Result<web::Json<ChangedReport>, Problem> {
    let ChangeBody { title, description, tags, is_shared } = body;
    let change = ReportChange::new(title.as_deref(), description.as_deref(), tags.as_deref(), is_shared)?;
    let owner = owner(&caller);
    let changed = reports.saved.change(owner, SavedReportId::new(id.into_inner()), &change).await?;
    Ok(web::Json(ChangedReport {
        success: true,
        report: ReportItem::of(changed.ok_or_else(absent)?, owner),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

/// Deletes one of the caller's reports.
#[utoipa::path(
    delete, path = "/api/v1/reports/{id}", operation_id = "delete_report", tag = "reports",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = DeletedReport), (status = 404, response = ProblemBody))
)]
pub(super) async fn delete(
    Caller(caller): Caller,
    id: Path<Uuid>,
    reports: Data<ReportServices>,
) -> Result<web::Json<DeletedReport>, Problem> {
    let id = SavedReportId::new(id.into_inner());
    if !reports.saved.delete(owner(&caller), id).await? {
        return Err(absent());
    }
    Ok(web::Json(DeletedReport {
        success: true,
        report_id: id.to_string(),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

/// Stars one of the caller's reports, or takes the star.
#[utoipa::path(
    post, path = "/api/v1/reports/{id}/star", operation_id = "star_report", tag = "reports",
    params(("id" = Uuid, Path)), request_body = Option<StarBody>,
    responses((status = 200, body = StarredReport), (status = 404, response = ProblemBody))
)]
pub(super) async fn star(
    Caller(caller): Caller,
    id: Path<Uuid>,
    OptionalJson(StarBody { is_starred }): OptionalJson<StarBody>,
    reports: Data<ReportServices>,
) -> Result<web::Json<StarredReport>, Problem> {
    let id = SavedReportId::new(id.into_inner());
    let is_starred = reports.saved.star(owner(&caller), id, is_starred).await?.ok_or_else(absent)?;
    Ok(web::Json(StarredReport {
        success: true,
        report_id: id.to_string(),
        is_starred,
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

async fn tell(
    reports: &dyn SavedReports,
    caller: &UserContext,
    query: &ReportQuery,
) -> Result<web::Json<KeptReports>, Problem> {
    let owner = owner(caller);
    let part = reports.list(owner, query).await?;
    Ok(web::Json(KeptReports {
        total: part.total,
        limit: query.limit,
        offset: query.offset,
        reports: part.reports.into_iter().map(|report| ReportItem::of(report, owner)).collect(),
    }))
}

fn owner(caller: &UserContext) -> Owner {
    Owner { company_id: caller.company_id, user_id: caller.user_id }
}

fn within(limit: Option<u16>) -> u16 {
    PageRequest::new(limit, None).limit()
}

/// Somebody else's is absent too.
fn absent() -> Problem {
    Problem::new(ProblemKind::NotFound).detail("You keep no such report.")
}

impl NewReportBody {
    fn into_report(self, id: SavedReportId) -> Result<NewSavedReport, Problem> {
        let tags = self.tags.unwrap_or_default();
        Ok(NewSavedReport {
            id,
            head: ReportHead::new(&self.title, &self.report_type, self.description.as_deref(), &tags)?,
            data: ReportData::new(self.report_data)?,
            origin: ReportOrigin::new(
                self.source_widget_title.as_deref(),
                self.source_widget_message.as_deref(),
                self.source_alert_id.as_deref(),
                self.source_query.as_deref(),
            )?,
        })
    }
}

impl ReportItem {
    fn of(report: SavedReport, owner: Owner) -> Self {
        Self {
            is_own: report.is_of(owner),
            report_id: report.id.to_string(),
            title: report.title,
            report_type: report.report_type,
            description: report.description,
            created_at: report.created_at,
            updated_at: report.updated_at,
            last_viewed_at: report.last_viewed_at,
            view_count: report.view_count,
            is_starred: report.is_starred,
            is_shared: report.is_shared,
            owner_id: report.owner_id,
            tags: report.tags,
            source_widget_title: report.widget_title,
            source_alert_id: report.alert_id,
            report_summary: report.summary,
        }
    }
}

impl From<InvalidSavedReport> for Problem {
    fn from(error: InvalidSavedReport) -> Self {
        Self::new(ProblemKind::InvalidField).invalid_field(format!("/{}", error.field()), error.to_string())
    }
}

impl From<SaveReportError> for Problem {
    fn from(error: SaveReportError) -> Self {
        match error {
            SaveReportError::TooMany => {
                let detail = format!("{error}: delete some that you no longer need.");
                Self::new(ProblemKind::WrongState).detail(detail)
            }
            SaveReportError::Store(error) => error.into(),
        }
    }
}
