//! What a Supabase project says of itself to everybody, for whoever has to find out what is wrong.

use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;
use url::Url;

use crate::http_jwks::HttpJwks;
use crate::jwks_source::FetchJwksError;
use crate::key_set::KeySet;

/// Looks at a project.
#[derive(Debug)]
pub struct SupabaseExaminer(HttpJwks);

/// What was found.
#[derive(Debug)]
pub struct SupabaseFacts {
    /// The keys of its tokens, as far as they can be had.
    pub keys: Result<PublishedKeys, FetchJwksError>,
    /// The `iss` of its tokens; none where it does not say.
    pub issuer: Option<String>,
    /// Its clock, to the second; none where it does not say.
    pub date: Option<OffsetDateTime>,
}

/// What a set of keys holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedKeys {
    /// Keys that tokens can be checked with.
    pub usable: usize,
    /// Symmetric keys, which are of no use to whoever does not have them.
    pub symmetric: usize,
    /// All of them.
    pub all: usize,
}

/// Where an issuer says what it calls itself, below the project's address (`OpenID` Connect Discovery 1.0, section 4).
/// Not every project answers there.
const DISCOVERY: &str = "/auth/v1/.well-known/openid-configuration";

impl SupabaseExaminer {
    /// Will look at the project at `supabase_url`, like [`HttpJwks::new`].
    pub fn new(supabase_url: &Url, timeout: Duration, tls: rustls::ClientConfig) -> Result<Self, reqwest::Error> {
        HttpJwks::new(supabase_url, timeout, tls).map(Self)
    }

    /// Looks.
    pub async fn examine(&self) -> SupabaseFacts {
        let (keys, issuer) = (self.0.get(crate::http_jwks::PATH).await, self.0.get(DISCOVERY).await);
        let date = keys.as_ref().ok().and_then(|page| page.date);
        let issuer = issuer.ok().and_then(|page| serde_json::from_slice::<Value>(&page.body).ok());
        Self::found(keys.map(|page| page.body), issuer, date)
    }

    fn found(
        keys: Result<Vec<u8>, FetchJwksError>,
        says: Option<Value>,
        date: Option<OffsetDateTime>,
    ) -> SupabaseFacts {
        let issuer = says.and_then(|says| says["issuer"].as_str().map(ToOwned::to_owned));
        let keys = keys.and_then(|body| published(&body).map_err(FetchJwksError::NotAKeySet));
        SupabaseFacts { keys, issuer, date }
    }
}

fn published(body: &[u8]) -> Result<PublishedKeys, serde_json::Error> {
    // When they were fetched is of no interest here.
    let usable = KeySet::parse(body, OffsetDateTime::UNIX_EPOCH)?.len();
    let set: Value = serde_json::from_slice(body)?;
    let keys = set["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let symmetric = keys.iter().filter(|key| key["kty"] == "oct").count();
    Ok(PublishedKeys { usable, symmetric, all: keys.len() })
}
