//! What went wrong with a call to Nango, in full; the domains' errors carry it as their source.

use std::time::Duration;

use cortex_connections::ports::BrokerError;
use cortex_kernel::Provider;
use serde_json::error::Category;
use thiserror::Error;

use crate::complaint::Complaint;

/// A call that brought nothing.
#[derive(Debug, Error)]
pub(crate) enum NangoError {
    #[error("Nango cannot be reached, or did not answer in time")]
    Unreachable(#[source] reqwest::Error),
    #[error("Nango answered {status}{complaint}")]
    Failing { status: u16, complaint: Complaint },
    #[error("Nango asks us to wait")]
    Throttled { retry_after: Option<Duration> },
    #[error("Nango answered {status}{complaint}: is NANGO_SECRET_KEY right, and may it do this?")]
    KeyRefused { status: u16, complaint: Complaint },
    #[error("Nango answered {status}{complaint}")]
    Unexpected { status: u16, complaint: Complaint },
    #[error(
        "Nango has no integration {key:?} for {provider}: add it there or change the provider's NANGO_PROVIDER_KEY"
    )]
    NoIntegration { provider: Provider, key: String },
    #[error("{0} is switched off: it has no integration")]
    SwitchedOff(Provider),
    #[error("Nango's answer is not JSON: is NANGO_HOST right?")]
    NotJson,
    #[error("Nango's answer is too long")]
    TooLong,
    #[error("Nango's answer is broken JSON")]
    Cut,
    #[error("Nango's answer has no usable `{0}`")]
    Member(String),
}

impl NangoError {
    /// The address is left out: it is always the same host, and its query may name people.
    pub(crate) fn unreachable(error: reqwest::Error) -> Self {
        Self::Unreachable(error.without_url())
    }

    /// The parser's own words are not kept: they repeat the value that it stumbled over.
    pub(crate) fn unreadable(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        match error.inner().classify() {
            Category::Data => Self::Member(error.path().to_string()),
            Category::Io | Category::Syntax | Category::Eof => Self::Cut,
        }
    }
}

impl From<NangoError> for BrokerError {
    fn from(error: NangoError) -> Self {
        match error {
            NangoError::KeyRefused { .. } => Self::Unauthorised(error.into()),
            NangoError::Throttled { retry_after } => Self::Throttled { retry_after },
            NangoError::Unreachable(_) | NangoError::Failing { .. } => Self::Unavailable(error.into()),
            NangoError::Unexpected { .. }
            | NangoError::NoIntegration { .. }
            | NangoError::SwitchedOff(_)
            | NangoError::NotJson
            | NangoError::TooLong
            | NangoError::Cut
            | NangoError::Member(_) => Self::BadAnswer(error.into()),
        }
    }
}
