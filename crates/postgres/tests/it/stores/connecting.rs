//! The way from a webhook to a connection over all stores that it touches; only the broker is made up.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cortex_connections::model::{BrokerConnection, BrokerReference, ProviderAccount, Webhook, WebhookEvent};
use cortex_connections::ports::{
    ConnectSessionStore, ConnectionStore, MockAccountReading, MockBrokeredConnections, MockProviderAccounts,
    MockWebhookAuthenticity, MockWebhookReader, OriginalConnections, ReadOutcome,
};
use cortex_connections::testing::{
    COMPANY_A, COMPANY_B, NOON, USER_1, a_broker_connection, a_claim, a_connect_session, an_owner,
};
use cortex_connections::{
    AdoptConnection, AdoptPorts, CheckConnection, InboxPorts, ReceiveWebhook, ReceivedWebhook, Tick, WorkOffInbox,
};
use cortex_kernel::{BrokerConnectionId, Origin, Provider};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{
    PgBrokerRemovals, PgConnectSessionEndings, PgConnectSessionStore, PgConnectionHealth, PgConnectionStore, PgMembers,
    PgOriginalConnections, PgQuarantineStore, PgUnclaimedConnections, PgWebhookInbox,
};
use futures_util::future::join_all;

use super::world::World;

/// [`USER_1`] is a member of [`COMPANY_A`]. The broker has whatever connection it is asked for, all of his; the accounts
/// of those whose id begins with `other` are another one.
struct Stage {
    company: World,
    master: World,
    deleted: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    async fn new() -> Self {
        let company = World::new(Database::Company, [COMPANY_A, COMPANY_B]).await;
        let master = World::new(Database::Master, [COMPANY_A, COMPANY_B]).await;
        let insert = "insert into companies (id, slug, name, status) values ($1, 'a', 'A', 'active')";
        master.superuser().execute(insert, &[&COMPANY_A.as_uuid()]).await.unwrap();
        let insert = "insert into company_users (user_id, company_id, email, role, is_active) \
                      values ($1, $2, $3, 'user', true)";
        let email = an_owner().email;
        let values = (USER_1.as_uuid(), COMPANY_A.as_uuid(), email.as_str());
        master.superuser().execute(insert, &[&values.0, &values.1, &values.2]).await.unwrap();
        Self { company, master, deleted: Arc::default() }
    }

    fn receive(&self) -> ReceiveWebhook {
        let mut authenticity = MockWebhookAuthenticity::new();
        authenticity.expect_is_authentic().return_const(true);
        let inbox = Arc::new(PgWebhookInbox::new(self.company.pool(COMPANY_A)));
        ReceiveWebhook::new(COMPANY_A, Arc::new(authenticity), reader(), inbox)
    }

    fn work(&self) -> WorkOffInbox {
        let mut brokered = MockBrokeredConnections::new();
        brokered.expect_find().returning(|reference| {
            Ok(Some(BrokerConnection { reference: reference.clone(), ..a_broker_connection() }))
        });
        let deleted = Arc::clone(&self.deleted);
        brokered.expect_delete().returning(move |reference| {
            deleted.lock().unwrap().push(reference.id.to_string());
            Ok(())
        });
        let mut accounts = MockProviderAccounts::new();
        accounts.expect_who_am_i().returning(|connection| {
            let is_other = connection.reference.id.as_str().starts_with("other");
            let email = if is_other { "private@example.com" } else { "Mailbox@example.com" };
            Ok(ProviderAccount { id: None, email: Some(email.parse().unwrap()) })
        });
        let mut reading = MockAccountReading::new();
        reading.expect_have_read().returning(|_, _, _| Ok(ReadOutcome::NotBegun));
        let (company, master) = (self.company.pool(COMPANY_A), self.master.pool(COMPANY_A));
        let ports = AdoptPorts {
            brokered: Arc::new(brokered),
            accounts: Arc::new(accounts),
            members: Arc::new(PgMembers::new(master.clone())),
            connections: Arc::new(PgConnectionStore::new(company.clone())),
            health: Arc::new(PgConnectionHealth::new(company.clone())),
            sessions: Arc::new(PgConnectSessionStore::new(company.clone())),
            session_endings: Arc::new(PgConnectSessionEndings::new(company.clone())),
            originals: Arc::new(PgOriginalConnections::new(master)),
            quarantine: Arc::new(PgQuarantineStore::new(company.clone())),
            unclaimed: Arc::new(PgUnclaimedConnections::new(company.clone())),
            removals: Arc::new(PgBrokerRemovals::new(company.clone())),
            reading: Arc::new(reading),
        };
        let health = ports.health.clone();
        let check = CheckConnection::new(COMPANY_A, ports.clone(), Arc::new(|| NOON));
        let inbox = InboxPorts {
            inbox: Arc::new(PgWebhookInbox::new(company)),
            reader: reader(),
            health,
            members: ports.members.clone(),
            reading: ports.reading.clone(),
        };
        let adopt = Arc::new(AdoptConnection::new(COMPANY_A, ports, Arc::new(|| NOON)));
        WorkOffInbox::new(COMPANY_A, inbox, adopt, check, Duration::from_secs(1))
    }

