//! [`BrokerRemovals`] on a company's database.

use std::time::Duration;

use async_trait::async_trait;
use cortex_connections::model::{BrokerReference, ClaimedRemoval, Removal};
use cortex_connections::ports::BrokerRemovals;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use super::webhook_inbox::storable;
use crate::Pool;
use crate::tables::broker_removals;

/// What is to go at the broker, in a company's database.
pub struct PgBrokerRemovals {
    company: Pool,
}

impl PgBrokerRemovals {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl BrokerRemovals for PgBrokerRemovals {
    #[instrument(name = "pg.broker_removals.put", skip_all)]
    async fn put(&self, removal: &Removal) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                broker_removals::insert(connection, removal.company_id, &removal.reference).await
            })
            .await
    }

    #[instrument(name = "pg.broker_removals.take", skip_all)]
    async fn take(&self, removal: &Removal, hold: Duration) -> Result<Option<ClaimedRemoval>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| broker_removals::take(connection, removal, hold).await)
            .await?;
        Ok(row.map(ClaimedRemoval::try_from).transpose()?)
    }

    #[instrument(name = "pg.broker_removals.claim_next", skip_all)]
    async fn claim_next(&self, company_id: CompanyId, hold: Duration) -> Result<Option<ClaimedRemoval>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                broker_removals::claim_next(connection, company_id, hold).await
            })
            .await?;
        Ok(row.map(ClaimedRemoval::try_from).transpose()?)
    }

    #[instrument(name = "pg.broker_removals.settle", skip_all)]
    async fn settle(&self, removal: &Removal) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| broker_removals::settle(connection, removal).await)
            .await
    }

    #[instrument(name = "pg.broker_removals.put_off", skip_all)]
    async fn put_off(&self, removal: &Removal, error: &str, after: Duration) -> Result<(), StoreError> {
        let error = &*storable(error);
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                broker_removals::put_off(connection, removal, error, after).await
            })
            .await
    }

    #[instrument(name = "pg.broker_removals.list_pending", skip_all)]
    async fn list_pending(&self, company_id: CompanyId) -> Result<Vec<BrokerReference>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| broker_removals::list(connection, company_id).await)
            .await?;
        let pending = rows.into_iter().map(ClaimedRemoval::try_from);
        Ok(pending.map(|row| row.map(|row| row.reference)).collect::<Result<_, _>>()?)
    }

    #[instrument(name = "pg.broker_removals.forget", skip_all)]
    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                broker_removals::forget(connection, company_id, age, most.into()).await
            })
            .await
    }
}
