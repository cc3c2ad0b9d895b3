//! Records that are kept aside, in memory.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Page, StoreError};
use time::OffsetDateTime;

use super::InMemoryPageStore;
use crate::model::{InvalidCursor, PageCommit, RecordKey, SetAsideFilter, SetAsideQuery, SetAsideRecord, SetAsideView};
use crate::ports::{ListError, SetAsideRecords};

/// All companies' records.
#[derive(Clone, Debug, Default)]
pub(super) struct SetAsideRows {
    rows: Vec<Row>,
    last_id: i64,
}

#[derive(Clone, Debug)]
struct Row {
    company_id: CompanyId,
    variant: String,
    key: RecordKey,
    view: SetAsideView,
}

impl SetAsideRows {
    /// Does what the page says.
    pub(super) fn take_in(&mut self, commit: &PageCommit, now: OffsetDateTime) {
        let settled = commit.settled();
        self.rows.retain(|row| !(is_of(row, commit) && settled.contains(&row.key)));
        for record in &commit.set_aside {
            self.keep(commit, record, now);
        }
    }

    fn keep(&mut self, commit: &PageCommit, record: &SetAsideRecord, now: OffsetDateTime) {
        let reason = record.reason.name().to_owned();
        let job_id = commit.lease.job;
        if let Some(row) = self.rows.iter_mut().find(|row| is_of(row, commit) && row.key == record.key) {
            row.view = SetAsideView { reason, job_id, last_seen_at: now, ..row.view.clone() };
            return;
        }
        self.last_id += 1;
        let stream = &commit.stream;
        let view = SetAsideView {
            id: self.last_id,
            user_id: stream.user_id,
            connection_id: stream.connection_id,
            provider: stream.provider,
            model: stream.model.clone(),
            record_id: record.record_id().map(ToOwned::to_owned),
            reason,
            job_id,
            first_seen_at: now,
            last_seen_at: now,
        };
        let (company_id, variant) = (stream.company_id, stream.variant.clone());
        self.rows.push(Row { company_id, variant, key: record.key.clone(), view });
    }
}

#[async_trait]
impl SetAsideRecords for InMemoryPageStore {
    async fn list(&self, company_id: CompanyId, query: &SetAsideQuery) -> Result<Page<SetAsideView>, ListError> {
        let before = match query.page.cursor() {
            None => i64::MAX,
            Some(cursor) => cursor.parse().map_err(|_| InvalidCursor)?,
        };
        let SetAsideFilter { user_id, provider } = query.filter;
        let state = self.state();
        let wanted = state.set_aside.rows.iter().rev().filter(|row| {
            row.company_id == company_id
                && row.view.id < before
                && user_id.is_none_or(|user_id| row.view.user_id == user_id)
                && provider.is_none_or(|provider| row.view.provider == provider)
        });
        let views: Vec<_> = wanted.map(|row| row.view.clone()).collect();
        Ok(Page::of(views, &query.page, |last| last.id.to_string()))
    }

    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError> {
        let mut state = self.state();
        let now = state.now();
        let mut forgotten = 0;
        state.set_aside.rows.retain(|row| {
            let is_old = row.company_id == company_id && row.view.last_seen_at + age < now;
            let goes = is_old && forgotten < usize::from(most);
            forgotten += usize::from(goes);
            !goes
        });
        Ok(forgotten)
    }
}

/// Whether the row is of the stream that the page is of.
fn is_of(row: &Row, commit: &PageCommit) -> bool {
    let stream = &commit.stream;
    row.company_id == stream.company_id
        && row.view.connection_id == stream.connection_id
        && row.view.model == stream.model
        && row.variant == stream.variant
}
