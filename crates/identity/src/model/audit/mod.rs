//! The audit log: what its rows say, the chain of seals over them, and what a check of that chain finds.
//!
//! A row is written once, in the transaction of what it tells. A seal is made of it afterwards and holds the hash of the
//! row and of the seal before it, so that no row is changed, cut out or put in between without breaking the chain.
//!
//! Not here: how rows are written (each store does, with what they tell), and the digests of what is personal in them,
//! which the database makes when a row is inserted.

mod chain;
mod entry;
mod walk;

pub use chain::{ChainHash, Covers, EntryFacts, NewSeal, Past, Personal, PersonalState, SealHead, StoredSeal};
pub use entry::{
    AuditEntry, AuditFilter, AuditQuery, ExportFormat, ExportStart, InvalidAuditCursor, MasterAction, MasterPosition,
    UnknownExportFormat,
};
pub use walk::{Checked, Finding, Link, Walk};
