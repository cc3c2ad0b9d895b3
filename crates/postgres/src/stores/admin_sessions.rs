//! [`AdminSessions`] on a company's database.

use async_trait::async_trait;
use cortex_identity::model::{AdminFailure, AdminRefusal, AdminSession, AdminTokenHash, NewAdminSession};
use cortex_identity::ports::AdminSessions;
use cortex_kernel::{AdminSessionId, CompanyId, Origin, StoreError};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use crate::Pool;
use crate::tables::{admin_audit_log, admin_sessions};

/// Sessions in a company's database.
pub struct PgAdminSessions {
    company: Pool,
}

impl PgAdminSessions {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl AdminSessions for PgAdminSessions {
    #[instrument(name = "pg.admin_sessions.open", skip_all, fields(admin_session.id = %session.id))]
    async fn open(&self, session: &NewAdminSession) -> Result<AdminSession, StoreError> {
        let entry = &entry("admin_login", session.company_id, session.id, &session.origin);
        let row: Result<_, StoreError> = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                admin_sessions::delete_ended(connection, session.company_id).await?;
                let row = admin_sessions::insert(connection, session).await?;
                admin_audit_log::insert(connection, entry).await?;
                Ok(row)
            })
            .await;
        Ok(row?.of(session.company_id))
    }

    #[instrument(name = "pg.admin_sessions.find_open", skip_all)]
    async fn find_open(
        &self,
        company_id: CompanyId,
        token: &AdminTokenHash,
    ) -> Result<Option<AdminSession>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                admin_sessions::find_open(connection, company_id, token).await
            })
            .await?;
        Ok(row.map(|row| row.of(company_id)))
    }

    #[instrument(name = "pg.admin_sessions.close", skip_all, fields(admin_session.id = %session.id))]
    async fn close(&self, session: &AdminSession, origin: &Origin) -> Result<bool, StoreError> {
        let entry = &entry("admin_logout", session.company_id, session.id, origin);
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let was_open = admin_sessions::delete_open(connection, session.company_id, session.id).await?;
                if was_open {
                    admin_audit_log::insert(connection, entry).await?;
                }
                Ok(was_open)
            })
            .await
    }

    #[instrument(name = "pg.admin_sessions.tell_refusal", skip_all)]
    async fn tell_refusal(&self, refusal: &AdminRefusal) -> Result<(), StoreError> {
        let entry = &admin_audit_log::Entry {
            company_id: refusal.company_id,
            user_id: None,
            session_id: None,
            action: refusal.reason.action(),
            resource_type: "admin_panel",
            resource_id: refusal.company_id.to_string(),
            details: json!({ "reason": refusal.reason.name() }),
            origin: &refusal.origin,
        };
        self.company
            .run(async |connection: &mut AsyncPgConnection| admin_audit_log::insert(connection, entry).await)
            .await
    }

    #[instrument(name = "pg.admin_sessions.tell_failure", skip_all, fields(admin_session.id = %failure.session.id))]
    async fn tell_failure(&self, failure: &AdminFailure) -> Result<(), StoreError> {
        let AdminFailure { session, called, code, origin } = failure;
        let entry = &admin_audit_log::Entry {
            details: json!({ "called": called, "code": code }),
            ..entry("admin_action_failed", session.company_id, session.id, origin)
        };
        self.company
            .run(async |connection: &mut AsyncPgConnection| admin_audit_log::insert(connection, entry).await)
            .await
    }
}

fn entry<'a>(
    action: &'a str,
    company_id: CompanyId,
    id: AdminSessionId,
    origin: &'a Origin,
) -> admin_audit_log::Entry<'a> {
    admin_audit_log::Entry {
        company_id,
        user_id: None,
        session_id: Some(id),
        action,
        resource_type: "admin_session",
        resource_id: id.to_string(),
        details: json!({}),
        origin,
    }
}
