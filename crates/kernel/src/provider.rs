//! The providers whose accounts people connect.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A provider of records. It has one name everywhere in our data and answers; how Nango calls its integration is
/// configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Gmail.
    Gmail,
    /// Outlook mail by Microsoft Graph.
    Outlook,
    /// Google Drive.
    GoogleDrive,
    /// `QuickBooks` Online.
    QuickBooks,
}

/// The text names no provider.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown provider: expected gmail, outlook, google_drive or quickbooks")]
pub struct UnknownProvider;

impl Provider {
    /// All of them, in the order in which answers list them.
    pub const ALL: [Self; 4] = [Self::Outlook, Self::Gmail, Self::GoogleDrive, Self::QuickBooks];

    /// The one name: in rows, in answers, in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gmail => "gmail",
            Self::Outlook => "outlook",
            Self::GoogleDrive => "google_drive",
            Self::QuickBooks => "quickbooks",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    /// Takes the one name and the spellings that clients and old rows use.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "gmail" | "google-mail" => Ok(Self::Gmail),
            "outlook" | "microsoft" => Ok(Self::Outlook),
            "google_drive" | "google-drive" | "drive" | "googledrive" => Ok(Self::GoogleDrive),
            "quickbooks" | "qbo" | "intuit" => Ok(Self::QuickBooks),
            _ => Err(UnknownProvider),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_is_known_by_its_own_name() {
        for provider in Provider::ALL {
            assert_eq!(provider.name().parse(), Ok(provider));
        }
    }

    #[test]
    fn other_spellings_lead_to_the_one_name() {
        assert_eq!("google-mail".parse(), Ok(Provider::Gmail));
        assert_eq!("qbo".parse(), Ok(Provider::QuickBooks));
        assert_eq!("googledrive".parse(), Ok(Provider::GoogleDrive));
        assert_eq!("Gmail".parse::<Provider>(), Err(UnknownProvider));
    }
}
