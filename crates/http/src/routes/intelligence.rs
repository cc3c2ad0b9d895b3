//! `/api/v1/intelligence`: what a day, a week and a month were. What is computed how stands in `docs/insights.md`.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json, Query};
use cortex_identity::model::UserContext;
use cortex_insights::model::{
    BookTotals, Correspondent, DayFigures, HealthScores, KeptSummary, KindTotals, Rise, Span, SpanKind, Stretch,
    by_span, change_percent, money_change_percent,
};
use serde::{Deserialize, Serialize};
use time::macros::{date, format_description};
use time::{Date, Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::analytics::minutes;
use super::books::invalid_query;
use super::money::MoneyBody;
use crate::InsightServices;
use crate::gate::Caller;
use crate::problem::Problem;

/// Query of a day.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DayWanted {
    /// Which day, by UTC; today where it is not said.
    #[param(format = Date)]
    pub(super) date: Option<String>,
}

/// Query of a week.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WeekWanted {
    /// A day of the week, which begins on Monday; this week where it is not said.
    #[param(format = Date)]
    pub(super) week_start: Option<String>,
}

/// Query of a month.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MonthWanted {
    /// `2026-03`; this month where it is not said.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub(super) month: Option<String>,
}

/// Query of a trend by days.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TrendDays {
    /// So many days, of which today is the last; 30 where it is not said.
    #[param(minimum = 1, maximum = 365)]
    days: Option<u16>,
}

/// Query of a trend by weeks.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TrendWeeks {
    /// So many weeks, of which this is the last; 12 where it is not said.
    #[param(minimum = 1, maximum = 52)]
    weeks: Option<u16>,
}

/// Query of a trend by months.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TrendMonths {
    /// So many months, of which this is the last; 12 where it is not said.
    #[param(minimum = 1, maximum = 24)]
    months: Option<u16>,
}

/// What a day, a week or a month was.
#[derive(Serialize, ToSchema)]
pub(super) struct Intelligence {
    /// `daily`, `weekly` or `monthly`.
    period: &'static str,
    #[schema(format = Date)]
    period_start: String,
    #[schema(format = Date)]
    period_end: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    generated_at: OffsetDateTime,
    totals: IntelligenceTotals,
    document_counts: IntelligenceCounts,
    quickbooks: IntelligenceBooks,
    /// Lists are of at most fifteen, those with the most first.
    most_active_people: Vec<ActivePerson>,
    most_active_companies: Vec<ActiveCompany>,
    new_people: Vec<ActivePerson>,
    top_senders: Vec<ActivePerson>,
    top_recipients: Vec<ActivePerson>,
    topics: Vec<RisingTopic>,
    /// Against the period before.
    changes: IntelligenceChanges,
    health_scores: HealthBody,
    /// In sentences.
    key_insights: Vec<String>,
    ai_summary: String,
    executive_summary: String,
}

#[derive(Serialize, ToSchema)]
struct IntelligenceTotals {
    documents: u64,
    emails: u64,
    /// In the middle; null where nobody answered.
    median_reply_minutes: Option<f64>,
}

#[derive(Serialize, ToSchema)]
struct IntelligenceCounts {
    by_source: BTreeMap<String, u64>,
    by_type: BTreeMap<String, u64>,
}

