//! Searching documents.

use async_trait::async_trait;
use cortex_kernel::CompanyId;

use super::ListError;
use crate::model::{SearchPage, SearchQuery};

/// Finds documents of a company by what they say. Whoever brought a document in, every member finds it.
///
/// # Contract
///
/// - A document is found by words of its title and of its text.
/// - Another company's documents are not found.
/// - Words are combined as on the web.
/// - A query without a word finds nothing.
/// - What is only excluded finds nothing.
/// - A word in the title counts for more than in the text.
/// - A sender is found by name and by address, and counts for more than the text.
/// - Of equals the newer comes first, and a title counts for more than the age.
/// - What is found by nothing else is found by a slip in title or sender.
/// - A superseded document is not found.
/// - A filter narrows what is found.
/// - Found pages follow each other without a gap and without repetition.
/// - A search cursor that is none is refused.
/// - A hit tells its document and marks what was searched for.
/// - Matches are counted up to a thousand.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SearchIndex: Send + Sync {
    /// A part of what `query` finds in the company.
    async fn search(&self, company_id: CompanyId, query: &SearchQuery) -> Result<SearchPage, ListError>;
}
