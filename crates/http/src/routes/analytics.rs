//! `/api/v1/analytics`: who writes to whom, and what is written about. What is computed how stands in `docs/insights.md`.

use actix_web::web::{Data, Json, Query};
use cortex_insights::model::{
    Acquainted, Correspondent, Days, KeywordCount, MostCorrespondents, Period, Rise, Stretch, Tie, TopicKind,
    TouchedThread, by_hour_and_weekday,
};
use cortex_kernel::DocumentId;
use futures_util::future::{try_join, try_join_all};
use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::books::invalid_query;
use crate::InsightServices;
use crate::gate::Caller;
use crate::problem::Problem;

/// Query of what is computed of some days.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AnalyticsDays {
    /// So many days of UTC, of which today is the last.
    #[param(minimum = 1, maximum = 365)]
    days: Option<u16>,
}

/// Query of a network.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct NetworkWanted {
    /// So many days of UTC, of which today is the last; 90 where it is not said.
    #[param(minimum = 1, maximum = 365)]
    days: Option<u16>,
    /// At most so many people; 100 where it is not said, 500 at most.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u16>,
}

/// Who writes to whom, and when.
#[derive(Serialize, ToSchema)]
pub(super) struct CommunicationPatterns {
    /// At most ten.
    top_senders: Vec<MailPerson>,
    /// At most ten.
    top_recipients: Vec<MailPerson>,
    /// At most fifty pairs, those with the most mails.
    edges: Vec<MailEdge>,
    /// Mails by hour of UTC.
    by_hour: [u64; 24],
    /// Mails by weekday, from Monday.
    by_weekday: [u64; 7],
    /// How long answers took in the middle; null where nobody answered.
    median_reply_minutes: Option<f64>,
    total_emails: u64,
    date_range_days: u16,
}

/// Somebody who wrote, or was written to.
#[derive(Serialize, ToSchema)]
struct MailPerson {
    /// What his mails call him, or else his address.
    name: String,
    email: String,
    email_count: u64,
    /// How many others are at the other ends.
    unique_contacts: u64,
}

/// That somebody wrote to somebody.
#[derive(Serialize, ToSchema)]
struct MailEdge {
    from: String,
    to: String,
    count: u64,
}

/// People, and the mails between them.
#[derive(Serialize, ToSchema)]
pub(super) struct RelationshipNetwork {
    /// Those with the most mails first.
    nodes: Vec<NetworkNode>,
    /// At most ten times as many as people may be, those with the most mails first.
    edges: Vec<NetworkEdge>,
    date_range_days: u16,
}

#[derive(Serialize, ToSchema)]
struct NetworkNode {
    /// The address.
    id: String,
    /// What his mails call him, or else his address.
    label: String,
    /// Mails that he wrote or got.
    messages: u64,
}

#[derive(Serialize, ToSchema)]
struct NetworkEdge {
    from: String,
    to: String,
    count: u64,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    last_at: OffsetDateTime,
}

/// What is written about more than in as many days before.
#[derive(Serialize, ToSchema)]
pub(super) struct TrendingEntities {
    /// At most twenty of each, what rose most first.
    people: Vec<TrendingEntity>,
    /// Domains of addresses.
    companies: Vec<TrendingEntity>,
    /// Words of subjects.
    terms: Vec<TrendingEntity>,
    date_range_days: u16,
}

#[derive(Serialize, ToSchema)]
struct TrendingEntity {
    name: String,
    /// Mails of these days.
    count: u64,
    /// Mails of as many days before.
    previous_count: u64,
    /// By how many standard deviations it rose.
    score: f64,
}

/// How threads get on.
#[derive(Serialize, ToSchema)]
pub(super) struct DealsMomentum {
    /// At most fifty, those in which most was written first.
    deals: Vec<DealMomentum>,
    date_range_days: u16,
}

#[derive(Serialize, ToSchema)]
struct DealMomentum {
    /// The subject of the last mail.
    name: String,
    thread_id: String,
    /// Mails of these days, whatever clients call them.
    touchpoints_this_week: u64,
    /// Mails of as many days before.
    touchpoints_last_week: u64,
    #[schema(format = Date)]
    last_mention_date: String,
    days_since_last_mention: u64,
    /// `active`, `cooling`, `stalled` or `cold`.
    status: &'static str,
    /// `up`, `steady` or `down`.
    trend: &'static str,
    /// Null where nothing was written before.
    velocity_percent: Option<f64>,
}

/// Words of complaint and urgency in mails.
#[derive(Serialize, ToSchema)]
pub(super) struct SentimentAnalysis {
    /// Those that stand in most mails first.
    alerts: Vec<SentimentAlert>,
    /// Mails that were looked through.
    total_documents_analyzed: u64,
    date_range_days: u16,
}

