//! `/api/v1/alerts`: what a company's people should look at. When something is an alert stands in `docs/alerts.md`.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use cortex_identity::model::{Role, UserContext};
use cortex_insights::model::{
    Alert, AlertCounts, AlertNote, BACKFILL, DismissOutcome, Dismissal, FoundAlert, HistoryQuery, Inquiry, Urgency,
    Viewer,
};
use cortex_kernel::{PageRequest, StoreError};
use cortex_sync_jobs::model::{Asker, CompanyJobRequest, InvalidPeriod, JobKind};
use cortex_sync_jobs::ports::EnqueueOutcome;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::books::days;
use super::openapi::ProblemBody;
use super::report::Report;
use crate::AlertServices;
use crate::extract::OptionalJson;
use crate::gate::Caller;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// Which active alerts are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `critical`, `high`, `medium` or `low`; all of them, where it is not said.
    urgency_filter: Option<String>,
    /// At most so many; 20 where it is not said, 200 at most.
    limit: Option<u16>,
}

/// Which alerts of the past are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedHistory {
    /// Found in so many days, of which today is the last one: 1 to 365; 30 where it is not said.
    days: Option<u16>,
    /// Whether those count that somebody dismissed; they do, where it is not said.
    include_dismissed: Option<bool>,
    /// At most so many; 200 where it is not said, and no more.
    limit: Option<u16>,
    /// Where to go on: `next_cursor` of the part before.
    cursor: Option<String>,
}

/// Active alerts, the most urgent first, and of these the newest.
#[derive(Serialize, ToSchema)]
pub(super) struct ActiveAlerts {
    /// How many there are, of this urgency.
    total: u64,
    urgency_filter: Option<&'static str>,
    alerts: Vec<ActiveAlert>,
}

#[derive(Serialize, ToSchema)]
struct ActiveAlert {
    alert_id: String,
    /// The document that it is about, if it is about one.
    document_id: Option<i64>,
    document_title: Option<String>,
    document_source: Option<String>,
    /// The rule that found it.
    alert_type: &'static str,
    /// `critical`, `high`, `medium` or `low`.
    urgency_level: &'static str,
    summary: String,
    /// Who and what is concerned, the most important first.
    key_entities: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    detected_at: OffsetDateTime,
    investigation_count: u32,
    /// How often it came to be a matter.
    occurrences: u32,
}

/// How many alerts are active.
#[derive(Serialize, ToSchema)]
pub(super) struct AlertStats {
    stats: AlertTotals,
    #[serde(with = "time::serde::rfc3339")]
    timestamp: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
struct AlertTotals {
    critical: u64,
    high: u64,
    medium: u64,
    low: u64,
    total_active: u64,
}

/// What was found, whatever became of it, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct AlertHistory {
    /// All of these days, also those that are not in this part.
    total_alerts: u64,
    active_count: u64,
    dismissed_count: u64,
    /// Those that do not hold any more.
    resolved_count: u64,
    by_urgency: BTreeMap<&'static str, u64>,
    by_type: BTreeMap<&'static str, u64>,
    alerts: Vec<PastAlert>,
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct PastAlert {
    id: String,
    alert_type: &'static str,
    urgency_level: &'static str,
    summary: String,
    #[serde(with = "time::serde::rfc3339")]
    detected_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    dismissed_at: Option<OffsetDateTime>,
    dismissed_by: Option<String>,
    investigation_count: u32,
    /// `active`, `dismissed` or `resolved`.
    status: &'static str,
    #[serde(with = "time::serde::rfc3339::option")]
    resolved_at: Option<OffsetDateTime>,
}

/// An alert by its id.
#[derive(Serialize, ToSchema)]
pub(super) struct OneAlert {
    alert: WholeAlert,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Alert)]
struct WholeAlert {
    #[serde(flatten)]
    alert: ActiveAlert,
    /// `active`, `dismissed` or `resolved`.
    status: &'static str,
    #[serde(with = "time::serde::rfc3339::option")]
    resolved_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    dismissed_at: Option<OffsetDateTime>,
    dismissed_by: Option<String>,
    note: Option<String>,
    /// How its document begins.
    content_preview: Option<String>,
}

