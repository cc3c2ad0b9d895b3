//! E-mail addresses as identities.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use thiserror::Error;

/// An e-mail address that names a person or an account.
///
/// It keeps the spelling it was given and compares without case: providers and people spell the same mailbox in
/// different ways, and treating two spellings as two people would let one slip past the guards of the other. Parsing
/// only refuses what cannot be an address; whether mail arrives there is not asked.
#[derive(Clone, Debug)]
pub struct Email(String);

/// The text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an e-mail address: expected name@domain, at most 254 characters")]
pub struct InvalidEmail;

/// RFC 5321, section 4.5.3.1.3: a path is at most 256 octets, its angle brackets included.
const MAX_LENGTH: usize = 254;

impl Email {
    /// The address as it was spelt.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in the one spelling that comparisons and unique keys use.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }

    /// The part after the last `@`, folded.
    #[must_use]
    pub fn domain(&self) -> String {
        self.0.rsplit('@').next().unwrap_or_default().to_lowercase()
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let unfit = |part: &str| {
            part.is_empty() || part.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;".contains(c))
        };
        if text.len() > MAX_LENGTH || unfit(local) || unfit(domain) {
            return Err(InvalidEmail);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}

impl Eq for Email {}

impl Hash for Email {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_differ_in_case_are_one() {
        let spelt: Email = "Nora.Lind@Example.com".parse().unwrap();

        assert_eq!(spelt, "nora.lind@example.COM".parse().unwrap());
        assert_eq!(spelt.as_str(), "Nora.Lind@Example.com");
        assert_eq!(spelt.domain(), "example.com");
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for text in ["", "nobody", "@example.com", "a@", "a b@example.com", "a@b,c@d", "a@ex\u{0}ample"] {
            assert_eq!(text.parse::<Email>(), Err(InvalidEmail), "{text:?}");
        }
        assert_eq!(format!("{}@example.com", "x".repeat(250)).parse::<Email>(), Err(InvalidEmail));
    }
}
