//! The contracts of [`ConnectionDirectory`], [`MemberDirectory`] and [`StuckThings`], one case a bullet, and fakes.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{
    AdminSessionId, BrokerConnectionId, CompanyId, ConnectionId, Email, Page, PageRequest, Provider, StoreError, UserId,
};
use uuid::Uuid;

use super::{
    COMPANY_A, COMPANY_B, InMemoryConnectionStore, InMemoryMembers, InMemoryQuarantineStore, InMemoryWebhookInbox,
    NOON, USER_1, USER_2, a_quarantined_connection, a_save, a_webhook, an_origin, an_owner,
};
use crate::model::{
    Connection, ConnectionStatus, InboxEntry, KeptInQuarantine, NewWebhook, Owner, QuarantinedConnection, Replay,
    ReplayOutcome, SaveConnection, StatusReason, WebhookEnding, WebhookState,
};
use crate::ports::{
    ConnectionDirectory, ConnectionHealth, ConnectionStore, DirectoryError, MemberDirectory, QuarantineStore,
    StuckThings, WebhookInbox,
};

/// What got stuck in memory: an inbox and a quarantine.
#[derive(Debug, Default)]
pub struct InMemoryStuckThings {
    /// Webhooks that wait.
    pub inbox: Arc<InMemoryWebhookInbox>,
    /// Connections that fit nobody.
    pub quarantine: Arc<InMemoryQuarantineStore>,
}

/// Items that stand before the cursor, the newest first, and where to go on.
pub(super) fn page_of<T>(mut items: Vec<(i64, T)>, page: &PageRequest) -> Result<Page<T>, DirectoryError> {
    let before = page.cursor().map(str::parse::<i64>).transpose().map_err(|_| DirectoryError::Cursor)?;
    items.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    items.retain(|(id, _)| before.is_none_or(|before| *id < before));
    let limit = usize::from(page.limit());
    let is_last = items.len() <= limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| !is_last).map(|(id, _)| id.to_string());
    Ok(Page { items: items.into_iter().map(|(_, item)| item).collect(), next_cursor })
}

#[async_trait]
impl StuckThings for InMemoryStuckThings {
    async fn list_webhooks(
        &self,
        company_id: CompanyId,
        state: WebhookState,
        page: &PageRequest,
    ) -> Result<Page<InboxEntry>, DirectoryError> {
        let entries = self.inbox.entries(company_id).into_iter().filter(|entry| entry.state == state);
        page_of(entries.map(|entry| (entry.id, entry)).collect(), page)
    }

    async fn replay(&self, replay: &Replay) -> Result<ReplayOutcome, StoreError> {
        Ok(self.inbox.replay(replay))
    }

    async fn list_quarantined(
        &self,
        company_id: CompanyId,
        page: &PageRequest,
    ) -> Result<Page<KeptInQuarantine>, DirectoryError> {
        let kept = (1..).zip(self.quarantine.kept(company_id)).map(|(id, kept)| {
            let kept = KeptInQuarantine {
                id,
                provider: kept.reference.provider,
                broker_id: kept.reference.id,
                claimed_user_id: Some(kept.claimed_user_id),
                reason: kept.reason.name().to_owned(),
                created_at: NOON,
            };
            (id, kept)
        });
        page_of(kept.collect(), page)
    }
}

