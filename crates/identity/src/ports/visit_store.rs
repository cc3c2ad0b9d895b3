//! Remembering that members came.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError, UserId};

use crate::model::Visit;

/// Notes members' visits in Master.
///
/// # Contract
///
/// - A visit moves the last login.
/// - An earlier visit moves nothing back.
/// - A visit of nobody's changes nothing.
/// - Another company's membership stays as it is.
/// - A new address takes the place of the old one and leaves an audit row.
/// - What an older token says does not come back.
/// - An address that an active colleague has is not taken.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait VisitStore: Send + Sync {
    /// Notes the visits, of which no two are of one person. Answers whose new address could not be taken over, because
    /// an active colleague has it.
    async fn record(&self, company_id: CompanyId, visits: &[Visit]) -> Result<Vec<UserId>, StoreError>;
}