/// Why an alert is dismissed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct DismissBody {
    /// At most 2,000 characters.
    note: Option<String>,
}

/// An alert is dismissed.
#[derive(Serialize, ToSchema)]
pub(super) struct DismissedAlert {
    success: bool,
    alert_id: String,
    #[serde(with = "time::serde::rfc3339::option")]
    dismissed_at: Option<OffsetDateTime>,
    dismissed_by: String,
    note: Option<String>,
    user_id: String,
    company_id: String,
}

/// What is known about an alert.
#[derive(Serialize, ToSchema)]
pub(super) struct InvestigatedAlert {
    success: bool,
    alert_id: String,
    report: AlertReport,
    user_id: String,
    company_id: String,
}

#[derive(Serialize, ToSchema)]
struct AlertReport {
    #[serde(flatten)]
    report: Report,
    alert_context: AlertContext,
}

#[derive(Serialize, ToSchema)]
struct AlertContext {
    alert_id: String,
    urgency_level: &'static str,
    alert_type: &'static str,
    key_entities: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    detected_at: OffsetDateTime,
    /// None where the alert is about no document.
    source_document: Option<SourceDocument>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AlertDocument)]
struct SourceDocument {
    id: i64,
    title: String,
    content_preview: Option<String>,
}

/// All documents are looked at.
#[derive(Serialize, ToSchema)]
pub(super) struct AlertBackfill {
    success: bool,
    job_id: String,
    /// `queued` or `running`.
    status: &'static str,
    user_id: String,
    company_id: String,
}

const LISTED: u16 = 20;

/// What the company's people should look at.
#[utoipa::path(
    get, path = "/api/v1/alerts/active", operation_id = "active", tag = "alerts", params(Wanted),
    responses((status = 200, body = ActiveAlerts))
)]
pub(super) async fn active(
    Caller(caller): Caller,
    Query(Wanted { urgency_filter, limit }): Query<Wanted>,
    services: Data<AlertServices>,
) -> Result<Json<ActiveAlerts>, Problem> {
    let urgency: Option<Urgency> = urgency_filter.as_deref().map(str::parse).transpose().map_err(
        |error: cortex_insights::model::UnknownUrgency| {
            Problem::new(ProblemKind::InvalidQuery).detail(format!("{error}.")).caused_by(error)
        },
    )?;
    let most = limit.unwrap_or(LISTED).clamp(1, PageRequest::MAX_LIMIT);
    let listed = services.alerts.list_active(viewer(&caller), urgency, most).await?;
    Ok(Json(ActiveAlerts {
        total: listed.total,
        urgency_filter: urgency.map(Urgency::name),
        alerts: listed.alerts.into_iter().map(ActiveAlert::from).collect(),
    }))
}

/// How many of that there are.
#[utoipa::path(
    get, path = "/api/v1/alerts/stats", operation_id = "stats", tag = "alerts",
    responses((status = 200, body = AlertStats))
)]
pub(super) async fn stats(Caller(caller): Caller, services: Data<AlertServices>) -> Result<Json<AlertStats>, Problem> {
    let counts = services.alerts.count_active(viewer(&caller)).await?;
    let of = |urgency| counts.of(urgency);
    let stats = AlertTotals {
        critical: of(Urgency::Critical),
        high: of(Urgency::High),
        medium: of(Urgency::Medium),
        low: of(Urgency::Low),
        total_active: counts.total(),
    };
    Ok(Json(AlertStats { stats, timestamp: services.clock.now() }))
}

