//! `/admin/auth`: from the PIN to a session of the panel.

use actix_web::web::Data;
use cortex_identity::{LogInAdmin, LogInAdminError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::extract::Json;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};
use crate::routes::openapi::ProblemBody;

/// What opens the panel.
#[derive(Deserialize, ToSchema)]
pub(in crate::routes) struct AdminCredentials {
    #[schema(value_type = String, format = Password)]
    pin: Pin,
}

/// Nothing that it is shown in tells it.
struct Pin(SecretString);

/// A new session. Its token is told this once.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct OpenedAdminSession {
    session_token: String,
    /// How many seconds it lasts.
    expires_in: u64,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: OffsetDateTime,
}

/// Opens a session of the admin panel for who knows the PIN.
#[utoipa::path(
    post,
    path = "/admin/auth",
    tag = "admin",
    request_body = AdminCredentials,
    responses(
        (status = 200, body = OpenedAdminSession),
        (status = 401, response = ProblemBody),
        (status = 403, response = ProblemBody),
        (status = 429, response = ProblemBody),
        (status = 501, response = ProblemBody)
    )
)]
pub(in crate::routes) async fn log_in(
    CameFrom(origin): CameFrom,
    Json(AdminCredentials { pin: Pin(pin) }): Json<AdminCredentials>,
    log_in_admin: Data<LogInAdmin>,
) -> Result<actix_web::web::Json<OpenedAdminSession>, Problem> {
    let admin = log_in_admin.log_in(&pin, &origin).await?;
    Ok(actix_web::web::Json(OpenedAdminSession {
        session_token: admin.token.expose_secret().to_owned(),
        expires_in: admin.lasts.as_secs(),
        expires_at: admin.session.expires_at,
    }))
}

impl<'de> Deserialize<'de> for Pin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

impl From<LogInAdminError> for Problem {
    fn from(error: LogInAdminError) -> Self {
        match error {
            LogInAdminError::AddressNotAllowed(error) => error.into(),
            LogInAdminError::NoPin => Self::new(ProblemKind::AdminNotConfigured).caused_by(error),
            LogInAdminError::WrongPin => Self::new(ProblemKind::WrongPin).caused_by(error),
            LogInAdminError::TooManyAttempts { retry_after } => {
                // Rounded up: who comes back then is looked at.
                let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
                Self::new(ProblemKind::TooManyAttempts).retry_after(seconds.max(1)).caused_by(error)
            }
            LogInAdminError::Verify(_) => Self::new(ProblemKind::Internal).caused_by(error),
            LogInAdminError::Store(error) => error.into(),
        }
    }
}
