//! From a connection at the broker to the person's connection.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{Clock, CompanyId, ConnectionId, Email, Origin, StoreError, UserId};
use thiserror::Error;
use time::OffsetDateTime;

use crate::check_connection::{CheckConnection, CheckError, Checked};
use crate::identify_account::IdentifyAccount;
use crate::log::{About, chain};
use crate::model::{
    BrokerConnection, BrokerReference, Connect, Connection, Owner, OwnerClaims, ProviderAccount, QuarantineReason,
    QuarantinedConnection, Refusal, RefusalReason, SaveConnection, SaveOutcome, StatusReason,
};
use crate::ports::{
    AccountReading, BrokerError, BrokerRemovals, BrokeredConnections, ConnectSessionEndings, ConnectSessionStore,
    ConnectionHealth, ConnectionStore, Members, OriginalConnections, ProviderAccounts, QuarantineStore, ReadCause,
    ReadOutcome, UnclaimedConnections, WhoAmIError,
};
use crate::remove_at_broker::RemoveAtBroker;

/// Makes a connection at the broker the connection of the person whom it names, where it may be that.
///
/// A notice of a connection is a hint. The broker is asked whose it is, Master whether that is a member, and the
/// provider which account it reaches: a person who is connected already may only bring the same account again. All of it
/// may be repeated, and repeating it changes nothing.
pub struct AdoptConnection {
    company_id: CompanyId,
    ports: AdoptPorts,
    identify: IdentifyAccount,
    check: CheckConnection,
    remove: RemoveAtBroker,
    clock: Arc<dyn Clock>,
}

/// What [`AdoptConnection`] stands on.
#[derive(Clone)]
pub struct AdoptPorts {
    /// The connections at the broker.
    pub brokered: Arc<dyn BrokeredConnections>,
    /// Whose accounts stand behind them.
    pub accounts: Arc<dyn ProviderAccounts>,
    /// Who may own connections.
    pub members: Arc<dyn Members>,
    /// The connections of people.
    pub connections: Arc<dyn ConnectionStore>,
    /// How they fare.
    pub health: Arc<dyn ConnectionHealth>,
    /// The connect sessions that we had opened.
    pub sessions: Arc<dyn ConnectSessionStore>,
    /// What became of them.
    pub session_endings: Arc<dyn ConnectSessionEndings>,
    /// The accounts that people first connected.
    pub originals: Arc<dyn OriginalConnections>,
    /// Connections that fit nobody.
    pub quarantine: Arc<dyn QuarantineStore>,
    /// Connections from before they had owners.
    pub unclaimed: Arc<dyn UnclaimedConnections>,
    /// Connections that are to go at the broker.
    pub removals: Arc<dyn BrokerRemovals>,
    /// Has accounts read.
    pub reading: Arc<dyn AccountReading>,
}

/// Somebody says that there is a new connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionNotice {
    /// Which one.
    pub reference: BrokerReference,
    /// Whose it is, as far as the notice tells.
    pub claims: OwnerClaims,
    /// How long ago we heard of it.
    pub age: Duration,
    /// What brought the notice.
    pub origin: Origin,
}

impl ConnectionNotice {
    /// What lines about it tell, for whom it names as far as that is known.
    pub(crate) fn about(&self, company_id: CompanyId, user: Option<UserId>) -> About<'_> {
        let BrokerReference { provider, id } = &self.reference;
        About {
            user: user.or_else(|| self.claims.user()),
            provider: Some(*provider),
            connection: Some(id),
            ..About::company(company_id, &self.origin)
        }
    }
}

/// What became of a connection at the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// It is the person's connection now, or was so already.
    Adopted(Connection),
    /// It was not taken, and is removed at the broker.
    Refused(RefusalReason),
    /// Nobody may use it.
    Quarantined(QuarantineReason),
    /// It is another company's.
    AnotherCompanys,
    /// It is the person's, and only his connecting again helps: the credentials were exchanged for others.
    Lost(Connection, StatusReason),
    /// The broker has no such connection.
    Gone,
    /// It was given up before, or the person disconnected after it was made.
    Ended,
}

