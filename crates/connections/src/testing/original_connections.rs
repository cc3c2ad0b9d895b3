//! The contract of [`OriginalConnections`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, Provider};
use futures_util::future::join_all;
use time::{Duration, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B, InMemoryOriginalConnections, NOON, USER_1, USER_2, a_connected_account, an_owner};
use crate::model::{ConnectedAccount, OriginalConnection, Owner, ProviderAccount};
use crate::ports::OriginalConnections;

const LATER: OffsetDateTime = NOON.saturating_add(Duration::HOUR);

/// A fresh store with [`COMPANY_A`] and [`COMPANY_B`] in it, and no connections.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test, as the deployment of this company uses it.
    fn originals(&self, company_id: CompanyId) -> Arc<dyn OriginalConnections>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! original_connections_contract {
    ($harness:expr) => {
        $crate::original_connections_contract! { $harness =>
            the_first_connected_account_is_the_original_one,
            the_same_connection_told_again_changes_nothing,
            the_same_account_by_another_connection_counts_as_a_reconnect,
            another_account_begins_anew,
            the_original_of_another_user_or_provider_reads_as_absent,
            the_original_of_another_company_reads_as_absent,
            the_same_connection_told_twenty_times_at_once_is_told_once,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::original_connections::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryOriginalConnections`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryOriginalConnections>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn originals(&self, _: CompanyId) -> Arc<dyn OriginalConnections> {
        self.0.clone()
    }
}

pub async fn the_first_connected_account_is_the_original_one(harness: &impl Harness) {
    for account in [
        ProviderAccount { id: Some("account-7".to_owned()), email: None },
        ProviderAccount { id: None, email: Some("mailbox@example.com".parse().expect("an address")) },
    ] {
        let provider = if account.email.is_some() { Provider::Gmail } else { Provider::QuickBooks };
        let connected = ConnectedAccount { account: account.clone(), provider, ..a_connected_account() };
        note(harness, &connected).await;

        let connected_at = Some(connected.at);
        let expected = OriginalConnection { account, broker_id: connected.broker_id, connected_at, reconnects: 0 };
        assert_eq!(found(harness, provider).await, Some(expected));
    }
}

pub async fn the_same_connection_told_again_changes_nothing(harness: &impl Harness) {
    note(harness, &a_connected_account()).await;
    let before = found(harness, Provider::Gmail).await;

    note(harness, &a_connected_account()).await;

    assert_eq!(found(harness, Provider::Gmail).await, before);
}

pub async fn the_same_account_by_another_connection_counts_as_a_reconnect(harness: &impl Harness) {
    note(harness, &a_connected_account()).await;

    note(harness, &again("broker-2", "Mailbox@Example.com")).await;
    note(harness, &again("broker-2", "Mailbox@Example.com")).await;
    note(harness, &again("broker-3", "mailbox@example.com")).await;

    let expected = OriginalConnection {
        account: a_connected_account().account,
        broker_id: BrokerConnectionId::new("broker-3"),
        connected_at: Some(LATER),
        reconnects: 2,
    };
    assert_eq!(found(harness, Provider::Gmail).await, Some(expected));
}

pub async fn another_account_begins_anew(harness: &impl Harness) {
    note(harness, &a_connected_account()).await;
    note(harness, &again("broker-2", "mailbox@example.com")).await;
    let other = again("broker-3", "other@example.com");

    note(harness, &other).await;

    let expected = OriginalConnection {
        account: other.account,
        broker_id: other.broker_id,
        connected_at: Some(other.at),
        reconnects: 0,
    };
    assert_eq!(found(harness, Provider::Gmail).await, Some(expected));
}

pub async fn the_original_of_another_user_or_provider_reads_as_absent(harness: &impl Harness) {
    note(harness, &a_connected_account()).await;

    let originals = harness.originals(COMPANY_A);
    let colleagues = originals.find_original(COMPANY_A, USER_2, Provider::Gmail).await.expect("an answer");

    assert_eq!((colleagues, found(harness, Provider::Outlook).await), (None, None));
}

pub async fn the_original_of_another_company_reads_as_absent(harness: &impl Harness) {
    let owner = Owner { company_id: COMPANY_B, ..an_owner() };
    let elsewhere = ConnectedAccount { owner, ..a_connected_account() };
    harness.originals(COMPANY_B).note(&elsewhere).await.expect("noted");

    for deployment in [COMPANY_A, COMPANY_B] {
        let found = harness.originals(deployment).find_original(COMPANY_A, USER_1, Provider::Gmail).await;
        assert_eq!(found.expect("an answer"), None);
    }
}

pub async fn the_same_connection_told_twenty_times_at_once_is_told_once(harness: &impl Harness) {
    let originals = harness.originals(COMPANY_A);
    let (first, second) = (a_connected_account(), again("broker-2", "mailbox@example.com"));

    for connected in [&first, &second] {
        for noted in join_all((0..20).map(|_| originals.note(connected))).await {
            noted.expect("noted");
        }
    }

    let expected = OriginalConnection {
        account: first.account,
        broker_id: second.broker_id,
        connected_at: Some(second.at),
        reconnects: 1,
    };
    assert_eq!(found(harness, Provider::Gmail).await, Some(expected));
}

async fn note(harness: &impl Harness, connected: &ConnectedAccount) {
    harness.originals(COMPANY_A).note(connected).await.expect("noted");
}

async fn found(harness: &impl Harness, provider: Provider) -> Option<OriginalConnection> {
    harness.originals(COMPANY_A).find_original(COMPANY_A, USER_1, provider).await.expect("an answer")
}

fn again(broker_id: &str, email: &str) -> ConnectedAccount {
    ConnectedAccount {
        account: ProviderAccount { id: None, email: Some(email.parse().expect("an address")) },
        broker_id: BrokerConnectionId::new(broker_id),
        at: LATER,
        ..a_connected_account()
    }
}