#[derive(Serialize, ToSchema)]
struct SentimentAlert {
    /// `complaint` or `urgency`.
    r#type: &'static str,
    keyword: String,
    /// In how many mails.
    count: u64,
    /// `low`, from three mails on `medium`, from ten on `high`.
    severity: &'static str,
    /// At most twenty, the newest first.
    document_ids: Vec<i64>,
    /// Those weeks that have any, the earliest first.
    weeks: Vec<SentimentWeek>,
}

#[derive(Serialize, ToSchema)]
struct SentimentWeek {
    /// A Monday.
    #[schema(format = Date)]
    week_start: String,
    count: u64,
}

const TOP_PEOPLE: u16 = 10;
const TOP_EDGES: u16 = 50;
const TOP_DEALS: u16 = 50;
const TOP_TRENDING: usize = 20;
/// So many of what is in most mails are looked at for whether they rose.
const CANDIDATES: u16 = 1_000;
const MOST_NODES: u16 = 500;
/// What is compared with as many days before reads each subject of both.
const LONGEST_COMPARED: u16 = 90;

/// Who wrote to whom, at which hours, and how soon people answered.
#[utoipa::path(
    get, path = "/api/v1/analytics/communication/patterns", operation_id = "communication_patterns", tag = "analytics",
    params(AnalyticsDays),
    responses((status = 200, body = CommunicationPatterns))
)]
pub(super) async fn patterns(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<AnalyticsDays>,
) -> Result<Json<CommunicationPatterns>, Problem> {
    let days = days(asked.days, 30, 365)?;
    let stretch = Stretch::until(insights.today(), days);
    let (mails, company_id) = (&insights.correspondence, caller.company_id);
    let most = MostCorrespondents { people: TOP_PEOPLE, ties: TOP_EDGES };
    let correspondents = mails.list_correspondents(company_id, stretch, most);
    // Two at a time: a dashboard asks for several of these at once, and connections are for everybody.
    let times = async {
        let hours = mails.count_by_hour(company_id, stretch).await?;
        Ok((hours, mails.find_median_reply(company_id, stretch).await?))
    };
    let (correspondents, (hours, median)) = try_join(correspondents, times).await?;
    let edges = correspondents.ties.into_iter().map(|tie| MailEdge { from: tie.from, to: tie.to, count: tie.mails });
    let (by_hour, by_weekday) = by_hour_and_weekday(&hours);
    Ok(Json(CommunicationPatterns {
        top_senders: correspondents.writers.into_iter().map(MailPerson::from).collect(),
        top_recipients: correspondents.receivers.into_iter().map(MailPerson::from).collect(),
        edges: edges.collect(),
        by_hour,
        by_weekday,
        median_reply_minutes: median.map(minutes),
        total_emails: by_hour.iter().sum(),
        date_range_days: days.get(),
    }))
}

/// The people with the most mails, and how many of these are between them.
#[utoipa::path(
    get, path = "/api/v1/analytics/relationships/network", operation_id = "relationship_network", tag = "analytics",
    params(NetworkWanted),
    responses((status = 200, body = RelationshipNetwork))
)]
pub(super) async fn network(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<NetworkWanted>,
) -> Result<Json<RelationshipNetwork>, Problem> {
    let days = days(asked.days, 90, 365)?;
    let limit = asked.limit.unwrap_or(100);
    if !(1..=MOST_NODES).contains(&limit) {
        return Err(invalid_query(format!("limit may be 1 to {MOST_NODES}")));
    }
    let stretch = Stretch::until(insights.today(), days);
    let network = insights.correspondence.map_network(caller.company_id, stretch, limit).await?;
    Ok(Json(RelationshipNetwork {
        nodes: network.people.into_iter().map(NetworkNode::from).collect(),
        edges: network.ties.into_iter().map(NetworkEdge::from).collect(),
        date_range_days: days.get(),
    }))
}

/// Who and what is in more mails than in as many days before.
#[utoipa::path(
    get, path = "/api/v1/analytics/entities/trending", operation_id = "trending_entities", tag = "analytics",
    params(AnalyticsDays),
    responses((status = 200, body = TrendingEntities))
)]
pub(super) async fn trending(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<AnalyticsDays>,
) -> Result<Json<TrendingEntities>, Problem> {
    let days = days(asked.days, 7, LONGEST_COMPARED)?;
    let stretch = Stretch::until(insights.today(), days);
    let own = insights.overview.list_own_addresses(caller.company_id).await?;
    let compare = |kind| insights.correspondence.compare(caller.company_id, stretch, kind, CANDIDATES);
    let compared = try_join_all(TopicKind::ALL.map(compare)).await?;
    let mut risen = TopicKind::ALL.into_iter().zip(compared).map(|(kind, comparison)| {
        let risen = comparison.risen(kind, &own, TOP_TRENDING);
        risen.into_iter().map(TrendingEntity::from).collect::<Vec<_>>()
    });
    let mut next = || risen.next().unwrap_or_default();
    Ok(Json(TrendingEntities { people: next(), companies: next(), terms: next(), date_range_days: days.get() }))
}

