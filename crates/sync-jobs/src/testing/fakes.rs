//! A queue that lives in memory and keeps the contracts of its ports.

mod company;
mod directory;
mod due_accounts;
mod live_jobs;
mod starter;
mod workers;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, JobId, Lease, StoreError, UserId};
use time::OffsetDateTime;

use super::NOON;
use crate::model::{ClaimedJob, Ending, Failure, Job, JobEvent, JobKind, JobStatus, KnownWorker, NewJob, Progress};
use crate::ports::{ClaimRequest, EnqueueOutcome, FinishOutcome, Heartbeat, HeartbeatOutcome, JobQueue};
use starter::Connections;

/// Jobs in memory, and the connections that they read, with a clock of their own that stands still until it is told to
/// go on.
#[derive(Debug)]
pub struct InMemoryJobQueue {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: OffsetDateTime,
    rows: Vec<Row>,
    /// Who was given a worker, whoever it was last at the end.
    served: Vec<UserId>,
    workers: Vec<(CompanyId, KnownWorker)>,
    connections: Connections,
}

#[derive(Debug)]
struct Row {
    job: Job,
    epoch: i64,
    lease_until: OffsetDateTime,
    rerun_requested: bool,
    /// Which worker runs it, or did last.
    owner: String,
}

impl Default for InMemoryJobQueue {
    fn default() -> Self {
        let (rows, served, workers) = (Vec::new(), Vec::new(), Vec::new());
        let connections = Connections::default();
        Self { state: Mutex::new(State { now: NOON, rows, served, workers, connections }) }
    }
}