/// What was found, whatever became of it.
#[utoipa::path(
    get, path = "/api/v1/alerts/history", operation_id = "history", tag = "alerts", params(WantedHistory),
    responses((status = 200, body = AlertHistory))
)]
pub(super) async fn history(
    Caller(caller): Caller,
    Query(wanted): Query<WantedHistory>,
    services: Data<AlertServices>,
) -> Result<Json<AlertHistory>, Problem> {
    let today = services.clock.now().to_offset(UtcOffset::UTC).date();
    let query = HistoryQuery {
        since: days(wanted.days)?.first_until(today).midnight().assume_utc(),
        includes_dismissed: wanted.include_dismissed.unwrap_or(true),
        page: PageRequest::new(Some(wanted.limit.unwrap_or(PageRequest::MAX_LIMIT)), wanted.cursor),
    };
    let history = services.alerts.list_history(viewer(&caller), &query).await?;
    Ok(Json(AlertHistory {
        total_alerts: history.active + history.dismissed + history.resolved,
        active_count: history.active,
        dismissed_count: history.dismissed,
        resolved_count: history.resolved,
        by_urgency: by_urgency(&history.by_urgency),
        by_type: history.by_rule.into_iter().map(|(rule, count)| (rule.name(), count)).collect(),
        alerts: history.page.items.into_iter().map(PastAlert::from).collect(),
        next_cursor: history.page.next_cursor,
    }))
}

/// An alert, with how its document begins.
#[utoipa::path(
    get, path = "/api/v1/alerts/{id}", operation_id = "one", tag = "alerts", params(("id" = Uuid, Path)),
    responses((status = 200, body = OneAlert), (status = 404, response = ProblemBody))
)]
pub(super) async fn one(
    Caller(caller): Caller,
    id: Path<Uuid>,
    services: Data<AlertServices>,
) -> Result<Json<OneAlert>, Problem> {
    let found = services.alerts.find_alert(viewer(&caller), *id).await?.ok_or_else(absent)?;
    Ok(Json(OneAlert { alert: found.into() }))
}

