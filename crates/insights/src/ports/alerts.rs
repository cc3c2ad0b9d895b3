//! Keeping alerts.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use time::OffsetDateTime;
use uuid::Uuid;

use super::ListError;
use crate::model::{
    ActiveAlerts, AlertCounts, AlertRule, DismissOutcome, Dismissal, Evaluation, Finding, FoundAlert, History,
    HistoryQuery, Urgency, Viewer,
};

/// The alerts of companies, and the rules that they come from. Of a rule and a subject there is one.
///
/// # Contract
///
/// - A company begins with the rules as they are by default.
/// - What is found is active, what is urgent first.
/// - What is found again is the same alert.
/// - What is not found any more is resolved.
/// - What comes again after that is another occurrence.
/// - Who dismisses an alert is kept with his note, and audited.
/// - What is dismissed stays dismissed until it is another matter.
/// - What is not active is not dismissed.
/// - Alerts are counted by urgency.
/// - The history tells what became of alerts.
/// - The history goes on in pages without a gap.
/// - Each investigation counts.
/// - What is about somebody's account is for him and for admins.
/// - A cursor that is no place among alerts is refused.
/// - Another company's alerts are absent.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Alerts: Send + Sync {
    /// The rules of the company, which get their defaults when they are first asked for, and what time it is there.
    async fn begin_evaluation(&self, company_id: CompanyId) -> Result<Evaluation, StoreError>;

    /// Keeps what the rule found. What is about a document that is gone is left out. An alert that is active stays what it is
    /// and tells what is found now; one that was resolved, or was dismissed as another matter, is active again.
    async fn record(&self, company_id: CompanyId, rule: AlertRule, findings: &[Finding]) -> Result<(), StoreError>;

    /// Resolves what is active and was not found since then. Answers how many that were.
    async fn resolve_unseen(
        &self,
        company_id: CompanyId,
        rule: AlertRule,
        since: OffsetDateTime,
    ) -> Result<u64, StoreError>;

    /// Active alerts, of an urgency or of all: how many there are, and at most `most` of them.
    async fn list_active(
        &self,
        viewer: Viewer,
        urgency: Option<Urgency>,
        most: u16,
    ) -> Result<ActiveAlerts, StoreError>;

    /// How many are active.
    async fn count_active(&self, viewer: Viewer) -> Result<AlertCounts, StoreError>;

    /// What was found, whatever became of it.
    async fn list_history(&self, viewer: Viewer, query: &HistoryQuery) -> Result<History, ListError>;

    /// The alert.
    async fn find_alert(&self, viewer: Viewer, id: Uuid) -> Result<Option<FoundAlert>, StoreError>;

    /// Dismisses the alert, with an audit row.
    async fn dismiss(&self, dismissal: &Dismissal) -> Result<DismissOutcome, StoreError>;

    /// Counts that somebody looked into the alert. Answers whether it is there.
    async fn count_investigation(&self, viewer: Viewer, id: Uuid) -> Result<bool, StoreError>;
}