/// Fresh, empty stores and a way to fill them.
#[async_trait]
pub trait Harness: Send + Sync {
    /// A port under test, as the deployment of this company uses it.
    fn connections(&self, company_id: CompanyId) -> Arc<dyn ConnectionDirectory>;
    /// The same for what got stuck.
    fn stuck(&self, company_id: CompanyId) -> Arc<dyn StuckThings>;
    /// The store of connections in the same database.
    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore>;
    /// How connections fare in the same database.
    fn health(&self, company_id: CompanyId) -> Arc<dyn ConnectionHealth>;
    /// The inbox in the same database.
    fn inbox(&self, company_id: CompanyId) -> Arc<dyn WebhookInbox>;
    /// The quarantine in the same database.
    fn quarantine(&self, company_id: CompanyId) -> Arc<dyn QuarantineStore>;
    /// The actions of the company's audit rows about webhooks, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// Fresh, empty members and a way to add one.
#[async_trait]
pub trait MemberHarness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn members(&self, company_id: CompanyId) -> Arc<dyn MemberDirectory>;
    /// Puts a person into a company; one who is not active was deactivated.
    async fn put(&self, company_id: CompanyId, user_id: UserId, email: &Email, is_active: bool);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! connection_directory_contract {
    ($harness:expr) => {
        $crate::connection_directory_contract! { $harness =>
            the_connections_of_several_people_are_listed_at_once_and_nobody_elses,
            the_brokers_ids_of_several_connections_are_told_at_once,
            connections_are_counted_by_status,
            another_companys_connections_are_not_told_of,
            webhooks_of_a_state_are_listed_the_newest_first_each_once_over_all_pages,
            a_dead_webhook_that_is_replayed_waits_again_with_all_its_attempts,
            a_replay_leaves_an_audit_row,
            what_is_not_dead_is_not_replayed,
            while_an_equal_one_waits_a_webhook_is_not_replayed,
            quarantined_connections_are_listed_the_newest_first_each_once_over_all_pages,
            what_got_stuck_in_another_company_is_not_told_of_and_not_replayed,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::directory::$case(&$harness).await;
            }
        )+
    };
}

/// The same for [`MemberDirectory`] and a [`MemberHarness`].
#[macro_export]
macro_rules! member_directory_contract {
    ($harness:expr) => {
        $crate::connection_directory_contract! { $harness =>
            active_members_are_listed_with_their_addresses_each_once_over_all_pages,
            active_members_are_counted,
            members_of_another_company_are_not_told_of,
        }
    };
}

/// The fakes under test.
#[derive(Default)]
pub struct InMemoryHarness {
    connections: Arc<InMemoryConnectionStore>,
    stuck: Arc<InMemoryStuckThings>,
    members: Arc<InMemoryMembers>,
}

#[async_trait]
impl Harness for InMemoryHarness {
    fn connections(&self, _: CompanyId) -> Arc<dyn ConnectionDirectory> {
        self.connections.clone()
    }

    fn stuck(&self, _: CompanyId) -> Arc<dyn StuckThings> {
        self.stuck.clone()
    }

    fn store(&self, _: CompanyId) -> Arc<dyn ConnectionStore> {
        self.connections.clone()
    }

    fn health(&self, _: CompanyId) -> Arc<dyn ConnectionHealth> {
        self.connections.clone()
    }

    fn inbox(&self, _: CompanyId) -> Arc<dyn WebhookInbox> {
        self.stuck.inbox.clone()
    }

    fn quarantine(&self, _: CompanyId) -> Arc<dyn QuarantineStore> {
        self.stuck.quarantine.clone()
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.stuck.inbox.replayed(company_id).iter().map(|_| "webhook_replayed".to_owned()).collect()
    }
}

#[async_trait]
impl MemberHarness for InMemoryHarness {
    fn members(&self, _: CompanyId) -> Arc<dyn MemberDirectory> {
        self.members.clone()
    }

    async fn put(&self, company_id: CompanyId, user_id: UserId, email: &Email, is_active: bool) {
        if is_active {
            self.members.add(company_id, user_id, email.clone());
        }
    }
}

const HOLD: Duration = Duration::from_mins(1);

async fn connect(harness: &impl Harness, company_id: CompanyId, user_id: UserId, provider: Provider) -> Connection {
    let broker_id = BrokerConnectionId::new(format!("{company_id}-{user_id}-{provider}"));
    let owner = Owner { company_id, user_id, ..an_owner() };
    let save = SaveConnection { owner, provider, broker_id, ..a_save() };
    let store = harness.store(company_id);
    store.save_connection(&save).await.expect("saved");
    store.find_connection(company_id, user_id, provider).await.expect("an answer").expect("the connection")
}

