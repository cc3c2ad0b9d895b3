//! [`VisitStore`] on Master.

use async_trait::async_trait;
use cortex_identity::model::Visit;
use cortex_identity::ports::VisitStore;
use cortex_kernel::{CompanyId, Email, Origin, StoreError, UserId};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use crate::tables::company_users::NewEmail;
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
    async fn take_over(&self, company_id: CompanyId, user_id: UserId, email: &Email) -> Result<bool, StoreError> {
        let origin = &Origin::default();
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
                match company_users::set_email(connection, company_id, user_id, email.as_str()).await {
                    Ok(NewEmail { is_taken: true, .. })
                    | Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                        return Err(Abort::Decided(NotTakenOver::ColleagueHasIt));
                    }
                    Ok(NewEmail { is_new: true, .. }) => audit_log_global::insert(connection, entry).await?,
                    Ok(_) => {}
                    Err(error) => return Err(error.into()),
                }
                Ok(true)
            })
            .await
            .or_else(|reason| match reason {
                NotTakenOver::ColleagueHasIt => Ok(false),
                NotTakenOver::Unknown(error) => Err(error),
            })
    }
}

enum NotTakenOver {
    ColleagueHasIt,
    Unknown(StoreError),
}

impl From<StoreError> for NotTakenOver {
    fn from(error: StoreError) -> Self {
        Self::Unknown(error)
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
            if let Some(email) = &visit.new_email
                && !self.take_over(company_id, visit.user_id, email).await?
            {
                taken.push(visit.user_id);
            }
        }
        Ok(taken)
    }
}
