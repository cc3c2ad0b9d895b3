//! The broker's connections and ours are compared, so that a webhook that was lost costs time and nothing else.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{Clock, CompanyId, Origin, Provider, UserId};
use time::OffsetDateTime;

use crate::adopt_connection::{AdoptConnection, AdoptError, AdoptPorts, Adoption, ConnectionNotice};
use crate::check_connection::{CheckConnection, CheckError, Checked};
use crate::identify_account::IdentifyAccount;
use crate::log::chain;
use crate::model::{
    BrokerFilter, BrokerReference, Connection, ConnectionStatus, ListedConnection, OwnerClaims, QuarantineReason,
    QuarantinedConnection, Removal, UnclaimedConnection,
};
use crate::ports::{BrokerError, Turns};

/// Compares what the broker has with what we have.
///
/// - A connection that we do not know is adopted as if its webhook had come, if it is newer than what its owner has.
///   An older one is left over, and put into quarantine.
/// - One that we ended or replaced is removed at the broker.
/// - One that the broker lost, or that it can no longer use, needs re-authorization; one that it can use again does not.
pub struct Reconcile {
    company_id: CompanyId,
    ports: AdoptPorts,
    turns: Arc<dyn Turns>,
    adopt: Arc<AdoptConnection>,
    check: CheckConnection,
    identify: IdentifyAccount,
    clock: Arc<dyn Clock>,
}

/// What a comparison came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Connections that the broker has.
    pub found: u64,
    /// Those of them that we did not know and that are somebody's now.
    pub saved: u64,
    /// Connections of ours that turned out to need re-authorization, or not to need it any more.
    pub changed: u64,
    /// Connections at the broker that are nobody's.
    pub left_over: u64,
    /// Connections at the broker that we had given up.
    pub removed: u64,
}

/// How often all of a company's connections are compared. A webhook that is lost costs as much time at most.
const EVERY: Duration = Duration::from_mins(15);

const TURN: &str = "reconcile_connections";

/// Most parts of the broker's list that are read: more connections than any company has.
const MOST_PARTS: u32 = 200;

/// Connections of ours that are read at once.
const ROWS: u16 = 500;

/// So many may vanish at the broker at once without a question: more, if they are most of all, look like the key of
/// another environment.
const MOST_VANISHED: usize = 1;

/// Failures about single connections that end a comparison: then it is not about them.
const MOST_FAILURES: u32 = 3;

/// Failures about single connections so far.
#[derive(Default)]
struct Failures(u32);

/// What became of a connection that we did not know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is somebody's now.
    Saved,
    /// That cannot be said yet.
    Open,
    /// It is nobody's.
    NotTaken,
}

/// What is compared: the broker's connections and ours of the same people and providers.
struct Both {
    listed: Vec<ListedConnection>,
    rows: Vec<Connection>,
    /// Those of ours of which nobody knows whose they are.
    unclaimed: Vec<UnclaimedConnection>,
}

impl Reconcile {
    /// Compares the connections of `company_id`, the company of this deployment.
    #[must_use]
    pub fn new(
        company_id: CompanyId,
        ports: AdoptPorts,
        turns: Arc<dyn Turns>,
        adopt: Arc<AdoptConnection>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let check = CheckConnection::new(company_id, ports.clone(), Arc::clone(&clock));
        let identify = IdentifyAccount::new(company_id, ports.clone(), Arc::clone(&clock));
        Self { company_id, ports, turns, adopt, check, identify, clock }
    }

    /// Compares everything, if it is this process's turn; else there is nothing to do.
    pub async fn tick(&self) -> Result<Option<Reconciled>, CheckError> {
        if !self.turns.take_turn(self.company_id, TURN, EVERY).await? {
            return Ok(None);
        }
        self.everything().await.map(Some)
    }

    /// Compares all connections of the company.
    pub async fn everything(&self) -> Result<Reconciled, CheckError> {
        let filter = BrokerFilter { company_id: self.company_id, user_id: None, provider: None };
        let unclaimed = self.ports.unclaimed.list_unclaimed(self.company_id).await?;
        let both = Both { listed: self.listed(&filter).await?, rows: self.rows().await?, unclaimed };
        let mut failures = Failures::default();
        let mut result = self.compare(&both, &Origin::default(), &mut failures).await?;
        result.changed += self.vanished(&both, &Origin::default(), &mut failures).await?;
        self.identify(&both, &mut failures).await?;
        for (row, connect) in self.ports.connections.list_follow_ups(self.company_id).await? {
            self.adopt.follow_up(&row, connect, &Origin::default()).await?;
        }
        if result != (Reconciled { found: result.found, ..Reconciled::default() }) {
            tracing::info!(company = %self.company_id, ?result, "connections were compared with the broker's");
        }
        Ok(result)
    }

