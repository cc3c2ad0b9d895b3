//! `/api/v1/reports/daily`: what a company is told of its days.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::web::{self, Data, Path, Query};
use cortex_insights::model::{
    AnsweredBy, DailyReport, DailyReportKind, ReportChart, ReportFormat, ReportSection, ReportSource,
};
use cortex_insights::ports::RenderError;
use cortex_kernel::PageRequest;
use serde::{Deserialize, Serialize};
use time::macros::date;
use time::{Date, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::filters::Word;
use super::openapi::ProblemBody;
use crate::ReportServices;
use crate::extract::Json;
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// Which report is to be made.
#[derive(Deserialize, ToSchema)]
#[schema(as = DailyReportRequest)]
pub(super) struct Wish {
    /// `client_relationships` or `operations`.
    report_type: String,
    /// The day, like `2026-11-28`; yesterday where it is not said.
    #[schema(format = Date)]
    target_date: Option<String>,
    /// The same by another name; of both, `target_date` counts.
    #[schema(format = Date)]
    report_date: Option<String>,
    /// That a report is made anew, although there is one.
    force_regenerate: Option<bool>,
}

/// A report that was asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct WrittenReport {
    success: bool,
    report: ReportItem,
    user_id: String,
    company_id: String,
}

/// Reports, the latest days first.
#[derive(Serialize, ToSchema)]
pub(super) struct DailyReportList {
    success: bool,
    reports: Vec<ReportItem>,
    /// How many there are: of all days, or of this one.
    total: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DailyReport)]
struct ReportItem {
    id: String,
    report_type: &'static str,
    #[schema(value_type = String, format = Date)]
    report_date: String,
    full_report: FullReport,
    /// The executive summary.
    summary: String,
    /// What matters most, a line each.
    key_items: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct FullReport {
    report_type: &'static str,
    #[schema(value_type = String, format = Date)]
    report_date: String,
    executive_summary: String,
    /// `extract`: of the numbers; `model`: a language model put them in words.
    summarized_by: &'static str,
    sections: Vec<SectionItem>,
    charts: Vec<ChartItem>,
    #[serde(with = "time::serde::rfc3339")]
    generated_at: OffsetDateTime,
    generation_duration_ms: u64,
    total_sources: usize,
    /// What the sections answer.
    sub_questions_asked: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReportSection)]
struct SectionItem {
    title: String,
    /// Markdown, in which what comes from documents means nothing.
    content: String,
    sources: Vec<SourceItem>,
    /// What is new against the day before.
    evolution_note: String,
    order: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReportSource)]
struct SourceItem {
    document_id: i64,
    title: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReportChart)]
struct ChartItem {
    title: String,
    /// `columns` or `rows`.
    form: &'static str,
    bars: Vec<BarItem>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReportBar)]
struct BarItem {
    name: String,
    value: u64,
}

/// How many reports are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Latest {
    /// At most so many, from 1 to 50; 10 where it is not said.
    limit: Option<u16>,
}

/// Which reports of a day are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfDay {
    /// `client_relationships` or `operations`; both where it is not said.
    #[param(value_type = Option<String>)]
    report_type: Option<Word>,
}

/// Which file is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct File {
    /// `md`, `html` or `pdf`.
    #[param(value_type = String)]
    format: Word,
    /// `client_relationships` or `operations`; both in one file where it is not said.
    #[param(value_type = Option<String>)]
    report_type: Option<Word>,
}

/// So many where it is not said how many, and at most.
const LATEST: u16 = 10;
const MOST_LATEST: u16 = 50;

/// Before this day, nobody had a mailbox.
const FIRST_DAY: Date = date!(1970 - 01 - 01);

