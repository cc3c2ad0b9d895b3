//! Which accounts stand behind connections of which that was never written down.

use std::sync::Arc;

use cortex_kernel::{Clock, CompanyId, StoreError};

use crate::adopt_connection::AdoptPorts;
use crate::check_connection::CheckError;
use crate::model::{BrokerReference, ConnectedAccount, Connection, Owner, ProviderAccount, UnclaimedConnection};
use crate::ports::{OriginalConnections, WhoAmIError};

/// Asks providers whose accounts connections reach, and writes that down.
pub(crate) struct IdentifyAccount {
    company_id: CompanyId,
    ports: AdoptPorts,
    clock: Arc<dyn Clock>,
}

impl IdentifyAccount {
    pub(crate) const fn new(company_id: CompanyId, ports: AdoptPorts, clock: Arc<dyn Clock>) -> Self {
        Self { company_id, ports, clock }
    }

    /// The account behind a connection without user, if the provider says so by now.
    pub(crate) async fn unclaimed(&self, row: &UnclaimedConnection) -> Result<Option<ProviderAccount>, CheckError> {
        let Some(account) = self.account_at_broker(&row.reference()).await? else { return Ok(None) };
        self.ports.unclaimed.identify_unclaimed(self.company_id, row.id, &account).await?;
        Ok(Some(account))
    }

    /// Notes the account behind a person's connection, if the provider says so by now: later connects are held to it.
    /// Where the person is held to another one already, nothing is noted.
    pub(crate) async fn owned(&self, row: &Connection) -> Result<bool, CheckError> {
        let Some(account) = self.account_at_broker(&row.reference()).await? else { return Ok(false) };
        if self.is_another(&account, row).await? {
            return Ok(false);
        }
        let identified = Connection { account: Some(account.clone()), ..row.clone() };
        self.note_original(&identified).await?;
        self.ports.connections.identify(row, &account).await?;
        Ok(true)
    }

    /// Whether the account is known to be another one than the connected one. Where nothing was ever known of that,
    /// there is nothing to hold the new one to.
    pub(crate) async fn is_another(&self, account: &ProviderAccount, row: &Connection) -> Result<bool, StoreError> {
        let known = known_account(self.ports.originals.as_ref(), row).await?;
        Ok(known.is_some_and(|known| !known.is_same_as(account)))
    }

    /// Tells Master which account the connection reaches, where that is known.
    pub(crate) async fn note_original(&self, row: &Connection) -> Result<(), StoreError> {
        let Some(account) = row.account.clone() else { return Ok(()) };
        let connected = ConnectedAccount {
            owner: row.owner.clone(),
            provider: row.provider,
            account,
            broker_id: row.broker_id.clone(),
            at: self.clock.now(),
        };
        self.ports.originals.note(&connected).await
    }

    async fn account_at_broker(&self, reference: &BrokerReference) -> Result<Option<ProviderAccount>, CheckError> {
        let found = self.ports.brokered.find(reference).await?.filter(|found| found.is_authorized);
        let Some(found) = found else { return Ok(None) };
        match self.ports.accounts.who_am_i(&found).await {
            Ok(account) => Ok(Some(account)),
            Err(WhoAmIError::Broker(error)) => Err(error.into()),
            Err(WhoAmIError::Unreadable(_)) => Ok(None),
        }
    }
}

/// The account that later connects are held to: that of the row, else the one that Master knows of.
pub(crate) async fn known_account(
    originals: &dyn OriginalConnections,
    row: &Connection,
) -> Result<Option<ProviderAccount>, StoreError> {
    if row.account.is_some() {
        return Ok(row.account.clone());
    }
    let Owner { company_id, user_id, .. } = row.owner;
    let original = originals.find_original(company_id, user_id, row.provider).await?;
    Ok(original.filter(|original| original.is_about(row)).map(|original| original.account))
}
