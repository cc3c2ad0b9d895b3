//! Whether an account may be read now, given what is stored.
//!
//! The lock is about initial syncs only, and belongs to one person's connection: reading a whole account again is dear,
//! so it takes somebody's leave. What changed since may be asked for at any time.

use cortex_kernel::{CompanyId, ConnectionId, JobId, Origin, Provider, UserId};

use super::{Account, JobKind, JobSubject, NewJob, Trigger};

/// Somebody, or something, wants an account to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncRequest {
    /// Of which company.
    pub company_id: CompanyId,
    /// Whose account.
    pub user_id: UserId,
    /// Of which provider.
    pub provider: Provider,
    /// How much of it.
    pub wish: SyncWish,
    /// What asks.
    pub trigger: Trigger,
    /// Who asks, in the trigger's words: a user's id, an admin session's id; none where nobody does.
    pub triggered_by: Option<String>,
    /// The job that it is to try again, which ended badly.
    pub retry_of: Option<JobId>,
    /// Where the request came from, for the audit row.
    pub origin: Origin,
}

/// How much is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyncWish {
    /// Everything that is not too old, from the first record on, if the lock lets it.
    Initial,
    /// What changed since.
    Incremental,
    /// What is due, lock or not: everything where that was never completed, else what changed. It is for admins.
    Due,
}

/// A request, and what the job that it may come to would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncStart {
    /// What is wanted.
    pub request: SyncRequest,
    /// The id of the job, if one is made.
    pub id: JobId,
    /// How many runs may begin without getting on; at least one.
    pub max_attempts: u32,
    /// Whether a leave of the whole company was used up for it, which lets it pass the lock.
    pub has_leave: bool,
}

/// A connection, as far as starting a sync depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncState {
    /// Which connection.
    pub connection_id: ConnectionId,
    /// Whether it can be read from.
    pub access: Access,
    /// Whether its initial sync is locked.
    pub is_locked: bool,
    /// Whether its initial sync ever began.
    pub initial_began: bool,
    /// Whether its initial sync was ever completed.
    pub initial_completed: bool,
}

/// Whether a connection can be read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// It can.
    Open,
    /// Not before its owner connects the account again.
    NeedsReauthorization,
    /// Its owner ended it.
    Ended,
}

/// What an admin said about further initial syncs. Of several words the one about the fewest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Override {
    /// The lock is passed once.
    Allow,
    /// None may start, lock or not.
    Block,
}

/// What a request comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartDecision {
    /// A job is made.
    Start {
        /// Whether it begins at the first record and locks the connection.
        locks: bool,
        /// Whether it uses up an [`Override::Allow`].
        uses_up_override: bool,
    },
    /// None is made.
    Refuse(StartRefusal),
}

/// Why no job is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StartRefusal {
    /// There is no connection to read.
    NotConnected,
    /// The provider does not let us in.
    NeedsReauthorization,
    /// The account was read already.
    Locked,
    /// An admin does not want it.
    Blocked,
    /// Nobody ever had the account read: nothing but a person, or the setting that speaks for all, begins that.
    NotBegun,
}

impl SyncRequest {
    /// How much the job would read.
    #[must_use]
    pub const fn kind(&self, state: &SyncState) -> JobKind {
        match self.wish {
            SyncWish::Incremental => JobKind::Incremental,
            SyncWish::Due if state.initial_completed => JobKind::Incremental,
            SyncWish::Initial | SyncWish::Due => JobKind::Initial,
        }
    }

    /// What it comes to where no job of that kind is queued or running. Stores ask for it while they hold the row.
    #[must_use]
    pub fn decide(&self, state: &SyncState, word: Option<Override>) -> StartDecision {
        use StartDecision::Refuse;
        if state.access == Access::Ended {
            return Refuse(StartRefusal::NotConnected);
        }
        let is_initial_wish = self.wish == SyncWish::Initial;
        match word {
            Some(Override::Block) if is_initial_wish => return Refuse(StartRefusal::Blocked),
            None if is_initial_wish && state.is_locked => return Refuse(StartRefusal::Locked),
            _ => {}
        }
        let goes_by_itself = matches!(self.trigger, Trigger::Webhook | Trigger::Schedule | Trigger::Reconnect);
        if goes_by_itself && self.wish == SyncWish::Incremental && !state.initial_began {
            return Refuse(StartRefusal::NotBegun);
        }
        if state.access == Access::NeedsReauthorization {
            return Refuse(StartRefusal::NeedsReauthorization);
        }
        StartDecision::Start {
            locks: self.kind(state) == JobKind::Initial,
            uses_up_override: is_initial_wish && state.is_locked,
        }
    }
}

impl SyncStart {
    /// The word that counts, where this one was said about the person or the provider: the company's leave where none was.
    #[must_use]
    pub fn word(&self, said: Option<Override>) -> Option<Override> {
        said.or(self.has_leave.then_some(Override::Allow))
    }