    /// Compares the connections of a person and provider, because he asks.
    pub async fn of_person(
        &self,
        user_id: UserId,
        provider: Provider,
        origin: &Origin,
    ) -> Result<Reconciled, CheckError> {
        let filter = BrokerFilter { company_id: self.company_id, user_id: Some(user_id), provider: Some(provider) };
        let listed = self.listed(&filter).await?;
        let row = self.ports.connections.find_connection(self.company_id, user_id, provider).await?;
        let unclaimed = self.ports.unclaimed.list_unclaimed(self.company_id).await?;
        let both = Both { listed, rows: row.into_iter().collect(), unclaimed };
        let mut failures = Failures::default();
        let mut result = self.compare(&both, origin, &mut failures).await?;
        result.changed += self.vanished(&both, origin, &mut failures).await?;
        for row in &both.rows {
            if let Some(connect) = self.ports.connections.find_follow_up(row).await? {
                self.adopt.follow_up(row, connect, origin).await?;
            }
        }
        Ok(result)
    }

    /// The broker's list, the newest first, each once although it may move while it is read.
    async fn listed(&self, filter: &BrokerFilter) -> Result<Vec<ListedConnection>, CheckError> {
        let mut seen = HashSet::new();
        let mut listed = Vec::new();
        for part in 0..MOST_PARTS {
            let page = self.ports.brokered.list(filter, part).await?;
            listed.extend(page.connections.into_iter().filter(|one| seen.insert(one.reference.clone())));
            if page.is_last {
                return Ok(listed);
            }
        }
        tracing::warn!("the broker lists more connections of this company than are compared");
        Ok(listed)
    }

    async fn rows(&self) -> Result<Vec<Connection>, CheckError> {
        let mut rows: Vec<Connection> = Vec::new();
        let mut after = None;
        loop {
            let part = self.ports.connections.list_owned(self.company_id, after, ROWS).await?;
            rows.extend(part.connections);
            after = part.next;
            if after.is_none() {
                return Ok(rows);
            }
        }
    }

    async fn compare(&self, both: &Both, origin: &Origin, failures: &mut Failures) -> Result<Reconciled, CheckError> {
        let known: HashMap<BrokerReference, &Connection> = both.rows.iter().map(|row| (row.reference(), row)).collect();
        let mut in_order: HashSet<BrokerReference> =
            self.ports.removals.list_pending(self.company_id).await?.into_iter().collect();
        in_order.extend(both.unclaimed.iter().map(UnclaimedConnection::reference));
        let mut result = Reconciled { found: both.listed.len() as u64, ..Reconciled::default() };
        let mut newer = HashSet::new();
        for one in both.listed.iter().filter(|one| !in_order.contains(&one.reference)) {
            match known.get(&one.reference) {
                Some(row) if row.status == ConnectionStatus::Disconnected => {
                    let removal = Removal { company_id: self.company_id, reference: one.reference.clone() };
                    self.ports.removals.put(&removal).await?;
                    result.removed += 1;
                }
                Some(row) => {
                    let changed = failures.bear(&one.reference, self.health_of(row, one, origin).await)?;
                    result.changed += u64::from(changed.unwrap_or(false));
                }
                None => {
                    let person = one.claims.user().map(|user| (user, one.reference.provider));
                    let is_the_newest = person.is_none_or(|person| !newer.contains(&person));
                    if is_the_newest && both.has_nothing_newer_than(one) {
                        let adopted = self.adopt(one, origin).await;
                        let fate = failures.bear(&one.reference, adopted)?.unwrap_or(Fate::Open);
                        result.saved += u64::from(fate == Fate::Saved);
                        newer.extend(person.filter(|_| fate != Fate::NotTaken));
                    } else {
                        self.leave_over(one, origin).await?;
                        result.left_over += 1;
                    }
                }
            }
        }
        Ok(result)
    }

    /// Looks closer at a connection unless its row and the broker's list both say that it is well. One that is not may
    /// have become so: the broker tries its credentials when it is asked for it, and not for its list. Whether that was
    /// news.
    async fn health_of(
        &self,
        row: &Connection,
        listed: &ListedConnection,
        origin: &Origin,
    ) -> Result<bool, CheckError> {
        if listed.is_authorized && row.status == ConnectionStatus::Active {
            return Ok(false);
        }
        let checked = self.check.check_row(row.clone(), origin).await?;
        Ok(match checked {
            Checked::Healthy(_) => row.status != ConnectionStatus::Active,
            Checked::Lost(..) => row.status == ConnectionStatus::Active,
            Checked::Ended(_) | Checked::Unknown | Checked::Nobodys | Checked::AnotherCompanys => false,
        })
    }

