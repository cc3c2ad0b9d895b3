//! [`AuditSealer`] on a company's database.

use async_trait::async_trait;
use cortex_identity::model::audit::{ChainHash, EntryFacts, Past, SealHead};
use cortex_identity::ports::{AuditSealer, Sealing};
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::tables::audit_chain::{self, WaitingRow};
use crate::tables::locks;
use crate::{Abort, Pool};

/// Seals the rows of a company's audit log.
pub struct PgAuditSealer {
    company: Pool,
}

impl PgAuditSealer {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl AuditSealer for PgAuditSealer {
    #[instrument(name = "pg.audit_sealer.seal_next", skip_all)]
    async fn seal_next(&self, company_id: CompanyId, most: u16) -> Result<Sealing, StoreError> {
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| seal_in(connection, company_id, most).await)
            .await
    }

    #[instrument(name = "pg.audit_sealer.find_seal", skip_all)]
    async fn find_seal(&self, company_id: CompanyId, seq: u64) -> Result<Option<ChainHash>, StoreError> {
        let Ok(seq) = i64::try_from(seq) else { return Ok(None) };
        let found = self
            .company
            .run(async |connection: &mut AsyncPgConnection| audit_chain::find_seal(connection, company_id, seq).await)
            .await?;
        Ok(found.transpose()?.map(|seal| seal.hash))
    }
}

/// One sealer at a time: the lock ends with the transaction, and no writer ever asks for it.
async fn seal_in(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    most: u16,
) -> Result<Sealing, Abort<StoreError>> {
    if !locks::try_hold(connection, &format!("audit seals of {company_id}")).await? {
        return Ok(Sealing::Busy);
    }
    let newest = audit_chain::find_head(connection, company_id).await?;
    let mut head: Option<SealHead> = newest.transpose().map_err(|wrong| Abort::Decided(wrong.into()))?;
    let waiting = audit_chain::list_waiting(connection, company_id, most).await?;
    let mut seals = Vec::with_capacity(waiting.len() + 1);
    let mut numbers = Vec::with_capacity(waiting.len());
    for WaitingRow { number, facts } in waiting {
        let Some(entry) = Option::<EntryFacts>::from(facts) else { continue };
        let before = head.unwrap_or_else(|| {
            // The migration sealed what was there before. Where it found nothing, there was nothing.
            let past = Past::NONE.seal(company_id);
            seals.push(past);
            past.head()
        });
        let seal = before.seal(company_id, &entry);
        seals.push(seal);
        numbers.push(number);
        head = Some(seal.head());
    }
    if !numbers.is_empty() {
        audit_chain::insert(connection, company_id, &seals).await?;
        audit_chain::forget_waiting(connection, company_id, &numbers).await?;
    }
    Ok(Sealing::Sealed { count: numbers.len(), head })
}
