//! A company in Master's registry.

use std::str::FromStr;

use cortex_kernel::CompanyId;
use thiserror::Error;

/// A company, as far as entering it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// Its id; also the `tenant_id` of everything it stores.
    pub id: CompanyId,
    /// Its short name in addresses: lower case letters, digits and hyphens.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Whether it may be entered.
    pub status: CompanyStatus,
}

/// Where a company stands. Only an active one may be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompanyStatus {
    /// In service.
    Active,
    /// Put on hold by the operator.
    Suspended,
    /// Trying the product out; its deployment is not open to tokens.
    Trial,
    /// Being set up.
    Provisioning,
    /// Gone; the row remains for the audit log.
    Deleted,
}

/// The text names no company status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown company status: expected active, suspended, trial, provisioning or deleted")]
pub struct UnknownCompanyStatus;

impl CompanyStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Active, Self::Suspended, Self::Trial, Self::Provisioning, Self::Deleted];

    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Trial => "trial",
            Self::Provisioning => "provisioning",
            Self::Deleted => "deleted",
        }
    }

    /// Whether members may enter.
    #[must_use]
    pub const fn may_be_entered(self) -> bool {
        match self {
            Self::Active => true,
            Self::Suspended | Self::Trial | Self::Provisioning | Self::Deleted => false,
        }
    }
}

impl FromStr for CompanyStatus {
    type Err = UnknownCompanyStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or(UnknownCompanyStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_known_by_its_name() {
        for status in CompanyStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        assert_eq!("Active".parse::<CompanyStatus>(), Err(UnknownCompanyStatus));
    }

    #[test]
    fn only_an_active_company_may_be_entered() {
        let open: Vec<_> = CompanyStatus::ALL.into_iter().filter(|status| status.may_be_entered()).collect();

        assert_eq!(open, [CompanyStatus::Active]);
    }
}
