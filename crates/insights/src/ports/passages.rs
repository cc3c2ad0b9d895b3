//! Asking documents.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::{Passage, Question};

/// Finds what a company's documents say to a question.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Passages: Send + Sync {
    /// At most `most` documents of the company, those that say most to the question first.
    async fn find(&self, company_id: CompanyId, question: &Question, most: u8) -> Result<Vec<Passage>, StoreError>;
}
