//! Kept reports in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, SavedReportId, StoreError};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::model::{NewSavedReport, Owner, ReportChange, ReportQuery, ReportStats, SavedReport, SavedReportPart};
use crate::ports::{MOST_SAVED, SaveReportError, SavedReports};
use crate::testing::NOON;

/// Kept reports in memory. Every step takes a second.
#[derive(Debug, Default)]
pub struct InMemorySavedReports {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    reports: Vec<Kept>,
    steps: u32,
}

#[derive(Clone, Debug)]
struct Kept {
    company_id: CompanyId,
    report: SavedReport,
    data: Value,
}

impl InMemorySavedReports {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl State {
    fn now(&mut self) -> OffsetDateTime {
        self.steps += 1;
        NOON + Duration::SECOND * self.steps
    }

    fn own(&mut self, owner: Owner, id: SavedReportId) -> Option<&mut Kept> {
        self.reports.iter_mut().find(|kept| kept.is_own(owner) && kept.report.id == id)
    }
}

impl Kept {
    fn is_own(&self, owner: Owner) -> bool {
        self.company_id == owner.company_id && self.report.is_of(owner)
    }

    fn may_be_read_by(&self, owner: Owner) -> bool {
        self.is_own(owner) || self.company_id == owner.company_id && self.report.is_shared
    }

    fn says(&self, text: &str) -> bool {
        let report = &self.report;
        let texts = [Some(&report.title), report.description.as_ref(), Some(&report.summary), report.query.as_ref()];
        let mut texts = texts.into_iter().flatten().chain(&report.tags);
        texts.any(|said| said.to_lowercase().contains(&text.to_lowercase()))
    }
}

#[async_trait]
impl SavedReports for InMemorySavedReports {
    async fn save(&self, owner: Owner, report: &NewSavedReport) -> Result<(), SaveReportError> {
        let mut state = self.state();
        if state.reports.iter().filter(|kept| kept.is_own(owner)).count() >= MOST_SAVED as usize {
            return Err(SaveReportError::TooMany);
        }
        let now = state.now();
        let copied = |text: Option<&str>| text.map(str::to_owned);
        let NewSavedReport { id, head, data, origin } = report;
        let kept = SavedReport {
            id: *id,
            owner_id: owner.user_id.to_string(),
            title: head.title().to_owned(),
            report_type: head.report_type().to_owned(),
            description: copied(head.description()),
            tags: head.tags().to_vec(),
            summary: report.summary(),
            widget_title: copied(origin.widget_title()),
            widget_message: copied(origin.widget_message()),
            alert_id: copied(origin.alert_id()),
            query: copied(origin.query()),
            is_starred: false,
            is_shared: false,
            created_at: now,
            updated_at: now,
            last_viewed_at: None,
            view_count: 0,
        };
        let data = data.as_value().clone();
        state.reports.push(Kept { company_id: owner.company_id, report: kept, data });
        Ok(())
    }

    async fn list(&self, owner: Owner, query: &ReportQuery) -> Result<SavedReportPart, StoreError> {
        let state = self.state();
        let wanted = |kept: &&Kept| {
            kept.may_be_read_by(owner)
                && query.report_type.as_ref().is_none_or(|kind| *kind == kept.report.report_type)
                && (!query.starred_only || kept.is_own(owner) && kept.report.is_starred)
                && query.text.as_ref().is_none_or(|text| kept.says(text))
        };
        let all: Vec<_> = state.reports.iter().rev().filter(wanted).map(|kept| kept.report.clone()).collect();
        let total = all.len() as u64;
        let reports = all.into_iter().skip(query.offset as usize).take(query.limit.into()).collect();
        Ok(SavedReportPart { total, reports })
    }

    async fn open(&self, owner: Owner, id: SavedReportId) -> Result<Option<(SavedReport, Value)>, StoreError> {
        let mut state = self.state();
        let now = state.now();
        if let Some(kept) = state.own(owner, id) {
            kept.report.view_count += 1;
            kept.report.last_viewed_at = Some(now);
        }
        let kept = state.reports.iter().find(|kept| kept.report.id == id && kept.may_be_read_by(owner));
        Ok(kept.map(|kept| (kept.report.clone(), kept.data.clone())))
    }

    async fn change(
        &self,
        owner: Owner,
        id: SavedReportId,
        change: &ReportChange,
    ) -> Result<Option<SavedReport>, StoreError> {
        let mut state = self.state();
        let now = state.now();
        let Some(kept) = state.own(owner, id) else { return Ok(None) };
        let report = &mut kept.report;
        report.updated_at = now;
        if let Some(title) = change.title() {
            title.clone_into(&mut report.title);
        }
        if let Some(description) = change.description() {
            report.description = Some(description).filter(|text| !text.is_empty()).map(str::to_owned);
        }
        if let Some(tags) = change.tags() {
            report.tags = tags.to_vec();
        }
        report.is_shared = change.is_shared().unwrap_or(report.is_shared);
        Ok(Some(report.clone()))
    }

    async fn star(&self, owner: Owner, id: SavedReportId, starred: Option<bool>) -> Result<Option<bool>, StoreError> {
        let mut state = self.state();
        let Some(kept) = state.own(owner, id) else { return Ok(None) };
        kept.report.is_starred = starred.unwrap_or(!kept.report.is_starred);
        Ok(Some(kept.report.is_starred))
    }

    async fn delete(&self, owner: Owner, id: SavedReportId) -> Result<bool, StoreError> {
        let mut state = self.state();
        let was_there = state.own(owner, id).is_some();
        if was_there {
            state.reports.retain(|kept| kept.report.id != id);
        }
        Ok(was_there)
    }

    async fn count(&self, owner: Owner) -> Result<ReportStats, StoreError> {
        let state = self.state();
        let (mut counts, mut by_type) = (ReportStats::default(), BTreeMap::<String, u64>::new());
        for Kept { report, .. } in state.reports.iter().filter(|kept| kept.is_own(owner)) {
            *by_type.entry(report.report_type.clone()).or_default() += 1;
            counts.starred += u64::from(report.is_starred);
            counts.shared += u64::from(report.is_shared);
            counts.views += report.view_count;
        }
        counts.by_type = by_type.into_iter().collect();
        counts.by_type.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok(counts)
    }
}