pub async fn the_connections_of_several_people_are_listed_at_once_and_nobody_elses(harness: &impl Harness) {
    let mut expected = vec![
        connect(harness, COMPANY_A, USER_1, Provider::Gmail).await,
        connect(harness, COMPANY_A, USER_1, Provider::Outlook).await,
        connect(harness, COMPANY_A, USER_2, Provider::Gmail).await,
    ];
    let nobody = UserId::new(Uuid::from_u128(77));
    connect(harness, COMPANY_A, nobody, Provider::Gmail).await;

    let mut listed = harness.connections(COMPANY_A).list_of(COMPANY_A, &[USER_1, USER_2]).await.expect("a list");

    listed.sort_by_key(|connection| connection.id);
    expected.sort_by_key(|connection| connection.id);
    assert_eq!(listed, expected);
}

pub async fn the_brokers_ids_of_several_connections_are_told_at_once(harness: &impl Harness) {
    let one = connect(harness, COMPANY_A, USER_1, Provider::Gmail).await;
    let other = connect(harness, COMPANY_A, USER_2, Provider::Gmail).await;
    connect(harness, COMPANY_A, USER_2, Provider::Outlook).await;
    let ids = [one.id, other.id, ConnectionId::new(999_999)];

    let mut told = harness.connections(COMPANY_A).broker_ids(COMPANY_A, &ids).await.expect("an answer");

    told.sort();
    let mut expected = vec![(one.id, one.broker_id), (other.id, other.broker_id)];
    expected.sort();
    assert_eq!(told, expected);
}

pub async fn connections_are_counted_by_status(harness: &impl Harness) {
    connect(harness, COMPANY_A, USER_1, Provider::Gmail).await;
    connect(harness, COMPANY_A, USER_2, Provider::Gmail).await;
    let refused = connect(harness, COMPANY_A, USER_2, Provider::Outlook).await;
    let reason = StatusReason::CredentialsRefused;
    let health = harness.health(COMPANY_A);
    health.mark_needs_reauthorization(&refused, reason, NOON, &an_origin()).await.expect("marked");

    let mut counted = harness.connections(COMPANY_A).count_by_status(COMPANY_A).await.expect("an answer");

    counted.sort_by_key(|(status, _)| status.name());
    assert_eq!(counted, [(ConnectionStatus::Active, 2), (ConnectionStatus::NeedsReauthorization, 1)]);
}

pub async fn another_companys_connections_are_not_told_of(harness: &impl Harness) {
    let elsewhere = connect(harness, COMPANY_B, USER_1, Provider::Gmail).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let directory = harness.connections(deployment);
        assert_eq!(directory.list_of(COMPANY_A, &[USER_1]).await.expect("a list"), []);
        assert_eq!(directory.broker_ids(COMPANY_A, &[elsewhere.id]).await.expect("an answer"), []);
        assert_eq!(directory.count_by_status(COMPANY_A).await.expect("an answer"), []);
    }
}

/// A webhook of this body that was given up.
async fn dead(harness: &impl Harness, company_id: CompanyId, body: u8) {
    let inbox = harness.inbox(company_id);
    inbox.put(&NewWebhook { company_id, body: vec![body], ..a_webhook() }).await.expect("stored");
    let claimed = inbox.claim_next(company_id, HOLD).await.expect("an answer").expect("a webhook that is due");
    let ending = WebhookEnding::Dead { error: format!("no luck with {body}") };
    assert!(inbox.finish(company_id, claimed.claim, &ending).await.expect("ended"));
}

async fn webhooks(harness: &impl Harness, state: WebhookState) -> Vec<InboxEntry> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let page = PageRequest::new(Some(2), cursor);
        let listed = harness.stuck(COMPANY_A).list_webhooks(COMPANY_A, state, &page).await.expect("a list");
        assert!(listed.items.len() <= 2);
        all.extend(listed.items);
        cursor = listed.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

