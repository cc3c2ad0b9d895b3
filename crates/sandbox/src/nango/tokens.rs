//! Keeping access tokens fresh, and what happens when that fails.

use std::sync::Arc;

use time::Duration;

use super::oauth;
use super::state::State;
use super::webhooks;
use super::world::{Connection, Integration, RefreshHistory};
use crate::random;

/// A token that ends sooner is refreshed before it is given out.
const MARGIN: Duration = Duration::minutes(15);
/// After a failure the provider is left alone for so long.
const BACK_OFF: Duration = Duration::seconds(30);
/// After failures on so many days the connection is given up.
const DAYS_TO_GIVE_UP: usize = 4;

/// Why there is no usable token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenTrouble {
    /// The connection is gone.
    NoConnection,
    /// The provider was asked just now and refused.
    Failed,
    /// It refused a moment ago and was not asked again.
    BackingOff,
    /// It refused for days; only a reconnect helps.
    GivenUp,
}

impl TokenTrouble {
    /// The text for people.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::NoConnection => "The connection is gone.",
            Self::Failed => "The provider refused to refresh the access token. Try again later.",
            Self::BackingOff => "A refresh failed a moment ago. Waiting before the next try.",
            Self::GivenUp => "The refresh of this connection failed too often.",
        }
    }
}

/// The connection with a token that is good for a while. Refreshes when it has to, or when `force` is set.
pub(super) async fn fresh(state: &Arc<State>, number: u64, force: bool) -> Result<Connection, TokenTrouble> {
    if let Plan::Ready(connection) = plan(state, number, force)? {
        return Ok(*connection);
    }
    let _turn = state.refreshing.lock().await;
    let (connection, integration) = match plan(state, number, force)? {
        // Somebody else has refreshed it in the meantime.
        Plan::Ready(connection) => return Ok(*connection),
        Plan::Refresh(connection, integration) => (connection, integration),
    };
    let Some(credentials) = oauth::refresh(state, &integration, &connection.credentials).await else {
        note_failure(state, number)?;
        return Err(TokenTrouble::Failed);
    };
    let mut world = state.world();
    let stored = world.connection_mut(number).ok_or(TokenTrouble::NoConnection)?;
    stored.credentials = credentials;
    stored.refresh = RefreshHistory::default();
    stored.updated_at = state.clock.now();
    Ok(stored.clone())
}

/// What a read of a connection has to do.
enum Plan {
    Ready(Box<Connection>),
    Refresh(Box<Connection>, Integration),
}

fn plan(state: &State, number: u64, force: bool) -> Result<Plan, TokenTrouble> {
    let now = state.clock.now();
    let world = state.world();
    let connection = world.connection(number).ok_or(TokenTrouble::NoConnection)?;
    let integration = world.integration(connection.environment, &connection.integration);
    let integration = integration.ok_or(TokenTrouble::NoConnection)?;
    if connection.refresh.failed_days.len() >= DAYS_TO_GIVE_UP {
        return Err(TokenTrouble::GivenUp);
    }
    if !force && connection.refresh.failed_at.is_some_and(|at| now < at + BACK_OFF) {
        return Err(TokenTrouble::BackingOff);
    }
    let ending = connection.credentials.expires_at.is_some_and(|at| at < now + MARGIN);
    let connection = Box::new(connection.clone());
    if connection.credentials.refresh_token.is_some() && (force || ending) {
        Ok(Plan::Refresh(connection, integration.clone()))
    } else {
        Ok(Plan::Ready(connection))
    }
}

/// Remembers that the provider refused, and tells so.
fn note_failure(state: &Arc<State>, number: u64) -> Result<(), TokenTrouble> {
    let now = state.clock.now();
    let failed = {
        let mut world = state.world();
        let stored = world.connection_mut(number).ok_or(TokenTrouble::NoConnection)?;
        stored.refresh.failed_at = Some(now);
        stored.refresh.failed_days.insert(now.date());
        stored.refresh.log_id = Some(random::log_id(now));
        stored.updated_at = now;
        stored.clone()
    };
    webhooks::send_refresh_failure(state, &failed, TokenTrouble::Failed.message());
    Ok(())
}
