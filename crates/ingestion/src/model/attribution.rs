//! Who brought something in, and how.

use std::str::FromStr;

use cortex_kernel::{ConnectionId, Email, JobId, UserId};
use thiserror::Error;

/// Who brought a document in, by which connection and job, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// The person.
    pub user_id: UserId,
    /// The person's address in the company.
    pub user_email: Email,
    /// The connection it came by; none for what a person brought in by hand.
    pub connection_id: Option<ConnectionId>,
    /// The address of the connected account, where it has one.
    pub account_email: Option<Email>,
    /// The job that read it.
    pub job_id: Option<JobId>,
    /// How it came in.
    pub method: IngestionMethod,
}

/// How a document came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IngestionMethod {
    /// By a sync that a person, an admin or the schedule started.
    OauthSync,
    /// By a sync that a webhook triggered.
    Webhook,
    /// As an uploaded file.
    ManualUpload,
    /// Through the API.
    Api,
}

/// The text names no way of coming in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown ingestion method: expected oauth_sync, webhook, manual_upload or api")]
pub struct UnknownIngestionMethod;

impl IngestionMethod {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OauthSync, Self::Webhook, Self::ManualUpload, Self::Api];

    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OauthSync => "oauth_sync",
            Self::Webhook => "webhook",
            Self::ManualUpload => "manual_upload",
            Self::Api => "api",
        }
    }
}

impl FromStr for IngestionMethod {
    type Err = UnknownIngestionMethod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|method| method.name() == text).ok_or(UnknownIngestionMethod)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_known_by_its_name() {
        for method in IngestionMethod::ALL {
            assert_eq!(method.name().parse(), Ok(method));
        }
    }
}