    /// A webhook of the connection of this id comes and is worked off.
    async fn connect(&self, id: &str) {
        let received = self.receive().receive(id.as_bytes(), Some("signed"), None).await.unwrap();
        assert_eq!(received, ReceivedWebhook::Accepted);
        assert_eq!(self.work().tick().await.unwrap(), Tick::Worked);
    }

    /// The broker's ids in the rows of Gmail connections.
    async fn rows(&self) -> Vec<String> {
        let query = "select connection_id from connections where provider_key = 'gmail' and status = 'active'";
        let rows = self.company.superuser().query(query, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn states(&self) -> Vec<String> {
        let query = "select state from webhook_inbox order by id";
        let rows = self.company.superuser().query(query, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    fn deleted(&self) -> Vec<String> {
        self.deleted.lock().unwrap().clone()
    }
}

/// A body is the id of the connection that was made.
fn reader() -> Arc<MockWebhookReader> {
    let mut reader = MockWebhookReader::new();
    reader.expect_read().returning(|body| {
        let id = BrokerConnectionId::new(String::from_utf8_lossy(body));
        let connection = Some(BrokerReference { provider: Provider::Gmail, id });
        Webhook { event: WebhookEvent::Connected, connection, claims: a_claim() }
    });
    Arc::new(reader)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_account_replaces_and_another_one_is_refused() {
    let stage = Stage::new().await;
    PgConnectSessionStore::new(stage.company.pool(COMPANY_A))
        .remember(&a_connect_session(), &Origin::default())
        .await
        .unwrap();

    stage.connect("one").await;
    stage.connect("two").await;
    stage.connect("other").await;
    stage.connect("two").await;

    assert_eq!(stage.rows().await, ["two"]);
    assert_eq!(stage.deleted(), ["one", "other"]);
    assert_eq!(stage.states().await, ["done"; 4]);
    let audited = stage.company.audited("admin_audit_log", COMPANY_A).await;
    assert_eq!(audited, ["connection_initiated", "connection_created", "connection_reconnected", "connection_failed"]);
    let originals = PgOriginalConnections::new(stage.master.pool(COMPANY_A));
    let original = originals.find_original(COMPANY_A, USER_1, Provider::Gmail).await.unwrap().unwrap();
    assert_eq!((original.broker_id.as_str(), original.reconnects), ("two", 1));
    let told = "select state || ' ' || reason || ' ' || connection_id from connect_sessions where id = $1";
    let row = stage.company.superuser().query_one(told, &[&a_connect_session().id.0]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "refused account_mismatch other");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_equal_webhooks_and_as_many_workers_make_one_connection() {
    let stage = Stage::new().await;
    let receive = stage.receive();

    let received = join_all((0..20).map(|_| receive.receive(b"one", Some("signed"), None))).await;
    let workers: Vec<_> = (0..20).map(|_| stage.work()).collect();
    let ticks = join_all(workers.iter().map(WorkOffInbox::tick)).await;

    assert!(received.into_iter().all(|received| received.unwrap() == ReceivedWebhook::Accepted));
    assert_eq!(ticks.into_iter().filter(|tick| *tick.as_ref().unwrap() == Tick::Worked).count(), 1);
    assert_eq!(stage.rows().await, ["one"]);
    assert_eq!(stage.states().await, ["done"]);
}

/// They come one after the other while each is being worked off.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_come_at_once_leave_the_last_saved_one_and_remove_the_others() {
    let stage = Stage::new().await;
    let receive = stage.receive();
    let bodies = ["one", "two", "three", "four"];
    for received in join_all(bodies.iter().map(|id| receive.receive(id.as_bytes(), Some("signed"), None))).await {
        received.unwrap();
    }

    let workers: Vec<_> = bodies.iter().map(|_| stage.work()).collect();
    for tick in join_all(workers.iter().map(WorkOffInbox::tick)).await {
        assert_eq!(tick.unwrap(), Tick::Worked);
    }

    let row = PgConnectionStore::new(stage.company.pool(COMPANY_A));
    let row = row.find_connection(COMPANY_A, USER_1, Provider::Gmail).await.unwrap().unwrap();
    let mut known = stage.deleted();
    assert!(!known.contains(&row.broker_id.to_string()), "{known:?}");
    known.push(row.broker_id.to_string());
    known.sort();
    let settled = stage.states().await.iter().filter(|state| *state == "done").count();
    assert_eq!((stage.rows().await.len(), known.len()), (1, settled), "{known:?}");
}
