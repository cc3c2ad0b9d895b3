//! Reading files.

use std::error::Error as StdError;

use async_trait::async_trait;
use thiserror::Error;

use crate::model::{Extracted, FileToRead};

/// Makes text of files. Whatever a file holds, and however hard it tries, it costs bounded time and memory, and nobody
/// else notices.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TextExtractor: Send + Sync {
    /// The text of the file. What it is, its bytes say, and only where several kinds would fit its name.
    async fn extract(&self, file: FileToRead) -> Result<Extracted, ExtractError>;
}

/// A file whose text cannot be had. Each of these but the last is the file's own fault, and the same file fails again.
#[derive(Debug, Error)]
pub enum ExtractError {
    /// It is of a kind that is not read.
    #[error("files of this kind ({found}) are not read")]
    Unsupported {
        /// What it seems to be: a media type.
        found: String,
    },
    /// It can be read with a password only.
    #[error("the file is encrypted")]
    Encrypted,
    /// It is cut off, or not what it begins like.
    #[error("the file is broken")]
    Broken,
    /// What it unpacks to is out of all proportion.
    #[error("the file unpacks to too much")]
    ExpandsTooMuch,
    /// Things in it stand within each other too deeply.
    #[error("the file is nested too deeply")]
    TooDeep,
    /// Reading it took more time or more memory than a file may take.
    #[error("the file takes too much to read")]
    TooCostly,
    /// There is no text in it: it is blank, or shows pictures of text.
    #[error("there is no text in the file")]
    WithoutText,
    /// Files cannot be read at the moment; the same file may be read later.
    #[error("files cannot be read at the moment")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
}

impl ExtractError {
    /// The stable word for it, in answers and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "unsupported_file_type",
            Self::Encrypted => "file_encrypted",
            Self::Broken => "file_broken",
            Self::ExpandsTooMuch => "file_expands_too_much",
            Self::TooDeep => "file_too_deep",
            Self::TooCostly => "file_too_costly",
            Self::WithoutText => "file_without_text",
            Self::Unavailable(_) => "extraction_unavailable",
        }
    }
}
