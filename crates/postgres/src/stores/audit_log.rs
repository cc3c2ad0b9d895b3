//! [`AuditLog`] on a company's database.

use async_trait::async_trait;
use cortex_identity::model::audit::{AuditEntry, AuditQuery, ExportStart, InvalidAuditCursor};
use cortex_identity::ports::{AuditLog, ListAuditError};
use cortex_kernel::{CompanyId, Page, StoreError};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use time::OffsetDateTime;
use tracing::instrument;
use uuid::Uuid;

use crate::Pool;
use crate::tables::{admin_audit_log, audit_entries};

/// The audit log in a company's database.
pub struct PgAuditLog {
    company: Pool,
}

impl PgAuditLog {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl AuditLog for PgAuditLog {
    #[instrument(name = "pg.audit_log.list_entries", skip_all)]
    async fn list_entries(
        &self,
        company_id: CompanyId,
        query: &AuditQuery,
    ) -> Result<Page<AuditEntry>, ListAuditError> {
        let after = query.page.cursor().map(|cursor| read_cursor(cursor).ok_or(InvalidAuditCursor)).transpose()?;
        let rows = query.page.rows();
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                audit_entries::list(connection, company_id, &query.filter, after, rows).await
            })
            .await?;
        let entries = rows.into_iter().map(AuditEntry::from).collect();
        Ok(Page::of(entries, &query.page, cursor_after))
    }

    #[instrument(name = "pg.audit_log.start_export", skip_all)]
    async fn start_export(&self, start: &ExportStart) -> Result<(), StoreError> {
        let entry = &admin_audit_log::Entry {
            company_id: start.company_id,
            user_id: None,
            session_id: start.session_id,
            action: "export_started",
            resource_type: "admin_audit_log",
            resource_id: start.company_id.to_string(),
            details: json!({
                "format": start.format.name(),
                "action": start.filter.action,
                "user_id": start.filter.user_id.map(|user_id| user_id.to_string()),
            }),
            origin: &start.origin,
        };
        self.company
            .run(async |connection: &mut AsyncPgConnection| admin_audit_log::insert(connection, entry).await)
            .await
    }
}

/// Where a list goes on: moment and id of the last row. Rows come in before it and are never moved.
fn cursor_after(entry: &AuditEntry) -> String {
    format!("{}.{}", entry.at.unix_timestamp_nanos() / 1_000, entry.id)
}

fn read_cursor(cursor: &str) -> Option<(OffsetDateTime, Uuid)> {
    let (micros, id) = cursor.split_once('.')?;
    let micros: i64 = micros.parse().ok()?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()?;
    Some((at, id.parse().ok()?))
}
