//! The end of a connection, and of what it brought in.

use cortex_kernel::{CompanyId, ConnectionId, Origin, UserId};
use time::OffsetDateTime;

use super::BrokerReference;

/// What becomes of the documents that a connection brought in, once it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Documents {
    /// They stay: the company goes on knowing them.
    #[default]
    Keep,
    /// Those go that nothing else brought in.
    Purge,
}

/// A connection is to be ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndConnection {
    /// Of which company.
    pub company_id: CompanyId,
    /// Our number of it.
    pub id: ConnectionId,
    /// Who ends it.
    pub by: UserId,
    /// What becomes of its documents.
    pub documents: Documents,
    /// When.
    pub at: OffsetDateTime,
    /// The request, for the audit row.
    pub origin: Origin,
}

/// Whose a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A person's.
    Person(UserId),
    /// Nobody's: it is from before connections had owners.
    Nobody,
}

/// A connection that is ended, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedConnection {
    /// What is to be removed at the broker.
    pub reference: BrokerReference,
    /// Whether it was ended by this.
    pub is_new: bool,
}

/// What an ended connection alone brought in is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// Of which company.
    pub company_id: CompanyId,
    /// Our number of the connection.
    pub id: ConnectionId,
    /// Who wants it.
    pub by: UserId,
    /// The request, for the audit rows.
    pub origin: Origin,
}

/// A part of a purge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// Documents that went.
    pub documents: u64,
    /// Whether nothing is left of what the connection brought in.
    pub is_done: bool,
}