/// Whoever opens the page gets no script, no picture and no style from anywhere, whatever stands in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// Makes the report of a day, or tells the one that is there.
#[utoipa::path(
    post, path = "/api/v1/reports/daily/generate", operation_id = "generate_daily", tag = "reports", request_body = Wish,
    responses((status = 200, body = WrittenReport))
)]
pub(super) async fn generate(
    Caller(caller): Caller,
    Json(wish): Json<Wish>,
    reports: Data<ReportServices>,
) -> Result<web::Json<WrittenReport>, Problem> {
    let Wish { report_type, target_date, report_date, force_regenerate } = wish;
    let kind: DailyReportKind = report_type.parse().map_err(|error| invalid("/report_type", &error))?;
    let today = reports.today();
    let day = match (target_date, report_date) {
        (Some(day), _) => wished("/target_date", &day, today)?,
        (None, Some(day)) => wished("/report_date", &day, today)?,
        // The last one that is over.
        (None, None) => today.previous_day().unwrap_or(today),
    };
    let report = reports.write.write(caller.company_id, kind, day, force_regenerate.unwrap_or_default()).await?;
    Ok(web::Json(WrittenReport {
        success: true,
        report: report.into(),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

/// The reports of the latest days.
#[utoipa::path(
    get, path = "/api/v1/reports/daily/latest", operation_id = "latest_daily", tag = "reports", params(Latest),
    responses((status = 200, body = DailyReportList))
)]
pub(super) async fn latest(
    Caller(caller): Caller,
    Query(Latest { limit }): Query<Latest>,
    reports: Data<ReportServices>,
) -> Result<web::Json<DailyReportList>, Problem> {
    let most = limit.unwrap_or(LATEST).clamp(1, MOST_LATEST.min(PageRequest::MAX_LIMIT));
    let (total, latest) = reports.daily.list_latest(caller.company_id, most).await?;
    Ok(web::Json(DailyReportList { success: true, reports: items(latest), total }))
}

/// The reports of a day.
#[utoipa::path(
    get, path = "/api/v1/reports/daily/{date}", operation_id = "daily", tag = "reports",
    params(("date" = String, Path, format = Date), OfDay),
    responses((status = 200, body = DailyReportList))
)]
pub(super) async fn of_day(
    Caller(caller): Caller,
    day: Path<String>,
    wanted: Query<OfDay>,
    reports: Data<ReportServices>,
) -> Result<web::Json<DailyReportList>, Problem> {
    let found = reports.of_day(caller.company_id, &day, wanted.into_inner().report_type).await?;
    let total = found.len() as u64;
    Ok(web::Json(DailyReportList { success: true, reports: items(found), total }))
}

/// All reports of a day.
#[utoipa::path(
    get, path = "/api/v1/reports/daily/{date}/all", operation_id = "all_daily", tag = "reports",
    params(("date" = String, Path, format = Date)),
    responses((status = 200, body = DailyReportList))
)]
pub(super) async fn all_of_day(
    Caller(caller): Caller,
    day: Path<String>,
    reports: Data<ReportServices>,
) -> Result<web::Json<DailyReportList>, Problem> {
    let found = reports.of_day(caller.company_id, &day, None).await?;
    let total = found.len() as u64;
    Ok(web::Json(DailyReportList { success: true, reports: items(found), total }))
}

/// The reports of a day as a file.
#[utoipa::path(
    get, path = "/api/v1/reports/daily/{date}/download", operation_id = "download_daily", tag = "reports",
    params(("date" = String, Path, format = Date), File),
    responses(
        (status = 200, description = "The file; never to be shown within a page.", content(
            (String = "text/markdown"), (String = "text/html"), (Vec<u8> = "application/pdf")
        )),
        (status = 404, response = ProblemBody)
    )
)]
pub(super) async fn download(
    Caller(caller): Caller,
    day: Path<String>,
    wanted: Query<File>,
    reports: Data<ReportServices>,
) -> Result<HttpResponse, Problem> {
    let File { format, report_type } = wanted.into_inner();
    let format: ReportFormat = format
        .into_text()
        .parse()
        .map_err(|error| Problem::new(ProblemKind::InvalidQuery).detail(format!("{error}.")))?;
    let kind = report_type.as_ref().map(|_| ());
    let found = reports.of_day(caller.company_id, &day, report_type).await?;
    let Some(first) = found.first() else {
        let detail = "There is no report of this day: POST /api/v1/reports/daily/generate makes it.";
        return Err(Problem::new(ProblemKind::NotFound).detail(detail));
    };
    let (name, day) = (kind.map_or("reports", |()| first.kind.name()), first.day);
    let name = format!("{name}-{day}.{}", format.extension());
    let file = reports.renderer.render(found, format).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type(format)))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(file))
}

