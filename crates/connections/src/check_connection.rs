//! How a connection of ours fares at the broker.

use std::sync::Arc;

use cortex_kernel::{Clock, CompanyId, Origin, StoreError};
use thiserror::Error;

use crate::adopt_connection::AdoptPorts;
use crate::identify_account::known_account;
use crate::model::{BrokerConnection, BrokerReference, Connection, ConnectionStatus, StatusReason};
use crate::ports::{BrokerError, WhoAmIError};

/// Asks the broker how a connection of ours fares, and writes down what is news. Before one is used again whose
/// credentials may have been exchanged, the provider is asked whether it still is the same account.
#[derive(Clone)]
pub struct CheckConnection {
    company_id: CompanyId,
    ports: AdoptPorts,
    clock: Arc<dyn Clock>,
}

/// What there is to say of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It can be read from, and maybe could not before.
    Healthy(Connection),
    /// Only its owner can mend it.
    Lost(Connection, StatusReason),
    /// Its owner ended it.
    Ended(Connection),
    /// It is none of ours, as far as we know.
    Unknown,
    /// It is known to be nobody's.
    Nobodys,
    /// It is another company's.
    AnotherCompanys,
}

/// Nothing can be said about a connection, or about all of them, yet. What was found until then stays.
#[derive(Debug, Error)]
pub enum CheckError {
    /// The broker could not be asked.
    #[error("the broker could not be asked about connections")]
    Broker(#[from] BrokerError),
    /// A database could not be asked, or did not take what is news.
    #[error("connections could not be looked up or changed")]
    Store(#[from] StoreError),
    /// The provider does not say whose account it is, and that has to be known.
    #[error("whose account it is cannot be read")]
    AccountUnreadable(#[source] WhoAmIError),
}

impl CheckConnection {
    /// Checks connections of `company_id`, the company of this deployment.
    #[must_use]
    pub const fn new(company_id: CompanyId, ports: AdoptPorts, clock: Arc<dyn Clock>) -> Self {
        Self { company_id, ports, clock }
    }

    /// Checks the connection that the broker knows by this name. Whose it is only the broker may know, so it is asked
    /// unless we know that it is nobody's.
    pub async fn check(&self, reference: &BrokerReference, origin: &Origin) -> Result<Checked, CheckError> {
        let row = self.ports.health.find_brokered(self.company_id, reference).await?;
        if row.is_none() && self.ports.health.is_nobodys(self.company_id, reference).await? {
            return Ok(Checked::Nobodys);
        }
        let found = self.ports.brokered.find(reference).await?;
        let is_anothers = |found: &BrokerConnection| found.claims.name_another_company_than(self.company_id);
        if found.as_ref().is_some_and(is_anothers) {
            return Ok(Checked::AnotherCompanys);
        }
        match row {
            Some(row) => {
                let may_be_anothers = row.status != ConnectionStatus::Active;
                self.settle(row, found.as_ref(), may_be_anothers, origin).await
            }
            None => Ok(Checked::Unknown),
        }
    }

    /// The same for a row that is known.
    pub async fn check_row(&self, row: Connection, origin: &Origin) -> Result<Checked, CheckError> {
        let found = self.ports.brokered.find(&row.reference()).await?;
        let may_be_anothers = row.status != ConnectionStatus::Active;
        self.settle(row, found.as_ref(), may_be_anothers, origin).await
    }

    /// The same for a row whose connection was found at the broker, and may have been made anew there.
    pub(crate) async fn check_found(
        &self,
        row: Connection,
        found: &BrokerConnection,
        origin: &Origin,
    ) -> Result<Checked, CheckError> {
        self.settle(row, Some(found), true, origin).await
    }

    async fn settle(
        &self,
        row: Connection,
        found: Option<&BrokerConnection>,
        may_be_anothers: bool,
        origin: &Origin,
    ) -> Result<Checked, CheckError> {
        if row.status == ConnectionStatus::Disconnected {
            return Ok(Checked::Ended(row));
        }
        let (id, user) = (row.id, row.owner.user_id);
        let lost = match found {
            None => Some(StatusReason::RemovedAtBroker),
            Some(found) if !found.is_authorized => Some(StatusReason::CredentialsRefused),
            Some(found) if may_be_anothers && self.is_another(&row, found).await? => {
                Some(StatusReason::AccountMismatch)
            }
            Some(_) => None,
        };
        let (health, at) = (&self.ports.health, self.clock.now());
        if let Some(reason) = lost {
            if health.mark_needs_reauthorization(&row, reason, at, origin).await? {
                let why = reason.name();
                tracing::warn!(
                    "connection {id} of user {user}, company {}, needs re-authorization: {why}",
                    self.company_id
                );
            }
            return Ok(Checked::Lost(row, reason));
        }
        if row.status == ConnectionStatus::NeedsReauthorization && health.mark_healthy(&row, at, origin).await? {
            tracing::info!("connection {id} of user {user}, company {}, is healthy again", self.company_id);
        }
        Ok(Checked::Healthy(row))
    }

    /// Whether another account stands behind the connection than the one that it was connected for.
    async fn is_another(&self, row: &Connection, found: &BrokerConnection) -> Result<bool, CheckError> {
        let Some(known) = known_account(self.ports.originals.as_ref(), row).await? else { return Ok(false) };
        match self.ports.accounts.who_am_i(found).await {
            Ok(account) => Ok(!account.is_same_as(&known)),
            Err(WhoAmIError::Broker(error)) => Err(error.into()),
            Err(error @ WhoAmIError::Unreadable(_)) => Err(CheckError::AccountUnreadable(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::OwnerClaims;
    use crate::scene::{Scene, account, at_broker, away};
    use crate::testing::{COMPANY_A, COMPANY_B, NOON, a_claim, a_connection, an_account, an_unclaimed_connection};

    fn needing(reason: StatusReason) -> Connection {
        Connection { status: ConnectionStatus::NeedsReauthorization, reason: Some(reason), ..a_connection() }
    }

    async fn status(scene: &Scene) -> (ConnectionStatus, Option<StatusReason>) {
        let row = scene.row().await.unwrap();
        (row.status, row.reason)
    }

    #[rstest]
    #[case::healthy(a_connection(), Some(true), (ConnectionStatus::Active, None))]
    #[case::refused(
        a_connection(),
        Some(false),
        (ConnectionStatus::NeedsReauthorization, Some(StatusReason::CredentialsRefused))
    )]
    #[case::removed(a_connection(), None, (ConnectionStatus::NeedsReauthorization, Some(StatusReason::RemovedAtBroker)))]
    #[case::healthy_again(needing(StatusReason::CredentialsRefused), Some(true), (ConnectionStatus::Active, None))]
    #[case::there_again(needing(StatusReason::RemovedAtBroker), Some(true), (ConnectionStatus::Active, None))]
    #[case::refused_still(
        needing(StatusReason::CredentialsRefused),
        Some(false),
        (ConnectionStatus::NeedsReauthorization, Some(StatusReason::CredentialsRefused))
    )]
    #[tokio::test]
    async fn a_connection_stands_as_the_broker_reads_it(
        #[case] row: Connection,
        #[case] authorized_at_the_broker: Option<bool>,
        #[case] expected: (ConnectionStatus, Option<StatusReason>),
    ) {
        let scene = Scene::with([row]);
        if let Some(is_authorized) = authorized_at_the_broker {
            scene.broker.has(BrokerConnection { is_authorized, ..at_broker("broker-1") }, Some(an_account()));
        }

        scene.check().check(&at_broker("broker-1").reference, &Origin::default()).await.unwrap();

        assert_eq!(status(&scene).await, expected);
    }

    /// Somebody mended it at the broker, by another account than its owner had connected.
    #[tokio::test]
    async fn what_was_lost_comes_back_only_for_the_same_account() {
        let scene = Scene::with([needing(StatusReason::CredentialsRefused)]);
        let check = async || scene.check().check(&at_broker("broker-1").reference, &Origin::default()).await;

        scene.broker.has(at_broker("broker-1"), Some(account("private@example.com")));
        let other = check().await.unwrap();
        scene.broker.has(at_broker("broker-1"), None);
        let unreadable = check().await;

        assert!(matches!(other, Checked::Lost(_, StatusReason::AccountMismatch)), "{other:?}");
        assert!(matches!(unreadable, Err(CheckError::AccountUnreadable(_))), "{unreadable:?}");
        assert_eq!(status(&scene).await.0, ConnectionStatus::NeedsReauthorization);
    }

    #[tokio::test]
    async fn what_is_ended_stays_so() {
        let scene = Scene::with([Connection { status: ConnectionStatus::Disconnected, ..a_connection() }]);
        scene.broker.has(at_broker("broker-1"), None);

        let checked = scene.check().check(&at_broker("broker-1").reference, &Origin::default()).await.unwrap();

        assert!(matches!(checked, Checked::Ended(_)), "{checked:?}");
        assert_eq!(status(&scene).await.0, ConnectionStatus::Disconnected);
    }

    #[tokio::test]
    async fn a_connection_without_a_row_is_unknown_or_another_companys() {
        let scene = Scene::new();
        scene.broker.has(at_broker("broker-1"), None);
        let claims = OwnerClaims { company_id: Some(COMPANY_B.to_string()), ..a_claim() };
        scene.broker.has(BrokerConnection { claims, ..at_broker("broker-2") }, None);
        let check = scene.check();

        assert_eq!(check.check(&at_broker("broker-1").reference, &Origin::default()).await.unwrap(), Checked::Unknown);
        assert_eq!(
            check.check(&at_broker("broker-2").reference, &Origin::default()).await.unwrap(),
            Checked::AnotherCompanys
        );
        assert_eq!(check.check(&at_broker("broker-3").reference, &Origin::default()).await.unwrap(), Checked::Unknown);
    }

    /// Nango would try its credentials each time, and tell us of each failure.
    #[tokio::test]
    async fn about_what_is_known_to_be_nobodys_the_broker_is_not_asked() {
        let scene = Scene::new();
        scene.connections.put_unclaimed(COMPANY_A, an_unclaimed_connection(), NOON);
        scene.broker.fail(Some(away));

        let checked = scene.check().check(&an_unclaimed_connection().reference(), &Origin::default()).await.unwrap();

        assert_eq!(checked, Checked::Nobodys);
    }

    #[rstest]
    #[case::away(away)]
    #[case::our_key(|| BrokerError::Unauthorised("is the key right".into()))]
    #[case::nonsense(|| BrokerError::BadAnswer("a page".into()))]
    #[tokio::test]
    async fn a_broker_that_cannot_be_asked_changes_nothing(#[case] failure: fn() -> BrokerError) {
        let scene = Scene::with([a_connection()]);
        scene.broker.fail(Some(failure));

        let checked = scene.check().check(&at_broker("broker-1").reference, &Origin::default()).await;

        assert!(matches!(checked, Err(CheckError::Broker(_))), "{checked:?}");
        assert_eq!(status(&scene).await, (ConnectionStatus::Active, None));
    }
}
