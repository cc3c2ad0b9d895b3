//! The companies whose OAuth server and API are played.

use serde::{Deserialize, Serialize};

/// Who grants access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Gmail and Drive.
    Google,
    /// Outlook.
    Microsoft,
    /// `QuickBooks`.
    Intuit,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Google, Self::Microsoft, Self::Intuit];

    /// The first segment of its OAuth paths.
    #[must_use]
    pub fn segment(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Microsoft => "microsoft",
            Self::Intuit => "intuit",
        }
    }

    /// Its name as people know it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Google => "Google",
            Self::Microsoft => "Microsoft",
            Self::Intuit => "Intuit QuickBooks",
        }
    }

    /// The vendor of a first path segment.
    #[must_use]
    pub fn of_segment(segment: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.segment() == segment)
    }

    /// The vendor behind one of Nango's providers.
    #[must_use]
    pub fn of_provider(provider: &str) -> Option<Self> {
        match provider {
            "google-mail" | "google-drive" => Some(Self::Google),
            "outlook" => Some(Self::Microsoft),
            "quickbooks" => Some(Self::Intuit),
            _ => None,
        }
    }
}
