//! Deletions that wait for somebody's word: which are held back, and what is decided of them.

use std::str::FromStr;

use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, JobId, Origin, Provider, UserId};
use thiserror::Error;
use time::OffsetDateTime;

/// What a page would end, beside what its job ended before. A provider's empty answer is not a wish to delete: where that
/// is most of what the connection brought in, it is held back.
///
/// The pages of a job count together, because a provider that lost everything says so page by page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MassDeletion {
    /// Documents that the job ended for the connection so far.
    ended_before: u64,
    /// Documents that the page would end for it.
    ending: u64,
}

/// A job may end so many documents of a connection, however few there are.
const ALWAYS_LET_THROUGH: u64 = 20;

/// Deletions of records that one job read in one stream, held back together, as readers see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldDeletion {
    /// Our number of it.
    pub id: i64,
    /// Whose account it is.
    pub user_id: UserId,
    /// The address, in the company, of the person whose account it is; none where it is not known.
    pub user_email: Option<String>,
    /// By which connection they were read.
    pub connection_id: ConnectionId,
    /// The broker's id of that.
    pub broker_id: BrokerConnectionId,
    /// At which provider they vanished.
    pub provider: Provider,
    /// Of which model, in the broker's words.
    pub model: String,
    /// By which job they were read.
    pub job_id: JobId,
    /// Records that are held; once it is decided, those that were.
    pub records: u64,
    /// Documents that went since it was confirmed.
    pub documents_removed: u64,
    /// What was decided.
    pub state: DeletionState,
    /// When the first of them was held back.
    pub created_at: OffsetDateTime,
    /// When it was decided.
    pub decided_at: Option<OffsetDateTime>,
    /// Who decided it.
    pub decided_by: Option<UserId>,
}

/// What was decided of deletions that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeletionState {
    /// Nothing yet.
    Pending,
    /// They are carried out.
    Confirmed,
    /// They are not: what they would have ended stays.
    Rejected,
}

/// The text names no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown state: expected pending, confirmed or rejected")]
pub struct UnknownDeletionState;

/// What somebody says to deletions that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// They were meant.
    Confirm,
    /// They were not.
    Reject,
}

/// Somebody decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionDecision {
    /// In which company.
    pub company_id: CompanyId,
    /// Of which held deletions.
    pub id: i64,
    /// What.
    pub verdict: Verdict,
    /// Who.
    pub by: UserId,
    /// Where the request came from, for the audit row.
    pub origin: Origin,
}

/// What became of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionOutcome {
    /// It holds.
    Decided {
        /// Of how many records.
        records: u64,
    },
    /// There is nothing of this number to be decided.
    NotFound,
    /// It was decided before.
    AlreadyDecided,
}

/// How far confirmed deletions are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarriedOut {
    /// Documents that went since they were confirmed.
    pub documents_removed: u64,
    /// Whether nothing is left to be done.
    pub is_done: bool,
}

impl MassDeletion {
    /// Weighs a page that would end `ending` documents of a connection for a job that ended `ended_before` of them.
    #[must_use]
    pub const fn new(ended_before: u64, ending: u64) -> Self {
        Self { ended_before, ending }
    }

    /// As many live documents of the connection, those that the page would end among them, are enough to let the page
    /// through: more of them need not be counted. None where it goes through anyway.
    #[must_use]
    pub const fn enough(self) -> Option<u64> {
        // Half of what was there when the job began is as much as it may end: of these, `ended_before` are gone.
        let enough = self.ended_before + 2 * self.ending;
        if self.ending == 0 || self.ended_before + self.ending <= ALWAYS_LET_THROUGH { None } else { Some(enough) }
    }

    /// Whether the page's deletions are held back, where the connection has so many live documents.
    #[must_use]
    pub fn is_held(self, live: u64) -> bool {
        self.enough().is_some_and(|enough| live < enough)
    }
}

impl DeletionState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Confirmed, Self::Rejected];

    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
        }
    }
}

impl FromStr for DeletionState {
    type Err = UnknownDeletionState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or(UnknownDeletionState)
    }
}

impl Verdict {
    /// What it makes of deletions that were pending.
    #[must_use]
    pub const fn state(self) -> DeletionState {
        match self {
            Self::Confirm => DeletionState::Confirmed,
            Self::Reject => DeletionState::Rejected,
        }
    }

    /// The action in the audit log.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Confirm => "deletions_confirmed",
            Self::Reject => "deletions_rejected",
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::few_of_few(0, 20, 20, false)]
    #[case::one_more_than_few(0, 21, 21, true)]
    #[case::half(0, 30, 60, false)]
    #[case::more_than_half(0, 31, 60, true)]
    #[case::a_page_after_others_of_the_job(400, 100, 600, false)]
    #[case::the_page_that_makes_it_more_than_half(500, 100, 500, true)]
    #[case::a_small_page_after_others(500, 1, 500, true)]
    #[case::few_pages_of_few(15, 5, 5, false)]
    #[case::nothing_more(500, 0, 0, false)]
    fn more_than_half_of_what_was_there_and_more_than_twenty_are_held(
        #[case] ended_before: u64,
        #[case] ending: u64,
        #[case] live: u64,
        #[case] is_held: bool,
    ) {
        assert_eq!(MassDeletion::new(ended_before, ending).is_held(live), is_held);
    }

    #[test]
    fn no_more_is_counted_than_decides() {
        let page = MassDeletion::new(10, 100);

        assert_eq!(page.enough(), Some(210));
        assert!(page.is_held(209) && !page.is_held(210) && !page.is_held(1_000_000));
    }

    #[test]
    fn a_state_is_known_by_its_name() {
        for state in DeletionState::ALL {
            assert_eq!(state.name().parse(), Ok(state));
        }
    }
}
