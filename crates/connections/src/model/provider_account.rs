//! Which account at the provider stands behind a connection.

use cortex_kernel::Email;

/// An account as the provider names it, asked at the provider itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderAccount {
    /// The provider's own id of the account, where it has one that never changes: Outlook's user, Drive's permission,
    /// the `QuickBooks` realm. Gmail has none.
    pub id: Option<String>,
    /// The account's address, where the provider tells one.
    pub email: Option<Email>,
}

impl ProviderAccount {
    /// Whether both are the same account: by id where both have one, else by address without case. Two accounts of
    /// which too little is known to tell are not the same.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(id), Some(other_id)) => id == other_id,
            _ => self.email.is_some() && self.email == other.email,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::same_id_other_address((Some("7"), Some("a@x.com")), (Some("7"), Some("b@x.com")), true)]
    #[case::other_id_same_address((Some("7"), Some("a@x.com")), (Some("8"), Some("a@x.com")), false)]
    #[case::address_in_other_case((None, Some("a@x.com")), (None, Some("A@X.com")), true)]
    #[case::other_address((None, Some("a@x.com")), (None, Some("b@x.com")), false)]
    #[case::id_on_one_side_only((Some("7"), Some("a@x.com")), (None, Some("a@x.com")), true)]
    #[case::nothing_in_common((Some("7"), None), (None, Some("a@x.com")), false)]
    #[case::nothing_known((None, None), (None, None), false)]
    fn an_account_is_known_by_id_or_else_by_address(
        #[case] one: (Option<&str>, Option<&str>),
        #[case] other: (Option<&str>, Option<&str>),
        #[case] same: bool,
    ) {
        let account = |(id, email): (Option<&str>, Option<&str>)| ProviderAccount {
            id: id.map(ToOwned::to_owned),
            email: email.map(|email| email.parse().unwrap()),
        };

        assert_eq!(account(one).is_same_as(&account(other)), same);
        assert_eq!(account(other).is_same_as(&account(one)), same);
    }
}
