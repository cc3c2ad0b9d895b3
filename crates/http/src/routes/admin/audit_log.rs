//! `/admin/audit-log`: what was done in the company, by whom.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Data, Json, Query};
use cortex_identity::model::audit::{AuditEntry, AuditFilter, AuditQuery, ExportFormat, ExportStart};
use cortex_identity::ports::{AuditLog, ListAuditError};
use cortex_kernel::{CompanyId, Page, PageRequest, UserId};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::admin_gate::Admin;
use crate::problem::{Problem, ProblemKind};
use crate::routes::filters::Word;

/// Query of `/admin/audit-log`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct Wanted {
    limit: Option<u16>,
    cursor: Option<String>,
    #[param(value_type = Option<String>)]
    action: Option<Word>,
    #[param(value_type = Option<String>)]
    user_id: Option<Uuid>,
}

/// Query of `/admin/audit-log/export`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct WantedExport {
    /// `ndjson` (which it is when nothing is said) or `csv`.
    format: Option<String>,
    #[param(value_type = Option<String>)]
    action: Option<Word>,
    #[param(value_type = Option<String>)]
    user_id: Option<Uuid>,
}

/// Answer of `/admin/audit-log`.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditLog)]
pub(in crate::routes) struct Listed {
    logs: Vec<EntryItem>,
    /// How many rows this answer holds.
    count: usize,
    /// How many it holds at most.
    limit: u16,
    next_cursor: Option<String>,
}

/// A row of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(in crate::routes) struct EntryItem {
    id: String,
    action: String,
    user_id: Option<String>,
    company_id: String,
    session_id: Option<String>,
    resource_type: Option<String>,
    resource_id: Option<String>,
    #[schema(value_type = Option<Object>)]
    details: Option<Value>,
    ip_address: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

/// A part of the company's audit log, the newest rows first.
#[utoipa::path(
    get,
    path = "/admin/audit-log",
    operation_id = "audit_log",
    tag = "admin",
    params(Wanted),
    responses((status = 200, body = Listed))
)]
pub(in crate::routes) async fn list(
    Admin { session, .. }: Admin,
    Query(wanted): Query<Wanted>,
    log: Data<dyn AuditLog>,
) -> Result<Json<Listed>, Problem> {
    let Wanted { limit, cursor, action, user_id } = wanted;
    let page = PageRequest::new(limit, cursor);
    let limit = page.limit();
    let query = AuditQuery { filter: filter(action, user_id), page };
    let page = log.list_entries(session.company_id, &query).await?;
    let logs: Vec<_> = page.items.into_iter().map(EntryItem::from).collect();
    Ok(Json(Listed { count: logs.len(), logs, limit, next_cursor: page.next_cursor }))
}

/// The whole audit log, the newest rows first, as lines of JSON or as a table. That it was handed out is its first row.
#[utoipa::path(
    get, path = "/admin/audit-log/export", tag = "admin", params(WantedExport),
    responses((status = 200, content((String = "application/x-ndjson"), (String = "text/csv"))))
)]
pub(in crate::routes) async fn export(
    Admin { session, origin }: Admin,
    Query(wanted): Query<WantedExport>,
    log: Data<dyn AuditLog>,
) -> Result<HttpResponse, Problem> {
    let WantedExport { format, action, user_id } = wanted;
    let format = format.map_or(Ok(ExportFormat::Ndjson), |format| format.parse());
    let format = format.map_err(|error| {
        Problem::new(ProblemKind::InvalidQuery).detail(format!("The query cannot be taken: {error}."))
    })?;
    let start = ExportStart {
        company_id: session.company_id,
        session_id: Some(session.id),
        format,
        filter: filter(action, user_id),
        origin,
    };
    log.start_export(&start).await?;
    let mut export = Export {
        log: log.into_inner(),
        company_id: start.company_id,
        filter: start.filter,
        format,
        next: Next::Page(None),
        is_first: true,
    };
    // What fails before the first row is a problem; later all that is left is to break off.
    let first = export.part().await?;
    let rest = stream::try_unfold(export, async |mut export| match export.part().await {
        Ok(part) => Ok(part.map(|part| (part, export))),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "an export of the audit log broke off");
            Err(error)
        }
    });
    let parts = futures_util::StreamExt::chain(stream::iter(first.map(Ok)), rest);
    let (media, name) = match format {
        ExportFormat::Ndjson => ("application/x-ndjson", "audit-log.ndjson"),
        ExportFormat::Csv => ("text/csv; charset=utf-8", "audit-log.csv"),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(parts))
}

