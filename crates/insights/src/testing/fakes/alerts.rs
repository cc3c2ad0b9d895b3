//! Alerts in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, IdGenerator, Page, RandomIds, StoreError};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::model::{
    ActiveAlerts, Alert, AlertCounts, AlertDocument, AlertRule, DismissOutcome, Dismissal, Dismissed, Evaluation,
    Finding, FoundAlert, History, HistoryQuery, InvalidCursor, MAX_PREVIEW, RuleSetting, Urgency, Viewer,
};
use crate::ports::{Alerts, ListError};
use crate::testing::NOON;

/// Alerts in memory. Every step takes a second.
#[derive(Debug, Default)]
pub struct InMemoryAlerts {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<(CompanyId, RuleSetting)>,
    rows: Vec<Row>,
    documents: Vec<(CompanyId, AlertDocument, String)>,
    audited: Vec<(CompanyId, String)>,
    steps: u32,
}

#[derive(Debug)]
struct Row {
    company_id: CompanyId,
    subject: String,
    mark: String,
    about: Option<String>,
    seen_at: OffsetDateTime,
    alert: Alert,
}

impl InMemoryAlerts {
    /// Adds a document with this text.
    pub fn put_document(&self, company_id: CompanyId, title: &str, content: &str) -> DocumentId {
        let documents = &mut self.state().documents;
        let id = DocumentId::new(i64::try_from(documents.len()).expect("a few") + 1);
        let document = AlertDocument { id, title: title.to_owned(), source: "gmail".to_owned() };
        documents.push((company_id, document, content.to_owned()));
        id
    }

