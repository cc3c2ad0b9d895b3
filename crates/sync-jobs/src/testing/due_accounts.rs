//! The contract of [`DueAccounts`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, IdGenerator as _, JobId, Provider, RandomIds, UserId};

use super::{COMPANY_A, COMPANY_B, InMemoryJobQueue, USER_1, USER_2, a_claim, a_new_job, a_request, an_account};
use crate::model::{Access, Ending, JobKind, NewJob, SyncRequest, SyncStart, SyncWish};
use crate::ports::{ClaimRequest, DueAccounts, JobQueue, StartOutcome, SyncStarter};

const INTERVAL: Duration = Duration::from_hours(1);

/// Fresh, empty stores and ways to fill them.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn due(&self, company_id: CompanyId) -> Arc<dyn DueAccounts>;
    /// The queue in the same database.
    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue>;
    /// How syncs start in the same database.
    fn starter(&self, company_id: CompanyId) -> Arc<dyn SyncStarter>;
    /// Makes a connection.
    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId;
    /// Lets the connection be read, or not.
    async fn set_access(&self, id: ConnectionId, access: Access);
    /// Lets time pass for everything that is in it.
    async fn pass(&self, time: Duration);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! due_accounts_contract {
    ($harness:expr) => {
        $crate::due_accounts_contract! { $harness =>
            an_account_that_was_not_read_for_two_intervals_is_due,
            an_account_that_was_read_in_this_interval_is_not_due,
            an_account_of_which_nobody_ever_wanted_anything_read_is_not_due,
            an_account_that_waits_or_is_being_read_is_not_due,
            a_job_for_contents_puts_no_reading_off,
            an_account_that_cannot_be_read_is_not_due,
            no_more_accounts_are_told_of_than_asked,
            another_companys_accounts_are_not_told_of,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::due_accounts::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryJobQueue`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryJobQueue>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn due(&self, _: CompanyId) -> Arc<dyn DueAccounts> {
        self.0.clone()
    }

    fn queue(&self, _: CompanyId) -> Arc<dyn JobQueue> {
        self.0.clone()
    }

    fn starter(&self, _: CompanyId) -> Arc<dyn SyncStarter> {
        self.0.clone()
    }

    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
        self.0.connect(company_id, user_id, provider)
    }

    async fn set_access(&self, id: ConnectionId, access: Access) {
        self.0.set_access(id, access);
    }

    async fn pass(&self, time: Duration) {
        self.0.pass(time);
    }
}

async fn due(harness: &impl Harness, most: u16) -> Vec<(UserId, Provider)> {
    let mut due = harness.due(COMPANY_A).list_due(COMPANY_A, INTERVAL, most).await.expect("an answer");
    due.sort();
    due
}

/// Has all of an account wanted to be read.
async fn begin(harness: &impl Harness, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
    let connection_id = harness.connect(company_id, user_id, provider).await;
    let request = SyncRequest { company_id, user_id, provider, wish: SyncWish::Initial, ..a_request() };
    let start = SyncStart { request, id: JobId::new(RandomIds.new_uuid()), max_attempts: 3, has_leave: false };
    let outcome = harness.starter(company_id).start(&start).await.expect("an outcome");
    assert!(matches!(outcome, StartOutcome::Started(_)), "{outcome:?}");
    connection_id
}

/// The same, and it was read.
async fn read(harness: &impl Harness, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
    let connection_id = begin(harness, company_id, user_id, provider).await;
    let request = ClaimRequest { company_id, ..a_claim() };
    let queue = harness.queue(company_id);
    let claimed = queue.claim(&request).await.expect("an answer").pop().expect("a job");
    queue.finish(company_id, claimed.lease, &Ending::Completed).await.expect("an outcome");
    connection_id
}

pub async fn an_account_that_was_not_read_for_two_intervals_is_due(harness: &impl Harness) {
    read(harness, COMPANY_A, USER_1, Provider::Gmail).await;

    harness.pass(INTERVAL * 2).await;

    assert_eq!(due(harness, 9).await, [(USER_1, Provider::Gmail)]);
}

pub async fn an_account_that_was_read_in_this_interval_is_not_due(harness: &impl Harness) {
    read(harness, COMPANY_A, USER_1, Provider::Gmail).await;

    assert_eq!(due(harness, 9).await, []);
}

pub async fn an_account_of_which_nobody_ever_wanted_anything_read_is_not_due(harness: &impl Harness) {
    harness.connect(COMPANY_A, USER_1, Provider::Gmail).await;

    harness.pass(INTERVAL * 2).await;

    assert_eq!(due(harness, 9).await, []);
}

pub async fn an_account_that_waits_or_is_being_read_is_not_due(harness: &impl Harness) {
    begin(harness, COMPANY_A, USER_1, Provider::Gmail).await;

    harness.pass(INTERVAL * 2).await;

    assert_eq!(due(harness, 9).await, []);
}

pub async fn a_job_for_contents_puts_no_reading_off(harness: &impl Harness) {
    let connection_id = read(harness, COMPANY_A, USER_1, Provider::Gmail).await;
    harness.pass(INTERVAL * 2).await;

    let contents = NewJob { kind: JobKind::Content, subject: an_account(connection_id), ..a_new_job() };
    harness.queue(COMPANY_A).enqueue(&contents).await.expect("an outcome");

    assert_eq!(due(harness, 9).await, [(USER_1, Provider::Gmail)]);
}

pub async fn an_account_that_cannot_be_read_is_not_due(harness: &impl Harness) {
    for (provider, access) in [(Provider::Gmail, Access::NeedsReauthorization), (Provider::Outlook, Access::Ended)] {
        let connection_id = read(harness, COMPANY_A, USER_1, provider).await;
        harness.set_access(connection_id, access).await;
    }

    harness.pass(INTERVAL * 2).await;

    assert_eq!(due(harness, 9).await, []);
}

pub async fn no_more_accounts_are_told_of_than_asked(harness: &impl Harness) {
    for (user_id, provider) in [(USER_1, Provider::Gmail), (USER_1, Provider::Outlook), (USER_2, Provider::Gmail)] {
        read(harness, COMPANY_A, user_id, provider).await;
    }

    harness.pass(INTERVAL * 2).await;

    assert_eq!((due(harness, 2).await.len(), due(harness, 9).await.len()), (2, 3));
}

pub async fn another_companys_accounts_are_not_told_of(harness: &impl Harness) {
    read(harness, COMPANY_B, USER_1, Provider::Gmail).await;
    harness.pass(INTERVAL * 2).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let due = harness.due(deployment).list_due(COMPANY_A, INTERVAL, 9).await;
        assert_eq!(due.expect("an answer"), []);
    }
}
