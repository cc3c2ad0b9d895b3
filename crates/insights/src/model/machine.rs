//! Addresses that machines write from.

/// How the part before the at sign begins, without dots, dashes and underscores.
pub const MACHINES: [&str; 10] = [
    "alerts",
    "autoreply",
    "bounce",
    "donotreply",
    "mailerdaemon",
    "newsletter",
    "noreply",
    "notification",
    "postmaster",
    "updates",
];

/// Whether nobody waits for an answer there. An address is in small letters.
#[must_use]
pub fn is_machine(address: &str) -> bool {
    let local = address.split(['@', '+']).next().unwrap_or_default();
    let bare: String = local.chars().filter(|letter| !matches!(letter, '.' | '-' | '_')).collect();
    MACHINES.iter().any(|machine| bare.starts_with(machine))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("noreply@shop.example", true)]
    #[case("no-reply@shop.example", true)]
    #[case("do_not_reply@shop.example", true)]
    #[case("noreply-invoices@shop.example", true)]
    #[case("mailer-daemon@shop.example", true)]
    #[case("notifications+7@shop.example", true)]
    #[case("nora@noreply.example", false)]
    #[case("billing@shop.example", false)]
    #[case("nora+newsletter@shop.example", false)]
    #[case("", false)]
    fn machines_are_told_from_people(#[case] address: &str, #[case] is: bool) {
        assert_eq!(is_machine(address), is);
    }

    #[test]
    fn the_docs_name_them() {
        let docs = include_str!("../../../../docs/reports.md");

        assert!(MACHINES.iter().all(|machine| docs.contains(&format!("`{machine}`"))));
    }
}