#[derive(Serialize, ToSchema)]
struct IntelligenceBooks {
    invoices: IntelligenceEntries,
    bills: IntelligenceEntries,
    payments: IntelligenceEntries,
    revenue: MoneyBody,
    expenses: MoneyBody,
    net_income: MoneyBody,
    /// Amounts of several are added as they stand.
    currencies: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct IntelligenceEntries {
    count: u64,
    total_amount: MoneyBody,
    outstanding_balance: MoneyBody,
}

#[derive(Serialize, ToSchema)]
struct ActivePerson {
    name: String,
    email: String,
    messages: u64,
}

#[derive(Serialize, ToSchema)]
struct ActiveCompany {
    /// A domain.
    name: String,
    messages: u64,
}

#[derive(Serialize, ToSchema)]
struct RisingTopic {
    term: String,
    count: u64,
    previous_count: u64,
    score: f64,
}

/// In percent; null where there was nothing before.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "clients read these names")]
struct IntelligenceChanges {
    documents_percent: Option<f64>,
    emails_percent: Option<f64>,
    revenue_percent: Option<f64>,
    expenses_percent: Option<f64>,
}

/// Of 0 to 100; null where it cannot be told.
#[derive(Serialize, ToSchema)]
struct HealthBody {
    responsiveness: Option<f64>,
    collection: Option<f64>,
    activity: Option<f64>,
    overall: Option<f64>,
}

/// How much there was, period by period.
#[derive(Serialize, ToSchema)]
pub(super) struct TrendBody {
    /// `daily`, `weekly` or `monthly`.
    period: &'static str,
    data_points: usize,
    /// The oldest first; also those that had nothing.
    time_series: Vec<TrendPoint>,
}

#[derive(Serialize, ToSchema)]
struct TrendPoint {
    /// The first day.
    #[schema(format = Date)]
    date: String,
    /// Documents that came in.
    documents: u64,
    /// Mails that were written.
    emails: u64,
    revenue: MoneyBody,
    expenses: MoneyBody,
    payments: MoneyBody,
}

/// How the company stands.
#[derive(Serialize, ToSchema)]
pub(super) struct IntelligenceHealth {
    /// `healthy`: 60 and more in all; `needs_attention`: less; `unknown`: nothing can be told.
    status: &'static str,
    /// The last week that has a whole day.
    #[schema(format = Date)]
    period_start: String,
    #[schema(format = Date)]
    period_end: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    generated_at: OffsetDateTime,
    health_scores: HealthBody,
}

/// From this score on a company is healthy.
const HEALTHY: f64 = 60.0;
/// Of days before this nothing is computed.
const EARLIEST: Date = date!(1990 - 01 - 01);

/// What a day was.
#[utoipa::path(
    get, path = "/api/v1/intelligence/daily", operation_id = "intelligence_daily", tag = "intelligence",
    params(DayWanted), responses((status = 200, body = Intelligence))
)]
pub(super) async fn daily(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<DayWanted>,
) -> Result<Json<Intelligence>, Problem> {
    tell(&caller, &insights, span(&insights, SpanKind::Day, asked.date.as_deref())?).await
}

/// What a week was.
#[utoipa::path(
    get, path = "/api/v1/intelligence/weekly", operation_id = "intelligence_weekly", tag = "intelligence",
    params(WeekWanted), responses((status = 200, body = Intelligence))
)]
pub(super) async fn weekly(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<WeekWanted>,
) -> Result<Json<Intelligence>, Problem> {
    tell(&caller, &insights, span(&insights, SpanKind::Week, asked.week_start.as_deref())?).await
}

/// What a month was.
#[utoipa::path(
    get, path = "/api/v1/intelligence/monthly", operation_id = "intelligence_monthly", tag = "intelligence",
    params(MonthWanted), responses((status = 200, body = Intelligence))
)]
pub(super) async fn monthly(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<MonthWanted>,
) -> Result<Json<Intelligence>, Problem> {
    let first = asked.month.map(|month| format!("{month}-01"));
    tell(&caller, &insights, span(&insights, SpanKind::Month, first.as_deref())?).await
}

/// What yesterday was.
#[utoipa::path(
    get, path = "/api/v1/intelligence/daily/latest", operation_id = "intelligence_daily_latest", tag = "intelligence",
    responses((status = 200, body = Intelligence))
)]
pub(super) async fn latest_day(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
) -> Result<Json<Intelligence>, Problem> {
    tell(&caller, &insights, insights.sum_up.latest(SpanKind::Day)).await
}

/// What the week of yesterday was.
#[utoipa::path(
    get, path = "/api/v1/intelligence/weekly/latest", operation_id = "intelligence_weekly_latest", tag = "intelligence",
    responses((status = 200, body = Intelligence))
)]
pub(super) async fn latest_week(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
) -> Result<Json<Intelligence>, Problem> {
    tell(&caller, &insights, insights.sum_up.latest(SpanKind::Week)).await
}

/// What the month of yesterday was.
#[utoipa::path(
    get, path = "/api/v1/intelligence/monthly/latest", operation_id = "intelligence_monthly_latest", tag = "intelligence",
    responses((status = 200, body = Intelligence))
)]
pub(super) async fn latest_month(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
) -> Result<Json<Intelligence>, Problem> {
    tell(&caller, &insights, insights.sum_up.latest(SpanKind::Month)).await
}