    /// Adopts a connection that we do not know. What speaks against one is logged, and speaks against no other.
    async fn adopt(&self, one: &ListedConnection, origin: &Origin) -> Result<Fate, CheckError> {
        let age = (self.clock.now() - one.created_at).try_into().unwrap_or_default();
        let claims = OwnerClaims::default();
        let notice = ConnectionNotice { reference: one.reference.clone(), claims, age, origin: origin.clone() };
        match self.adopt.adopt(&notice).await {
            Ok(Adoption::Adopted(_)) => Ok(Fate::Saved),
            Ok(_) => Ok(Fate::NotTaken),
            Err(AdoptError::Broker(error)) => Err(error.into()),
            Err(AdoptError::Store(error)) if error.is_transient() => Err(error.into()),
            Err(
                error @ (AdoptError::Missing(_)
                | AdoptError::AccountUnreadable(_)
                | AdoptError::Store(_)
                | AdoptError::Contended),
            ) => {
                let BrokerReference { provider, id } = &one.reference;
                tracing::warn!("the {provider} connection {id} is not adopted: {}", chain(&error));
                Ok(if matches!(error, AdoptError::Missing(_)) { Fate::NotTaken } else { Fate::Open })
            }
        }
    }

    async fn leave_over(&self, one: &ListedConnection, origin: &Origin) -> Result<(), CheckError> {
        let quarantined = QuarantinedConnection {
            company_id: self.company_id,
            reference: one.reference.clone(),
            claimed_user_id: one.claims.user_id.clone().unwrap_or_default(),
            reason: QuarantineReason::LeftOver,
            origin: origin.clone(),
        };
        Ok(self.ports.quarantine.quarantine(&quarantined).await?)
    }

    /// Looks closer at connections of ours that the broker does not list. Answers of how many that was news.
    async fn vanished(&self, both: &Both, origin: &Origin, failures: &mut Failures) -> Result<u64, CheckError> {
        let listed: HashSet<&BrokerReference> = both.listed.iter().map(|one| &one.reference).collect();
        let connected: Vec<_> = both.rows.iter().filter(|row| row.status.is_connected()).collect();
        let vanished: Vec<_> = connected.iter().filter(|row| !listed.contains(&row.reference())).collect();
        if vanished.len() > MOST_VANISHED && vanished.len() * 2 > connected.len() {
            tracing::error!(
                "the broker knows {} of our {} connections: nothing is changed. Is NANGO_SECRET_KEY that of another \
                 environment?",
                connected.len() - vanished.len(),
                connected.len()
            );
            return Ok(0);
        }
        let mut changed = 0;
        for row in vanished {
            let checked = failures.bear(&row.reference(), self.check.check_row((**row).clone(), origin).await)?;
            changed += u64::from(matches!(checked, Some(Checked::Lost(..))) && row.status == ConnectionStatus::Active);
        }
        Ok(changed)
    }

    /// Asks again whose accounts stand behind connections of which that is not known yet.
    async fn identify(&self, both: &Both, failures: &mut Failures) -> Result<(), CheckError> {
        let unidentified = |row: &&Connection| row.status == ConnectionStatus::Active && row.account.is_none();
        for row in both.rows.iter().filter(unidentified) {
            if failures.bear(&row.reference(), self.identify.owned(row).await)?.unwrap_or(false) {
                tracing::info!("the account behind connection {} is known now", row.id);
            }
        }
        for row in both.unclaimed.iter().filter(|row| row.account.is_none()) {
            failures.bear(&row.reference(), self.identify.unclaimed(row).await)?;
        }
        Ok(())
    }
}

impl Failures {
    /// What came of asking about one connection; none where that failed for reasons of its own. They are logged.
    fn bear<T>(&mut self, reference: &BrokerReference, answer: Result<T, CheckError>) -> Result<Option<T>, CheckError> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(CheckError::Broker(error @ (BrokerError::BadAnswer(_) | BrokerError::Unavailable(_))))
                if self.0 < MOST_FAILURES =>
            {
                self.0 += 1;
                let BrokerReference { provider, id } = reference;
                tracing::warn!("the {provider} connection {id} is left as it is: {}", chain(&error));
                Ok(None)
            }
            Err(CheckError::AccountUnreadable(error)) => {
                let BrokerReference { provider, id } = reference;
                tracing::warn!("the {provider} connection {id} is left as it is: {}", chain(&error));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Both {
    /// Whether the owner of a connection that we do not know has nothing that is newer: neither another connection, nor
    /// has he ended one since.
    fn has_nothing_newer_than(&self, one: &ListedConnection) -> bool {
        let his =
            |row: &&Connection| row.provider == one.reference.provider && Some(row.owner.user_id) == one.claims.user();
        let Some(row) = self.rows.iter().find(his) else { return true };
        self.settled_at(row) < one.created_at
    }

    /// Since when a row has been as it is.
    fn settled_at(&self, row: &Connection) -> OffsetDateTime {
        let reference = row.reference();
        let listed = self.listed.iter().find(|one| one.reference == reference);
        match (row.status, listed) {
            (ConnectionStatus::Disconnected, _) => row.status_changed_at,
            (ConnectionStatus::Active | ConnectionStatus::NeedsReauthorization, Some(listed)) => listed.created_at,
            (ConnectionStatus::Active | ConnectionStatus::NeedsReauthorization, None) => row.connected_at,
        }
    }
}

#[cfg(test)]
mod tests;
