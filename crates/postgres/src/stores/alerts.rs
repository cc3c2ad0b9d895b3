//! [`Alerts`] on a company's database.

use async_trait::async_trait;
use cortex_insights::model::{
    ActiveAlerts, Alert, AlertCounts, AlertRule, DismissOutcome, Dismissal, Evaluation, Finding, FoundAlert, History,
    HistoryQuery, InvalidCursor, RuleSetting, Urgency, Viewer,
};
use cortex_insights::ports::{Alerts, ListError};
use cortex_kernel::{CompanyId, DocumentId, Page, StoreError};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use time::OffsetDateTime;
use tracing::instrument;
use uuid::Uuid;

use crate::tables::alerts::{self, CountRow, Place};
use crate::tables::{admin_audit_log, inconsistency};
use crate::{Abort, Pool};

/// The alerts in a company's database.
pub struct PgAlerts {
    company: Pool,
}

impl PgAlerts {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl Alerts for PgAlerts {
    #[instrument(name = "pg.alerts.begin_evaluation", skip_all)]
    async fn begin_evaluation(&self, company_id: CompanyId) -> Result<Evaluation, StoreError> {
        let (rows, begun_at) = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                alerts::insert_rules(connection, company_id).await?;
                let begun_at = alerts::now(connection).await?;
                Ok::<_, Abort<StoreError>>((alerts::list_rules(connection, company_id).await?, begun_at))
            })
            .await?;
        let rules = rows.into_iter().map(RuleSetting::try_from).collect::<Result<_, _>>()?;
        Ok(Evaluation { rules, begun_at })
    }

    #[instrument(name = "pg.alerts.record", skip_all, fields(alert.rule = rule.name()))]
    async fn record(&self, company_id: CompanyId, rule: AlertRule, findings: &[Finding]) -> Result<(), StoreError> {
        let ids: Vec<i64> = findings.iter().filter_map(|finding| finding.document_id).map(DocumentId::get).collect();
        let ids = &ids;
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let held = alerts::hold_documents(connection, company_id, ids.clone()).await?;
                let is_there = |id: DocumentId| held.binary_search(&id.get()).is_ok();
                let findings: Vec<&Finding> =
                    findings.iter().filter(|finding| finding.document_id.is_none_or(is_there)).collect();
                Ok::<_, Abort<StoreError>>(alerts::upsert(connection, company_id, rule, &findings).await?)
            })
            .await
    }

    #[instrument(name = "pg.alerts.resolve_unseen", skip_all, fields(alert.rule = rule.name()))]
    async fn resolve_unseen(
        &self,
        company_id: CompanyId,
        rule: AlertRule,
        since: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let resolved = self
            .company
            .run(async |connection: &mut AsyncPgConnection| alerts::resolve(connection, company_id, rule, since).await)
            .await?;
        Ok(u64::try_from(resolved).unwrap_or(u64::MAX))
    }

    #[instrument(name = "pg.alerts.list_active", skip_all)]
    async fn list_active(
        &self,
        viewer: Viewer,
        urgency: Option<Urgency>,
        most: u16,
    ) -> Result<ActiveAlerts, StoreError> {
        let (counted, rows) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                let counted = alerts::count_active(connection, viewer).await?;
                Ok((counted, alerts::list_active(connection, viewer, urgency, most).await?))
            })
            .await?;
        let (counts, _) = alerts::totals(&counted, active);
        let total = urgency.map_or_else(|| counts.total(), |urgency| counts.of(urgency));
        Ok(ActiveAlerts { total, alerts: inconsistency::readable(rows) })
    }

    #[instrument(name = "pg.alerts.count_active", skip_all)]
    async fn count_active(&self, viewer: Viewer) -> Result<AlertCounts, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| alerts::count_active(connection, viewer).await)
            .await?;
        Ok(alerts::totals(&rows, active).0)
    }

    #[instrument(name = "pg.alerts.list_history", skip_all)]
    async fn list_history(&self, viewer: Viewer, query: &HistoryQuery) -> Result<History, ListError> {
        let HistoryQuery { since, includes_dismissed, page } = query;
        let (after, most) = (page.cursor().map(place).transpose()?, page.rows());
        let (counted, rows) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                let counted = alerts::count(connection, viewer, *since).await?;
                let rows = alerts::list_history(connection, viewer, *since, *includes_dismissed, after, most).await?;
                Ok((counted, rows))
            })
            .await?;
        let dismissed = |row: &CountRow| if *includes_dismissed { row.dismissed } else { 0 };
        let (by_urgency, by_rule) = alerts::totals(&counted, |row| row.active + row.resolved + dismissed(row));
        let total = |of: &dyn Fn(&CountRow) -> i64| alerts::totals(&counted, of).0.total();
        let page = Page::of(rows, page, |last| cursor(last.place())).try_map(Alert::try_from);
        Ok(History {
            active: total(&active),
            dismissed: total(&dismissed),
            resolved: total(&|row| row.resolved),
            by_urgency,
            by_rule,
            page: page.map_err(StoreError::from)?,
        })
    }

    #[instrument(name = "pg.alerts.find_alert", skip_all)]
    async fn find_alert(&self, viewer: Viewer, id: Uuid) -> Result<Option<FoundAlert>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| alerts::find(connection, viewer, id).await)
            .await?;
        Ok(row.map(FoundAlert::try_from).transpose()?)
    }

    #[instrument(name = "pg.alerts.dismiss", skip_all)]
    async fn dismiss(&self, dismissal: &Dismissal) -> Result<DismissOutcome, StoreError> {
        let Dismissal { by, id, note, origin } = dismissal;
        let (is_dismissed, row) = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let note = note.as_ref().map(cortex_insights::model::AlertNote::as_str);
                let is_dismissed = alerts::dismiss(connection, *by, *id, note).await?;
                let row = alerts::find(connection, *by, *id).await?;
                if let Some(row) = row.as_ref().filter(|_| is_dismissed) {
                    let entry = admin_audit_log::Entry {
                        company_id: by.company_id,
                        user_id: Some(by.user_id),
                        session_id: None,
                        action: "alert_dismissed",
                        resource_type: "alert",
                        resource_id: id.to_string(),
                        details: json!({ "rule": row.rule() }),
                        origin,
                    };
                    admin_audit_log::insert(connection, &entry).await?;
                }
                Ok::<_, Abort<StoreError>>((is_dismissed, row))
            })
            .await?;
        Ok(match row {
            Some(row) if is_dismissed => DismissOutcome::Dismissed(Box::new(row.try_into()?)),
            Some(_) => DismissOutcome::NotActive,
            None => DismissOutcome::NotFound,
        })
    }

    #[instrument(name = "pg.alerts.count_investigation", skip_all)]
    async fn count_investigation(&self, viewer: Viewer, id: Uuid) -> Result<bool, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| alerts::count_investigation(connection, viewer, id).await)
            .await
    }
}

fn active(row: &CountRow) -> i64 {
    row.active
}

/// Microseconds since 1970, as PostgreSQL keeps them, and an id.
fn cursor((moment, id): Place) -> String {
    format!("{}.{id}", moment.unix_timestamp_nanos() / 1_000)
}

/// The place that such a cursor names.
fn place(cursor: &str) -> Result<Place, InvalidCursor> {
    let (micros, id) = cursor.split_once('.').ok_or(InvalidCursor)?;
    let nanos = micros.parse::<i64>().map_err(|_| InvalidCursor)?;
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(nanos) * 1_000).map_err(|_| InvalidCursor)?;
    Ok((moment, id.parse().map_err(|_| InvalidCursor)?))
}
