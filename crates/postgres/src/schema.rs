//! Which tables are ours. Databases that have lived hold others beside them, which we leave alone.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Which of the two kinds of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Database {
    /// The one that all companies share: who belongs where.
    Master,
    /// A company's own: its connections, jobs and documents.
    Company,
}

/// The text names no database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown database: expected master or company")]
pub struct UnknownDatabase;

/// Where diesel keeps book of the migrations that have run.
pub const BOOKKEEPING_TABLE: &str = "__diesel_schema_migrations";

impl Database {
    /// Both, in the order in which they are migrated.
    pub const ALL: [Self; 2] = [Self::Master, Self::Company];

    /// Its name on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Company => "company",
        }
    }

    /// The tables of ours that people made by hand before there were migrations. Any other table that bears one of our
    /// names before its migration ran is somebody else's.
    #[must_use]
    pub const fn adoptable(self) -> &'static [&'static str] {
        match self {
            Self::Master => &[
                "audit_log_global",
                "companies",
                "company_users",
                "master_admins",
                "nango_original_connections",
                "sync_permissions",
            ],
            Self::Company => &[
                "admin_audit_log",
                "admin_sessions",
                "chat_messages",
                "chats",
                "connections",
                "documents",
                "gmail_cursors",
                "nango_sync_cursors",
                "sync_jobs",
                "user_cursors",
            ],
        }
    }

    /// The tables that we own there, besides [`BOOKKEEPING_TABLE`].
    #[must_use]
    pub const fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Master => &[
                "audit_heads",
                "audit_log_global",
                "companies",
                "company_users",
                "master_admins",
                "nango_original_connections",
                "sync_permissions",
            ],
            Self::Company => &[
                "admin_audit_log",
                "admin_audit_seals",
                "admin_audit_unsealed",
                "admin_sessions",
                "attempt_counters",
                "blob_chunks",
                "blob_removals",
                "book_records",
                "broker_removals",
                "chat_messages",
                "chats",
                "connect_sessions",
                "connections",
                "cortex_alert_rules",
                "cortex_alerts",
                "cortex_daily_reports",
                "cortex_saved_reports",
                "deleted_documents",
                "document_days",
                "document_sources",
                "documents",
                "erasure_receipts",
                "gmail_cursors",
                "held_deletion_records",
                "held_deletions",
                "idempotency_keys",
                "mail_month_changes",
                "mail_month_ties",
                "mail_months",
                "mail_records",
                "mail_signals",
                "nango_sync_cursors",
                "quarantined_connections",
                "set_aside_records",
                "summaries",
                "sync_jobs",
                "sync_overrides",
                "sync_turns",
                "unfinished_contents",
                "upkeep_turns",
                "usage_days",
                "user_cursors",
                "webhook_inbox",
                "workers",
            ],
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Database {
    type Err = UnknownDatabase;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|database| database.name() == text).ok_or(UnknownDatabase)
    }
}