/// An export that goes on page by page: no more than one is in memory.
struct Export {
    log: Arc<dyn AuditLog>,
    company_id: CompanyId,
    filter: AuditFilter,
    format: ExportFormat,
    next: Next,
    is_first: bool,
}

enum Next {
    Page(Option<String>),
    Nothing,
}

impl Export {
    /// The next rows as bytes; none after the last one.
    async fn part(&mut self) -> Result<Option<Bytes>, ListAuditError> {
        let Next::Page(cursor) = std::mem::replace(&mut self.next, Next::Nothing) else { return Ok(None) };
        let page = PageRequest::new(Some(PageRequest::MAX_LIMIT), cursor);
        let query = AuditQuery { filter: self.filter.clone(), page };
        let Page { items, next_cursor } = self.log.list_entries(self.company_id, &query).await?;
        if next_cursor.is_some() {
            self.next = Next::Page(next_cursor);
        }
        let with_head = std::mem::replace(&mut self.is_first, false);
        Ok(Some(match self.format {
            ExportFormat::Ndjson => lines(items),
            ExportFormat::Csv => table(&items, with_head),
        }))
    }
}

fn lines(entries: Vec<AuditEntry>) -> Bytes {
    let mut text = String::new();
    for entry in entries {
        let line = serde_json::to_string(&EntryItem::from(entry)).expect("it has text for keys and can be written");
        text.push_str(&line);
        text.push('\n');
    }
    text.into()
}

const COLUMNS: [&str; 12] = [
    "id",
    "action",
    "user_id",
    "company_id",
    "session_id",
    "resource_type",
    "resource_id",
    "details",
    "ip_address",
    "user_agent",
    "request_id",
    "created_at",
];

fn table(entries: &[AuditEntry], with_head: bool) -> Bytes {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |record: [String; 12]| writer.write_record(record).expect("memory takes every record");
    if with_head {
        write(COLUMNS.map(ToOwned::to_owned));
    }
    for entry in entries {
        let cell = |text: &Option<String>| harmless(text.as_deref().unwrap_or_default());
        write([
            entry.id.to_string(),
            harmless(&entry.action),
            cell(&entry.user_id),
            harmless(&entry.company_id),
            entry.session_id.map(|id| id.to_string()).unwrap_or_default(),
            cell(&entry.resource_type),
            cell(&entry.resource_id),
            cell(&entry.details),
            cell(&entry.address),
            cell(&entry.user_agent),
            cell(&entry.request_id),
            entry.at.format(&Rfc3339).unwrap_or_default(),
        ]);
    }
    writer.into_inner().expect("memory takes every record").into()
}

/// Spreadsheets run what begins like a formula, and a caller chooses what his program calls itself. Behind an apostrophe
/// it is text.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn filter(action: Option<Word>, user_id: Option<Uuid>) -> AuditFilter {
    AuditFilter { action: action.map(Word::into_text), user_id: user_id.map(UserId::new) }
}

impl From<AuditEntry> for EntryItem {
    fn from(entry: AuditEntry) -> Self {
        // Rows hold JSON; should one not, its text is told as it stands.
        let details = entry.details.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
        Self {
            id: entry.id.to_string(),
            action: entry.action,
            user_id: entry.user_id,
            company_id: entry.company_id,
            session_id: entry.session_id.map(|id| id.to_string()),
            resource_type: entry.resource_type,
            resource_id: entry.resource_id,
            details,
            ip_address: entry.address,
            user_agent: entry.user_agent,
            request_id: entry.request_id,
            created_at: entry.at,
        }
    }
}

impl From<ListAuditError> for Problem {
    fn from(error: ListAuditError) -> Self {
        match error {
            ListAuditError::Cursor(error) => Self::new(ProblemKind::InvalidQuery)
                .detail("The cursor is none of those that this list answers as next_cursor.")
                .caused_by(error),
            ListAuditError::Store(error) => error.into(),
        }
    }
}