/// How much there was, day by day.
#[utoipa::path(
    get, path = "/api/v1/intelligence/trends/daily", operation_id = "trends_daily", tag = "intelligence",
    params(TrendDays), responses((status = 200, body = TrendBody))
)]
pub(super) async fn daily_trend(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<TrendDays>,
) -> Result<Json<TrendBody>, Problem> {
    trend(&caller, &insights, SpanKind::Day, points("days", asked.days, 30, 365)?).await
}

/// How much there was, week by week.
#[utoipa::path(
    get, path = "/api/v1/intelligence/trends/weekly", operation_id = "trends_weekly", tag = "intelligence",
    params(TrendWeeks), responses((status = 200, body = TrendBody))
)]
pub(super) async fn weekly_trend(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<TrendWeeks>,
) -> Result<Json<TrendBody>, Problem> {
    trend(&caller, &insights, SpanKind::Week, points("weeks", asked.weeks, 12, 52)?).await
}

/// How much there was, month by month.
#[utoipa::path(
    get, path = "/api/v1/intelligence/trends/monthly", operation_id = "trends_monthly", tag = "intelligence",
    params(TrendMonths), responses((status = 200, body = TrendBody))
)]
pub(super) async fn monthly_trend(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<TrendMonths>,
) -> Result<Json<TrendBody>, Problem> {
    trend(&caller, &insights, SpanKind::Month, points("months", asked.months, 12, 24)?).await
}

/// How the company stands, by the week of yesterday.
#[utoipa::path(
    get, path = "/api/v1/intelligence/health", operation_id = "intelligence_health", tag = "intelligence",
    responses((status = 200, body = IntelligenceHealth))
)]
pub(super) async fn health(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
) -> Result<Json<IntelligenceHealth>, Problem> {
    let kept = insights.sum_up.find(caller.company_id, insights.sum_up.latest(SpanKind::Week)).await?;
    let (scores, Stretch { first, last }) = (kept.summary.health(), kept.span.stretch());
    let status = match scores.overall {
        None => "unknown",
        Some(overall) if overall >= HEALTHY => "healthy",
        Some(_) => "needs_attention",
    };
    Ok(Json(IntelligenceHealth {
        status,
        period_start: first.to_string(),
        period_end: last.to_string(),
        generated_at: kept.computed_at,
        health_scores: scores.into(),
    }))
}

/// The span that a day is in; today's where none is said.
pub(super) fn span(insights: &InsightServices, kind: SpanKind, day: Option<&str>) -> Result<Span, Problem> {
    let today = insights.today();
    let Some(day) = day else { return Ok(Span::of(kind, today)) };
    let format = format_description!("[year]-[month]-[day]");
    let day = Date::parse(day, format).map_err(|_| invalid_query(format!("{day:?} is no date like 2026-03-02")))?;
    let span = Span::of(kind, day);
    if span.first() > today || span.first() < EARLIEST {
        return Err(invalid_query(format!("there is nothing to compute of {}", span.in_words())));
    }
    Ok(span)
}

async fn tell(caller: &UserContext, insights: &InsightServices, span: Span) -> Result<Json<Intelligence>, Problem> {
    let kept = insights.sum_up.find(caller.company_id, span).await?;
    Ok(Json(Intelligence::from(kept)))
}

fn points(name: &str, asked: Option<u16>, usual: u16, most: u16) -> Result<u16, Problem> {
    let points = asked.unwrap_or(usual);
    if (1..=most).contains(&points) { Ok(points) } else { Err(invalid_query(format!("{name} may be 1 to {most}"))) }
}

async fn trend(
    caller: &UserContext,
    insights: &InsightServices,
    kind: SpanKind,
    points: u16,
) -> Result<Json<TrendBody>, Problem> {
    let last = Span::of(kind, insights.today());
    let first = (1..points).fold(last, |span, _| span.previous());
    let stretch = Stretch { first: first.first(), last: last.stretch().last };
    let days = insights.figures.list_days(caller.company_id, stretch).await?;
    let time_series: Vec<_> = by_span(&days, kind, first, last).into_iter().map(TrendPoint::from).collect();
    Ok(Json(TrendBody { period: kind.name(), data_points: time_series.len(), time_series }))
}

