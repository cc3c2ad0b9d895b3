//! `/api/v1/oauth/connect`: the way on which a person connects an account.

use std::collections::BTreeSet;

use actix_web::web::{Data, Json, Query};
use cortex_connections::model::{ConnectPurpose, Owner};
use cortex_connections::ports::BrokerError;
use cortex_connections::start_connect::StartedConnect;
use cortex_connections::{CheckError, Reconcile, StartConnect, StartConnectError};
use cortex_identity::model::UserContext;
use cortex_kernel::{Email, Provider};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::openapi::ProblemBody;
use super::provider::{self, ProviderParameter};
use crate::gate::Caller;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// Answer of `/api/v1/oauth/connect/start`. Whoever has it can connect an account in the caller's name.
#[derive(Serialize, ToSchema)]
#[schema(as = StartedConnect)]
pub(super) struct Started {
    auth_url: String,
    connect_session_token: String,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    provider: &'static str,
    user_id: String,
    company_id: String,
}

/// Answer of `/api/v1/oauth/connect/reconnect`.
#[derive(Serialize, ToSchema)]
pub(super) struct Reconnecting {
    #[serde(flatten)]
    started: Started,
    original_email: Option<String>,
    message: String,
}

/// Answer of `/api/v1/oauth/connect/sync-from-nango`.
#[derive(Serialize, ToSchema)]
#[schema(as = LookedAtNango)]
pub(super) struct Looked {
    /// Connections of the caller that the broker has.
    found: u64,
    /// Those of them that were not known here and are now.
    saved: u64,
    provider: &'static str,
    user_id: String,
    company_id: String,
}

/// Opens a session in which the caller can connect one account of the provider.
#[utoipa::path(
    method(get, post), path = "/api/v1/oauth/connect/start", tag = "connections", params(ProviderParameter),
    responses((status = 200, body = Started), (status = 502, response = ProblemBody))
)]
pub(super) async fn start(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    parameter: Query<ProviderParameter>,
    start_connect: Data<StartConnect>,
) -> Result<Json<Started>, Problem> {
    let provider = provider::known(&parameter.provider)?;
    let started = start_connect.start(owner(&caller), provider, ConnectPurpose::Connect, &origin).await?;
    Ok(Json(Started::of(&caller, provider, started)))
}

/// Opens one in which the caller can connect the same account again.
#[utoipa::path(
    post, path = "/api/v1/oauth/connect/reconnect", tag = "connections", params(ProviderParameter),
    responses(
        (status = 200, body = Reconnecting),
        (status = 409, response = ProblemBody),
        (status = 502, response = ProblemBody)
    )
)]
pub(super) async fn reconnect(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    parameter: Query<ProviderParameter>,
    start_connect: Data<StartConnect>,
) -> Result<Json<Reconnecting>, Problem> {
    let provider = provider::known(&parameter.provider)?;
    let started = start_connect.start(owner(&caller), provider, ConnectPurpose::Reconnect, &origin).await?;
    let original_email = started.original_email.as_ref().map(Email::to_string);
    let message = match &original_email {
        Some(email) => format!("Connect {email} again: another account will be refused."),
        None => "Connect the same account again: another one will be refused.".to_owned(),
    };
    Ok(Json(Reconnecting { started: Started::of(&caller, provider, started), original_email, message }))
}

/// Asks the broker now which accounts of the provider the caller connected, as its own word of that may have been lost.
#[utoipa::path(
    post, path = "/api/v1/oauth/connect/sync-from-nango", operation_id = "sync_from_nango", tag = "connections",
    params(ProviderParameter),
    responses((status = 200, body = Looked), (status = 502, response = ProblemBody))
)]
pub(super) async fn sync_from_nango(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    parameter: Query<ProviderParameter>,
    providers: Data<BTreeSet<Provider>>,
    reconcile: Data<Reconcile>,
) -> Result<Json<Looked>, Problem> {
    let provider = provider::configured(&parameter.provider, &providers)?;
    let looked = reconcile.of_person(caller.user_id, provider, &origin).await?;
    Ok(Json(Looked {
        found: looked.found,
        saved: looked.saved,
        provider: provider.name(),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

impl Started {
    fn of(caller: &UserContext, provider: Provider, started: StartedConnect) -> Self {
        Self {
            auth_url: started.link.url,
            connect_session_token: started.link.token,
            expires_at: started.link.expires_at,
            provider: provider.name(),
            user_id: caller.user_id.to_string(),
            company_id: caller.company_id.to_string(),
        }
    }
}

impl From<StartConnectError> for Problem {
    fn from(error: StartConnectError) -> Self {
        match error {
            StartConnectError::ProviderNotConfigured(provider) => provider::switched_off(provider),
            StartConnectError::NotConnected(provider) => {
                Self::new(ProblemKind::NotConnected).detail(format!("{provider} is not connected: connect it first."))
            }
            StartConnectError::Broker(error) => error.into(),
            StartConnectError::Store(error) => error.into(),
        }
    }
}

impl From<CheckError> for Problem {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Broker(error) => error.into(),
            CheckError::Store(error) => error.into(),
            // The provider is away, as seen from here.
            CheckError::AccountUnreadable(_) => Self::new(ProblemKind::NangoUnavailable).caused_by(error),
        }
    }
}

impl From<BrokerError> for Problem {
    fn from(error: BrokerError) -> Self {
        let problem = match &error {
            // Our key is wrong: to the caller the broker is as good as away.
            BrokerError::Unauthorised(_)
            | BrokerError::Unavailable(_)
            | BrokerError::Throttled { retry_after: None } => Self::new(ProblemKind::NangoUnavailable),
            BrokerError::Throttled { retry_after: Some(wait) } => {
                Self::new(ProblemKind::NangoUnavailable).retry_after(wait.as_secs().max(1))
            }
            BrokerError::BadAnswer(_) => Self::new(ProblemKind::NangoBadAnswer),
        };
        problem.caused_by(error)
    }
}

fn owner(caller: &UserContext) -> Owner {
    Owner { company_id: caller.company_id, user_id: caller.user_id, email: caller.email.clone() }
}
