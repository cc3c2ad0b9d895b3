//! [`IdempotencyKeys`] on a company's database.

use std::time::Duration;

use async_trait::async_trait;
use cortex_ingestion::model::{Claim, ClaimOutcome, KeptAnswer, KeyedRequest};
use cortex_ingestion::ports::IdempotencyKeys;
use cortex_kernel::{CompanyId, StoreError};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use tracing::instrument;
use uuid::Uuid;

use crate::tables::idempotency_keys::{self, Taken};
use crate::{Abort, Pool};

/// Requests that may be sent again, in a company's database.
pub struct PgIdempotencyKeys {
    company: Pool,
}

impl PgIdempotencyKeys {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl IdempotencyKeys for PgIdempotencyKeys {
    #[instrument(name = "pg.idempotency_keys.claim", skip_all)]
    async fn claim(&self, request: &KeyedRequest, token: Uuid, time: Duration) -> Result<ClaimOutcome, StoreError> {
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                claim_in(connection, request, token, time).await.map_err(Abort::<StoreError>::Database)
            })
            .await
    }

    #[instrument(name = "pg.idempotency_keys.renew", skip_all)]
    async fn renew(&self, claim: &Claim, time: Duration) -> Result<bool, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| idempotency_keys::renew(connection, claim, time).await)
            .await
    }

    #[instrument(name = "pg.idempotency_keys.answer", skip_all)]
    async fn answer(&self, claim: &Claim, answer: &KeptAnswer) -> Result<bool, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| idempotency_keys::answer(connection, claim, answer).await)
            .await
    }

    #[instrument(name = "pg.idempotency_keys.release", skip_all)]
    async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| idempotency_keys::release(connection, claim).await)
            .await
    }

    #[instrument(name = "pg.idempotency_keys.forget", skip_all)]
    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                idempotency_keys::forget(connection, company_id, age, most.into()).await
            })
            .await
    }
}

async fn claim_in(
    connection: &mut AsyncPgConnection,
    request: &KeyedRequest,
    token: Uuid,
    time: Duration,
) -> QueryResult<ClaimOutcome> {
    if idempotency_keys::claim(connection, request, token, time).await? {
        return Ok(ClaimOutcome::Claimed(request.claimed_by(token)));
    }
    let found = idempotency_keys::find(connection, request).await?;
    Ok(found.map_or(
        // Given back between the two statements: whoever asks again gets it.
        ClaimOutcome::InProgress { retry_after: Duration::ZERO },
        |taken| outcome_of(request, taken),
    ))
}

fn outcome_of(request: &KeyedRequest, taken: Taken) -> ClaimOutcome {
    let Taken { fingerprint, status, body, seconds_left } = taken;
    if fingerprint != request.fingerprint.as_str() {
        return ClaimOutcome::OtherRequest;
    }
    match (status.and_then(|status| u16::try_from(status).ok()), body) {
        (Some(status), Some(body)) => ClaimOutcome::Answered(KeptAnswer { status, body }),
        (_, _) => {
            ClaimOutcome::InProgress { retry_after: Duration::try_from_secs_f64(seconds_left).unwrap_or_default() }
        }
    }
}