const fn media_type(format: ReportFormat) -> &'static str {
    match format {
        ReportFormat::Markdown => "text/markdown; charset=utf-8",
        ReportFormat::Html => "text/html; charset=utf-8",
        ReportFormat::Pdf => "application/pdf",
    }
}

/// A day of which there can be documents.
fn wished(pointer: &str, text: &str, today: Date) -> Result<Date, Problem> {
    let field = |detail: &str| Problem::new(ProblemKind::InvalidField).invalid_field(pointer, detail.to_owned());
    let day = day_of(text).ok_or_else(|| field("must be a day like 2026-11-28"))?;
    if day < FIRST_DAY || day > today { Err(field("must be a day from 1970 until today, by UTC")) } else { Ok(day) }
}

/// A day as `2026-11-28`, and in no other form.
fn day_of(text: &str) -> Option<Date> {
    let format = time::macros::format_description!("[year repr:full sign:automatic]-[month]-[day]");
    if text.len() == 10 { Date::parse(text, format).ok() } else { None }
}

fn invalid(pointer: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new(ProblemKind::InvalidField).invalid_field(pointer, error.to_string())
}

fn items(reports: Vec<DailyReport>) -> Vec<ReportItem> {
    reports.into_iter().map(ReportItem::from).collect()
}

impl ReportServices {
    /// The reports of a day that a path names, of one kind or of all.
    async fn of_day(
        &self,
        company_id: cortex_kernel::CompanyId,
        day: &str,
        kind: Option<Word>,
    ) -> Result<Vec<DailyReport>, Problem> {
        let day = day_of(day).ok_or_else(|| {
            Problem::new(ProblemKind::InvalidPath).detail("The path must name a day like 2026-11-28.")
        })?;
        let kind: Option<DailyReportKind> = kind
            .map(|kind| kind.into_text().parse())
            .transpose()
            .map_err(|error| Problem::new(ProblemKind::InvalidQuery).detail(format!("{error}.")))?;
        Ok(match kind {
            Some(kind) => self.daily.find(company_id, kind, day).await?.into_iter().collect(),
            None => self.daily.list_of_day(company_id, day).await?,
        })
    }
}

impl From<DailyReport> for ReportItem {
    fn from(report: DailyReport) -> Self {
        let (report_type, report_date) = (report.kind.name(), report.day.to_string());
        let total_sources = report.sources().len();
        let sub_questions_asked = report.sections.iter().map(|section| section.question.clone()).collect();
        Self {
            id: report.id.to_string(),
            report_type,
            report_date: report_date.clone(),
            summary: report.executive_summary.clone(),
            key_items: report.key_items,
            full_report: FullReport {
                report_type,
                report_date,
                executive_summary: report.executive_summary,
                summarized_by: match report.summarized_by {
                    AnsweredBy::Extract => "extract",
                    AnsweredBy::Model => "model",
                },
                sections: report.sections.into_iter().zip(1..).map(SectionItem::from).collect(),
                charts: report.charts.into_iter().map(ChartItem::from).collect(),
                generated_at: report.generated_at,
                generation_duration_ms: report.duration_ms,
                total_sources,
                sub_questions_asked,
            },
        }
    }
}

impl From<(ReportSection, usize)> for SectionItem {
    fn from((section, order): (ReportSection, usize)) -> Self {
        let ReportSection { title, content, sources, evolution_note, .. } = section;
        Self { title, content, sources: sources.into_iter().map(SourceItem::from).collect(), evolution_note, order }
    }
}

impl From<ReportSource> for SourceItem {
    fn from(source: ReportSource) -> Self {
        Self { document_id: source.document_id.get(), title: source.title }
    }
}

impl From<ReportChart> for ChartItem {
    fn from(chart: ReportChart) -> Self {
        let bars = chart.bars.into_iter().map(|(name, value)| BarItem { name, value }).collect();
        Self { title: chart.title, form: chart.form.name(), bars }
    }
}

impl From<RenderError> for Problem {
    fn from(error: RenderError) -> Self {
        Self::new(ProblemKind::Internal).caused_by(error)
    }
}
