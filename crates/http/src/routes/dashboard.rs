//! `/api/v1/dashboard`: how the company stands. What is computed how stands in `docs/insights.md`.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use cortex_insights::model::{DocumentShare, NewDocuments, SyncTotals, Week, attention_first};
use futures_util::future::try_join;
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::alerts::{by_urgency, viewer};
use super::integrations::{IntegrationConnection, MOST_CONNECTIONS, may_see};
use crate::gate::Caller;
use crate::problem::Problem;
use crate::{AlertServices, InsightServices};

/// How the company stands.
#[derive(Serialize, ToSchema)]
pub(super) struct Dashboard {
    company_id: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    generated_at: OffsetDateTime,
    documents: DashboardDocuments,
    new_documents: DashboardNews,
    syncs: DashboardSyncs,
    connections: DashboardConnections,
    open_alerts: OpenAlerts,
}

/// Active alerts: of members those that are not about a colleague's account, of admins all.
#[derive(Serialize, ToSchema)]
struct OpenAlerts {
    total: u64,
    by_urgency: BTreeMap<&'static str, u64>,
}

#[derive(Serialize, ToSchema)]
struct DashboardDocuments {
    total: u64,
    /// Those with the most first.
    by_source: Vec<DocumentsOfSource>,
    /// At most a hundred people, those with the most first.
    by_user: Vec<DocumentsOfUser>,
    /// Of how many more people there are some.
    more_users: usize,
}

#[derive(Serialize, ToSchema)]
struct DocumentsOfSource {
    source: String,
    documents: u64,
}

#[derive(Serialize, ToSchema)]
struct DocumentsOfUser {
    /// None of documents from before that was written down.
    user_id: Option<String>,
    /// The address under which he last brought something in.
    email: Option<String>,
    documents: u64,
}

/// Weeks are of the calendar of UTC and begin on Monday.
#[derive(Serialize, ToSchema)]
struct DashboardNews {
    this_week: DashboardWeek,
    last_week: DashboardWeek,
    /// Last week, up to the same hour of the same day.
    last_week_by_now: u64,
    /// By how much this week is ahead of that, in percent to a tenth; none where there was nothing then and something now.
    change_percent: Option<f64>,
}

#[derive(Serialize, ToSchema)]
struct DashboardWeek {
    #[schema(format = Date)]
    start_date: String,
    #[schema(format = Date)]
    end_date: String,
    documents: u64,
}

/// Syncs that were begun in the last seven days; and those that wait or run, whenever they were begun.
#[derive(Serialize, ToSchema)]
struct DashboardSyncs {
    /// `idle`, `healthy`, `degraded` or `failing`.
    health: &'static str,
    period_days: u8,
    queued: u64,
    running: u64,
    completed: u64,
    failed: u64,
    /// Of those that ended; none where none did.
    success_percent: Option<f64>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_completed_at: Option<OffsetDateTime>,
}

#[derive(Serialize, ToSchema)]
struct DashboardConnections {
    /// Those that were not ended.
    total: usize,
    needs_attention: usize,
    /// At most fifty that somebody should look at: of members their own, of admins all.
    attention: Vec<IntegrationConnection>,
}

const SYNC_DAYS: u8 = 7;
const MOST_USERS: usize = 100;
const MOST_ATTENTION: usize = 50;

/// What the company has, what came in lately, and how its connections and syncs do.
#[utoipa::path(
    get, path = "/api/v1/dashboard", operation_id = "dashboard", tag = "dashboard",
    responses((status = 200, body = Dashboard))
)]
pub(super) async fn dashboard(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
    alerts: Data<AlertServices>,
) -> Result<Json<Dashboard>, Problem> {
    let (company_id, overview) = (caller.company_id, &insights.overview);
    let now = insights.clock.now();
    // The two that may go through all documents, at once.
    let (shares, news) = try_join(overview.count_documents(company_id), overview.count_new(company_id, now)).await?;
    let syncs = overview.count_syncs(company_id, now - Duration::days(SYNC_DAYS.into())).await?;
    let connections = overview.list_connections(company_id, MOST_CONNECTIONS).await?;
    let users = by_user(&shares);
    let more_users = users.len().saturating_sub(MOST_USERS);
    let users: Vec<_> = users.into_iter().take(MOST_USERS).collect();
    let ids: Vec<_> = users.iter().filter_map(|(user_id, _)| user_id.clone()).collect();
    let mut addresses = overview.find_addresses(company_id, &ids).await?;
    let open = alerts.alerts.count_active(viewer(&caller)).await?;
    let wanting = attention_first(&connections);
    let attention = wanting.iter().filter(|(one, _)| may_see(&caller, one)).take(MOST_ATTENTION);
    Ok(Json(Dashboard {
        company_id: company_id.to_string(),
        generated_at: now,
        documents: DashboardDocuments {
            total: shares.iter().map(|share| share.documents).sum(),
            by_source: by_source(&shares),
            by_user: users
                .into_iter()
                .map(|(user_id, documents)| DocumentsOfUser {
                    email: user_id.as_ref().and_then(|user_id| addresses.remove(user_id)),
                    user_id,
                    documents,
                })
                .collect(),
            more_users,
        },
        new_documents: DashboardNews::of(news, Week::of(now.date())),
        syncs: syncs.into(),
        connections: DashboardConnections {
            total: connections.iter().filter(|one| one.is_live()).count(),
            needs_attention: wanting.len(),
            attention: attention.map(|(one, _)| IntegrationConnection::of(one)).collect(),
        },
        open_alerts: OpenAlerts { total: open.total(), by_urgency: by_urgency(&open) },
    }))
}

fn by_source(shares: &[DocumentShare]) -> Vec<DocumentsOfSource> {
    let counts = most_first(shares.iter().map(|share| (share.source.clone(), share.documents)));
    counts.into_iter().map(|(source, documents)| DocumentsOfSource { source, documents }).collect()
}

fn by_user(shares: &[DocumentShare]) -> Vec<(Option<String>, u64)> {
    most_first(shares.iter().map(|share| (share.user_id.clone(), share.documents)))
}

/// Sums by key, the greatest first and equals by their keys.
fn most_first<K: Ord>(counts: impl Iterator<Item = (K, u64)>) -> Vec<(K, u64)> {
    let mut sums = BTreeMap::new();
    for (key, count) in counts {
        *sums.entry(key).or_default() += count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
    sums
}

impl DashboardNews {
    fn of(news: NewDocuments, week: Week) -> Self {
        let told = |week: Week, documents| DashboardWeek {
            start_date: week.first().to_string(),
            end_date: week.last().to_string(),
            documents,
        };
        Self {
            this_week: told(week, news.this_week),
            last_week: told(week.previous(), news.last_week),
            last_week_by_now: news.last_week_by_now,
            change_percent: news.change_percent(),
        }
    }
}

impl From<SyncTotals> for DashboardSyncs {
    fn from(totals: SyncTotals) -> Self {
        Self {
            health: totals.health().name(),
            period_days: SYNC_DAYS,
            queued: totals.queued,
            running: totals.running,
            completed: totals.completed,
            failed: totals.failed,
            success_percent: totals.success_percent(),
            last_completed_at: totals.last_completed_at,
        }
    }
}
