//! Which words speak of what.
//!
//! Here and in `docs/reports.md`, and nowhere else. A document speaks of a subject where one of its words begins with one
//! of the beginnings below, whatever its case.

/// What a document may speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WordGroup {
    /// Something went wrong, or somebody is not content.
    Issues,
    /// Something goes on as it should.
    Updates,
    /// What somebody wants to have.
    Orders,
    /// How things are made.
    Production,
    /// How good they are.
    Quality,
    /// How they get to who wants them.
    Shipping,
}

impl WordGroup {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Issues, Self::Updates, Self::Orders, Self::Production, Self::Quality, Self::Shipping];

    /// How its words begin, in small letters.
    #[must_use]
    pub const fn beginnings(self) -> &'static [&'static str] {
        match self {
            Self::Issues => &ISSUES,
            Self::Updates => &UPDATES,
            Self::Orders => &ORDERS,
            Self::Production => &PRODUCTION,
            Self::Quality => &QUALITY,
            Self::Shipping => &SHIPPING,
        }
    }
}

const ISSUES: [&str; 27] = [
    "apolog",
    "beanstand",
    "beschwer",
    "broken",
    "complain",
    "damag",
    "defect",
    "defekt",
    "delay",
    "dispute",
    "dringend",
    "escalat",
    "fail",
    "fault",
    "fehler",
    "issue",
    "mahnung",
    "mangel",
    "missing",
    "mängel",
    "overdue",
    "problem",
    "refund",
    "reklam",
    "urgent",
    "verspät",
    "wrong",
];
const UPDATES: [&str; 16] = [
    "agree",
    "approv",
    "bestätig",
    "completed",
    "confirm",
    "freigabe",
    "freigegeben",
    "progress",
    "renew",
    "schedul",
    "signed",
    "status",
    "termin",
    "update",
    "vereinbar",
    "zusage",
];
const ORDERS: [&str; 12] = [
    "angebot",
    "auftrag",
    "aufträg",
    "bestell",
    "offer",
    "order",
    "procure",
    "purchas",
    "quotation",
    "quote",
    "reorder",
    "rfq",
];
const PRODUCTION: [&str; 14] = [
    "assembl",
    "batch",
    "downtime",
    "fabricat",
    "fertigung",
    "machin",
    "manufactur",
    "maschine",
    "montage",
    "production",
    "produktion",
    "stillstand",
    "tooling",
    "workshop",
];
const QUALITY: [&str; 15] = [
    "ausschuss",
    "certificat",
    "defect",
    "inspect",
    "nacharbeit",
    "nonconform",
    "non-conform",
    "prüf",
    "qualität",
    "quality",
    "reject",
    "reklam",
    "rework",
    "scrap",
    "toleran",
];
const SHIPPING: [&str; 15] = [
    "carrier",
    "consignment",
    "courier",
    "customs",
    "deliver",
    "dispatch",
    "fracht",
    "freight",
    "liefer",
    "pallet",
    "ship",
    "spedition",
    "tracking",
    "versand",
    "zoll",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn beginnings_mean_nothing_but_themselves_to_whoever_looks_for_them() {
        for group in WordGroup::ALL {
            let beginnings = group.beginnings();
            for beginning in beginnings {
                assert!(beginning.chars().all(|letter| letter.is_alphabetic() || letter == '-'), "{beginning}");
                assert_eq!(*beginning, beginning.to_lowercase());
                let shorter = beginnings.iter().find(|other| *other != beginning && beginning.starts_with(**other));
                assert_eq!(shorter, None, "{beginning} is found by a shorter one");
            }
            assert_eq!(beginnings.iter().collect::<BTreeSet<_>>().len(), beginnings.len());
        }
    }

    #[test]
    fn they_are_those_of_the_documentation() {
        let documented = include_str!("../../../../docs/reports.md");

        for group in WordGroup::ALL {
            let words = group.beginnings().iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            let line = format!("| {group:?} | {words} |").to_lowercase();
            assert!(documented.to_lowercase().contains(&line), "docs/reports.md lacks this line:\n{line}");
        }
    }
}