fn a_replay(id: i64) -> Replay {
    Replay { company_id: COMPANY_A, id, session_id: AdminSessionId::new(Uuid::from_u128(9)), origin: an_origin() }
}

async fn replay(harness: &impl Harness, id: i64) -> ReplayOutcome {
    harness.stuck(COMPANY_A).replay(&a_replay(id)).await.expect("an answer")
}

pub async fn webhooks_of_a_state_are_listed_the_newest_first_each_once_over_all_pages(harness: &impl Harness) {
    for body in 1..=5 {
        dead(harness, COMPANY_A, body).await;
    }
    harness.inbox(COMPANY_A).put(&a_webhook()).await.expect("stored");

    let listed = webhooks(harness, WebhookState::Dead).await;

    let notes: Vec<_> = listed.iter().map(|entry| entry.note.clone().unwrap_or_default()).collect();
    assert_eq!(notes, [5, 4, 3, 2, 1].map(|body| format!("no luck with {body}")));
    let first = &listed[0];
    assert_eq!((first.state, first.attempts, &first.request_id), (WebhookState::Dead, 1, &a_webhook().request_id));
    assert!(first.ended_at.is_some());
    assert_eq!(webhooks(harness, WebhookState::Pending).await.len(), 1);
    let nonsense = PageRequest::new(None, Some("nonsense".to_owned()));
    let refused = harness.stuck(COMPANY_A).list_webhooks(COMPANY_A, WebhookState::Dead, &nonsense).await;
    assert!(matches!(refused, Err(DirectoryError::Cursor)), "{refused:?}");
}

pub async fn a_dead_webhook_that_is_replayed_waits_again_with_all_its_attempts(harness: &impl Harness) {
    dead(harness, COMPANY_A, 1).await;
    let id = webhooks(harness, WebhookState::Dead).await[0].id;

    assert_eq!(replay(harness, id).await, ReplayOutcome::Replayed);

    assert_eq!(webhooks(harness, WebhookState::Dead).await, []);
    let claimed = harness.inbox(COMPANY_A).claim_next(COMPANY_A, HOLD).await.expect("an answer").expect("it is due");
    assert_eq!((claimed.claim.webhook, claimed.attempt, claimed.body), (id, 1, vec![1]));
}

pub async fn a_replay_leaves_an_audit_row(harness: &impl Harness) {
    dead(harness, COMPANY_A, 1).await;
    let id = webhooks(harness, WebhookState::Dead).await[0].id;

    replay(harness, id).await;
    replay(harness, id).await;

    assert_eq!(harness.audited(COMPANY_A).await, ["webhook_replayed"]);
}

pub async fn what_is_not_dead_is_not_replayed(harness: &impl Harness) {
    harness.inbox(COMPANY_A).put(&a_webhook()).await.expect("stored");
    let id = webhooks(harness, WebhookState::Pending).await[0].id;

    assert_eq!(replay(harness, id).await, ReplayOutcome::NotDead);
    assert_eq!(replay(harness, id + 1).await, ReplayOutcome::NotFound);
}

pub async fn while_an_equal_one_waits_a_webhook_is_not_replayed(harness: &impl Harness) {
    dead(harness, COMPANY_A, 1).await;
    let id = webhooks(harness, WebhookState::Dead).await[0].id;
    harness.inbox(COMPANY_A).put(&NewWebhook { body: vec![1], ..a_webhook() }).await.expect("stored");

    assert_eq!(replay(harness, id).await, ReplayOutcome::AlreadyPending);

    assert_eq!(webhooks(harness, WebhookState::Dead).await.len(), 1);
    assert_eq!(harness.audited(COMPANY_A).await, Vec::<String>::new());
}

