//! The connections that jobs read, and starting syncs of them.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, Provider, StoreError, UserId};

use super::InMemoryJobQueue;
use crate::model::{
    Access, Job, JobKind, JobStatus, NewOverride, Override, StartDecision, StartRefusal, SyncRequest, SyncStart,
    SyncState, Trigger,
};
use crate::ports::{EnqueueOutcome, StartOutcome, SyncStarter};

#[derive(Debug, Default)]
pub(super) struct Connections {
    rows: Vec<Row>,
    words: Vec<Word>,
    audit: Vec<(CompanyId, &'static str)>,
}

#[derive(Debug)]
struct Row {
    company_id: CompanyId,
    user_id: UserId,
    provider: Provider,
    state: SyncState,
    was_read: bool,
}

/// What an admin said, and about whom.
#[derive(Debug)]
struct Word {
    company_id: CompanyId,
    user_id: Option<UserId>,
    provider: Option<Provider>,
    says: Override,
}

impl InMemoryJobQueue {
    /// Makes a connection that was never read.
    pub fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
        let rows = &mut self.state().connections.rows;
        let connection_id = ConnectionId::new(i64::try_from(rows.len()).expect("a few") + 1);
        let state = SyncState {
            connection_id,
            access: Access::Open,
            is_locked: false,
            initial_began: false,
            initial_completed: false,
        };
        rows.push(Row { company_id, user_id, provider, state, was_read: false });
        connection_id
    }

    /// Lets the connection be read, or not.
    pub fn set_access(&self, id: ConnectionId, access: Access) {
        self.state().connections.of(id).state.access = access;
    }

    /// The connection, as far as starting a sync depends on it.
    pub fn sync_state(&self, id: ConnectionId) -> SyncState {
        self.state().connections.of(id).state
    }

    /// Says that some of the connection was read.
    pub fn put_cursor(&self, id: ConnectionId) {
        self.state().connections.of(id).was_read = true;
    }

    /// Whether some of the connection was read.
    pub fn has_cursor(&self, id: ConnectionId) -> bool {
        self.state().connections.of(id).was_read
    }

    /// Says something about further initial syncs; none is about everybody, or everything.
    pub fn put_override(
        &self,
        company_id: CompanyId,
        user_id: Option<UserId>,
        provider: Option<Provider>,
        says: Override,
    ) {
        self.state().connections.words.push(Word { company_id, user_id, provider, says });
    }

    /// What was said and is not used up, the oldest first.
    pub fn words(&self, company_id: CompanyId) -> Vec<(Option<UserId>, Option<Provider>, Override)> {
        let words = &self.state().connections.words;
        let of_company = words.iter().filter(|word| word.company_id == company_id);
        of_company.map(|word| (word.user_id, word.provider, word.says)).collect()
    }

    /// Takes back whatever was said.
    pub fn take_back_overrides(&self) {
        self.state().connections.words.clear();
    }

    /// The actions of the company's audit rows, oldest first.
    pub fn audited(&self, company_id: CompanyId) -> Vec<String> {
        let audit = &self.state().connections.audit;
        audit.iter().filter(|(of, _)| *of == company_id).map(|(_, action)| (*action).to_owned()).collect()
    }
}

#[async_trait]
impl SyncStarter for InMemoryJobQueue {
    async fn start(&self, start: &SyncStart) -> Result<StartOutcome, StoreError> {
        let mut state = self.state();
        let request = &start.request;
        let Some(stored) = state.connections.find(request) else {
            return Ok(StartOutcome::Refused(StartRefusal::NotConnected));
        };
        let job = start.job(&stored);
        let live = state.rows.iter().any(|row| {
            let of = &row.job;
            of.company_id == job.company_id && of.subject == job.subject && of.kind == job.kind && !of.status.is_final()
        });
        let outcome = if live {
            None
        } else {
            match request.decide(&stored, start.word(state.connections.word(request).map(|(_, says)| says))) {
                StartDecision::Refuse(refusal) => return Ok(StartOutcome::Refused(refusal)),
                decided @ StartDecision::Start { .. } => Some(decided),
            }
        };
        if let Some(StartDecision::Start { locks, uses_up_override }) = outcome {
            state.connections.begin(request, stored.connection_id, locks, uses_up_override);
        }
        state.connections.audit_start(request);
        Ok(match state.enqueue(&job) {
            EnqueueOutcome::Enqueued(job) => StartOutcome::Started(job),
            EnqueueOutcome::AlreadyLive(job) => StartOutcome::AlreadyLive(job),
        })
    }
}

