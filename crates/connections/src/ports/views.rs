//! What people see of their connections.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Page, PageRequest, StoreError, UserId};

use super::DirectoryError;
use crate::model::{CountedConnection, Standing, ViewFilter};

/// Shows people their connections, in one question each.
///
/// # Contract
///
/// - A person is told how he stands with every provider.
/// - A connection that was begun may not be begun again.
/// - The last reading that was completed counts.
/// - Whoever tried another account last is told so until he tries again.
/// - The connections of a company are listed each once over all pages, those without user among them.
/// - A person's list holds his own only.
/// - A list is narrowed by status.
/// - A connection counts the documents that it brought in and that have not vanished.
/// - Connections of another company are not told of.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectionViews: Send + Sync {
    /// How the person stands with each provider, in the order of [`Provider::ALL`](cortex_kernel::Provider::ALL).
    async fn find_standing(&self, company_id: CompanyId, user_id: UserId) -> Result<Vec<Standing>, StoreError>;

    /// Connections that the filter lets through, the newest first.
    async fn list_connections(
        &self,
        company_id: CompanyId,
        filter: &ViewFilter,
        page: &PageRequest,
    ) -> Result<Page<CountedConnection>, DirectoryError>;
}
