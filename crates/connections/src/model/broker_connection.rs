//! Connections as the broker knows them.

use cortex_kernel::{BrokerConnectionId, CompanyId, Provider, UserId};
use time::OffsetDateTime;

/// Which connection at the broker: its ids are unique only within a provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BrokerReference {
    /// Of which provider.
    pub provider: Provider,
    /// The broker's id of it.
    pub id: BrokerConnectionId,
}

/// A connection at the broker, without its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerConnection {
    /// Which one.
    pub reference: BrokerReference,
    /// Whose it is, says the broker.
    pub claims: OwnerClaims,
    /// Whether its credentials work, as far as the broker knows.
    pub is_authorized: bool,
    /// The `QuickBooks` company that it reaches; other providers have none.
    pub realm_id: Option<String>,
}

/// A connection in the broker's list: what the list tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedConnection {
    /// Which one.
    pub reference: BrokerReference,
    /// Whose it is, says the broker.
    pub claims: OwnerClaims,
    /// Whether its credentials worked when the broker last used them.
    pub is_authorized: bool,
    /// When it was made there, by the broker's clock.
    pub created_at: OffsetDateTime,
}

/// Which of a company's connections at the broker are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokerFilter {
    /// The organization that they were made for.
    pub company_id: CompanyId,
    /// The end user that they were made for; none for everybody's.
    pub user_id: Option<UserId>,
    /// Of which provider; none for all that are switched on.
    pub provider: Option<Provider>,
}

/// Whose a connection is, in the words of the broker: what we told it when the connect session was opened, or what
/// somebody else did. Texts that may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerClaims {
    /// The end user.
    pub user_id: Option<String>,
    /// The end user's address.
    pub email: Option<String>,
    /// The organization.
    pub company_id: Option<String>,
}

impl OwnerClaims {
    /// These, and what they leave open from `other`.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            user_id: self.user_id.or_else(|| other.user_id.clone()),
            email: self.email.or_else(|| other.email.clone()),
            company_id: self.company_id.or_else(|| other.company_id.clone()),
        }
    }

    /// The person, where one of ours may be named.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.user_id.as_deref()?.parse().ok()
    }

    /// Whether both name a person, or a company, and not the same one.
    #[must_use]
    pub fn contradict(&self, other: &Self) -> bool {
        let differ = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => !one.eq_ignore_ascii_case(other),
            _ => false,
        };
        differ(&self.user_id, &other.user_id) || differ(&self.company_id, &other.company_id)
    }

    /// Whether a company is named, and it is not `company`.
    #[must_use]
    pub fn name_another_company_than(&self, company: CompanyId) -> bool {
        self.company_id.as_deref().is_some_and(|claim| claim.parse() != Ok(company))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::testing::{COMPANY_A, COMPANY_B};

    fn claims(user_id: Option<&str>, company_id: Option<&str>) -> OwnerClaims {
        OwnerClaims { user_id: user_id.map(Into::into), email: None, company_id: company_id.map(Into::into) }
    }

    #[test]
    fn what_is_missing_is_taken_from_the_other_and_nothing_else() {
        let other = OwnerClaims { email: Some("one@example.com".to_owned()), ..claims(Some("2"), Some("b")) };

        assert_eq!(claims(Some("1"), None).or(&other), OwnerClaims { user_id: Some("1".to_owned()), ..other });
    }

    #[rstest]
    #[case(claims(Some("1"), Some("a")), claims(Some("1"), Some("a")), false)]
    #[case(claims(Some("1a"), None), claims(Some("1A"), Some("a")), false)]
    #[case(claims(None, None), claims(Some("1"), Some("a")), false)]
    #[case(claims(Some("1"), None), claims(Some("2"), None), true)]
    #[case(claims(None, Some("a")), claims(None, Some("b")), true)]
    fn claims_contradict_where_both_name_somebody_and_not_the_same(
        #[case] one: OwnerClaims,
        #[case] other: OwnerClaims,
        #[case] contradict: bool,
    ) {
        assert_eq!(one.contradict(&other), contradict);
        assert_eq!(other.contradict(&one), contradict);
    }

    #[test]
    fn an_unreadable_company_is_another_one_and_none_is_none() {
        let ours = COMPANY_A.to_string();

        assert!(!claims(None, None).name_another_company_than(COMPANY_A));
        assert!(!claims(None, Some(&ours.to_uppercase())).name_another_company_than(COMPANY_A));
        assert!(claims(None, Some(&COMPANY_B.to_string())).name_another_company_than(COMPANY_A));
        assert!(claims(None, Some("rubbish")).name_another_company_than(COMPANY_A));
    }
}
