//! The key set over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::DATE;
use reqwest::{Client, StatusCode, redirect};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::Url;

use crate::jwks_source::{FetchJwksError, JwksSource};

/// Where Supabase Auth publishes its keys, below the project's address.
pub(crate) const PATH: &str = "/auth/v1/.well-known/jwks.json";

/// Longest answer that is read, in bytes. A set of a dozen keys has ten thousand.
const MAX_LENGTH: usize = 256 * 1024;

/// The key set of a Supabase project.
#[derive(Debug)]
pub struct HttpJwks {
    client: Client,
    base: String,
}

/// What a project answered.
pub(crate) struct Page {
    pub(crate) body: Vec<u8>,
    /// Its clock, where it tells it (RFC 9110, section 6.6.1).
    pub(crate) date: Option<OffsetDateTime>,
}

impl HttpJwks {
    /// The keys of the project at `supabase_url`. `timeout` bounds one fetch from the first byte to the last, and `tls`
    /// says whose certificates are trusted. Proxies of the environment and redirects are not followed: keys come from
    /// where the configuration says.
    pub fn new(supabase_url: &Url, timeout: Duration, tls: rustls::ClientConfig) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client, base: supabase_url.as_str().trim_end_matches('/').to_owned() })
    }

    /// What stands at a path of the project.
    pub(crate) async fn get(&self, path: &str) -> Result<Page, FetchJwksError> {
        let unreachable = |error: reqwest::Error| FetchJwksError::Unreachable(error.into());
        let mut answer = self.client.get(format!("{}{path}", self.base)).send().await.map_err(unreachable)?;
        if answer.status() != StatusCode::OK {
            return Err(FetchJwksError::Status(answer.status().as_u16()));
        }
        let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > MAX_LENGTH {
                return Err(FetchJwksError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Page { body, date })
    }
}

#[async_trait]
impl JwksSource for HttpJwks {
    async fn fetch(&self) -> Result<Vec<u8>, FetchJwksError> {
        self.get(PATH).await.map(|page| page.body)
    }
}
