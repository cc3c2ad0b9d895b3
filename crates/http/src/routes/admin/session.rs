//! `/admin/verify-session` and `/admin/logout`: the session of the panel.

use actix_web::web::{Data, Json};
use cortex_identity::ports::AdminSessions;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::admin_gate::Admin;
use crate::problem::Problem;

/// An open session.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct VerifiedAdminSession {
    valid: bool,
    /// Its id, by which the audit log names it. It opens nothing.
    session_id: String,
    /// Until when it is open.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: OffsetDateTime,
}

/// What became of a logout.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct LoggedOut {
    message: &'static str,
}

/// Whether the session is open, and until when.
#[utoipa::path(
    get,
    path = "/admin/verify-session",
    tag = "admin",
    responses((status = 200, body = VerifiedAdminSession))
)]
pub(in crate::routes) async fn verify(Admin { session, .. }: Admin) -> Json<VerifiedAdminSession> {
    Json(VerifiedAdminSession { valid: true, session_id: session.id.to_string(), expires_at: session.expires_at })
}

/// Ends the session: its token opens nothing any more.
#[utoipa::path(post, path = "/admin/logout", tag = "admin", responses((status = 200, body = LoggedOut)))]
pub(in crate::routes) async fn log_out(
    Admin { session, origin }: Admin,
    sessions: Data<dyn AdminSessions>,
) -> Result<Json<LoggedOut>, Problem> {
    // One that another call has just closed is closed all the same.
    sessions.close(&session, &origin).await?;
    Ok(Json(LoggedOut { message: "Logged out." }))
}
