//! `/api/v1/insights`: what is worth knowing of a day, a week and a month. What is computed how stands in
//! `docs/insights.md`.

use actix_web::Responder;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Query};
use cortex_identity::model::UserContext;
use cortex_insights::model::{
    Inquiry, Insight, InsightCategory, InsightId, KeptSummary, Span, SpanKind, Stretch, SummarySource, Widget,
    WidgetKind,
};
use cortex_kernel::Origin;
use cortex_sync_jobs::model::{Asker, CompanyJobRequest, JobKind, Period};
use cortex_sync_jobs::ports::EnqueueOutcome;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::books::invalid_query;
use super::intelligence::{DayWanted, MonthWanted, WeekWanted, span};
use super::openapi::ProblemBody;
use super::report::Report;
use crate::extract::Json as JsonBody;
use crate::gate::Caller;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};
use crate::{AlertServices, InsightServices};

/// Query of the latest insights.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LatestWanted {
    /// Of a day, a week or a month; of all three where it is not said.
    #[param(pattern = "^(daily|weekly|monthly)$")]
    time_period: Option<String>,
    /// At most so many; 10 where it is not said.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<u16>,
}

/// Query of categories.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CategoryWanted {
    /// About this only; about everything where it is not said.
    #[param(pattern = "^(communication|people|topics|finance)$")]
    category: Option<String>,
}

/// Query of an insight that is to be computed anew.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RegenerateWanted {
    /// Which.
    insight_id: String,
}

/// What is worth knowing of a day, a week or a month.
#[derive(Serialize, ToSchema)]
pub(super) struct SpanInsights {
    success: bool,
    /// `daily`, `weekly` or `monthly`.
    time_period: &'static str,
    #[schema(format = Date)]
    period_start: String,
    #[schema(format = Date)]
    period_end: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    generated_at: OffsetDateTime,
    total: usize,
    insights: Vec<InsightBody>,
}

/// What is worth knowing now.
#[derive(Serialize, ToSchema)]
pub(super) struct LatestInsights {
    success: bool,
    total: usize,
    insights: Vec<InsightBody>,
}

/// What is worth knowing now, by what it is about.
#[derive(Serialize, ToSchema)]
pub(super) struct CategoryInsights {
    success: bool,
    /// All that there are.
    categories: Vec<InsightCategoryBody>,
    total: usize,
    insights: Vec<InsightBody>,
}

#[derive(Serialize, ToSchema)]
struct InsightCategoryBody {
    category: &'static str,
    title: &'static str,
    icon: &'static str,
}

/// An answer that nobody had to ask for.
#[derive(Serialize, ToSchema)]
struct InsightBody {
    insight_id: String,
    time_period: &'static str,
    #[schema(format = Date)]
    period_start: String,
    category: &'static str,
    title: &'static str,
    /// The name of a picture.
    icon: &'static str,
    answer: String,
    /// 0 to 1: a fifth for each document.
    confidence: f64,
    /// At most fifteen.
    sources: Vec<InsightSource>,
    total_sources: u64,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    generated_at: OffsetDateTime,
    /// `structured`: `structured_data` holds what is shown.
    output_format: &'static str,
    structured_data: Vec<WidgetBody>,
}

/// A document that an answer rests on.
#[derive(Clone, Serialize, ToSchema)]
struct InsightSource {
    /// Its title.
    quote: String,
    document_id: i64,
    from: Option<String>,
}

/// Something to look at.
#[derive(Serialize, ToSchema)]
#[schema(as = InsightWidget)]
struct WidgetBody {
    /// `alert`, `stat`, `trend` or `snapshot`.
    widget_type: &'static str,
    title: &'static str,
    message: String,
    value: Option<String>,
    value_label: Option<&'static str>,
    /// `high` of an alert, else `low`.
    urgency: &'static str,
    sources: Vec<InsightSource>,
}

/// A widget about which more is wanted.
#[derive(Deserialize, ToSchema)]
pub(super) struct DrillDown {
    widget_title: String,
    widget_message: Option<String>,
}

/// What is known about a widget.
#[derive(Serialize, ToSchema)]
pub(super) struct DrilledDown {
    success: bool,
    report: Report,
}

/// A job computes it.
#[derive(Serialize, ToSchema)]
pub(super) struct InsightsQueued {
    success: bool,
    job_id: String,
    /// `queued`, or `already_queued`: the same was asked for before.
    status: &'static str,
    message: String,
    user_id: String,
    company_id: String,
}

const MAX_TITLE_CHARS: usize = 300;
const USUAL_LIMIT: u16 = 10;
const MOST_INSIGHTS: u16 = 50;

