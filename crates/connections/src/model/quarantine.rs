//! Connections that fit nobody.

use cortex_kernel::{CompanyId, Origin};

use super::BrokerReference;

/// A connection at the broker that may not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedConnection {
    /// The company that it claims, ours.
    pub company_id: CompanyId,
    /// Which one.
    pub reference: BrokerReference,
    /// The person that it claims, as it was told.
    pub claimed_user_id: String,
    /// Why it may not be used.
    pub reason: QuarantineReason,
    /// What brought it to us, for the audit row.
    pub origin: Origin,
}

/// Why a connection may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuarantineReason {
    /// It names somebody who is no active member.
    NotAMember,
    /// The webhook names another owner than the broker does.
    OwnerContradicted,
    /// Nobody asked for it, and the broker does not know whose it is.
    NotAskedFor,
    /// It is somebody else's already.
    TakenByAnother,
    /// It is older than what its owner has, and nothing of ours: what a session that was used twice leaves behind.
    LeftOver,
}

impl QuarantineReason {
    /// The word in rows and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAMember => "not_a_member",
            Self::OwnerContradicted => "owner_contradicted",
            Self::NotAskedFor => "not_asked_for",
            Self::TakenByAnother => "taken_by_another",
            Self::LeftOver => "left_over",
        }
    }
}
