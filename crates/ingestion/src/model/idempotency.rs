//! Requests that are sent twice and done once, after `draft-ietf-httpapi-idempotency-key-header`.

use std::str::FromStr;
use std::time::Duration;

use cortex_kernel::{CompanyId, UserId};
use thiserror::Error;
use uuid::Uuid;

use super::Fingerprint;

/// How long an answer is kept for those who ask again.
pub const KEEP_ANSWERS: Duration = Duration::from_hours(24);

/// By what a client names a request that it may send again. Opaque: with quotation marks or without.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text cannot name a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected 1 to 255 visible characters of ASCII")]
pub struct InvalidIdempotencyKey;

/// A request with a key. The same key of another person, or at another address, is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedRequest {
    /// The company of the deployment.
    pub company_id: CompanyId,
    /// Who asks.
    pub user_id: UserId,
    /// At which address.
    pub route: &'static str,
    /// By what it is named.
    pub key: IdempotencyKey,
    /// What it carries.
    pub fingerprint: Fingerprint,
}

/// The right to answer a request. Whoever comes after it ran out takes it over, and then it is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The company of the deployment.
    pub company_id: CompanyId,
    /// Who asks.
    pub user_id: UserId,
    /// At which address.
    pub route: &'static str,
    /// By what the request is named.
    pub key: IdempotencyKey,
    /// Tells it from claims before and after it.
    pub token: Uuid,
}

/// What claiming a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The request is to be done.
    Claimed(Claim),
    /// It was done before, with this answer.
    Answered(KeptAnswer),
    /// The key names another request.
    OtherRequest,
    /// It is being done at this moment.
    InProgress {
        /// When its claim runs out at the latest.
        retry_after: Duration,
    },
}

/// An answer, to be given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The status of HTTP.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl IdempotencyKey {
    /// The text, for rows.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_one = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_one { Ok(Self(text.to_owned())) } else { Err(InvalidIdempotencyKey) }
    }
}

impl KeyedRequest {
    /// The right to answer it, by this token.
    #[must_use]
    pub fn claimed_by(&self, token: Uuid) -> Claim {
        let Self { company_id, user_id, route, key, fingerprint: _ } = self;
        Claim { company_id: *company_id, user_id: *user_id, route, key: key.clone(), token }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::bare("8e03978e-40d5-43e8-bc93-6894a57f9324", true)]
    #[case::as_the_draft_has_it("\"8e03978e\"", true)]
    #[case::longest(&"x".repeat(255), true)]
    #[case::longer(&"x".repeat(256), false)]
    #[case::empty("", false)]
    #[case::blank("a b", false)]
    #[case::not_ascii("schlüssel", false)]
    fn a_key_is_visible_ascii(#[case] text: &str, #[case] is_one: bool) {
        assert_eq!(text.parse::<IdempotencyKey>().is_ok(), is_one);
    }
}
