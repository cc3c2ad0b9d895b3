//! Doing once what is asked for twice.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use uuid::Uuid;

use crate::model::{Claim, ClaimOutcome, KeptAnswer, KeyedRequest};

/// The keys of requests that may be sent again, each with its answer once there is one.
/// [`DocumentWriter`](super::DocumentWriter) keeps answers too, with what they tell of.
///
/// # Contract
///
/// - A key that nobody used is claimed.
/// - Of twenty who claim a key at once one gets it.
/// - A request in progress is not done by another.
/// - A claim that ran out is taken over and worth nothing then.
/// - A claim that is renewed in time is not taken over.
/// - A claim that was taken over or given back is not renewed.
/// - A request that was done answers the same again.
/// - A key that names another request is refused.
/// - A request that came to nothing is done anew.
/// - The same key of another person, address or company is another key.
/// - After a day a key names nothing.
/// - What is older is forgotten, and no other company's.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait IdempotencyKeys: Send + Sync {
    /// Claims the key of the request for so long.
    async fn claim(&self, request: &KeyedRequest, token: Uuid, time: Duration) -> Result<ClaimOutcome, StoreError>;

    /// Has the claim run out after so long from now on, if it still holds, and says whether it did. Nobody takes over
    /// what was answered under it: it still holds then.
    async fn renew(&self, claim: &Claim, time: Duration) -> Result<bool, StoreError>;

    /// Keeps the answer, if the claim still holds, and says whether it did.
    async fn answer(&self, claim: &Claim, answer: &KeptAnswer) -> Result<bool, StoreError>;

    /// Gives the claim back: the request came to nothing that is worth keeping.
    async fn release(&self, claim: &Claim) -> Result<(), StoreError>;

    /// Forgets at most `most` of those that are older than `age`, and answers how many.
    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError>;
}
