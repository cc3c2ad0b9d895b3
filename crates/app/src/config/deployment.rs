//! What is deployed and for whom.

use cortex_kernel::CompanyId;

use super::reader::{Reader, Reading, quoted};
use super::variable::{ALL, ONE_COMPANY, Variable};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::preset(
        "ENVIRONMENT",
        "production",
        ALL,
        "`production` or `development`; production refuses unsafe settings",
    ),
    Variable::required("COMPANY_ID", ONE_COMPANY, "UUID of the one company that this deployment serves"),
];

/// How careful to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Unsafe settings are refused.
    Production,
    /// Comfortable defaults for work on one machine.
    Development,
}

/// What is deployed and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Deployment {
    /// Production or development.
    pub environment: Environment,
    /// The one company that is served.
    pub company_id: CompanyId,
}

impl Environment {
    /// The word for development, which a `.env` file is asked for as well.
    pub(super) const DEVELOPMENT: &str = "development";

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "production" => Ok(Self::Production),
            Self::DEVELOPMENT => Ok(Self::Development),
            _ => Err(format!("expected production or development, found {}", quoted(text))),
        }
    }

    /// Whether unsafe settings are refused.
    #[must_use]
    pub const fn is_production(self) -> bool {
        matches!(self, Self::Production)
    }
}

impl Deployment {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let company_id = reader.required("COMPANY_ID", |text| {
            text.trim().parse().map_err(|_| {
                format!("expected a UUID like 0f8fad5b-d9cb-469f-a165-70867728950e, found {}", quoted(text))
            })
        });
        Ok(Self { environment: reader.environment(), company_id: company_id? })
    }
}