impl InMemoryJobQueue {
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.state().now += time;
    }

    /// Counts a committed page on a job.
    pub fn get_on(&self, id: JobId) {
        let mut state = self.state();
        let now = state.now;
        for row in state.rows.iter_mut().filter(|row| row.job.id == id) {
            row.job.progress.pages += 1;
            row.job.progressed_at = Some(now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl State {
    fn enqueue(&mut self, job: &NewJob) -> EnqueueOutcome {
        let live = self.rows.iter_mut().find(|row| {
            row.job.company_id == job.company_id
                && row.job.subject == job.subject
                && row.job.kind == job.kind
                && !row.job.status.is_final()
        });
        if let Some(row) = live {
            row.rerun_requested = row.job.status == JobStatus::Running;
            if row.job.kind == JobKind::Content {
                row.job.run_after = row.job.run_after.min(self.now);
            }
            return EnqueueOutcome::AlreadyLive(row.job.clone());
        }
        let (job, now) = (queued(job, self.now), self.now);
        let owner = String::new();
        self.rows.push(Row { job: job.clone(), epoch: 0, lease_until: now, rerun_requested: false, owner });
        EnqueueOutcome::Enqueued(job)
    }

    /// What could run now, whoever comes first at the front, as long as each person has at most so many run.
    fn claimable(&self, company_id: CompanyId, most_per_user: u16) -> Vec<JobId> {
        let now = self.now;
        let mut running = HashMap::<UserId, u16>::new();
        for row in self.rows.iter().filter(|row| row.runs(now)) {
            *running.entry(row.job.user_id).or_default() += 1;
        }
        let mut due: Vec<_> = self
            .rows
            .iter()
            .filter(|row| row.job.company_id == company_id && row.is_claimable(now))
            .filter(|row| !row.waits_for_another(&self.rows, now))
            .collect();
        due.sort_by_key(|row| (row.job.status != JobStatus::Running, row.job.run_after));
        let mut ranked = Vec::new();
        for row in due {
            let turn = running.entry(row.job.user_id).or_default();
            *turn += 1;
            let last_served = self.served.iter().rposition(|user_id| *user_id == row.job.user_id);
            ranked.push((row.job.status != JobStatus::Running, *turn, last_served, row.job.run_after, row.job.id));
        }
        ranked.retain(|(_, turn, ..)| *turn <= most_per_user);
        ranked.sort();
        ranked.into_iter().map(|(.., id)| id).collect()
    }

    fn fail_abandoned(&mut self, company_id: CompanyId) {
        let now = self.now;
        let is_abandoned = |row: &&mut Row| {
            row.job.company_id == company_id
                && row.job.status == JobStatus::Running
                && row.lease_until <= now
                && row.job.attempt >= row.job.max_attempts
        };
        for row in self.rows.iter_mut().filter(is_abandoned) {
            row.happen(JobEvent::Failed, now);
            row.job.failure = Some(Failure::worker_lost());
            self.connections.settle(&row.job);
        }
    }

    /// The row, if the lease is alive.
    fn leased(&mut self, company_id: CompanyId, lease: Lease) -> Option<&mut Row> {
        let now = self.now;
        self.rows.iter_mut().find(|row| {
            row.job.company_id == company_id
                && row.job.id == lease.job
                && row.epoch == lease.epoch
                && row.job.status == JobStatus::Running
                && row.lease_until > now
        })
    }
}

impl Row {
    fn is_claimable(&self, now: OffsetDateTime) -> bool {
        match self.job.status {
            JobStatus::Queued => self.job.run_after <= now,
            JobStatus::Running => self.lease_until <= now && self.job.attempt < self.job.max_attempts,
            JobStatus::Completed | JobStatus::Failed | JobStatus::Cancelled => false,
        }
    }

    /// Since when it could have been claimed.
    fn due_since(&self) -> OffsetDateTime {
        if self.job.status == JobStatus::Running { self.lease_until } else { self.job.run_after }
    }

    fn runs(&self, now: OffsetDateTime) -> bool {
        self.job.status == JobStatus::Running && self.lease_until > now
    }

    /// Whether its connection is read by another job, or is to be read by an initial one first.
    fn waits_for_another(&self, rows: &[Self], now: OffsetDateTime) -> bool {
        let Some(connection_id) = self.job.subject.connection_id() else { return false };
        rows.iter().any(|other| {
            let is_same = other.job.subject.connection_id() == Some(connection_id);
            let of_connection = is_same && other.job.id != self.job.id;
            let goes_first = other.job.kind == JobKind::Initial && !other.job.status.is_final();
            of_connection && (other.runs(now) || goes_first)
        })
    }

    fn happen(&mut self, event: JobEvent, now: OffsetDateTime) {
        self.job.status = self.job.status.after(event).expect("the event fits the status");
        if self.job.status.is_final() {
            self.job.completed_at = Some(now);
        }
    }

    fn claim(&mut self, request: &ClaimRequest, now: OffsetDateTime) -> ClaimedJob {
        if self.job.status == JobStatus::Running {
            self.happen(JobEvent::Rescued, now);
        }
        self.happen(JobEvent::Claimed, now);
        self.job.attempt += 1;
        self.job.started_at.get_or_insert(now);
        self.epoch += 1;
        self.lease_until = now + request.lease_for;
        self.rerun_requested = false;
        self.owner.clone_from(&request.worker);
        ClaimedJob { job: self.job.clone(), lease: Lease { job: self.job.id, epoch: self.epoch } }
    }

    fn finish(&mut self, ending: &Ending, now: OffsetDateTime) -> FinishOutcome {
        let (event, failure, after) = match ending {
            Ending::Completed if self.rerun_requested => {
                self.rerun_requested = false;
                return FinishOutcome::AskedAgain;
            }
            Ending::Completed => (JobEvent::Completed, None, None),
            Ending::Retried { failure, after } => (JobEvent::Retried, Some(failure), Some(*after)),
            Ending::Snoozed { failure, after } => {
                self.job.attempt -= 1;
                (JobEvent::Snoozed, Some(failure), Some(*after))
            }
            Ending::Failed(failure) => (JobEvent::Failed, Some(failure), None),
        };
        self.happen(event, now);
        self.job.failure = failure.cloned();
        self.job.run_after = after.map_or(self.job.run_after, |after| now + after);
        FinishOutcome::Finished
    }
}

#[async_trait]
impl JobQueue for InMemoryJobQueue {
    async fn enqueue(&self, job: &NewJob) -> Result<EnqueueOutcome, StoreError> {
        Ok(self.state().enqueue(job))
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<ClaimedJob>, StoreError> {
        let mut state = self.state();
        state.fail_abandoned(request.company_id);
        let claimable = state.claimable(request.company_id, request.most_per_user);
        let State { now, rows, served, .. } = &mut *state;
        let mut claimed = Vec::new();
        for id in claimable.into_iter().take(usize::from(request.most)) {
            let row = rows.iter_mut().find(|row| row.job.id == id).expect("it is one of them");
            served.push(row.job.user_id);
            claimed.push(row.claim(request, *now));
        }
        Ok(claimed)
    }

    async fn heartbeat(&self, company_id: CompanyId, beat: &Heartbeat) -> Result<HeartbeatOutcome, StoreError> {
        let mut state = self.state();
        let now = state.now;
        let Some(row) = state.leased(company_id, beat.lease) else {
            return Ok(HeartbeatOutcome::LeaseLost);
        };
        row.lease_until = now + beat.lease_for;
        let (id, holder) = (row.job.id, row.job.user_id);
        let busy = |user_id| {
            let besides = |row: &&Row| row.runs(now) && row.job.user_id == user_id && row.job.id != id;
            state.rows.iter().filter(besides).count()
        };
        let claimable = state.claimable(company_id, u16::MAX);
        let waits = |row: &Row| {
            let (of_candidate, is_lost) = (busy(row.job.user_id), row.job.status == JobStatus::Running);
            claimable.contains(&row.job.id)
                && row.due_since() + beat.patience <= now
                && of_candidate < usize::from(beat.most_per_user)
                && (is_lost || of_candidate <= busy(holder))
        };
        Ok(HeartbeatOutcome::Held { others_wait: state.rows.iter().any(waits) })
    }

    async fn finish(&self, company_id: CompanyId, lease: Lease, ending: &Ending) -> Result<FinishOutcome, StoreError> {
        let mut state = self.state();
        let now = state.now;
        let Some(row) = state.leased(company_id, lease) else { return Ok(FinishOutcome::LeaseLost) };
        let outcome = row.finish(ending, now);
        let job = row.job.clone();
        state.connections.settle(&job);
        Ok(outcome)
    }

    async fn give_back(&self, company_id: CompanyId, lease: Lease) -> Result<(), StoreError> {
        let mut state = self.state();
        let now = state.now;
        if let Some(row) = state.leased(company_id, lease) {
            row.happen(JobEvent::GivenBack, now);
            row.job.attempt -= 1;
            row.job.run_after = now;
            let user_id = row.job.user_id;
            state.served.push(user_id);
        }
        Ok(())
    }

    async fn find_job(&self, company_id: CompanyId, id: JobId) -> Result<Option<Job>, StoreError> {
        let state = self.state();
        let found = state.rows.iter().find(|row| row.job.company_id == company_id && row.job.id == id);
        Ok(found.map(|row| row.job.clone()))
    }
}

fn queued(new: &NewJob, now: OffsetDateTime) -> Job {
    Job {
        id: new.id,
        company_id: new.company_id,
        user_id: new.user_id,
        subject: new.subject.clone(),
        kind: new.kind,
        status: JobStatus::Queued,
        trigger: new.trigger,
        triggered_by: new.triggered_by.clone(),
        attempt: 0,
        max_attempts: new.max_attempts,
        progress: Progress::default(),
        failure: None,
        run_after: now,
        created_at: now,
        progressed_at: None,
        started_at: None,
        completed_at: None,
    }
}