    /// The actions of the company's audit rows, oldest first.
    pub fn audited(&self, company_id: CompanyId) -> Vec<String> {
        let of_company = |(of, action): &(CompanyId, String)| (*of == company_id).then(|| action.clone());
        self.state().audited.iter().filter_map(of_company).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl State {
    fn now(&mut self) -> OffsetDateTime {
        self.steps += 1;
        NOON + Duration::SECOND * self.steps
    }

    fn of(&self, viewer: Viewer) -> impl Iterator<Item = &Alert> {
        self.rows.iter().filter(move |row| row.is_for(viewer)).map(|row| &row.alert)
    }

    fn find(&mut self, viewer: Viewer, id: Uuid) -> Option<&mut Alert> {
        let mut rows = self.rows.iter_mut();
        rows.find(|row| row.is_for(viewer) && row.alert.id == id).map(|row| &mut row.alert)
    }

    fn put(&mut self, company_id: CompanyId, rule: AlertRule, finding: &Finding) {
        let document = finding.document_id.map(|id| {
            let mut documents = self.documents.iter();
            documents.find(|(of, document, _)| *of == company_id && document.id == id).map(|(_, one, _)| one.clone())
        });
        // It is about a document that is gone.
        if document == Some(None) {
            return;
        }
        let now = self.now();
        let found = Alert {
            id: RandomIds.new_uuid(),
            rule,
            urgency: finding.urgency,
            summary: finding.summary.clone(),
            key_entities: finding.key_entities.clone(),
            document: document.flatten(),
            detected_at: now,
            occurrences: 1,
            investigation_count: 0,
            resolved_at: None,
            dismissed: None,
        };
        let same =
            |row: &&mut Row| row.company_id == company_id && row.alert.rule == rule && row.subject == finding.subject;
        let Some(row) = self.rows.iter_mut().find(same) else {
            let (subject, mark, about) = (finding.subject.clone(), finding.mark.clone(), finding.user_id.clone());
            self.rows.push(Row { company_id, subject, mark, about, seen_at: now, alert: found });
            return;
        };
        if row.alert.dismissed.is_some() && row.mark == finding.mark {
            return;
        }
        let is_over = !row.alert.is_active();
        let Alert { id, investigation_count, occurrences, detected_at, .. } = row.alert;
        row.alert = Alert {
            id,
            investigation_count,
            occurrences: occurrences + u32::from(is_over),
            detected_at: if is_over { now } else { detected_at },
            ..found
        };
        (row.mark, row.about, row.seen_at) = (finding.mark.clone(), finding.user_id.clone(), now);
    }
}

impl Row {
    fn is_for(&self, viewer: Viewer) -> bool {
        self.company_id == viewer.company_id && viewer.may_see(self.about.as_deref())
    }
}

#[async_trait]
impl Alerts for InMemoryAlerts {
    async fn begin_evaluation(&self, company_id: CompanyId) -> Result<Evaluation, StoreError> {
        let mut state = self.state();
        if state.rules.iter().all(|(of, _)| *of != company_id) {
            state.rules.extend(AlertRule::ALL.map(|rule| (company_id, RuleSetting::default_of(rule))));
        }
        let rules = state.rules.iter().filter(|(of, _)| *of == company_id).map(|(_, rule)| *rule).collect();
        Ok(Evaluation { rules, begun_at: state.now() })
    }

    async fn record(&self, company_id: CompanyId, rule: AlertRule, findings: &[Finding]) -> Result<(), StoreError> {
        let mut state = self.state();
        for finding in findings {
            state.put(company_id, rule, finding);
        }
        Ok(())
    }

    async fn resolve_unseen(
        &self,
        company_id: CompanyId,
        rule: AlertRule,
        since: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let mut state = self.state();
        let now = state.now();
        let mut resolved = 0;
        for row in state.rows.iter_mut().filter(|row| row.company_id == company_id && row.alert.rule == rule) {
            if row.alert.is_active() && row.seen_at < since {
                row.alert.resolved_at = Some(now);
                resolved += 1;
            }
        }
        Ok(resolved)
    }

    async fn list_active(
        &self,
        viewer: Viewer,
        urgency: Option<Urgency>,
        most: u16,
    ) -> Result<ActiveAlerts, StoreError> {
        let state = self.state();
        let wanted = |alert: &&Alert| alert.is_active() && urgency.is_none_or(|urgency| alert.urgency == urgency);
        let mut alerts: Vec<_> = state.of(viewer).filter(wanted).cloned().collect();
        let total = u64::try_from(alerts.len()).expect("a few");
        alerts.sort_by_key(|alert| (Reverse(alert.urgency), Reverse(alert.detected_at)));
        alerts.truncate(most.into());
        Ok(ActiveAlerts { total, alerts })
    }

    async fn count_active(&self, viewer: Viewer) -> Result<AlertCounts, StoreError> {
        let mut counts = AlertCounts::default();
        for alert in self.state().of(viewer).filter(|alert| alert.is_active()) {
            counts.add(alert.urgency, 1);
        }
        Ok(counts)
    }

    async fn list_history(&self, viewer: Viewer, query: &HistoryQuery) -> Result<History, ListError> {
        let HistoryQuery { since, includes_dismissed, page } = query;
        let state = self.state();
        let wanted = |alert: &&Alert| alert.detected_at >= *since && (*includes_dismissed || alert.dismissed.is_none());
        let mut alerts: Vec<_> = state.of(viewer).filter(wanted).cloned().collect();
        alerts.sort_by_key(|alert| Reverse(alert.detected_at));
        let count = |state| u64::try_from(alerts.iter().filter(|alert| alert.state() == state).count());
        let [active, dismissed, resolved] = ["active", "dismissed", "resolved"].map(|name| count(name).expect("a few"));
        let (mut by_urgency, mut by_rule) = (AlertCounts::default(), BTreeMap::new());
        for alert in &alerts {
            by_urgency.add(alert.urgency, 1);
            *by_rule.entry(alert.rule).or_default() += 1;
        }
        let start = match page.cursor() {
            None => 0,
            Some(cursor) => 1 + alerts.iter().position(|alert| alert.id.to_string() == cursor).ok_or(InvalidCursor)?,
        };
        let page = Page::of(alerts.split_off(start), page, |alert| alert.id.to_string());
        Ok(History { active, dismissed, resolved, by_urgency, by_rule, page })
    }

    async fn find_alert(&self, viewer: Viewer, id: Uuid) -> Result<Option<FoundAlert>, StoreError> {
        let mut state = self.state();
        let Some(alert) = state.find(viewer, id).cloned() else { return Ok(None) };
        let preview = alert.document.as_ref().and_then(|document| {
            let mut documents = state.documents.iter();
            let content = documents.find(|(_, one, _)| one.id == document.id).map(|(_, _, content)| content)?;
            Some(content.chars().take(MAX_PREVIEW.into()).collect())
        });
        Ok(Some(FoundAlert { alert, preview }))
    }

    async fn dismiss(&self, dismissal: &Dismissal) -> Result<DismissOutcome, StoreError> {
        let Dismissal { by, id, note, origin: _ } = dismissal;
        let mut state = self.state();
        let now = state.now();
        let Some(alert) = state.find(*by, *id) else { return Ok(DismissOutcome::NotFound) };
        if !alert.is_active() {
            return Ok(DismissOutcome::NotActive);
        }
        let note = note.as_ref().map(|note| note.as_str().to_owned());
        alert.dismissed = Some(Dismissed { at: now, by: Some(by.user_id), note });
        let alert = alert.clone();
        state.audited.push((by.company_id, "alert_dismissed".to_owned()));
        Ok(DismissOutcome::Dismissed(Box::new(alert)))
    }

    async fn count_investigation(&self, viewer: Viewer, id: Uuid) -> Result<bool, StoreError> {
        let mut state = self.state();
        let alert = state.find(viewer, id);
        Ok(alert.map(|alert| alert.investigation_count += 1).is_some())
    }
}
