//! The one way to Nango's API.

use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Method, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use url::Url;

use crate::answer::{self, Answer};
use crate::error::NangoError;

/// How to reach Nango.
#[derive(Clone, Debug)]
pub struct NangoConfig {
    /// The server's base URL, with a path where it has one.
    pub host: Url,
    /// The API key. It decides the environment too.
    pub secret_key: SecretString,
    /// How long one call may take, from the first byte to the last.
    pub timeout: Duration,
}

/// Calls Nango's API. Clones share their connections.
#[derive(Clone)]
pub struct NangoClient {
    http: Client,
    base: String,
}

/// The client cannot be made of this configuration.
#[derive(Debug, Error)]
pub enum NewNangoClientError {
    /// The key has characters that no key has.
    #[error("the Nango API key cannot be sent: is NANGO_SECRET_KEY right?")]
    Key,
    /// The HTTP client could not be set up.
    #[error("the client for Nango cannot be set up")]
    Http(#[source] reqwest::Error),
}

impl NangoClient {
    /// A client for one environment of one Nango. `tls` says whose certificates are trusted. Proxies of the environment
    /// and redirects are not followed: the key goes where the configuration says and nowhere else.
    pub fn new(config: &NangoConfig, tls: rustls::ClientConfig) -> Result<Self, NewNangoClientError> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", config.secret_key.expose_secret()))
            .map_err(|_| NewNangoClientError::Key)?;
        authorization.set_sensitive(true);
        let http = Client::builder()
            .tls_backend_preconfigured(tls)
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
            .timeout(config.timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(NewNangoClientError::Http)?;
        Ok(Self { http, base: config.host.as_str().trim_end_matches('/').to_owned() })
    }

    /// The server's base URL, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Posts `body` and reads an answer of status `expected`.
    pub(crate) async fn post<B, T>(&self, path: &str, body: &B, expected: StatusCode) -> Result<T, NangoError>
    where
        B: Serialize + Sync,
        T: DeserializeOwned,
    {
        let request = self.http.post(format!("{}{path}", self.base)).json(body);
        let response = request.send().await.map_err(NangoError::unreachable)?;
        answer::read(response, expected).await
    }

    /// Gets an answer of status 200 and of at most `longest` bytes.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        headers: HeaderMap,
        longest: usize,
    ) -> Result<T, NangoError> {
        let request = self.http.get(format!("{}{path}", self.base)).query(query).headers(headers);
        let response = request.send().await.map_err(NangoError::unreachable)?;
        answer::read_up_to(response, StatusCode::OK, longest).await
    }

    /// Calls without a body, and takes the answer whatever its status.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        headers: HeaderMap,
    ) -> Result<Answer, NangoError> {
        let request = self.http.request(method, format!("{}{path}", self.base)).query(query).headers(headers);
        let response = request.send().await.map_err(NangoError::unreachable)?;
        Answer::of(response).await
    }
}

impl fmt::Debug for NangoClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NangoClient").field("base", &self.base).finish_non_exhaustive()
    }
}