pub async fn quarantined_connections_are_listed_the_newest_first_each_once_over_all_pages(harness: &impl Harness) {
    for n in 1..=3 {
        let mut kept = a_quarantined_connection();
        kept.reference.id = BrokerConnectionId::new(format!("stray-{n}"));
        harness.quarantine(COMPANY_A).quarantine(&kept).await.expect("kept");
    }
    let stuck = harness.stuck(COMPANY_A);

    let first = stuck.list_quarantined(COMPANY_A, &PageRequest::new(Some(2), None)).await.expect("a list");
    let rest = stuck.list_quarantined(COMPANY_A, &PageRequest::new(Some(2), first.next_cursor.clone())).await;

    let rest = rest.expect("a list");
    let ids: Vec<_> = first.items.iter().chain(&rest.items).map(|kept| kept.broker_id.as_str()).collect();
    assert_eq!((ids, rest.next_cursor), (vec!["stray-3", "stray-2", "stray-1"], None));
    let QuarantinedConnection { reference, claimed_user_id, reason, .. } = a_quarantined_connection();
    let kept = &first.items[0];
    assert_eq!((kept.provider, kept.reason.as_str()), (reference.provider, reason.name()));
    assert_eq!(kept.claimed_user_id.as_deref(), Some(claimed_user_id.as_str()));
}

pub async fn what_got_stuck_in_another_company_is_not_told_of_and_not_replayed(harness: &impl Harness) {
    dead(harness, COMPANY_B, 1).await;
    let elsewhere = QuarantinedConnection { company_id: COMPANY_B, ..a_quarantined_connection() };
    harness.quarantine(COMPANY_B).quarantine(&elsewhere).await.expect("kept");
    let all = PageRequest::new(None, None);
    let of_b = harness.stuck(COMPANY_B).list_webhooks(COMPANY_B, WebhookState::Dead, &all).await.expect("a list");

    for deployment in [COMPANY_A, COMPANY_B] {
        let stuck = harness.stuck(deployment);
        assert_eq!(stuck.list_webhooks(COMPANY_A, WebhookState::Dead, &all).await.expect("a list").items, []);
        assert_eq!(stuck.list_quarantined(COMPANY_A, &all).await.expect("a list").items, []);
        let outcome = stuck.replay(&a_replay(of_b.items[0].id)).await.expect("an answer");
        assert_eq!(outcome, ReplayOutcome::NotFound);
    }
}

fn email(n: u128) -> Email {
    format!("member-{n}@example.com").parse().expect("an address")
}

fn user(n: u128) -> UserId {
    UserId::new(Uuid::from_u128(n))
}

pub async fn active_members_are_listed_with_their_addresses_each_once_over_all_pages(harness: &impl MemberHarness) {
    for n in 1..=5 {
        harness.put(COMPANY_A, user(n), &email(n), n != 3).await;
    }
    let members = harness.members(COMPANY_A);
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let page = members.list_active(COMPANY_A, &PageRequest::new(Some(2), cursor)).await.expect("a list");
        assert!(page.items.len() <= 2);
        all.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }

    all.sort_by_key(|(user, _)| *user);
    assert_eq!(all, [1, 2, 4, 5].map(|n| (user(n), email(n))));
    let refused = members.list_active(COMPANY_A, &PageRequest::new(None, Some("nonsense".to_owned()))).await;
    assert!(matches!(refused, Err(DirectoryError::Cursor)), "{refused:?}");
}

pub async fn active_members_are_counted(harness: &impl MemberHarness) {
    for n in 1..=3 {
        harness.put(COMPANY_A, user(n), &email(n), n != 3).await;
    }

    assert_eq!(harness.members(COMPANY_A).count_active(COMPANY_A).await.expect("an answer"), 2);
}

pub async fn members_of_another_company_are_not_told_of(harness: &impl MemberHarness) {
    harness.put(COMPANY_B, user(1), &email(1), true).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let members = harness.members(deployment);
        assert_eq!(members.count_active(COMPANY_A).await.expect("an answer"), 0);
        let page = members.list_active(COMPANY_A, &PageRequest::new(None, None)).await.expect("a list");
        assert_eq!(page.items, []);
    }
}
