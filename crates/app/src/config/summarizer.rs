//! The language model that writes summaries; off unless it is named.

use url::Url;

use super::reader::{Reader, Reading, Scheme};
use super::secret::Secret;
use super::variable::{SERVE_WORK, Variable};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::optional(
        "SUMMARIZER_URL",
        SERVE_WORK,
        "base URL of an OpenAI-compatible chat API; in production `http://` only within one's own network",
    ),
    Variable::optional("SUMMARIZER_API_KEY", SERVE_WORK, "its API key, where it asks for one").secret(),
    Variable::optional("SUMMARIZER_MODEL", SERVE_WORK, "the model to ask; needed with `SUMMARIZER_URL`"),
];

/// The language model.
#[derive(Clone, Debug)]
pub struct SummarizerConfig {
    /// Base URL of its chat API.
    pub url: Url,
    /// Its API key.
    pub api_key: Option<Secret>,
    /// Which model to ask.
    pub model: String,
}

impl SummarizerConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Option<Self>> {
        let url = reader.optional_url("SUMMARIZER_URL", Scheme::SecureInProduction);
        let api_key = reader.optional_secret("SUMMARIZER_API_KEY");
        let model = reader.optional_word("SUMMARIZER_MODEL");
        let Some(url) = url? else { return Ok(None) };
        let Some(model) = model? else {
            return Err(reader.mistake("SUMMARIZER_MODEL", "not set, but SUMMARIZER_URL is: name the model to ask"));
        };
        Ok(Some(Self { url, api_key: api_key?, model }))
    }
}
