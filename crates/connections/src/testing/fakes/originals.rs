//! Original connections.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Provider, StoreError, UserId};

use crate::model::{ConnectedAccount, OriginalConnection, OriginalDecision};
use crate::ports::OriginalConnections;

/// Original connections in memory.
#[derive(Debug, Default)]
pub struct InMemoryOriginalConnections(Mutex<BTreeMap<(CompanyId, UserId, Provider), OriginalConnection>>);

#[async_trait]
impl OriginalConnections for InMemoryOriginalConnections {
    async fn note(&self, connected: &ConnectedAccount) -> Result<(), StoreError> {
        let mut noted = self.0.lock().expect("nobody panics while holding it");
        let key = (connected.owner.company_id, connected.owner.user_id, connected.provider);
        let begun = OriginalConnection {
            account: connected.account.clone(),
            broker_id: connected.broker_id.clone(),
            connected_at: Some(connected.at),
            reconnects: 0,
        };
        match (connected.against(noted.get(&key)), noted.get_mut(&key)) {
            (OriginalDecision::Count, Some(noted)) => {
                noted.broker_id = connected.broker_id.clone();
                noted.connected_at = Some(connected.at);
                noted.reconnects += 1;
            }
            (OriginalDecision::Keep, _) => {}
            (OriginalDecision::Begin | OriginalDecision::Count, _) => drop(noted.insert(key, begun)),
        }
        Ok(())
    }

    async fn find_original(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
    ) -> Result<Option<OriginalConnection>, StoreError> {
        let noted = self.0.lock().expect("nobody panics while holding it");
        Ok(noted.get(&(company_id, user_id, provider)).cloned())
    }
}
