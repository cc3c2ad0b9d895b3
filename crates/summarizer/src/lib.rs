//! A language model behind an OpenAI-compatible chat API puts things in words.
//!
//! The wire format is that of `POST /chat/completions` (platform.openai.com/docs/api-reference/chat), which servers of
//! open models speak too; only what all of them know is sent. What the model says is prose and is never acted upon.

use std::time::Duration;

use async_trait::async_trait;
use cortex_insights::ports::{Summarizer, SummarizerError};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

/// How to reach the model.
#[derive(Clone, Debug)]
pub struct ChatApiConfig {
    /// The base URL, to which `/chat/completions` is added.
    pub url: Url,
    /// The API key, where it asks for one.
    pub api_key: Option<SecretString>,
    /// Which model.
    pub model: String,
}

/// A language model behind a chat API.
pub struct ChatApiSummarizer {
    http: Client,
    endpoint: String,
    model: String,
}

/// The client cannot be made of this configuration.
#[derive(Debug, Error)]
pub enum NewChatApiError {
    /// The key has characters that no key has.
    #[error("the API key of the language model cannot be sent: is SUMMARIZER_API_KEY right?")]
    Key,
    /// The HTTP client could not be set up.
    #[error("the client for the language model cannot be set up")]
    Http(#[source] reqwest::Error),
}

/// Why the model said nothing.
#[derive(Debug, Error)]
enum ChatApiError {
    #[error("it cannot be reached")]
    Http(#[from] reqwest::Error),
    #[error("it answered {0}")]
    Status(StatusCode),
    #[error("its answer has more than {MOST_BYTES} bytes")]
    TooLong,
    #[error("its answer is none of a chat API")]
    Unreadable(#[from] serde_json::Error),
    #[error("it said nothing")]
    Silent,
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: [RequestMessage<'a>; 2],
    max_tokens: u32,
    temperature: f32,
}

#[derive(Serialize)]
struct RequestMessage<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: AnswerMessage,
}

#[derive(Deserialize)]
struct AnswerMessage {
    content: Option<String>,
}

/// A person waits, and has an answer without it.
const PATIENCE: Duration = Duration::from_secs(30);
/// About 600 words.
const MOST_TOKENS: u32 = 800;
/// What an answer may have in bytes, with all that stands around it.
const MOST_BYTES: usize = 256 * 1024;

impl ChatApiSummarizer {
    /// A client of this model. `tls` says whose certificates are trusted. Proxies of the environment and redirects are not
    /// followed: what the company knows goes where the configuration says and nowhere else.
    pub fn new(config: ChatApiConfig, tls: rustls::ClientConfig) -> Result<Self, NewChatApiError> {
        let ChatApiConfig { url, api_key, model } = config;
        let mut headers = HeaderMap::new();
        if let Some(key) = api_key {
            let mut value =
                HeaderValue::try_from(format!("Bearer {}", key.expose_secret())).map_err(|_| NewChatApiError::Key)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let http = Client::builder()
            .tls_backend_preconfigured(tls)
            .default_headers(headers)
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(NewChatApiError::Http)?;
        let endpoint = format!("{}/chat/completions", url.as_str().trim_end_matches('/'));
        Ok(Self { http, endpoint, model })
    }

    async fn ask(&self, task: &str, material: &str) -> Result<String, ChatApiError> {
        let request = Request {
            model: &self.model,
            messages: [
                RequestMessage { role: "system", content: task },
                RequestMessage { role: "user", content: material },
            ],
            max_tokens: MOST_TOKENS,
            // The likeliest words: nothing is to be invented.
            temperature: 0.0,
        };
        let response = self.http.post(&self.endpoint).json(&request).send().await?;
        if !response.status().is_success() {
            return Err(ChatApiError::Status(response.status()));
        }
        let answer: Answer = serde_json::from_slice(&body(response).await?)?;
        let said = answer.choices.into_iter().next().and_then(|choice| choice.message.content).unwrap_or_default();
        // No database takes NUL.
        let said = said.replace('\0', "");
        let said = said.trim();
        if said.is_empty() { Err(ChatApiError::Silent) } else { Ok(said.to_owned()) }
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, ChatApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(ChatApiError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[async_trait]
impl Summarizer for ChatApiSummarizer {
    #[tracing::instrument(name = "summarizer.put_in_words", skip_all)]
    async fn put_in_words(&self, task: &str, material: &str) -> Result<String, SummarizerError> {
        self.ask(task, material).await.map_err(|error| SummarizerError(Box::new(error)))
    }
}
