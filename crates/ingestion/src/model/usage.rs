//! How much people bring in, and how much they may.

use cortex_kernel::{Page, UserId};
use time::OffsetDateTime;

/// How much was brought in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Documents that were new.
    pub documents: u64,
    /// Bytes: of a file as it was uploaded, and of the text of what came in otherwise.
    pub bytes: u64,
}

/// How much one person may bring in by hand on a day, by the calendar of UTC. None is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Documents.
    pub documents: Option<u64>,
    /// Bytes.
    pub bytes: Option<u64>,
}

/// How much a person brought in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Ever, also of what is gone.
    pub total: Amount,
    /// Today.
    pub today: Amount,
    /// When the next day begins.
    pub resets_at: OffsetDateTime,
}

/// How much the people of a company brought in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyUsage {
    /// All of them together.
    pub of_all: Usage,
    /// Some of those who brought in anything, by their ids.
    pub members: Page<MemberUsage>,
}

/// How much one of them did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberUsage {
    /// Who.
    pub user_id: UserId,
    /// Ever, also of what is gone.
    pub total: Amount,
    /// Today.
    pub today: Amount,
}
