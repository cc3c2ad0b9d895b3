//! Finding what documents say to a question.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::{Passage, PassageQuery};

/// Finds the sentences of a company's documents that say something to a question. Whoever brought a document in, every
/// member may ask it.
///
/// # Contract
///
/// - Any word of a question finds, and more of them are better.
/// - A passage tells the sentences that say most.
/// - A passage tells its document.
/// - At most so many documents are told.
/// - A filter narrows what is asked.
/// - A question without a word finds no passage.
/// - Superseded documents and other companies' say nothing.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PassageFinder: Send + Sync {
    /// The documents of the company that say most to the question, best first.
    async fn find_passages(&self, company_id: CompanyId, query: &PassageQuery) -> Result<Vec<Passage>, StoreError>;
}
