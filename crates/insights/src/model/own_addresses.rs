//! Which addresses are a company's own.

use std::collections::BTreeSet;

/// The addresses of a company's accounts and people, and the domains that its colleagues write from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnAddresses {
    addresses: BTreeSet<String>,
    domains: BTreeSet<String>,
}

/// Where anybody can have an address: who has one there is nobody's colleague for that. Those of which there are many
/// stand in [`PUBLIC_NAMES`].
const PUBLIC_DOMAINS: [&str; 26] = [
    "126.com",
    "163.com",
    "aol.com",
    "btinternet.com",
    "comcast.net",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "googlemail.com",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "verizon.net",
    "web.de",
    "zoho.com",
];

/// Public domains of many countries by what stands before the first dot: `yahoo.com`, `yahoo.co.uk`.
const PUBLIC_NAMES: [&str; 6] = ["gmx", "hotmail", "live", "outlook", "yahoo", "yandex"];

impl OwnAddresses {
    /// These, and their domains as far as those are the company's own.
    #[must_use]
    pub fn new(addresses: impl IntoIterator<Item = String>) -> Self {
        let addresses: BTreeSet<_> = addresses.into_iter().map(|address| address.to_lowercase()).collect();
        let domains = addresses.iter().filter_map(|address| domain_of(address)).filter(|domain| !is_public(domain));
        Self { domains: domains.map(ToOwned::to_owned).collect(), addresses }
    }

    /// Whether this address is one of them, or of a colleague.
    #[must_use]
    pub fn own(&self, address: &str) -> bool {
        let address = address.to_lowercase();
        self.addresses.contains(&address) || domain_of(&address).is_some_and(|domain| self.has_domain(domain))
    }

    /// Whether colleagues write from this domain, in small letters.
    #[must_use]
    pub fn has_domain(&self, domain: &str) -> bool {
        self.domains.contains(domain)
    }

    /// The addresses, in small letters.
    #[must_use]
    pub fn addresses(&self) -> Vec<&str> {
        self.addresses.iter().map(String::as_str).collect()
    }

    /// The domains of colleagues, in small letters.
    #[must_use]
    pub fn domains(&self) -> Vec<&str> {
        self.domains.iter().map(String::as_str).collect()
    }
}

/// What stands behind the last at sign.
#[must_use]
pub fn domain_of(address: &str) -> Option<&str> {
    let (_, domain) = address.rsplit_once('@')?;
    (!domain.is_empty()).then_some(domain)
}

/// Whether anybody can have an address there. In small letters.
#[must_use]
pub fn is_public(domain: &str) -> bool {
    let name = domain.split('.').next().unwrap_or_default();
    PUBLIC_DOMAINS.contains(&domain) || PUBLIC_NAMES.contains(&name) && domain.split('.').count() <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colleagues_are_those_of_the_domains_of_accounts() {
        let own = OwnAddresses::new(["Marta@Kestrel.example".to_owned()]);

        assert!(own.own("marta@kestrel.example") && own.own("NILS@kestrel.EXAMPLE"));
        assert!(!own.own("nora@yard.example") && !own.own("nora@sub.kestrel.example") && !own.own("kestrel.example"));
        assert_eq!((own.addresses(), own.domains()), (vec!["marta@kestrel.example"], vec!["kestrel.example"]));
    }

    #[test]
    fn where_anybody_can_have_an_address_nobody_is_a_colleague() {
        let public = ["gmail.com", "web.de", "yahoo.com", "yahoo.co.uk", "hotmail.fr", "outlook.com"];
        let own = OwnAddresses::new(public.iter().map(|domain| format!("me@{domain}")));

        assert!(own.domains().is_empty());
        assert!(own.own("me@gmail.com") && !own.own("you@gmail.com"));
        for domain in ["outlook.kestrel.co.uk", "kestrel.example", "gmail.example"] {
            assert!(!is_public(domain), "{domain}");
        }
    }

    #[test]
    fn what_is_no_address_has_no_domain() {
        let own = OwnAddresses::new(["nobody".to_owned(), "nobody@".to_owned()]);

        assert!(own.domains().is_empty() && own.own("Nobody") && !own.own("@"));
    }
}
