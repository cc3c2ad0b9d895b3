//! What the audit log needs from outside.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Page, StoreError};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::audit::{
    AuditEntry, AuditQuery, ChainHash, EntryFacts, ExportStart, Finding, InvalidAuditCursor, Link, MasterAction,
    MasterPosition, SealHead,
};

/// Gives audit rows their seals.
///
/// # Contract
///
/// - Rows are sealed once, in the order in which they came.
/// - At most so many rows are sealed at once.
/// - Without rows there is nothing to seal.
/// - The first row follows on the seal of the past.
/// - Rows of another company are not sealed.
/// - Many sealers at once make one chain.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditSealer: Send + Sync {
    /// Seals the next rows of the company that have none, at most `most` of them, unless another sealer is at it. Writers
    /// never wait for it.
    async fn seal_next(&self, company_id: CompanyId, most: u16) -> Result<Sealing, StoreError>;

    /// The hash of the seal at this place.
    async fn find_seal(&self, company_id: CompanyId, seq: u64) -> Result<Option<ChainHash>, StoreError>;
}

/// What came of sealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealing {
    /// Another sealer is at it.
    Busy,
    /// So many rows were sealed, and this is the newest seal now, if there is one.
    Sealed {
        /// How many.
        count: usize,
        /// The newest seal.
        head: Option<SealHead>,
    },
}

/// Shows the chain and the rows under it to whoever checks them, in pages.
///
/// # Contract
///
/// - Seals are shown with their rows, in the order of the chain.
/// - A sealed row that is gone is shown as absent.
/// - A row that waits for its seal is overdue after some time.
/// - A row that came in past the sealer is overdue at once.
/// - A row that went before it was sealed is told.
/// - Nothing of another company is shown.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditChain: Send + Sync {
    /// The seals after this place, or from the beginning, at most `limit` of them.
    async fn list_links(&self, company_id: CompanyId, after: Option<u64>, limit: u16) -> Result<Vec<Link>, StoreError>;

    /// The rows from before there were seals, in the order of their ids.
    async fn list_past(
        &self,
        company_id: CompanyId,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<EntryFacts>, StoreError>;

    /// The first row without a seal that should have one: it waits for longer than `patience`, or nobody told the sealer
    /// of it, or it went while it waited.
    async fn find_overdue(&self, company_id: CompanyId, patience: Duration) -> Result<Option<Finding>, StoreError>;

    /// Up to which moment what is personal was forgotten.
    async fn forgotten_before(&self, company_id: CompanyId) -> Result<Option<OffsetDateTime>, StoreError>;
}

/// Keeps in Master how far the chain of each company reached.
///
/// # Contract
///
/// - A head that was kept is found.
/// - A head moves forward only.
/// - A head of another company reads as absent.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditHeads: Send + Sync {
    /// Keeps this head, unless a later one is kept already.
    async fn keep_head(&self, company_id: CompanyId, head: SealHead) -> Result<(), StoreError>;

    /// The head that is kept.
    async fn find_head(&self, company_id: CompanyId) -> Result<Option<SealHead>, StoreError>;
}

/// Reads what was done in Master to a company's people.
///
/// # Contract
///
/// - Actions are listed oldest first and go on after a position.
/// - The request of an action is told beside its details.
/// - What happened to connections is not Master's to tell.
/// - Actions of another company are not listed.
/// - What is personal in old actions of the company is forgotten.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MasterActions: Send + Sync {
    /// What was done after `after`, or ever, at most `limit` of it.
    async fn list_actions(
        &self,
        company_id: CompanyId,
        after: Option<MasterPosition>,
        limit: u16,
    ) -> Result<Vec<MasterAction>, StoreError>;

    /// Forgets address, agent and details of at most `most` actions from before `before`, and answers of how many. The
    /// moment is at least a day ago.
    async fn forget_details(&self, company_id: CompanyId, before: OffsetDateTime, most: u16)
    -> Result<u64, StoreError>;
}

/// Copies what was done in Master into the company's own log.
///
/// # Contract
///
/// - A copy says all that the original says.
/// - An action is copied once, however often and by how many it is told.
/// - A copy waits for its seal like any other row.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditCopies: Send + Sync {
    /// Copies those that are not there yet, and answers how many.
    async fn copy(&self, company_id: CompanyId, actions: &[MasterAction]) -> Result<usize, StoreError>;
}

/// Reads what was done about the company's connections, as Master is told of it.
///
/// # Contract
///
/// - What was done about connections is listed oldest first and goes on after a position.
/// - What was done about others is not listed.
/// - What was done in another company is not listed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectionActions: Send + Sync {
    /// What was done after `after`, or ever, at most `limit` of it.
    async fn list_actions(
        &self,
        company_id: CompanyId,
        after: Option<MasterPosition>,
        limit: u16,
    ) -> Result<Vec<MasterAction>, StoreError>;
}

/// Keeps in Master what was done about a company's connections.
///
/// # Contract
///
/// - What Master is told about a connection is kept once.
/// - The latest that Master was told about connections is found.
/// - What Master is told about a connection does not come back.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MasterCopies: Send + Sync {
    /// The latest action about a connection of the company that Master knows.
    async fn find_latest(&self, company_id: CompanyId) -> Result<Option<MasterPosition>, StoreError>;

    /// Keeps those that are not there yet, and answers how many.
    async fn copy(&self, company_id: CompanyId, actions: &[MasterAction]) -> Result<usize, StoreError>;
}

/// Forgets what is personal in old audit rows.
///
/// # Contract
///
/// - Only rows older than the moment forget what is personal.
/// - At most so many rows forget at once.
/// - A row tells up to when was forgotten, once.
/// - Rows of another company forget nothing.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditRetention: Send + Sync {
    /// Forgets address, agent and details of rows that are older than `before`, at most `most` of them, and answers of how
    /// many.
    async fn forget(&self, company_id: CompanyId, before: OffsetDateTime, most: u16) -> Result<u64, StoreError>;
}

/// Shows the audit log to admins.
///
/// # Contract
///
/// - The newest rows are listed first and go on after a cursor.
/// - Rows of one moment are each listed once.
/// - A list goes on where it was although rows come in.
/// - A list is narrowed by action and by person.
/// - Rows of another company are not listed.
/// - A cursor that is none is refused.
/// - An export leaves its audit row.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// A part of the log.
    async fn list_entries(&self, company_id: CompanyId, query: &AuditQuery)
    -> Result<Page<AuditEntry>, ListAuditError>;

    /// Writes down that the log is handed out.
    async fn start_export(&self, start: &ExportStart) -> Result<(), StoreError>;
}

/// The audit log could not be listed.
#[derive(Debug, Error)]
pub enum ListAuditError {
    /// The caller's cursor is none of ours.
    #[error(transparent)]
    Cursor(#[from] InvalidAuditCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