/// Nothing is to be done about an alert: it is active no more, until it is another matter.
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/dismiss", operation_id = "dismiss", tag = "alerts",
    params(("id" = Uuid, Path)), request_body = Option<DismissBody>,
    responses(
        (status = 200, body = DismissedAlert),
        (status = 404, response = ProblemBody),
        (status = 409, response = ProblemBody),
        (status = 422, response = ProblemBody)
    )
)]
pub(super) async fn dismiss(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    id: Path<Uuid>,
    OptionalJson(DismissBody { note }): OptionalJson<DismissBody>,
    services: Data<AlertServices>,
) -> Result<Json<DismissedAlert>, Problem> {
    let note = AlertNote::of(note.as_deref().unwrap_or_default())
        .map_err(|error| Problem::new(ProblemKind::InvalidField).invalid_field("/note", error.to_string()))?;
    let dismissal = Dismissal { by: viewer(&caller), id: *id, note, origin };
    let alert = match services.alerts.dismiss(&dismissal).await? {
        DismissOutcome::Dismissed(alert) => alert,
        DismissOutcome::NotFound => return Err(absent()),
        DismissOutcome::NotActive => {
            return Err(Problem::new(ProblemKind::WrongState).detail("The alert was dismissed or resolved before."));
        }
    };
    let (at, note) = alert.dismissed.map(|dismissed| (dismissed.at, dismissed.note)).unzip();
    Ok(Json(DismissedAlert {
        success: true,
        alert_id: alert.id.to_string(),
        dismissed_at: at,
        dismissed_by: caller.user_id.to_string(),
        note: note.flatten(),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

/// Reports what documents and books say about an alert.
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/investigate", operation_id = "investigate", tag = "alerts",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = InvestigatedAlert), (status = 404, response = ProblemBody))
)]
pub(super) async fn investigate(
    Caller(caller): Caller,
    id: Path<Uuid>,
    services: Data<AlertServices>,
) -> Result<Json<InvestigatedAlert>, Problem> {
    let viewer = viewer(&caller);
    let FoundAlert { alert, preview } = services.alerts.find_alert(viewer, *id).await?.ok_or_else(absent)?;
    let context = AlertContext::of(&alert, preview);
    let investigation = services.investigate.investigate(caller.company_id, Inquiry::about(alert)).await?;
    // It may be gone meanwhile; what is known of it is told all the same.
    services.alerts.count_investigation(viewer, *id).await?;
    Ok(Json(InvestigatedAlert {
        success: true,
        alert_id: id.to_string(),
        report: AlertReport { report: investigation.into(), alert_context: context },
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

/// Puts the rules to all documents, of whatever age, by a job.
#[utoipa::path(
    post, path = "/api/v1/alerts/backfill", operation_id = "backfill", tag = "alerts",
    responses((status = 202, body = AlertBackfill))
)]
pub(super) async fn backfill(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    services: Data<AlertServices>,
) -> Result<(Json<AlertBackfill>, StatusCode), Problem> {
    let period = BACKFILL.parse().map_err(|error: InvalidPeriod| Problem::from(StoreError::Broken(error.into())))?;
    let request = CompanyJobRequest {
        company_id: caller.company_id,
        kind: JobKind::AlertRules,
        period,
        by: Asker::Member(caller.user_id),
        retry_of: None,
        origin,
    };
    let (EnqueueOutcome::Enqueued(job) | EnqueueOutcome::AlreadyLive(job)) = services.start_job.start(request).await?;
    let queued = AlertBackfill {
        success: true,
        job_id: job.id.to_string(),
        status: job.status.name(),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    };
    Ok((Json(queued), StatusCode::ACCEPTED))
}

/// What is about a colleague's account is for admins.
pub(super) fn viewer(caller: &UserContext) -> Viewer {
    Viewer { company_id: caller.company_id, user_id: caller.user_id, is_admin: caller.role >= Role::Admin }
}

/// How many of each urgency, also of those without any.
pub(super) fn by_urgency(counts: &AlertCounts) -> BTreeMap<&'static str, u64> {
    Urgency::ALL.into_iter().map(|urgency| (urgency.name(), counts.of(urgency))).collect()
}

fn absent() -> Problem {
    Problem::new(ProblemKind::NotFound).detail("There is no such alert.")
}

impl AlertContext {
    fn of(alert: &Alert, preview: Option<String>) -> Self {
        let document = alert.document.as_ref();
        Self {
            alert_id: alert.id.to_string(),
            urgency_level: alert.urgency.name(),
            alert_type: alert.rule.name(),
            key_entities: alert.key_entities.clone(),
            detected_at: alert.detected_at,
            source_document: document.map(|document| SourceDocument {
                id: document.id.get(),
                title: document.title.clone(),
                content_preview: preview,
            }),
        }
    }
}

impl From<Alert> for ActiveAlert {
    fn from(alert: Alert) -> Self {
        let document = alert.document;
        Self {
            alert_id: alert.id.to_string(),
            document_id: document.as_ref().map(|document| document.id.get()),
            document_title: document.as_ref().map(|document| document.title.clone()),
            document_source: document.map(|document| document.source),
            alert_type: alert.rule.name(),
            urgency_level: alert.urgency.name(),
            summary: alert.summary,
            key_entities: alert.key_entities,
            detected_at: alert.detected_at,
            investigation_count: alert.investigation_count,
            occurrences: alert.occurrences,
        }
    }
}

impl From<Alert> for PastAlert {
    fn from(alert: Alert) -> Self {
        let status = alert.state();
        let (dismissed_at, dismissed_by) = alert.dismissed.map(|dismissed| (dismissed.at, dismissed.by)).unzip();
        Self {
            id: alert.id.to_string(),
            alert_type: alert.rule.name(),
            urgency_level: alert.urgency.name(),
            summary: alert.summary,
            detected_at: alert.detected_at,
            dismissed_at,
            dismissed_by: dismissed_by.flatten().map(|by| by.to_string()),
            investigation_count: alert.investigation_count,
            status,
            resolved_at: alert.resolved_at,
        }
    }
}

impl From<FoundAlert> for WholeAlert {
    fn from(FoundAlert { alert, preview }: FoundAlert) -> Self {
        let dismissed = alert.dismissed.clone();
        Self {
            status: alert.state(),
            resolved_at: alert.resolved_at,
            dismissed_at: dismissed.as_ref().map(|dismissed| dismissed.at),
            dismissed_by: dismissed.as_ref().and_then(|dismissed| dismissed.by).map(|by| by.to_string()),
            note: dismissed.and_then(|dismissed| dismissed.note),
            content_preview: preview,
            alert: alert.into(),
        }
    }
}
