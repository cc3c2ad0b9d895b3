//! From a PIN to a session of the admin panel, or to a refusal.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{AdminSessionId, Clock, CompanyId, IdGenerator, Origin, StoreError};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::admin_door::{AddressNotAllowed, AdminDoor};
use crate::closed_keys::ClosedKeys;
use crate::model::{AdminRefusal, AdminRefusalReason, AdminSession, AdminTokenHash, NewAdminSession};
use crate::ports::{AdminSessions, AdminTokens, AttemptCounters, Attempts, PinVerifier, VerifyPinError};

/// Lets in who knows the PIN, as long as not too many tried that did not.
///
/// An attempt is counted before its PIN is looked at, and given back when it was right: however many come at once, no more
/// are looked at than may be wrong. A PIN that is not looked at is not answered either, so that nobody goes on guessing
/// while the right one would be told from the others.
pub struct LogInAdmin {
    company_id: CompanyId,
    limits: LoginLimits,
    door: Arc<AdminDoor>,
    pin: Option<Arc<dyn PinVerifier>>,
    ports: LogInPorts,
    closed: ClosedKeys,
}

/// What the use case stands on.
#[derive(Clone)]
pub struct LogInPorts {
    /// Counts what was wrong.
    pub attempts: Arc<dyn AttemptCounters>,
    /// Keeps the sessions.
    pub sessions: Arc<dyn AdminSessions>,
    /// Where their tokens come from.
    pub tokens: Arc<dyn AdminTokens>,
    /// Where their ids come from.
    pub ids: Arc<dyn IdGenerator>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// How often a PIN may be wrong, and how long a session lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginLimits {
    /// Wrong PINs from one address in a window.
    pub per_address: u32,
    /// Wrong PINs from everywhere in a window.
    pub in_all: u32,
    /// How long wrong PINs count.
    pub window: Duration,
    /// How long a session lasts.
    pub session: Duration,
}

/// An admin who was let in.
#[derive(Clone, Debug)]
pub struct LoggedInAdmin {
    /// His session.
    pub session: AdminSession,
    /// What opens it. It is told once and kept nowhere.
    pub token: SecretString,
    /// How long it lasts.
    pub lasts: Duration,
}

/// Nobody was let in.
#[derive(Debug, Error)]
pub enum LogInAdminError {
    /// The panel may not be used from there.
    #[error(transparent)]
    AddressNotAllowed(#[from] AddressNotAllowed),
    /// There is no PIN, so nobody can know it.
    #[error("no admin PIN is configured")]
    NoPin,
    /// It is another PIN.
    #[error("the admin PIN is wrong")]
    WrongPin,
    /// Too many were wrong.
    #[error("too many admin PINs were wrong")]
    TooManyAttempts {
        /// After which time another one is looked at.
        retry_after: Duration,
    },
    /// The PIN could not be compared.
    #[error(transparent)]
    Verify(#[from] VerifyPinError),
    /// Attempts could not be counted, or the session not be opened.
    #[error("the admin login cannot be stored")]
    Store(#[from] StoreError),
}

/// What the attempts of everybody are counted under.
const IN_ALL: &str = "admin_login";

impl LogInAdmin {
    /// Lets admins of `company_id` in by `pin`; without one it lets nobody in.
    #[must_use]
    pub fn new(
        company_id: CompanyId,
        limits: LoginLimits,
        door: Arc<AdminDoor>,
        pin: Option<Arc<dyn PinVerifier>>,
        ports: LogInPorts,
    ) -> Self {
        Self { company_id, limits, door, pin, ports, closed: ClosedKeys::default() }
    }

    /// Opens a session for who knows the PIN.
    pub async fn log_in(&self, pin: &SecretString, origin: &Origin) -> Result<LoggedInAdmin, LogInAdminError> {
        self.door.pass(origin, AdminRefusalReason::LoginFromElsewhere).await?;
        let verifier = self.pin.as_ref().ok_or(LogInAdminError::NoPin)?;
        if let Some(retry_after) = self.closed.rest_of(IN_ALL, self.ports.clock.now()) {
            return Err(LogInAdminError::TooManyAttempts { retry_after });
        }
        let from_here = key_of(origin.address);
        self.count(&from_here, self.limits.per_address, origin).await?;
        if let Err(refused) = self.count(IN_ALL, self.limits.in_all, origin).await {
            self.give_back(&from_here).await;
            return Err(refused);
        }
        if !verifier.is_right(pin).await? {
            self.tell(AdminRefusalReason::WrongPin, origin).await?;
            return Err(LogInAdminError::WrongPin);
        }
        let opened = self.open(origin).await;
        // Whatever became of the session, the PIN was right.
        self.give_back(&from_here).await;
        self.give_back(IN_ALL).await;
        opened
    }

    async fn open(&self, origin: &Origin) -> Result<LoggedInAdmin, LogInAdminError> {
        let token = self.ports.tokens.new_token();
        let new = NewAdminSession {
            id: AdminSessionId::new(self.ports.ids.new_uuid()),
            company_id: self.company_id,
            token: AdminTokenHash::of(token.expose_secret()),
            lasts: self.limits.session,
            origin: origin.clone(),
        };
        let session = self.ports.sessions.open(&new).await?;
        tracing::info!(admin_session.id = %session.id, "an admin logged in");
        Ok(LoggedInAdmin { session, token, lasts: self.limits.session })
    }

    /// Counts an attempt that may be looked at. Of those that may not, the first one of a window is told in the audit log:
    /// the log is for ever, and anybody can try as often as he likes. They cost the database nothing for a moment.
    async fn count(&self, key: &str, most: u32, origin: &Origin) -> Result<(), LogInAdminError> {
        let now = self.ports.clock.now();
        if let Some(retry_after) = self.closed.rest_of(key, now) {
            return Err(LogInAdminError::TooManyAttempts { retry_after });
        }
        let counted = self.ports.attempts.count(self.company_id, key, self.limits.window).await?;
        let Attempts { count, window_ends_in } = counted;
        if count <= most {
            return Ok(());
        }
        self.closed.note(key, now, window_ends_in);
        if count == most.saturating_add(1) {
            self.tell(AdminRefusalReason::TooManyAttempts, origin).await?;
        } else {
            // It was not looked at, so it was not wrong. The first one stays, so that the next is not told again.
            self.give_back(key).await;
        }
        Err(LogInAdminError::TooManyAttempts { retry_after: window_ends_in })
    }

    async fn tell(&self, reason: AdminRefusalReason, origin: &Origin) -> Result<(), StoreError> {
        tracing::warn!(reason = reason.name(), "an admin login failed");
        let refusal = AdminRefusal { company_id: self.company_id, reason, origin: origin.clone() };
        self.ports.sessions.tell_refusal(&refusal).await
    }

    /// An attempt that stays counted costs patience and nothing else.
    async fn give_back(&self, key: &str) {
        if let Err(error) = self.ports.attempts.give_back(self.company_id, key).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "an attempt could not be given back");
        }
    }
}

/// What attempts from an address are counted under. Whoever has one address of IPv6 has all of its /64.
fn key_of(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => format!("{IN_ALL}:{address}"),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{IN_ALL}:{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        None => format!("{IN_ALL}:unknown"),
    }
}

#[cfg(test)]
mod tests;