/// The threads in which most is written, beside what was written in them before.
#[utoipa::path(
    get, path = "/api/v1/analytics/deals/momentum", operation_id = "deals_momentum", tag = "analytics",
    params(AnalyticsDays),
    responses((status = 200, body = DealsMomentum))
)]
pub(super) async fn momentum(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<AnalyticsDays>,
) -> Result<Json<DealsMomentum>, Problem> {
    let days = days(asked.days, 14, LONGEST_COMPARED)?;
    let today = insights.today();
    let stretch = Stretch::until(today, days);
    let threads = insights.correspondence.list_threads(caller.company_id, stretch, TOP_DEALS).await?;
    let deals = threads.into_iter().map(|thread| DealMomentum::of(thread, today)).collect();
    Ok(Json(DealsMomentum { deals, date_range_days: days.get() }))
}

/// How often words of complaint and of urgency stand in mails, week by week.
#[utoipa::path(
    get, path = "/api/v1/analytics/sentiment/analysis", operation_id = "sentiment_analysis", tag = "analytics",
    params(AnalyticsDays),
    responses((status = 200, body = SentimentAnalysis))
)]
pub(super) async fn sentiment(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    Query(asked): Query<AnalyticsDays>,
) -> Result<Json<SentimentAnalysis>, Problem> {
    let days = days(asked.days, 30, 365)?;
    let counts = insights.signals.count(caller.company_id, Period::until(insights.today(), days)).await?;
    Ok(Json(SentimentAnalysis {
        alerts: counts.keywords.into_iter().map(SentimentAlert::from).collect(),
        total_documents_analyzed: counts.mails,
        date_range_days: days.get(),
    }))
}

/// The days that a query asks for, or so many where it does not say.
fn days(asked: Option<u16>, usual: u16, most: u16) -> Result<Days, Problem> {
    let wanted = Days::new(asked.unwrap_or(usual)).ok().filter(|days| days.get() <= most);
    wanted.ok_or_else(|| invalid_query(format!("days may be 1 to {most}")))
}

/// To a tenth.
pub(super) fn minutes(took: Duration) -> f64 {
    (took.as_seconds_f64() / 6.0).round() / 10.0
}

impl From<Acquainted> for MailPerson {
    fn from(one: Acquainted) -> Self {
        let Acquainted { who, contacts } = one;
        Self { name: who.called().to_owned(), email: who.address, email_count: who.mails, unique_contacts: contacts }
    }
}

impl From<Correspondent> for NetworkNode {
    fn from(one: Correspondent) -> Self {
        Self { label: one.called().to_owned(), id: one.address, messages: one.mails }
    }
}

impl From<Tie> for NetworkEdge {
    fn from(tie: Tie) -> Self {
        let Tie { from, to, mails, last_at } = tie;
        Self { from, to, count: mails, last_at }
    }
}

impl From<Rise> for TrendingEntity {
    fn from(rise: Rise) -> Self {
        let Rise { topic, score } = rise;
        Self {
            name: topic.what,
            count: topic.occurrences.now,
            previous_count: topic.occurrences.before,
            score: (score * 100.0).round() / 100.0,
        }
    }
}

impl DealMomentum {
    fn of(thread: TouchedThread, today: Date) -> Self {
        let touches = thread.touches;
        Self {
            name: thread.subject,
            thread_id: thread.id,
            touchpoints_this_week: touches.now,
            touchpoints_last_week: touches.before,
            last_mention_date: touches.last.to_string(),
            days_since_last_mention: touches.days_since(today),
            status: touches.status(today).name(),
            trend: touches.trend().name(),
            velocity_percent: touches.velocity_percent(),
        }
    }
}

impl From<KeywordCount> for SentimentAlert {
    fn from(counted: KeywordCount) -> Self {
        let severity = counted.severity().name();
        let KeywordCount { keyword, category, count, weeks, documents } = counted;
        let week = |(monday, count): (Date, u64)| SentimentWeek { week_start: monday.to_string(), count };
        Self {
            r#type: category.name(),
            keyword,
            count,
            severity,
            document_ids: documents.into_iter().map(DocumentId::get).collect(),
            weeks: weeks.into_iter().map(week).collect(),
        }
    }
}
