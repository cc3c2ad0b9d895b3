//! Putting things in words.

use std::error::Error as StdError;

use async_trait::async_trait;
use thiserror::Error;

/// A language model, where the deployment has one. What it says is prose over what is known already: nothing depends on
/// it, and without it everything is told all the same.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Summarizer: Send + Sync {
    /// What the model says to `material` when it was told to do `task`. Not blank.
    async fn put_in_words(&self, task: &str, material: &str) -> Result<String, SummarizerError>;
}

/// The model said nothing of use.
#[derive(Debug, Error)]
#[error("the language model cannot be asked")]
pub struct SummarizerError(#[source] pub Box<dyn StdError + Send + Sync>);
