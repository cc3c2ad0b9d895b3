//! The one way to Nango's API.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::Clock;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use url::Url;

use crate::answer::{self, Answer};
use crate::budget::{Budget, Urgency};
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
    /// Share of Nango's rate limit, above 0 and up to 1, from which on background work waits for the next window.
    /// Everybody's calls count, also those of others who use the same Nango account.
    pub rate_share: f64,
}

/// Calls Nango's API. Clones share their connections, and what they know of Nango's rate limit.
#[derive(Clone)]
pub struct NangoClient {
    http: Client,
    base: String,
    timeout: Duration,
    budget: Arc<Budget>,
}

/// How long a connection that nobody uses is kept. Nango runs on Node.js, which closes it after five seconds
/// (nodejs.org/api/http.html, `server.keepAliveTimeout`): what is sent on it at that moment is lost, and a POST cannot be
/// sent again unseen.
const IDLE: Duration = Duration::from_secs(4);

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
    /// and redirects are not followed: the key goes where the configuration says and nowhere else. `clock` says how far
    /// away the moment is from which on Nango takes more calls.
    pub fn new(
        config: &NangoConfig,
        tls: rustls::ClientConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, NewNangoClientError> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", config.secret_key.expose_secret()))
            .map_err(|_| NewNangoClientError::Key)?;
        authorization.set_sensitive(true);
        let http = Client::builder()
            .tls_backend_preconfigured(tls)
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
            .timeout(config.timeout)
            .pool_idle_timeout(IDLE)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(NewNangoClientError::Http)?;
        let base = config.host.as_str().trim_end_matches('/').to_owned();
        Ok(Self { http, base, timeout: config.timeout, budget: Arc::new(Budget::new(config.rate_share, clock)) })
    }

    /// The server's base URL, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Posts `body` and reads an answer of status `expected`.
    pub(crate) async fn post<B, T>(
        &self,
        urgency: Urgency,
        path: &str,
        body: &B,
        expected: StatusCode,
    ) -> Result<T, NangoError>
    where
        B: Serialize + Sync,
        T: DeserializeOwned,
    {
        let request = self.http.post(format!("{}{path}", self.base)).json(body);
        let response = self.ask(urgency, request).await?;
        answer::read(response, expected).await
    }

    /// Gets an answer of status 200 and of at most `longest` bytes.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        urgency: Urgency,
        path: &str,
        query: &[(&str, &str)],
        headers: HeaderMap,
        longest: usize,
    ) -> Result<T, NangoError> {
        let request = self.http.get(format!("{}{path}", self.base)).query(query).headers(headers);
        let response = self.ask(urgency, request).await?;
        answer::read_up_to(response, StatusCode::OK, longest).await
    }

    /// Calls without a body, and takes the answer whatever its status.
    pub(crate) async fn call(
        &self,
        urgency: Urgency,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        headers: HeaderMap,
    ) -> Result<Answer, NangoError> {
        let request = self.http.request(method, format!("{}{path}", self.base)).query(query).headers(headers);
        let response = self.send(urgency, request).await?;
        Ok(self.heeded(Answer::of(response).await?))
    }

    /// Gets an answer of whatever status, of at most `longest` bytes where it is a success, within `timeout` or the usual
    /// time, whichever is longer.
    pub(crate) async fn fetch(
        &self,
        urgency: Urgency,
        path: &str,
        query: &[(&str, &str)],
        headers: HeaderMap,
        (longest, timeout): (usize, Duration),
    ) -> Result<Answer, NangoError> {
        let request = self.http.get(format!("{}{path}", self.base)).query(query).headers(headers);
        let response = self.send(urgency, request.timeout(timeout.max(self.timeout))).await?;
        Ok(self.heeded(Answer::up_to(response, longest).await?))
    }

    /// Takes in whether Nango itself asks to wait.
    fn heeded(&self, answer: Answer) -> Answer {
        if let Some(wait) = answer.nangos_own_wait() {
            self.budget.hold(wait);
        }
        answer
    }

    /// Asks Nango itself and no provider behind it: also a 429 without a word is about our calls.
    async fn ask(&self, urgency: Urgency, request: RequestBuilder) -> Result<Response, NangoError> {
        let response = self.send(urgency, request).await?;
        if let Some(wait) = answer::asked_to_wait(&response) {
            self.budget.hold(wait);
        }
        Ok(response)
    }

    /// Sends a request if the budget lets it go, and takes in what the answer says of the limit.
    async fn send(&self, urgency: Urgency, request: RequestBuilder) -> Result<Response, NangoError> {
        let begun = self.budget.begin(urgency)?;
        let response = request.send().await.map_err(NangoError::unreachable)?;
        begun.answered(response.headers());
        Ok(response)
    }
}

impl fmt::Debug for NangoClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NangoClient").field("base", &self.base).finish_non_exhaustive()
    }
}
