//! [`ContentLedger`] on a company's database.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use cortex_ingestion::model::{DocumentKey, Fingerprint, Stream, Unfinished};
use cortex_ingestion::ports::ContentLedger;
use cortex_kernel::{CompanyId, ConnectionId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::tables::{plan_for_these_values, unfinished_contents};
use crate::{Abort, Pool};

/// What is known of contents, in a company's database.
pub struct PgContentLedger {
    company: Pool,
}

impl PgContentLedger {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl ContentLedger for PgContentLedger {
    #[instrument(name = "pg.content_ledger.list_unchanged", skip_all, fields(connection.id = %stream.connection_id))]
    async fn list_unchanged(
        &self,
        stream: &Stream,
        records: &[(DocumentKey, Fingerprint)],
    ) -> Result<HashSet<DocumentKey>, StoreError> {
        let asked: Vec<_> = records.iter().map(|(key, fingerprint)| (key, fingerprint)).collect();
        let asked = &asked;
        let places = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| -> Result<_, Abort<StoreError>> {
                plan_for_these_values(connection).await?;
                Ok(unfinished_contents::list_unchanged(connection, stream, asked).await?)
            })
            .await?;
        Ok(places.into_iter().filter_map(|place| records.get(place)).map(|(key, _)| key.clone()).collect())
    }

    #[instrument(name = "pg.content_ledger.list_due", skip_all, fields(connection.id = %stream.connection_id))]
    async fn list_due(&self, stream: &Stream, most: u16) -> Result<Vec<Unfinished>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                unfinished_contents::list_due(connection, stream, most.into()).await
            })
            .await?;
        Ok(rows.into_iter().map(Unfinished::try_from).collect::<Result<_, _>>()?)
    }

    #[instrument(name = "pg.content_ledger.next_due", skip_all, fields(connection.id = %connection_id))]
    async fn next_due(
        &self,
        company_id: CompanyId,
        connection_id: ConnectionId,
    ) -> Result<Option<Duration>, StoreError> {
        let seconds = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                unfinished_contents::next_due(connection, company_id, connection_id).await
            })
            .await?;
        Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default()))
    }
}