/// What is worth knowing of a day.
#[utoipa::path(
    get, path = "/api/v1/insights/daily", operation_id = "insights_daily", tag = "insights",
    params(DayWanted), responses((status = 200, body = SpanInsights))
)]
pub(super) async fn daily(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<DayWanted>,
) -> Result<Json<SpanInsights>, Problem> {
    let span = asked.date.map_or_else(
        || Ok(insights.sum_up.latest(SpanKind::Day)),
        |date| span(&insights, SpanKind::Day, Some(&date)),
    )?;
    of_span(&caller, &insights, span).await
}

/// What is worth knowing of a week.
#[utoipa::path(
    get, path = "/api/v1/insights/weekly", operation_id = "insights_weekly", tag = "insights",
    params(WeekWanted), responses((status = 200, body = SpanInsights))
)]
pub(super) async fn weekly(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<WeekWanted>,
) -> Result<Json<SpanInsights>, Problem> {
    let span = asked.week_start.map_or_else(
        || Ok(insights.sum_up.latest(SpanKind::Week)),
        |day| span(&insights, SpanKind::Week, Some(&day)),
    )?;
    of_span(&caller, &insights, span).await
}

/// What is worth knowing of a month.
#[utoipa::path(
    get, path = "/api/v1/insights/monthly", operation_id = "insights_monthly", tag = "insights",
    params(MonthWanted), responses((status = 200, body = SpanInsights))
)]
pub(super) async fn monthly(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<MonthWanted>,
) -> Result<Json<SpanInsights>, Problem> {
    let span = asked.month.map_or_else(
        || Ok(insights.sum_up.latest(SpanKind::Month)),
        |month| span(&insights, SpanKind::Month, Some(&format!("{month}-01"))),
    )?;
    of_span(&caller, &insights, span).await
}

/// What is worth knowing of the last day, week and month.
#[utoipa::path(
    get, path = "/api/v1/insights/latest", operation_id = "insights_latest", tag = "insights",
    params(LatestWanted), responses((status = 200, body = LatestInsights))
)]
pub(super) async fn latest(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<LatestWanted>,
) -> Result<Json<LatestInsights>, Problem> {
    let limit = asked.limit.unwrap_or(USUAL_LIMIT);
    if !(1..=MOST_INSIGHTS).contains(&limit) {
        return Err(invalid_query(format!("limit may be 1 to {MOST_INSIGHTS}")));
    }
    let kinds = match asked.time_period {
        None => SpanKind::ALL.to_vec(),
        Some(kind) => vec![kind.parse().map_err(|error| invalid_query(format!("time_period: {error}")))?],
    };
    let mut told = latest_of(&caller, &insights, &kinds).await?;
    told.truncate(limit.into());
    Ok(Json(LatestInsights { success: true, total: told.len(), insights: told }))
}

/// What is worth knowing of the last day, week and month about one thing.
#[utoipa::path(
    get, path = "/api/v1/insights/categories", operation_id = "insights_categories", tag = "insights",
    params(CategoryWanted), responses((status = 200, body = CategoryInsights))
)]
pub(super) async fn categories(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<CategoryWanted>,
) -> Result<Json<CategoryInsights>, Problem> {
    let wanted: Option<InsightCategory> = match asked.category {
        None => None,
        Some(category) => Some(category.parse().map_err(|error| invalid_query(format!("category: {error}")))?),
    };
    let mut told = latest_of(&caller, &insights, &SpanKind::ALL).await?;
    told.retain(|insight| wanted.is_none_or(|wanted| insight.category == wanted.name()));
    let categories = InsightCategory::ALL.map(|category| InsightCategoryBody {
        category: category.name(),
        title: category.title(),
        icon: category.icon(),
    });
    Ok(Json(CategoryInsights { success: true, categories: categories.into(), total: told.len(), insights: told }))
}

/// What documents and books say about a widget. Nothing is kept of it.
#[utoipa::path(
    post, path = "/api/v1/insights/drill-down", operation_id = "insights_drill_down", tag = "insights",
    request_body = DrillDown, responses((status = 200, body = DrilledDown))
)]
pub(super) async fn drill_down(
    Caller(caller): Caller,
    JsonBody(wish): JsonBody<DrillDown>,
    alerts: Data<AlertServices>,
) -> Result<Json<DrilledDown>, Problem> {
    let DrillDown { widget_title, widget_message } = wish;
    let title = widget_title.trim();
    if title.is_empty() || title.chars().count() > MAX_TITLE_CHARS {
        let detail = format!("must have 1 to {MAX_TITLE_CHARS} characters that are not all white space");
        return Err(Problem::new(ProblemKind::InvalidField).invalid_field("/widget_title", detail));
    }
    let words = Inquiry::words(&format!("{title} {}", widget_message.unwrap_or_default()));
    let inquiry = Inquiry { title: title.to_owned(), words, alert: None };
    let investigation = alerts.investigate.investigate(caller.company_id, inquiry).await?;
    Ok(Json(DrilledDown { success: true, report: investigation.into() }))
}

