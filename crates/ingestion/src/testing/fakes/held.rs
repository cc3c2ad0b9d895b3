//! Deletions that wait for somebody's word, in memory.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Page, PageRequest, StoreError};

use super::endings::Endings;
use super::{InMemoryPageStore, State};
use crate::model::{
    CarriedOut, DecisionOutcome, DeletionDecision, DeletionState, DocumentKey, HeldDeletion, InvalidCursor,
    MassDeletion, PageCommit, Stream, Verdict,
};
use crate::ports::{HeldDeletions, ListError};

/// All companies' held deletions.
#[derive(Clone, Debug, Default)]
pub(super) struct HeldRows {
    rows: Vec<Row>,
    last_id: i64,
    /// What the audit log tells.
    pub(super) audited: Vec<(CompanyId, String)>,
}

#[derive(Clone, Debug)]
struct Row {
    company_id: CompanyId,
    variant: String,
    view: HeldDeletion,
    records: Vec<DocumentKey>,
    is_settled: bool,
}

impl State {
    /// What the page ends, or how many documents it would, were that not held back.
    pub(super) fn weigh(&mut self, commit: &PageCommit, ended_before: u64) -> (Endings, u64) {
        if commit.tells_what_is_there() {
            let back: Vec<_> = commit.documents.iter().map(|new| new.key.clone()).collect();
            self.held.release(&commit.stream, &back);
        }
        let by = commit.stream.connection_id;
        let endings = self.endings(by, &commit.deletions);
        let page = MassDeletion::new(ended_before, endings.count());
        let goes_on = self.held.rows.iter().any(|row| row.takes_more(commit));
        if endings.count() > 0 && (goes_on || page.is_held(self.live(by))) {
            let now = self.now();
            self.held.hold(commit, &endings.records, now);
            return (Endings::default(), endings.count());
        }
        self.held.release(&commit.stream, &endings.records);
        (endings, 0)
    }
}

impl HeldRows {
    fn release(&mut self, stream: &Stream, records: &[DocumentKey]) {
        self.rows.retain_mut(|row| {
            if row.is_open(stream) {
                row.records.retain(|held| !records.iter().any(|record| is_same(held, record, stream)));
            }
            if row.view.state == DeletionState::Pending {
                row.view.records = row.records.len() as u64;
            }
            row.view.state != DeletionState::Pending || !row.records.is_empty()
        });
    }

    fn hold(&mut self, commit: &PageCommit, records: &[DocumentKey], now: time::OffsetDateTime) {
        let stream = &commit.stream;
        let open = self.rows.iter().filter(|row| row.is_open(stream));
        let held: Vec<_> = open.flat_map(|row| row.records.clone()).collect();
        let is_held = |record: &DocumentKey| held.iter().any(|held| is_same(held, record, stream));
        let fresh: Vec<_> = records.iter().filter(|record| !is_held(record)).cloned().collect();
        if fresh.is_empty() {
            return;
        }
        let at = self.rows.iter().position(|row| row.takes_more(commit)).unwrap_or_else(|| {
            self.last_id += 1;
            self.rows.push(Row::new(self.last_id, commit, now));
            self.rows.len() - 1
        });
        let row = &mut self.rows[at];
        row.records.extend(fresh);
        row.view.records = row.records.len() as u64;
    }

    fn find(&mut self, company_id: CompanyId, id: i64) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.company_id == company_id && row.view.id == id)
    }
}

impl Row {
    fn new(id: i64, commit: &PageCommit, now: time::OffsetDateTime) -> Self {
        let stream = &commit.stream;
        let view = HeldDeletion {
            id,
            user_id: stream.user_id,
            user_email: Some(commit.user_email.to_string()),
            connection_id: stream.connection_id,
            broker_id: stream.broker_id.clone(),
            provider: stream.provider,
            model: stream.model.clone(),
            job_id: commit.lease.job,
            records: 0,
            documents_removed: 0,
            state: DeletionState::Pending,
            created_at: now,
            decided_at: None,
            decided_by: None,
        };
        let (company_id, variant) = (stream.company_id, stream.variant.clone());
        Self { company_id, variant, view, records: Vec::new(), is_settled: false }
    }

    fn is_open(&self, stream: &Stream) -> bool {
        self.view.connection_id == stream.connection_id && !self.is_settled
    }

    /// Whether it waits for a word on deletions that the same job read in the same stream.
    fn takes_more(&self, commit: &PageCommit) -> bool {
        let (view, stream) = (&self.view, &commit.stream);
        self.is_open(stream)
            && view.state == DeletionState::Pending
            && view.job_id == commit.lease.job
            && (&view.model, &self.variant) == (&stream.model, &stream.variant)
    }
}

#[async_trait]
impl HeldDeletions for InMemoryPageStore {
    async fn list(&self, company_id: CompanyId, page: &PageRequest) -> Result<Page<HeldDeletion>, ListError> {
        let before = match page.cursor() {
            None => i64::MAX,
            Some(cursor) => cursor.parse().map_err(|_| InvalidCursor)?,
        };
        let state = self.state();
        let wanted = state.held.rows.iter().rev().filter(|row| row.company_id == company_id && row.view.id < before);
        let views: Vec<_> = wanted.map(|row| row.view.clone()).collect();
        Ok(Page::of(views, page, |last| last.id.to_string()))
    }

    async fn decide(&self, decision: &DeletionDecision) -> Result<DecisionOutcome, StoreError> {
        let mut state = self.state();
        let now = state.now();
        let Some(row) = state.held.find(decision.company_id, decision.id) else { return Ok(DecisionOutcome::NotFound) };
        if row.view.state != DeletionState::Pending {
            return Ok(DecisionOutcome::AlreadyDecided);
        }
        row.view.state = decision.verdict.state();
        row.view.decided_at = Some(now);
        row.view.decided_by = Some(decision.by);
        match decision.verdict {
            Verdict::Confirm => {}
            Verdict::Reject => {
                row.records.clear();
                row.is_settled = true;
            }
        }
        let records = row.view.records;
        state.held.audited.push((decision.company_id, decision.verdict.action().to_owned()));
        Ok(DecisionOutcome::Decided { records })
    }

    async fn carry_out_some(&self, company_id: CompanyId, id: i64, most: u16) -> Result<CarriedOut, StoreError> {
        let mut state = self.state();
        let row = state.held.find(company_id, id).filter(|row| row.view.state == DeletionState::Confirmed);
        let Some(row) = row else { return Ok(CarriedOut { documents_removed: 0, is_done: true }) };
        let most = usize::from(most);
        let part: Vec<_> = row.records.drain(..most.min(row.records.len())).collect();
        let by = row.view.connection_id;
        let is_done = part.len() < most;
        let endings = state.endings(by, &part);
        let removed = state.carry_out(by, &endings).documents;
        state.contents.settle(by, &part);
        let row = state.held.find(company_id, id).expect("it was there a moment ago");
        row.view.documents_removed += removed;
        row.is_settled = is_done;
        Ok(CarriedOut { documents_removed: row.view.documents_removed, is_done })
    }

    async fn find_unfinished(&self, company_id: CompanyId) -> Result<Option<i64>, StoreError> {
        let state = self.state();
        let unfinished =
            |row: &&Row| row.company_id == company_id && row.view.state == DeletionState::Confirmed && !row.is_settled;
        Ok(state.held.rows.iter().find(unfinished).map(|row| row.view.id))
    }
}

/// Whether they are one record of the connection, whether or not its account could be read.
fn is_same(held: &DocumentKey, record: &DocumentKey, stream: &Stream) -> bool {
    held == record || *held == record.before_its_account_was_read(stream.connection_id)
}