/// Nothing can be said about the connection yet.
#[derive(Debug, Error)]
pub enum AdoptError {
    /// Neither the notice nor the broker tells whose it is; the field that is missing is named.
    #[error("{0} is missing, in the webhook and at the broker")]
    Missing(&'static str),
    /// The broker could not be asked.
    #[error("the broker could not be asked about the connection")]
    Broker(#[from] BrokerError),
    /// The provider does not say whose account it is, and that has to be known.
    #[error("whose account it is cannot be read")]
    AccountUnreadable(#[source] WhoAmIError),
    /// A database could not be asked, or did not take what was decided.
    #[error("the connection could not be looked up or saved")]
    Store(#[from] StoreError),
    /// Somebody else changed the person's connection, each time that we had decided.
    #[error("the connection is being changed by somebody else")]
    Contended,
}

/// How long a first connection waits for the provider to say whose account it is.
pub(crate) const IDENTITY_PATIENCE: Duration = Duration::from_mins(10);

/// Characters that are kept of whom a connection claims to be of: an id is shorter, and anything else is somebody's joke.
const LONGEST_CLAIM: usize = 200;

/// How often it is decided anew when the row moved meanwhile.
const DECISIONS: u32 = 3;

/// A connection whose owner is known and may have it.
struct Owned<'a> {
    notice: &'a ConnectionNotice,
    found: BrokerConnection,
    owner: Owner,
}

impl AdoptConnection {
    /// Adopts connections for `company_id`, the company of this deployment.
    #[must_use]
    pub fn new(company_id: CompanyId, ports: AdoptPorts, clock: Arc<dyn Clock>) -> Self {
        let remove = RemoveAtBroker::new(company_id, Arc::clone(&ports.brokered), Arc::clone(&ports.removals));
        let identify = IdentifyAccount::new(company_id, ports.clone(), Arc::clone(&clock));
        let check = CheckConnection::new(company_id, ports.clone(), Arc::clone(&clock));
        Self { company_id, ports, identify, check, remove, clock }
    }

    /// Adopts the connection, or finds out what else to do with it, and does that. Lines tagged `[WEBHOOK_AUTH]` and
    /// `[SAVE_CONNECTION]` tell each step.
    pub async fn adopt(&self, notice: &ConnectionNotice) -> Result<Adoption, AdoptError> {
        tracing::info!("[WEBHOOK_AUTH] {}: asking the broker for the connection", notice.about(self.company_id, None));
        let Some(found) = self.ports.brokered.find(&notice.reference).await? else { return Ok(Adoption::Gone) };
        let claims = notice.claims.clone().or(&found.claims);
        if [&found.claims, &claims].iter().any(|claims| claims.name_another_company_than(self.company_id)) {
            return Ok(Adoption::AnotherCompanys);
        }
        let claimed_user = claims.user_id.as_deref().ok_or(AdoptError::Missing("end_user_id"))?;
        if claims.company_id.is_none() {
            return Err(AdoptError::Missing("organization_id"));
        }
        match self.owner(notice, &found, &claims, claimed_user).await? {
            Ok(owner) => self.settle(&Owned { notice, found, owner }).await,
            Err(reason) => self.quarantine(notice, claimed_user, reason).await,
        }
    }

    /// The person who may have the connection, or why nobody may.
    async fn owner(
        &self,
        notice: &ConnectionNotice,
        found: &BrokerConnection,
        claims: &OwnerClaims,
        claimed_user: &str,
    ) -> Result<Result<Owner, QuarantineReason>, AdoptError> {
        if notice.claims.contradict(&found.claims) {
            return Ok(Err(QuarantineReason::OwnerContradicted));
        }
        let Ok(user_id) = claimed_user.parse::<UserId>() else { return Ok(Err(QuarantineReason::NotAMember)) };
        let about = notice.about(self.company_id, Some(user_id));
        tracing::info!("[WEBHOOK_AUTH] {about}: asking whether the user is a member");
        let Some(address) = self.ports.members.find_active(self.company_id, user_id).await? else {
            return Ok(Err(QuarantineReason::NotAMember));
        };
        let told: Option<Email> = claims.email.as_deref().and_then(|email| email.parse().ok());
        let owner = Owner { company_id: self.company_id, user_id, email: told.unwrap_or(address) };
        let vouched_for = names_its_owner(found)
            || self.is_his_already(&owner, &notice.reference).await?
            || self.was_asked_for(notice, user_id).await?;
        Ok(if vouched_for { Ok(owner) } else { Err(QuarantineReason::NotAskedFor) })
    }

    /// Whether the person's own row holds this connection. Then it was vouched for when it was taken, and the session
    /// that did so is open no longer.
    async fn is_his_already(&self, owner: &Owner, reference: &BrokerReference) -> Result<bool, StoreError> {
        let row = self.row_of(owner, reference).await?;
        Ok(row.is_some_and(|row| row.broker_id == reference.id))
    }

    /// Whether a session of that person was open when we heard of the connection.
    async fn was_asked_for(&self, notice: &ConnectionNotice, user_id: UserId) -> Result<bool, StoreError> {
        let provider = notice.reference.provider;
        let heard_at = self.heard_at(notice);
        let open = self.ports.sessions.find_open(self.company_id, user_id, provider, heard_at).await?;
        Ok(open.is_some())
    }

    fn heard_at(&self, notice: &ConnectionNotice) -> OffsetDateTime {
        self.clock.now() - notice.age
    }

    async fn quarantine(
        &self,
        notice: &ConnectionNotice,
        claimed_user: &str,
        reason: QuarantineReason,
    ) -> Result<Adoption, AdoptError> {
        let quarantined = QuarantinedConnection {
            company_id: self.company_id,
            reference: notice.reference.clone(),
            claimed_user_id: claimed_user.chars().take(LONGEST_CLAIM).collect(),
            reason,
            origin: notice.origin.clone(),
        };
        self.ports.quarantine.quarantine(&quarantined).await?;
        Ok(Adoption::Quarantined(reason))
    }

    async fn settle(&self, owned: &Owned<'_>) -> Result<Adoption, AdoptError> {
        let mut identity = None;
        for _ in 0..DECISIONS {
            let row = self.row_of(&owned.owner, &owned.notice.reference).await?;
            if let Some(row) = row.as_ref().filter(|row| row.broker_id == owned.notice.reference.id) {
                return self.known(owned, row).await;
            }
            if row.as_ref().is_some_and(|row| row.was_ended_after(self.heard_at(owned.notice))) {
                return Ok(self.ended(owned).await);
            }
            let account = match &identity {
                Some(account) => account,
                None => &*identity.insert(self.account_of(owned).await?),
            };
            let connected = row.as_ref().filter(|row| row.status.is_connected());
            let account = match (account, connected) {
                (Ok(account), Some(row)) if self.identify.is_another(account, row).await? => {
                    return self.refuse(owned).await;
                }
                (Ok(account), _) => Some(account.clone()),
                (Err(_), None) if owned.notice.age >= IDENTITY_PATIENCE => None,
                (Err(_), _) => break,
            };
            let claims = match (&row, &account) {
                (None, Some(account)) => self.unclaimed_row_of(owned, account).await?,
                _ => None,
            };
            let save = SaveConnection { claims, ..self.save_of(owned, row.as_ref(), account) };
            match self.save(owned, &save).await? {
                SaveOutcome::Created(connection) | SaveOutcome::AlreadySaved(connection) => {
                    return self.adopted(owned, connection).await;
                }
                SaveOutcome::Replaced { connection, previous } => {
                    let replaced = BrokerReference { provider: connection.provider, id: previous };
                    self.remove.at_once(&replaced).await;
                    return self.adopted(owned, connection).await;
                }
                SaveOutcome::Ended => return Ok(self.ended(owned).await),
                SaveOutcome::TakenByAnother => {
                    let user = owned.owner.user_id.to_string();
                    return self.quarantine(owned.notice, &user, QuarantineReason::TakenByAnother).await;
                }
                SaveOutcome::Moved => {
                    tracing::info!("[SAVE_CONNECTION] {}: it moved meanwhile, deciding anew", self.about(owned));
                }
            }
        }
        match identity {
            Some(Err(error)) => Err(AdoptError::AccountUnreadable(error)),
            Some(Ok(_)) | None => Err(AdoptError::Contended),
        }
    }

    async fn row_of(&self, owner: &Owner, reference: &BrokerReference) -> Result<Option<Connection>, StoreError> {
        self.ports.connections.find_connection(owner.company_id, owner.user_id, reference.provider).await
    }

    fn about<'a>(&self, owned: &'a Owned<'_>) -> About<'a> {
        owned.notice.about(self.company_id, Some(owned.owner.user_id))
    }

    /// The row holds this connection already. It may have been made anew at the broker, by this account or another.
    async fn known(&self, owned: &Owned<'_>, row: &Connection) -> Result<Adoption, AdoptError> {
        tracing::info!("[WEBHOOK_AUTH] {}: looking at connection {} again", self.about(owned), row.id);
        match self.check.check_found(row.clone(), &owned.found, &owned.notice.origin).await? {
            Checked::Healthy(row) => self.adopted(owned, row).await,
            Checked::Lost(row, reason) => Ok(Adoption::Lost(row, reason)),
            Checked::Ended(_) | Checked::Unknown | Checked::Nobodys | Checked::AnotherCompanys => {
                Ok(self.ended(owned).await)
            }
        }
    }

    /// What is of no use to the person any more is of none at the broker either.
    async fn ended(&self, owned: &Owned<'_>) -> Adoption {
        if names_its_owner(&owned.found) {
            self.remove.at_once(&owned.notice.reference).await;
        }
        Adoption::Ended
    }

    /// The account, or why the provider does not say. That the broker is away is no answer of the provider.
    async fn account_of(&self, owned: &Owned<'_>) -> Result<Result<ProviderAccount, WhoAmIError>, AdoptError> {
        if !owned.found.is_authorized {
            let refused = "the broker says that the credentials do not work";
            return Ok(Err(WhoAmIError::Unreadable(refused.into())));
        }
        tracing::info!("[WEBHOOK_AUTH] {}: asking the provider whose account it is", self.about(owned));
        match self.ports.accounts.who_am_i(&owned.found).await {
            Err(WhoAmIError::Broker(error)) => Err(error.into()),
            answer => Ok(answer),
        }
    }

    fn save_of(&self, owned: &Owned<'_>, row: Option<&Connection>, account: Option<ProviderAccount>) -> SaveConnection {
        SaveConnection {
            owner: owned.owner.clone(),
            provider: owned.notice.reference.provider,
            broker_id: owned.notice.reference.id.clone(),
            decided_on: row.map(|row| row.broker_id.clone()),
            claims: None,
            reason: account.is_none().then_some(StatusReason::AccountUnverified),
            account,
            heard_at: self.heard_at(owned.notice),
            at: self.clock.now(),
            origin: owned.notice.origin.clone(),
        }
    }

    /// The connection without user that is known to reach the same account, if there is one. What it reaches is asked at
    /// the provider, where that was never written down; one of which nobody can say so is left alone.
    async fn unclaimed_row_of(
        &self,
        owned: &Owned<'_>,
        account: &ProviderAccount,
    ) -> Result<Option<ConnectionId>, AdoptError> {
        let provider = owned.notice.reference.provider;
        let all = self.ports.unclaimed.list_unclaimed(self.company_id).await?;
        for row in all.into_iter().filter(|row| row.provider == provider) {
            let known = match row.account.clone() {
                Some(known) => Some(known),
                None => match self.identify.unclaimed(&row).await {
                    Err(CheckError::Broker(error)) if is_about_the_old_one(&error, owned.notice.age) => {
                        tracing::warn!("whose connection {} is cannot be asked: {}", row.id, chain(&error));
                        None
                    }
                    answer => answer?,
                },
            };
            if known.is_some_and(|known| known.is_same_as(account)) {
                return Ok(Some(row.id));
            }
        }
        Ok(None)
    }

    async fn save(&self, owned: &Owned<'_>, save: &SaveConnection) -> Result<SaveOutcome, StoreError> {
        let about = self.about(owned);
        tracing::info!("[SAVE_CONNECTION] {about}");
        let saved = self.ports.connections.save_connection(save).await;
        match &saved {
            Ok(SaveOutcome::Created(connection)) => {
                tracing::info!("✅ [SAVE_CONNECTION] SUCCESS: {about}: created {}", connection.id);
            }
            Ok(SaveOutcome::Replaced { connection, previous }) => {
                tracing::info!(
                    "✅ [SAVE_CONNECTION] SUCCESS: {about}: {} replaces {previous} in {}",
                    connection.broker_id,
                    connection.id
                );
            }
            Ok(SaveOutcome::AlreadySaved(connection)) => {
                tracing::info!("✅ [SAVE_CONNECTION] SUCCESS: {about}: saved already as {}", connection.id);
            }
            Ok(SaveOutcome::Moved | SaveOutcome::Ended) => {}
            Ok(SaveOutcome::TakenByAnother) => {
                tracing::error!("❌ [SAVE_CONNECTION] {about}: it is somebody else's connection");
            }
            Err(error) => tracing::error!("❌ [SAVE_CONNECTION] {about}: {}", chain(error)),
        }
        saved
    }

    async fn adopted(&self, owned: &Owned<'_>, row: Connection) -> Result<Adoption, AdoptError> {
        if let Some(connect) = self.ports.connections.find_follow_up(&row).await? {
            let begun = self.follow_up(&row, connect, &owned.notice.origin).await?;
            tracing::info!("[SAVE_CONNECTION] {}: reading: {}", self.about(owned), begun.name());
        }
        Ok(Adoption::Adopted(row))
    }

    /// Does what follows a save: Master is told of the account, it is read, and the session that brought it ends. All of
    /// it may be repeated; it is due until it was done once.
    pub(crate) async fn follow_up(
        &self,
        row: &Connection,
        connect: Connect,
        origin: &Origin,
    ) -> Result<ReadOutcome, StoreError> {
        self.identify.note_original(row).await?;
        let cause = match connect {
            Connect::First => ReadCause::Connected,
            Connect::Again => ReadCause::Reconnected,
        };
        let begun = self.ports.reading.have_read(row, cause, origin).await?;
        self.ports.session_endings.complete(row, self.clock.now()).await?;
        self.ports.connections.followed_up(row).await?;
        Ok(begun)
    }

    async fn refuse(&self, owned: &Owned<'_>) -> Result<Adoption, AdoptError> {
        let reason = RefusalReason::AccountMismatch;
        let refusal = Refusal {
            owner: owned.owner.clone(),
            reference: owned.notice.reference.clone(),
            reason,
            is_to_be_removed: names_its_owner(&owned.found),
            at: self.clock.now(),
            origin: owned.notice.origin.clone(),
        };
        self.ports.session_endings.refuse(&refusal).await?;
        if refusal.is_to_be_removed {
            self.remove.at_once(&refusal.reference).await;
        } else {
            let about = self.about(owned);
            tracing::warn!("[WEBHOOK_AUTH] {about}: left at the broker, which does not know whose it is");
        }
        Ok(Adoption::Refused(reason))
    }
}

/// Whether the failure to ask about an old connection says nothing about the new one, or lasts too long to wait for.
fn is_about_the_old_one(error: &BrokerError, age: Duration) -> bool {
    match error {
        BrokerError::BadAnswer(_) => true,
        BrokerError::Unavailable(_) => age >= IDENTITY_PATIENCE,
        BrokerError::Unauthorised(_) | BrokerError::Throttled { .. } => false,
    }
}

/// Whether the broker itself knows whose the connection is. Of that which only a webhook tells, nothing is removed: it
/// may be somebody else's who goes on using it.
const fn names_its_owner(found: &BrokerConnection) -> bool {
    found.claims.user_id.is_some() && found.claims.company_id.is_some()
}

impl From<CheckError> for AdoptError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Broker(error) => error.into(),
            CheckError::Store(error) => error.into(),
            CheckError::AccountUnreadable(error) => Self::AccountUnreadable(error),
        }
    }
}

#[cfg(test)]
mod tests;