impl Connections {
    /// What the end of a job means for the lock. A job that goes on, or is no initial one, means nothing.
    pub(super) fn settle(&mut self, job: &Job) {
        let row = self.rows.iter_mut().find(|row| Some(row.state.connection_id) == job.subject.connection_id());
        let Some(row) = row.filter(|_| job.kind == JobKind::Initial) else { return };
        match job.status {
            JobStatus::Completed => row.state.initial_completed = true,
            JobStatus::Failed | JobStatus::Cancelled if job.progress.pages == 0 => row.state.is_locked = false,
            JobStatus::Failed | JobStatus::Cancelled | JobStatus::Queued | JobStatus::Running => {}
        }
    }

    /// Keeps a word in the place of another one about the same, and answers its number.
    pub(super) fn say(&mut self, new: &NewOverride) -> i64 {
        let NewOverride { company_id, user_id, provider, says, .. } = *new;
        let about = (company_id, user_id, provider);
        let is_same = |word: &Word| (word.company_id, word.user_id, word.provider) == about;
        let place = self.words.iter().position(is_same).unwrap_or(self.words.len());
        match self.words.get_mut(place) {
            Some(word) => word.says = says,
            None => self.words.push(Word { company_id, user_id, provider, says }),
        }
        self.audit.push((company_id, "override_set"));
        i64::try_from(place).expect("a few")
    }

    fn of(&mut self, id: ConnectionId) -> &mut Row {
        self.rows.iter_mut().find(|row| row.state.connection_id == id).expect("a known connection")
    }

    fn find(&self, request: &SyncRequest) -> Option<SyncState> {
        let row = self.rows.iter().find(|row| {
            row.company_id == request.company_id
                && row.user_id == request.user_id
                && row.provider == request.provider
                && row.state.access != Access::Ended
        });
        row.map(|row| row.state)
    }

    /// Where the word about the fewest stands, and what it says.
    fn word(&self, request: &SyncRequest) -> Option<(usize, Override)> {
        let fits = |word: &Word| {
            word.company_id == request.company_id
                && word.user_id.is_none_or(|user_id| user_id == request.user_id)
                && word.provider.is_none_or(|provider| provider == request.provider)
        };
        let words = self.words.iter().enumerate().filter(|(_, word)| fits(word));
        let closest = words.max_by_key(|(_, word)| (word.user_id.is_some(), word.provider.is_some()));
        closest.map(|(at, word)| (at, word.says))
    }

    fn begin(&mut self, request: &SyncRequest, id: ConnectionId, locks: bool, uses_up_override: bool) {
        if uses_up_override {
            if let Some((at, _)) = self.word(request) {
                self.words.remove(at);
            }
            self.audit.push((request.company_id, "override_consumed"));
        }
        if locks {
            let row = self.of(id);
            row.state.is_locked = true;
            row.state.initial_began = true;
            row.was_read = false;
        }
    }

    /// Those that can be read and of which somebody once wanted everything read.
    pub(super) fn begun_of(&self, company_id: CompanyId) -> Vec<(ConnectionId, UserId, Provider)> {
        let begun = self
            .rows
            .iter()
            .filter(|row| row.company_id == company_id && row.state.access == Access::Open && row.state.initial_began);
        begun.map(|row| (row.state.connection_id, row.user_id, row.provider)).collect()
    }

    pub(super) fn audit(&mut self, action: &'static str, company_id: CompanyId) {
        self.audit.push((company_id, action));
    }

    fn audit_start(&mut self, request: &SyncRequest) {
        if matches!(request.trigger, Trigger::User | Trigger::Admin) {
            let action = if request.retry_of.is_some() { "job_retried" } else { "sync_triggered" };
            self.audit.push((request.company_id, action));
        }
    }
}
