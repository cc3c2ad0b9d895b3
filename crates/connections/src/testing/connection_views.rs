//! The contract of [`ConnectionViews`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Origin, PageRequest, Provider, UserId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    COMPANY_A, COMPANY_B, InMemoryConnectionViews, NOON, USER_1, USER_2, a_connect_session, a_refusal, a_save,
    an_owner, an_unclaimed_connection,
};
use crate::model::{
    ConnectSession, ConnectSessionId, Connection, ConnectionStatus, ConnectionView, CountedConnection, Owner,
    RefusalReason, SaveConnection, SaveOutcome, Standing, StatusReason, TokenHash, ViewFilter,
};
use crate::ports::{ConnectSessionEndings, ConnectSessionStore, ConnectionStore, ConnectionViews, DirectoryError};

/// Fresh, empty stores and ways to fill them from outside of the port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn views(&self, company_id: CompanyId) -> Arc<dyn ConnectionViews>;
    /// The store of connections in the same database.
    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore>;
    /// The connect sessions in the same database.
    fn sessions(&self, company_id: CompanyId) -> Arc<dyn ConnectSessionStore>;
    /// What became of them.
    fn session_endings(&self, company_id: CompanyId) -> Arc<dyn ConnectSessionEndings>;
    /// Puts a Gmail connection `old-1` without user there, which is there since [`NOON`].
    async fn put_unclaimed(&self, company_id: CompanyId) -> ConnectionId;
    /// Marks a connection as ended by its owner.
    async fn disconnect(&self, company_id: CompanyId, id: ConnectionId, at: OffsetDateTime);
    /// Has the connection's initial sync begun, and come to its end if it `is_complete`.
    async fn begin(&self, id: ConnectionId, is_complete: bool);
    /// Puts a job of the connection there that ended.
    async fn put_job(&self, id: ConnectionId, is_completed: bool, at: OffsetDateTime);
    /// Has the connection bring in so many documents, and one more that has vanished since.
    async fn bring_in(&self, id: ConnectionId, documents: u64);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! connection_views_contract {
    ($harness:expr) => {
        $crate::connection_views_contract! { $harness =>
            a_person_is_told_how_he_stands_with_every_provider,
            a_connection_that_was_begun_may_not_be_begun_again,
            the_last_reading_that_was_completed_counts,
            whoever_tried_another_account_last_is_told_so_until_he_tries_again,
            the_connections_of_a_company_are_listed_each_once_over_all_pages_those_without_user_among_them,
            a_persons_list_holds_his_own_only,
            a_list_is_narrowed_by_status,
            a_connection_counts_the_documents_that_it_brought_in_and_that_have_not_vanished,
            connections_of_another_company_are_not_told_of,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::connection_views::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryConnectionViews`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryConnectionViews>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn views(&self, _: CompanyId) -> Arc<dyn ConnectionViews> {
        self.0.clone()
    }

    fn store(&self, _: CompanyId) -> Arc<dyn ConnectionStore> {
        self.0.connections.clone()
    }

    fn sessions(&self, _: CompanyId) -> Arc<dyn ConnectSessionStore> {
        self.0.sessions.clone()
    }

    fn session_endings(&self, _: CompanyId) -> Arc<dyn ConnectSessionEndings> {
        self.0.sessions.clone()
    }

    async fn put_unclaimed(&self, company_id: CompanyId) -> ConnectionId {
        self.0.connections.put_unclaimed(company_id, an_unclaimed_connection(), NOON);
        an_unclaimed_connection().id
    }

    async fn disconnect(&self, _: CompanyId, id: ConnectionId, at: OffsetDateTime) {
        self.0.connections.disconnect(id, at);
    }

    async fn begin(&self, id: ConnectionId, is_complete: bool) {
        self.0.begin(id, is_complete);
    }

    async fn put_job(&self, id: ConnectionId, is_completed: bool, at: OffsetDateTime) {
        if is_completed {
            self.0.read(id, at);
        }
    }

    async fn bring_in(&self, id: ConnectionId, documents: u64) {
        self.0.bring_in(id, documents);
    }
}

pub async fn a_person_is_told_how_he_stands_with_every_provider(harness: &impl Harness) {
    let gmail = created(harness, COMPANY_A, &a_save()).await;
    let outlook = SaveConnection {
        provider: Provider::Outlook,
        account: None,
        reason: Some(StatusReason::AccountUnverified),
        ..a_save()
    };
    let outlook = created(harness, COMPANY_A, &outlook).await;
    harness.disconnect(COMPANY_A, outlook.id, NOON).await;
    let owner = Owner { user_id: USER_2, ..an_owner() };
    let colleagues = SaveConnection { owner, provider: Provider::GoogleDrive, ..a_save() };
    created(harness, COMPANY_A, &colleagues).await;

    let stands = standing(harness).await;

    let providers: Vec<_> = stands.iter().map(|one| one.provider).collect();
    assert_eq!(providers, Provider::ALL);
    let of = |provider| stands.iter().find(|one| one.provider == provider).and_then(|one| one.connection.clone());
    assert_eq!(of(Provider::Gmail), Some(never_read(gmail)));
    let ended = of(Provider::Outlook).expect("an ended connection");
    assert_eq!((ended.id, ended.status, ended.account), (outlook.id, ConnectionStatus::Disconnected, None));
    assert_eq!((of(Provider::GoogleDrive), of(Provider::QuickBooks)), (None, None));
}

pub async fn a_connection_that_was_begun_may_not_be_begun_again(harness: &impl Harness) {
    let mine = created(harness, COMPANY_A, &a_save()).await;

    for is_complete in [false, true] {
        harness.begin(mine.id, is_complete).await;
        let expected = ConnectionView { may_begin: false, is_complete, ..never_read(mine.clone()) };
        assert_eq!(gmail(harness).await.connection, Some(expected));
    }
}

pub async fn the_last_reading_that_was_completed_counts(harness: &impl Harness) {
    let mine = created(harness, COMPANY_A, &a_save()).await;
    let last = async || {
        let standing = gmail(harness).await.connection.and_then(|one| one.last_read_at);
        (standing, all(harness, ViewFilter::default()).await[0].connection.last_read_at)
    };
    for earlier in [Duration::DAY, Duration::HOUR] {
        harness.put_job(mine.id, true, NOON - earlier).await;
    }
    assert_eq!(last().await, (None, None), "it may have been another account before it was connected");

    for (is_completed, at) in [(true, NOON), (true, NOON + Duration::HOUR), (false, NOON + Duration::DAY)] {
        harness.put_job(mine.id, is_completed, at).await;
    }
    assert_eq!(last().await, (Some(NOON + Duration::HOUR), Some(NOON + Duration::HOUR)));
}

pub async fn whoever_tried_another_account_last_is_told_so_until_he_tries_again(harness: &impl Harness) {
    let session = |n, opened_at| ConnectSession {
        id: ConnectSessionId(Uuid::from_u128(n)),
        token_hash: TokenHash::of(&n.to_string()),
        opened_at,
        ..a_connect_session()
    };
    let sessions = harness.sessions(COMPANY_A);
    sessions.remember(&session(1, NOON), &Origin::default()).await.expect("remembered");
    assert_eq!(gmail(harness).await.refused, None);

    harness.session_endings(COMPANY_A).refuse(&a_refusal()).await.expect("refused");
    assert_eq!(gmail(harness).await.refused, Some(RefusalReason::AccountMismatch));
    let others = standing(harness).await.into_iter().filter(|one| one.provider != Provider::Gmail);
    assert!(others.into_iter().all(|one| one.refused.is_none()));

    sessions.remember(&session(2, NOON + Duration::MINUTE), &Origin::default()).await.expect("remembered");
    assert_eq!(gmail(harness).await.refused, None);
}

pub async fn the_connections_of_a_company_are_listed_each_once_over_all_pages_those_without_user_among_them(
    harness: &impl Harness,
) {
    let mut ids = vec![harness.put_unclaimed(COMPANY_A).await];
    for n in 1..=4 {
        let owner = Owner { user_id: UserId::new(Uuid::from_u128(n)), ..an_owner() };
        let broker_id = BrokerConnectionId::new(format!("broker-{n}"));
        ids.push(created(harness, COMPANY_A, &SaveConnection { owner, broker_id, ..a_save() }).await.id);
    }
    ids.sort();
    ids.reverse();

    let listed = all(harness, ViewFilter::default()).await;

    assert_eq!(listed.iter().map(|one| one.connection.id).collect::<Vec<_>>(), ids);
    let nobodys = listed.iter().find(|one| one.connection.user_id.is_none()).expect("one without user");
    let told = &nobodys.connection;
    assert_eq!((told.status, told.reason), (ConnectionStatus::NeedsReauthorization, Some(StatusReason::NoUser)));
    assert_eq!((told.connected_at, told.user_email.clone()), (NOON, None));
    let nonsense = PageRequest::new(None, Some("nonsense".to_owned()));
    let refused = harness.views(COMPANY_A).list_connections(COMPANY_A, &ViewFilter::default(), &nonsense).await;
    assert!(matches!(refused, Err(DirectoryError::Cursor)), "{refused:?}");
}

pub async fn a_persons_list_holds_his_own_only(harness: &impl Harness) {
    harness.put_unclaimed(COMPANY_A).await;
    let mine = created(harness, COMPANY_A, &a_save()).await;
    let owner = Owner { user_id: USER_2, ..an_owner() };
    let broker_id = BrokerConnectionId::new("broker-7");
    created(harness, COMPANY_A, &SaveConnection { owner, broker_id, ..a_save() }).await;

    let own = all(harness, ViewFilter { user_id: Some(USER_1), status: None }).await;

    assert_eq!(own, [CountedConnection { connection: never_read(mine), documents: 0 }]);
}

pub async fn a_list_is_narrowed_by_status(harness: &impl Harness) {
    let nobodys = harness.put_unclaimed(COMPANY_A).await;
    let mine = created(harness, COMPANY_A, &a_save()).await;
    let outlook = created(harness, COMPANY_A, &SaveConnection { provider: Provider::Outlook, ..a_save() }).await;
    harness.disconnect(COMPANY_A, outlook.id, NOON).await;

    for (status, id) in [
        (ConnectionStatus::Active, mine.id),
        (ConnectionStatus::NeedsReauthorization, nobodys),
        (ConnectionStatus::Disconnected, outlook.id),
    ] {
        let listed = all(harness, ViewFilter { user_id: None, status: Some(status) }).await;
        assert_eq!(listed.iter().map(|one| one.connection.id).collect::<Vec<_>>(), [id], "{status:?}");
    }
}

pub async fn a_connection_counts_the_documents_that_it_brought_in_and_that_have_not_vanished(harness: &impl Harness) {
    let mine = created(harness, COMPANY_A, &a_save()).await;
    harness.bring_in(mine.id, 3).await;

    assert_eq!(all(harness, ViewFilter::default()).await[0].documents, 3);
}

pub async fn connections_of_another_company_are_not_told_of(harness: &impl Harness) {
    let elsewhere = SaveConnection { owner: Owner { company_id: COMPANY_B, ..an_owner() }, ..a_save() };
    created(harness, COMPANY_B, &elsewhere).await;
    harness.put_unclaimed(COMPANY_B).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let views = harness.views(deployment);
        let stands = views.find_standing(COMPANY_A, USER_1).await.expect("an answer");
        assert!(stands.iter().all(|one| one.connection.is_none() && one.refused.is_none()));
        let page = PageRequest::new(None, None);
        let listed = views.list_connections(COMPANY_A, &ViewFilter::default(), &page).await.expect("a list");
        assert_eq!(listed.items, []);
    }
}

fn never_read(row: Connection) -> ConnectionView {
    ConnectionView {
        id: row.id,
        provider: row.provider,
        broker_id: row.broker_id,
        user_id: Some(row.owner.user_id),
        user_email: Some(row.owner.email),
        account: row.account,
        status: row.status,
        reason: row.reason,
        connected_at: row.connected_at,
        status_changed_at: row.status_changed_at,
        last_read_at: None,
        may_begin: true,
        is_complete: false,
    }
}

async fn standing(harness: &impl Harness) -> Vec<Standing> {
    harness.views(COMPANY_A).find_standing(COMPANY_A, USER_1).await.expect("an answer")
}

async fn gmail(harness: &impl Harness) -> Standing {
    standing(harness).await.into_iter().find(|one| one.provider == Provider::Gmail).expect("one of each provider")
}

async fn all(harness: &impl Harness, filter: ViewFilter) -> Vec<CountedConnection> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let page = PageRequest::new(Some(2), cursor);
        let listed = harness.views(COMPANY_A).list_connections(COMPANY_A, &filter, &page).await.expect("a list");
        assert!(listed.items.len() <= 2);
        all.extend(listed.items);
        cursor = listed.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

async fn created(harness: &impl Harness, company_id: CompanyId, save: &SaveConnection) -> Connection {
    match harness.store(company_id).save_connection(save).await.expect("an outcome") {
        SaveOutcome::Created(connection) => connection,
        other => panic!("expected a new row, got {other:?}"),
    }
}
