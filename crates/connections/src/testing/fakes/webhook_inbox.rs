//! The inbox of webhooks.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use time::OffsetDateTime;

use crate::model::{
    ClaimedWebhook, InboxEntry, NewWebhook, PutOutcome, Replay, ReplayOutcome, WebhookClaim, WebhookEnding,
};
use crate::ports::WebhookInbox;
use crate::testing::NOON;

/// Webhooks in memory, with a clock of its own that moves when it is told to.
#[derive(Debug)]
pub struct InMemoryWebhookInbox {
    state: Mutex<State>,
}

/// A webhook as it stands in an inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWebhook {
    /// `pending`, `done`, `ignored` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i32,
    /// What went wrong last, or why it was ignored.
    pub last_error: Option<String>,
}

#[derive(Debug)]
struct State {
    now: OffsetDateTime,
    next: i64,
    rows: Vec<Row>,
    replayed: Vec<Replay>,
}

#[derive(Debug)]
struct Row {
    number: i64,
    webhook: NewWebhook,
    told: StoredWebhook,
    run_after: OffsetDateTime,
    received_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
}

impl InMemoryWebhookInbox {
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.state().now += time;
    }

    /// The company's webhooks, oldest first.
    #[must_use]
    pub fn stored(&self, company_id: CompanyId) -> Vec<StoredWebhook> {
        let state = self.state();
        state.rows.iter().filter(|row| row.webhook.company_id == company_id).map(|row| row.told.clone()).collect()
    }

    /// The company's webhooks without their bodies.
    pub(crate) fn entries(&self, company_id: CompanyId) -> Vec<InboxEntry> {
        let state = self.state();
        let of_company = state.rows.iter().filter(|row| row.webhook.company_id == company_id);
        of_company
            .map(|row| {
                let webhook_state = row.told.state.parse().expect("a known state");
                InboxEntry {
                    id: row.number,
                    state: webhook_state,
                    attempts: row.told.attempts.unsigned_abs(),
                    note: row.told.last_error.clone(),
                    request_id: row.webhook.request_id.clone(),
                    received_at: row.received_at,
                    ended_at: row.ended_at,
                }
            })
            .collect()
    }

    /// Lets a dead one wait again.
    pub(crate) fn replay(&self, replay: &Replay) -> ReplayOutcome {
        let mut state = self.state();
        let now = state.now;
        let is_it = |row: &Row| row.webhook.company_id == replay.company_id && row.number == replay.id;
        let Some(place) = state.rows.iter().position(is_it) else { return ReplayOutcome::NotFound };
        if state.rows[place].told.state != "dead" {
            return ReplayOutcome::NotDead;
        }
        let body = state.rows[place].webhook.body.clone();
        let is_equal = |row: &Row| row.is_pending_for(replay.company_id) && row.webhook.body == body;
        if state.rows.iter().any(is_equal) {
            return ReplayOutcome::AlreadyPending;
        }
        let row = &mut state.rows[place];
        row.told = StoredWebhook { state: "pending".to_owned(), attempts: 0, last_error: None };
        row.run_after = now;
        row.ended_at = None;
        state.replayed.push(replay.clone());
        ReplayOutcome::Replayed
    }

    /// What was replayed; each stands for its audit row.
    #[must_use]
    pub fn replayed(&self, company_id: CompanyId) -> Vec<Replay> {
        self.state().replayed.iter().filter(|replay| replay.company_id == company_id).cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl Default for InMemoryWebhookInbox {
    fn default() -> Self {
        Self { state: Mutex::new(State { now: NOON, next: 1, rows: Vec::new(), replayed: Vec::new() }) }
    }
}

impl Row {
    fn is_pending_for(&self, company_id: CompanyId) -> bool {
        self.webhook.company_id == company_id && self.told.state == "pending"
    }

    fn end(&mut self, now: OffsetDateTime, state: &str, note: Option<String>) {
        self.ended_at = Some(now);
        self.told = StoredWebhook { state: state.to_owned(), attempts: self.told.attempts, last_error: note };
    }

    fn wait(&mut self, now: OffsetDateTime, after: Duration, error: &str, counted: bool) {
        self.run_after = now + after;
        self.told.attempts -= i32::from(!counted);
        self.told.last_error = Some(error.to_owned());
    }
}

#[async_trait]
impl WebhookInbox for InMemoryWebhookInbox {
    async fn put(&self, webhook: &NewWebhook) -> Result<PutOutcome, StoreError> {
        let mut state = self.state();
        let is_equal = |row: &Row| row.is_pending_for(webhook.company_id) && row.webhook.body == webhook.body;
        if state.rows.iter().any(is_equal) {
            return Ok(PutOutcome::AlreadyPending);
        }
        let (now, number) = (state.now, state.next);
        state.next += 1;
        let told = StoredWebhook { state: "pending".to_owned(), attempts: 0, last_error: None };
        state.rows.push(Row {
            number,
            webhook: webhook.clone(),
            told,
            run_after: now,
            received_at: now,
            ended_at: None,
        });
        Ok(PutOutcome::Stored)
    }

    async fn claim_next(&self, company_id: CompanyId, hold: Duration) -> Result<Option<ClaimedWebhook>, StoreError> {
        let mut state = self.state();
        let now = state.now;
        let due = state.rows.iter_mut().filter(|row| row.is_pending_for(company_id) && row.run_after <= now);
        let Some(row) = due.min_by_key(|row| (row.run_after, row.number)) else { return Ok(None) };
        row.told.attempts += 1;
        row.run_after = now + hold;
        Ok(Some(ClaimedWebhook {
            claim: WebhookClaim { webhook: row.number, until: row.run_after },
            body: row.webhook.body.clone(),
            request_id: row.webhook.request_id.clone(),
            attempt: row.told.attempts.unsigned_abs(),
            age: (now - row.received_at).unsigned_abs(),
        }))
    }

    async fn finish(
        &self,
        company_id: CompanyId,
        claim: WebhookClaim,
        ending: &WebhookEnding,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let now = state.now;
        let held =
            |row: &Row| row.is_pending_for(company_id) && row.number == claim.webhook && row.run_after == claim.until;
        let Some(place) = state.rows.iter().position(held) else { return Ok(false) };
        let row = &mut state.rows[place];
        match ending {
            WebhookEnding::Done => row.end(now, "done", None),
            WebhookEnding::Ignored { note } => row.end(now, "ignored", Some(note.clone())),
            WebhookEnding::Dead { error } => row.end(now, "dead", Some(error.clone())),
            WebhookEnding::Retried { error, after } => row.wait(now, *after, error, true),
            WebhookEnding::Snoozed { error, after } => row.wait(now, *after, error, false),
            WebhookEnding::Removed => drop(state.rows.remove(place)),
        }
        Ok(true)
    }

    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError> {
        let mut state = self.state();
        let before = state.now - age;
        let mut left = usize::from(most);
        let rows = state.rows.len();
        state.rows.retain(|row| {
            let is_old = row.webhook.company_id == company_id && row.ended_at.is_some_and(|ended_at| ended_at < before);
            let goes = is_old && left > 0;
            left -= usize::from(goes);
            !goes
        });
        Ok(rows - state.rows.len())
    }
}