    /// The job that it comes to.
    #[must_use]
    pub fn job(&self, state: &SyncState) -> NewJob {
        let request = &self.request;
        NewJob {
            id: self.id,
            company_id: request.company_id,
            user_id: request.user_id,
            subject: JobSubject::Account(Account { connection_id: state.connection_id, provider: request.provider }),
            kind: request.kind(state),
            trigger: request.trigger,
            triggered_by: request.triggered_by.clone(),
            max_attempts: self.max_attempts,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::testing::a_request;

    const FRESH: SyncState = SyncState {
        connection_id: ConnectionId::new(1),
        access: Access::Open,
        is_locked: false,
        initial_began: false,
        initial_completed: false,
    };
    const READ: SyncState = SyncState { is_locked: true, initial_began: true, initial_completed: true, ..FRESH };
    const ENDED: SyncState = SyncState { access: Access::Ended, ..FRESH };
    const REFUSED: SyncState = SyncState { access: Access::NeedsReauthorization, ..FRESH };
    const READ_AND_REFUSED: SyncState = SyncState { access: Access::NeedsReauthorization, ..READ };

    const BEGINS: StartDecision = StartDecision::Start { locks: true, uses_up_override: false };
    const BEGINS_BY_LEAVE: StartDecision = StartDecision::Start { locks: true, uses_up_override: true };
    const GOES_ON: StartDecision = StartDecision::Start { locks: false, uses_up_override: false };

    const fn refused(why: StartRefusal) -> StartDecision {
        StartDecision::Refuse(why)
    }

    #[rstest]
    #[case::first(FRESH, None, BEGINS)]
    #[case::first_although_allowed(FRESH, Some(Override::Allow), BEGINS)]
    #[case::first_but_blocked(FRESH, Some(Override::Block), refused(StartRefusal::Blocked))]
    #[case::again(READ, None, refused(StartRefusal::Locked))]
    #[case::again_by_leave(READ, Some(Override::Allow), BEGINS_BY_LEAVE)]
    #[case::again_but_blocked(READ, Some(Override::Block), refused(StartRefusal::Blocked))]
    #[case::ended(ENDED, Some(Override::Allow), refused(StartRefusal::NotConnected))]
    #[case::refused(REFUSED, None, refused(StartRefusal::NeedsReauthorization))]
    #[case::again_and_refused(READ_AND_REFUSED, None, refused(StartRefusal::Locked))]
    #[case::by_leave_and_refused(READ_AND_REFUSED, Some(Override::Allow), refused(StartRefusal::NeedsReauthorization))]
    fn an_initial_sync_starts_where_the_lock_lets_it(
        #[case] state: SyncState,
        #[case] word: Option<Override>,
        #[case] expected: StartDecision,
    ) {
        let request = SyncRequest { wish: SyncWish::Initial, ..a_request() };

        assert_eq!(request.decide(&state, word), expected);
    }

    #[rstest]
    #[case::before_everything(FRESH, Trigger::User, GOES_ON)]
    #[case::locked_or_not(READ, Trigger::User, GOES_ON)]
    #[case::ended(ENDED, Trigger::User, refused(StartRefusal::NotConnected))]
    #[case::refused(REFUSED, Trigger::User, refused(StartRefusal::NeedsReauthorization))]
    #[case::by_itself_before_everything(FRESH, Trigger::Webhook, refused(StartRefusal::NotBegun))]
    #[case::by_time_before_everything(FRESH, Trigger::Schedule, refused(StartRefusal::NotBegun))]
    #[case::by_reconnect_before_everything(FRESH, Trigger::Reconnect, refused(StartRefusal::NotBegun))]
    #[case::by_itself(READ, Trigger::Webhook, GOES_ON)]
    #[case::by_time(READ, Trigger::Schedule, GOES_ON)]
    #[case::by_reconnect(READ, Trigger::Reconnect, GOES_ON)]
    fn an_incremental_sync_needs_no_leave(
        #[case] state: SyncState,
        #[case] trigger: Trigger,
        #[case] expected: StartDecision,
        #[values(None, Some(Override::Allow), Some(Override::Block))] word: Option<Override>,
    ) {
        let request = SyncRequest { wish: SyncWish::Incremental, trigger, ..a_request() };

        assert_eq!(request.decide(&state, word), expected);
    }

    #[rstest]
    #[case::never_completed(SyncState { initial_completed: false, ..READ }, JobKind::Initial, BEGINS)]
    #[case::completed(READ, JobKind::Incremental, GOES_ON)]
    fn what_is_due_passes_the_lock(
        #[case] state: SyncState,
        #[case] kind: JobKind,
        #[case] expected: StartDecision,
        #[values(None, Some(Override::Block))] word: Option<Override>,
    ) {
        let request = SyncRequest { wish: SyncWish::Due, trigger: Trigger::Admin, ..a_request() };

        assert_eq!(request.kind(&state), kind);
        assert_eq!(request.decide(&state, word), expected);
    }
}
