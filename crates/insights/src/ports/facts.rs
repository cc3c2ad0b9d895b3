//! Reading what rules look at.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::{Fact, FactQuery};

/// Reads what may be an alert. What a rule makes of it stands in [`rules`](crate::model::Scope).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Facts: Send + Sync {
    /// At most `most` facts of the company, those after the subject `after`, in an order of their subjects that is always
    /// the same.
    async fn list(
        &self,
        company_id: CompanyId,
        query: &FactQuery,
        after: Option<String>,
        most: u16,
    ) -> Result<Vec<Fact>, StoreError>;
}
