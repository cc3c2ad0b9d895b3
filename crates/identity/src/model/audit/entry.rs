//! What rows of the audit log say, to readers.

use std::str::FromStr;

use cortex_kernel::{AdminSessionId, CompanyId, Origin, PageRequest, UserId};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

/// A row of the audit log as readers see it. Rows from before are taken as they stand, so ids are text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: Uuid,
    /// What was done.
    pub action: String,
    /// The member who did it, or whom an admin did it to.
    pub user_id: Option<String>,
    /// The company in which it was done.
    pub company_id: String,
    /// The session of the admin who did it.
    pub session_id: Option<Uuid>,
    /// What kind of thing it was done to.
    pub resource_type: Option<String>,
    /// Which one.
    pub resource_id: Option<String>,
    /// The rest, as JSON. Gone once it was forgotten.
    pub details: Option<String>,
    /// The address that asked for it. Gone once it was forgotten.
    pub address: Option<String>,
    /// The program that asked for it. Gone once it was forgotten.
    pub user_agent: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// When.
    pub at: OffsetDateTime,
}

/// What a list of audit rows is narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only this action.
    pub action: Option<String>,
    /// Only what this person did, or had done to him.
    pub user_id: Option<UserId>,
}

/// A part of the audit log, the newest rows first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditQuery {
    /// Which rows.
    pub filter: AuditFilter,
    /// Which part of them.
    pub page: PageRequest,
}

/// The cursor is none that the list gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the cursor is none of those that the list of audit rows gives")]
pub struct InvalidAuditCursor;

/// As what the audit log is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A JSON document a line.
    Ndjson,
    /// A table for spreadsheets.
    Csv,
}

/// The text names no format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown format: expected ndjson or csv")]
pub struct UnknownExportFormat;

impl ExportFormat {
    /// Its name on every surface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }
}

impl FromStr for ExportFormat {
    type Err = UnknownExportFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Ndjson, Self::Csv].into_iter().find(|format| format.name() == text).ok_or(UnknownExportFormat)
    }
}

/// An admin takes the audit log out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportStart {
    /// Whose log.
    pub company_id: CompanyId,
    /// The admin's session.
    pub session_id: Option<AdminSessionId>,
    /// As what.
    pub format: ExportFormat,
    /// Which rows of it.
    pub filter: AuditFilter,
    /// The request.
    pub origin: Origin,
}

/// Something that was done in Master to this company's people, to be told in the company's own log too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterAction {
    /// The id of Master's row, and of the copy.
    pub id: Uuid,
    /// Who did it.
    pub user_id: Option<String>,
    /// What was done.
    pub action: String,
    /// What kind of thing it was done to.
    pub resource_type: Option<String>,
    /// Which one.
    pub resource_id: Option<String>,
    /// The rest, as JSON.
    pub details: Option<String>,
    /// The address that asked for it.
    pub address: Option<String>,
    /// The program that asked for it.
    pub user_agent: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// When.
    pub at: OffsetDateTime,
}

/// How far Master's rows were read: they stand in the order of their moments, then of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MasterPosition {
    /// The moment of the last row.
    pub at: OffsetDateTime,
    /// Its id.
    pub id: Uuid,
}

impl MasterAction {
    /// Where it stands among the others.
    #[must_use]
    pub const fn position(&self) -> MasterPosition {
        MasterPosition { at: self.at, id: self.id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_known_by_its_name() {
        for format in [ExportFormat::Ndjson, ExportFormat::Csv] {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert_eq!("xlsx".parse::<ExportFormat>(), Err(UnknownExportFormat));
    }
}
