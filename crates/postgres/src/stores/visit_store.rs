//! [`VisitStore`] on Master.

use async_trait::async_trait;
use cortex_identity::model::{NewEmail, Visit};
use cortex_identity::ports::VisitStore;
use cortex_kernel::{CompanyId, Origin, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use super::address_taken::AddressTaken;
use crate::tables::company_users::EmailChange;
use crate::tables::{audit_log_global, company_users};
use crate::{Abort, Pool};

/// Visits in Master.
pub struct PgVisitStore {
    master: Pool,
}

impl PgVisitStore {
    /// Works on the pool of Master.
    #[must_use]
    pub fn new(master: Pool) -> Self {
        Self { master }
    }

    /// Whether nobody else has the address, which is the member's now.
    async fn take_over(&self, company_id: CompanyId, user_id: UserId, new: &NewEmail) -> Result<bool, StoreError> {
        let (NewEmail { email, issued_at }, origin) = (new, &Origin::default());
        let issued_at = *issued_at;
        let entry = &audit_log_global::Entry {
            company_id,
            user_id,
            action: "user_email_changed",
            resource_type: "company_user",
            resource_id: user_id.to_string(),
            details: json!({}),
            origin,
        };
        self.master
            .transaction(async |connection: &mut AsyncPgConnection| {
                let change = company_users::set_email(connection, company_id, user_id, email.as_str(), issued_at);
                match change.await.map_err(AddressTaken::abort)? {
                    EmailChange { is_taken: true, .. } => return Err(Abort::Decided(AddressTaken::ByColleague)),
                    EmailChange { is_new: true, .. } => audit_log_global::insert(connection, entry).await?,
                    EmailChange { .. } => {}
                }
                Ok(true)
            })
            .await
            .or_else(|reason| match reason {
                AddressTaken::ByColleague => Ok(false),
                AddressTaken::Unknown(error) => Err(error),
            })
    }
}

#[async_trait]
impl VisitStore for PgVisitStore {
    #[instrument(name = "pg.visit_store.record", skip_all)]
    async fn record(&self, company_id: CompanyId, visits: &[Visit]) -> Result<Vec<UserId>, StoreError> {
        self.master
            .run(async |connection: &mut AsyncPgConnection| {
                company_users::visited(connection, company_id, visits).await
            })
            .await?;
        // Addresses change rarely: one statement each.
        let mut taken = Vec::new();
        for visit in visits {
            if let Some(new) = &visit.new_email
                && !self.take_over(company_id, visit.user_id, new).await?
            {
                taken.push(visit.user_id);
            }
        }
        Ok(taken)
    }
}
