//! [`MembershipStore`] on Master.

use async_trait::async_trait;
use cortex_identity::model::{Company, Membership};
use cortex_identity::ports::{Acceptance, MembershipStore};
use cortex_kernel::{CompanyId, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use super::address_taken::AddressTaken;
use crate::Pool;
use crate::tables::{audit_log_global, companies, company_users};

/// Companies and memberships in Master.
pub struct PgMembershipStore {
    master: Pool,
}

impl PgMembershipStore {
    /// Works on the pool of Master.
    #[must_use]
    pub fn new(master: Pool) -> Self {
        Self { master }
    }
}

#[async_trait]
impl MembershipStore for PgMembershipStore {
    #[instrument(name = "pg.membership_store.find_company", skip_all)]
    async fn find_company(&self, company_id: CompanyId) -> Result<Option<Company>, StoreError> {
        let row = self
            .master
            .run(async |connection: &mut AsyncPgConnection| companies::find(connection, company_id).await)
            .await?;
        Ok(row.map(Company::try_from).transpose()?)
    }

    #[instrument(name = "pg.membership_store.find_membership", skip_all)]
    async fn find_membership(&self, company_id: CompanyId, user_id: UserId) -> Result<Option<Membership>, StoreError> {
        let row = self
            .master
            .run(async |connection: &mut AsyncPgConnection| company_users::find(connection, company_id, user_id).await)
            .await?;
        Ok(row.as_ref().and_then(company_users::membership))
    }

    #[instrument(name = "pg.membership_store.accept_invitation", skip_all)]
    async fn accept_invitation(&self, acceptance: &Acceptance) -> Result<Option<Membership>, StoreError> {
        let &Acceptance { company_id, user_id, at, ref origin } = acceptance;
        let entry = audit_log_global::Entry {
            company_id,
            user_id,
            action: "invitation_accepted",
            resource_type: "company_user",
            resource_id: user_id.to_string(),
            details: json!({}),
            origin,
        };
        let entry = &entry;
        let accepted = self
            .master
            .transaction(async |connection: &mut AsyncPgConnection| {
                let acceptance = company_users::accept_invitation(connection, company_id, user_id, at);
                if acceptance.await.map_err(AddressTaken::abort)? {
                    audit_log_global::insert(connection, entry).await?;
                }
                Ok(company_users::find(connection, company_id, user_id).await?)
            })
            .await;
        let row = accepted.or_else(|reason| match reason {
            AddressTaken::ByColleague => {
                tracing::warn!(user.id = %user_id, "an invitation is not accepted: an active colleague has its address");
                Ok(None)
            }
            AddressTaken::Unknown(error) => Err(error),
        })?;
        Ok(row.as_ref().and_then(company_users::membership).filter(|membership| membership.is_active))
    }
}
