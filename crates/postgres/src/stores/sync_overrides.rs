//! [`SyncOverrides`] on a company's database.

use async_trait::async_trait;
use cortex_kernel::{Provider, StoreError};
use cortex_sync_jobs::model::{KeptOverride, NewOverride, Override};
use cortex_sync_jobs::ports::SyncOverrides;
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use crate::Pool;
use crate::tables::{admin_audit_log, sync_overrides};

/// What admins said, in a company's database.
pub struct PgSyncOverrides {
    company: Pool,
}

impl PgSyncOverrides {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl SyncOverrides for PgSyncOverrides {
    #[instrument(name = "pg.sync_overrides.set", skip_all)]
    async fn set(&self, word: &NewOverride) -> Result<KeptOverride, StoreError> {
        let kept: Result<_, StoreError> = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let kept = sync_overrides::say(connection, word).await?;
                let entry = admin_audit_log::Entry {
                    company_id: word.company_id,
                    user_id: word.user_id,
                    session_id: Some(word.session_id),
                    action: "override_set",
                    resource_type: "sync_override",
                    resource_id: kept.id.to_string(),
                    details: json!({
                        "provider": word.provider.map(Provider::name),
                        "allow": word.says == Override::Allow,
                        "reason": word.reason,
                    }),
                    origin: &word.origin,
                };
                admin_audit_log::insert(connection, &entry).await?;
                Ok(kept)
            })
            .await;
        let kept = kept?;
        Ok(KeptOverride { id: kept.id, created_at: kept.created_at })
    }
}
