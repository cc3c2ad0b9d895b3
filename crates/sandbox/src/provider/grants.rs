//! Codes and tokens that the providers have given out.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use super::Vendor;
use crate::random;

/// The most codes, access tokens and refresh tokens that are kept, each; the oldest go first.
const MOST: usize = 20_000;
const CODE_LIFETIME: Duration = Duration::from_mins(10);

/// What a person agreed to.
#[derive(Debug, Clone)]
pub(super) struct Agreement {
    pub(super) vendor: Vendor,
    pub(super) email: String,
    pub(super) client_id: String,
    pub(super) scope: String,
}

/// A code that waits to be exchanged.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) agreement: Agreement,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
    pub(super) ends: OffsetDateTime,
}

/// A pair of fresh tokens.
#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
    pub(super) lifetime: Duration,
}

pub(super) struct Grants {
    lifetime: Duration,
    codes: Shelf<Code>,
    access: Shelf<(Agreement, OffsetDateTime)>,
    refresh: Shelf<Agreement>,
}

impl Grants {
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { lifetime, codes: Shelf::default(), access: Shelf::default(), refresh: Shelf::default() }
    }

    pub(super) fn issue_code(&mut self, code: Code) -> String {
        let key = format!("sandbox-code-{}", random::hex(16));
        self.codes.put(key.clone(), code);
        key
    }

    /// When a code given out now ends.
    pub(super) fn code_end(now: OffsetDateTime) -> OffsetDateTime {
        now + CODE_LIFETIME
    }

    /// Takes a code: it can be exchanged once.
    pub(super) fn take_code(&mut self, code: &str, now: OffsetDateTime) -> Option<Code> {
        self.codes.take(code).filter(|code| code.ends > now)
    }

    pub(super) fn issue_tokens(&mut self, agreement: Agreement, now: OffsetDateTime) -> Tokens {
        let refresh = format!("sandbox-refresh-{}-{}", agreement.vendor.segment(), random::hex(16));
        self.refresh.put(refresh.clone(), agreement.clone());
        let access = self.issue_access(agreement, now);
        Tokens { access, refresh, lifetime: self.lifetime }
    }

    /// A fresh access token for a refresh token, which stays valid.
    pub(super) fn renew(&mut self, refresh: &str, client_id: &str, now: OffsetDateTime) -> Option<(Agreement, Tokens)> {
        let agreement = self.refresh.get(refresh).filter(|agreement| agreement.client_id == client_id)?.clone();
        let access = self.issue_access(agreement.clone(), now);
        Some((agreement, Tokens { access, refresh: refresh.to_owned(), lifetime: self.lifetime }))
    }

    /// Address, vendor and scope of a living access token.
    pub(super) fn holder(&self, access: &str, now: OffsetDateTime) -> Option<(String, Vendor, String)> {
        let (agreement, ends) = self.access.get(access)?;
        (*ends > now).then(|| (agreement.email.clone(), agreement.vendor, agreement.scope.clone()))
    }

    pub(super) fn revoke(&mut self, email: &str, vendor: Option<Vendor>) {
        let hit = |agreement: &Agreement| {
            agreement.email.eq_ignore_ascii_case(email) && vendor.is_none_or(|only| only == agreement.vendor)
        };
        self.access.retain(|(agreement, _)| !hit(agreement));
        self.refresh.retain(|agreement| !hit(agreement));
        self.codes.retain(|code| !hit(&code.agreement));
    }

    fn issue_access(&mut self, agreement: Agreement, now: OffsetDateTime) -> String {
        let access = format!("sandbox-access-{}-{}", agreement.vendor.segment(), random::hex(16));
        self.access.put(access.clone(), (agreement, now + self.lifetime));
        access
    }
}

/// A map that forgets its oldest entry when it is full.
struct Shelf<T> {
    entries: BTreeMap<String, (u64, T)>,
    order: BTreeMap<u64, String>,
    next: u64,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), order: BTreeMap::new(), next: 0 }
    }
}

impl<T> Shelf<T> {
    fn put(&mut self, key: String, value: T) {
        if self.entries.len() >= MOST
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.entries.remove(&oldest);
        }
        self.order.insert(self.next, key.clone());
        self.entries.insert(key, (self.next, value));
        self.next += 1;
    }

    fn get(&self, key: &str) -> Option<&T> {
        self.entries.get(key).map(|(_, value)| value)
    }

    fn take(&mut self, key: &str) -> Option<T> {
        let (place, value) = self.entries.remove(key)?;
        self.order.remove(&place);
        Some(value)
    }

    fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.entries.retain(|_, (_, value)| keep(value));
        let entries = &self.entries;
        self.order.retain(|_, key| entries.contains_key(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement() -> Agreement {
        Agreement {
            vendor: Vendor::Google,
            email: "anna@brightwater.example".to_owned(),
            client_id: "client".to_owned(),
            scope: "mail".to_owned(),
        }
    }

    #[test]
    fn an_access_token_ends_and_can_be_renewed() {
        let mut grants = Grants::new(Duration::from_secs(3599));
        let start = OffsetDateTime::UNIX_EPOCH;
        let tokens = grants.issue_tokens(agreement(), start);
        assert!(grants.holder(&tokens.access, start).is_some());
        let later = start + Duration::from_hours(1);
        assert!(grants.holder(&tokens.access, later).is_none());
        assert!(grants.renew(&tokens.refresh, "another client", later).is_none());
        let (_, renewed) = grants.renew(&tokens.refresh, "client", later).unwrap();
        assert!(grants.holder(&renewed.access, later).is_some());
    }

    #[test]
    fn revoked_tokens_are_worthless() {
        let mut grants = Grants::new(Duration::from_secs(3599));
        let start = OffsetDateTime::UNIX_EPOCH;
        let tokens = grants.issue_tokens(agreement(), start);
        grants.revoke("anna@brightwater.example", Some(Vendor::Microsoft));
        assert!(grants.holder(&tokens.access, start).is_some());
        grants.revoke("Anna@Brightwater.example", None);
        assert!(grants.holder(&tokens.access, start).is_none());
        assert!(grants.renew(&tokens.refresh, "client", start).is_none());
    }

    #[test]
    fn a_full_shelf_forgets_its_oldest_entry() {
        let mut shelf = Shelf::default();
        for number in 0..=MOST {
            shelf.put(format!("key {number}"), number);
        }
        assert_eq!(shelf.entries.len(), MOST);
        assert!(shelf.get("key 0").is_none());
        assert_eq!(shelf.get("key 1"), Some(&1));
    }
}