/// Has the last day, week and month computed anew, and those of today.
#[utoipa::path(
    post, path = "/api/v1/insights/generate", operation_id = "insights_generate", tag = "insights",
    responses((status = 202, body = InsightsQueued))
)]
pub(super) async fn generate(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    insights: Data<InsightServices>,
) -> Result<impl Responder, Problem> {
    let today = insights.today();
    queue(&caller, origin, &insights, today.to_string(), "until today").await
}

/// Has the day, the week or the month of an insight computed anew.
#[utoipa::path(
    post, path = "/api/v1/insights/regenerate", operation_id = "insights_regenerate", tag = "insights",
    params(RegenerateWanted),
    responses((status = 202, body = InsightsQueued), (status = 400, response = ProblemBody))
)]
pub(super) async fn regenerate(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    insights: Data<InsightServices>,
    Query(asked): Query<RegenerateWanted>,
) -> Result<impl Responder, Problem> {
    let InsightId { span: wanted, .. } = asked.insight_id.parse().map_err(invalid_query)?;
    let wanted = span(&insights, wanted.kind(), Some(&wanted.first().to_string()))?;
    queue(&caller, origin, &insights, wanted.to_string(), &format!("of {}", wanted.in_words())).await
}

async fn queue(
    caller: &UserContext,
    origin: Origin,
    insights: &InsightServices,
    period: String,
    of: &str,
) -> Result<impl Responder + use<>, Problem> {
    let period: Period = period.parse().map_err(invalid_query)?;
    let request = CompanyJobRequest {
        company_id: caller.company_id,
        kind: JobKind::Summaries,
        period,
        by: Asker::Member(caller.user_id),
        retry_of: None,
        origin,
    };
    let (job, status) = match insights.start_company_job.start(request).await? {
        EnqueueOutcome::Enqueued(job) => (job, "queued"),
        EnqueueOutcome::AlreadyLive(job) => (job, "already_queued"),
    };
    let queued = InsightsQueued {
        success: true,
        job_id: job.id.to_string(),
        status,
        message: format!("What is worth knowing {of} is being computed."),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    };
    Ok((Json(queued), StatusCode::ACCEPTED))
}

async fn of_span(caller: &UserContext, insights: &InsightServices, span: Span) -> Result<Json<SpanInsights>, Problem> {
    let kept = insights.sum_up.find(caller.company_id, span).await?;
    let Stretch { first, last } = span.stretch();
    let told = told(&kept);
    Ok(Json(SpanInsights {
        success: true,
        time_period: span.kind().name(),
        period_start: first.to_string(),
        period_end: last.to_string(),
        generated_at: kept.computed_at,
        total: told.len(),
        insights: told,
    }))
}

/// Those of the last span of each of these kinds.
async fn latest_of(
    caller: &UserContext,
    insights: &InsightServices,
    kinds: &[SpanKind],
) -> Result<Vec<InsightBody>, Problem> {
    let mut all = Vec::new();
    for kind in kinds {
        let kept = insights.sum_up.find(caller.company_id, insights.sum_up.latest(*kind)).await?;
        all.extend(told(&kept));
    }
    Ok(all)
}

fn told(kept: &KeptSummary) -> Vec<InsightBody> {
    kept.insights().into_iter().map(|insight| InsightBody::of(insight, kept)).collect()
}

impl InsightBody {
    fn of(insight: Insight, kept: &KeptSummary) -> Self {
        let confidence = insight.confidence();
        let Insight { category, answer, sources, total_sources, widgets } = insight;
        let sources: Vec<_> = sources.into_iter().map(InsightSource::from).collect();
        Self {
            insight_id: InsightId { span: kept.span, category }.to_string(),
            time_period: kept.span.kind().name(),
            period_start: kept.span.first().to_string(),
            category: category.name(),
            title: category.title(),
            icon: category.icon(),
            answer,
            confidence,
            structured_data: widgets.into_iter().map(|widget| WidgetBody::of(widget, &sources)).collect(),
            sources,
            total_sources,
            generated_at: kept.computed_at,
            output_format: "structured",
        }
    }
}

impl WidgetBody {
    fn of(widget: Widget, sources: &[InsightSource]) -> Self {
        let Widget { kind, title, message, value, value_label } = widget;
        let urgency = if kind == WidgetKind::Alert { "high" } else { "low" };
        Self { widget_type: kind.name(), title, message, value, value_label, urgency, sources: sources.to_vec() }
    }
}

impl From<SummarySource> for InsightSource {
    fn from(source: SummarySource) -> Self {
        let SummarySource { document_id, quote, from } = source;
        Self { quote, document_id: document_id.get(), from }
    }
}