impl From<KeptSummary> for Intelligence {
    fn from(kept: KeptSummary) -> Self {
        let key_insights: Vec<_> = kept.insights().into_iter().map(|insight| insight.answer).collect();
        let KeptSummary { span, summary, computed_at } = kept;
        let Stretch { first, last } = span.stretch();
        let words = summary.in_words(span);
        let (now, before) = (summary.amounts, summary.before);
        let mut counts = IntelligenceCounts { by_source: BTreeMap::new(), by_type: BTreeMap::new() };
        let health_scores = summary.health().into();
        for count in summary.documents {
            *counts.by_source.entry(count.source).or_default() += count.documents;
            *counts.by_type.entry(count.kind).or_default() += count.documents;
        }
        Self {
            period: span.kind().name(),
            period_start: first.to_string(),
            period_end: last.to_string(),
            generated_at: computed_at,
            totals: IntelligenceTotals {
                documents: now.documents,
                emails: now.mails,
                median_reply_minutes: summary.median_reply.map(Duration::seconds).map(minutes),
            },
            document_counts: counts,
            quickbooks: summary.books.into(),
            most_active_people: people(summary.people),
            most_active_companies: summary.companies.into_iter().map(ActiveCompany::from).collect(),
            new_people: people(summary.new_people),
            top_senders: people(summary.senders),
            top_recipients: people(summary.recipients),
            topics: summary.topics.into_iter().map(RisingTopic::from).collect(),
            changes: IntelligenceChanges {
                documents_percent: change_percent(now.documents, before.documents),
                emails_percent: change_percent(now.mails, before.mails),
                revenue_percent: money_change_percent(now.revenue, before.revenue),
                expenses_percent: money_change_percent(now.expenses, before.expenses),
            },
            health_scores,
            key_insights,
            ai_summary: words.clone(),
            executive_summary: words,
        }
    }
}

fn people(people: Vec<Correspondent>) -> Vec<ActivePerson> {
    people.into_iter().map(ActivePerson::from).collect()
}

impl From<Correspondent> for ActivePerson {
    fn from(one: Correspondent) -> Self {
        Self { name: one.called().to_owned(), email: one.address, messages: one.mails }
    }
}

impl From<Correspondent> for ActiveCompany {
    fn from(one: Correspondent) -> Self {
        Self { name: one.address, messages: one.mails }
    }
}

impl From<Rise> for RisingTopic {
    fn from(rise: Rise) -> Self {
        let Rise { topic, score } = rise;
        let (count, previous_count) = (topic.occurrences.now, topic.occurrences.before);
        Self { term: topic.what, count, previous_count, score: (score * 100.0).round() / 100.0 }
    }
}

impl From<KindTotals> for IntelligenceEntries {
    fn from(totals: KindTotals) -> Self {
        let KindTotals { count, total, balance, .. } = totals;
        Self { count, total_amount: MoneyBody(total), outstanding_balance: MoneyBody(balance) }
    }
}

impl From<BookTotals> for IntelligenceBooks {
    fn from(totals: BookTotals) -> Self {
        let BookTotals { invoices, bills, payments, currencies } = totals;
        Self {
            revenue: MoneyBody(invoices.total),
            expenses: MoneyBody(bills.total),
            net_income: MoneyBody(invoices.total - bills.total),
            invoices: invoices.into(),
            bills: bills.into(),
            payments: payments.into(),
            currencies,
        }
    }
}

impl From<HealthScores> for HealthBody {
    fn from(scores: HealthScores) -> Self {
        let HealthScores { responsiveness, collection, activity, overall } = scores;
        Self { responsiveness, collection, activity, overall }
    }
}

impl From<DayFigures> for TrendPoint {
    fn from(figures: DayFigures) -> Self {
        let DayFigures { day, documents, mails, revenue, expenses, payments } = figures;
        Self {
            date: day.to_string(),
            documents,
            emails: mails,
            revenue: MoneyBody(revenue),
            expenses: MoneyBody(expenses),
            payments: MoneyBody(payments),
        }
    }
}
