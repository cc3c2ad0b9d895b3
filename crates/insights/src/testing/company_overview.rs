//! The contract of [`CompanyOverview`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, Provider};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_standing};
use crate::model::{ConnectionStanding, ConnectionState, DocumentShare, NewDocuments, OwnAddresses, SyncTotals};
use crate::ports::CompanyOverview;

pub use super::fakes::InMemoryOverview;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! company_overview_contract {
    ($harness:expr) => {
        $crate::company_overview_contract! { $harness =>
            documents_are_counted_by_where_they_came_from_and_who_brought_them_in,
            whoever_brought_in_documents_has_an_address,
            documents_that_came_in_this_week_stand_beside_those_of_last_week,
            weeks_go_on_over_new_year,
            what_was_superseded_is_not_counted,
            syncs_are_counted_by_what_became_of_them,
            only_syncs_since_a_moment_are_counted_but_for_those_that_go_on,
            connections_tell_when_their_account_was_last_read_and_why_that_failed,
            at_most_so_many_connections_are_told_the_newest_first,
            addresses_of_accounts_and_of_those_who_connected_them_are_the_companys_own,
            an_empty_company_has_nothing,
            another_companys_numbers_are_not_told,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::company_overview::$case(&$harness).await;
            }
        )+
    };
}

/// A document, as far as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    pub source: &'static str,
    /// Who first brought it in, and under which address.
    pub user_id: Option<String>,
    pub email: Option<String>,
    /// When it came in.
    pub at: OffsetDateTime,
    pub is_superseded: bool,
}

/// A job of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub connection_id: ConnectionId,
    pub status: &'static str,
    pub created_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
    pub error_code: Option<&'static str>,
    /// Whether it fetched contents only, and read no account.
    pub is_for_contents: bool,
}

/// A fresh, empty company and a way to fill it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The overview under test, as the deployment of this company uses it.
    fn overview(&self, company_id: CompanyId) -> Arc<dyn CompanyOverview>;
    async fn put_document(&self, company_id: CompanyId, document: Brought);
    /// Adds a connection with the id that it comes with; what it tells of syncs is of no account.
    async fn put_connection(&self, company_id: CompanyId, connection: ConnectionStanding);
    async fn put_job(&self, company_id: CompanyId, job: Ended);
}

/// [`InMemoryOverview`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryOverview>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn overview(&self, _: CompanyId) -> Arc<dyn CompanyOverview> {
        self.0.clone()
    }

    async fn put_document(&self, company_id: CompanyId, document: Brought) {
        self.0.put_document(company_id, document);
    }

    async fn put_connection(&self, company_id: CompanyId, connection: ConnectionStanding) {
        self.0.put_connection(company_id, connection);
    }

    async fn put_job(&self, company_id: CompanyId, job: Ended) {
        self.0.put_job(company_id, job);
    }
}

fn brought(source: &'static str, at: OffsetDateTime) -> Brought {
    let (user_id, email) = (Some(USER_1.to_string()), Some("one@example.com".to_owned()));
    Brought { source, user_id, email, at, is_superseded: false }
}

/// A sync of connection 1 that ended a minute after it was begun, `hours` before noon.
fn ended(status: &'static str, hours: i64) -> Ended {
    let created_at = NOON - Duration::hours(hours);
    Ended {
        connection_id: ConnectionId::new(1),
        status,
        created_at,
        ended_at: ["completed", "failed"].contains(&status).then_some(created_at + Duration::MINUTE),
        error_code: None,
        is_for_contents: false,
    }
}

fn connected(id: i64) -> ConnectionStanding {
    let connected_at = NOON - Duration::days(30);
    // A person has one connection of a provider.
    let provider = Provider::ALL[usize::try_from(id).expect("a few") % Provider::ALL.len()];
    ConnectionStanding { id: ConnectionId::new(id), provider, connected_at, ..a_standing() }
}

async fn count_new(harness: &impl Harness, now: OffsetDateTime) -> NewDocuments {
    harness.overview(COMPANY_A).count_new(COMPANY_A, now).await.expect("an answer")
}

async fn count_syncs(harness: &impl Harness) -> SyncTotals {
    let since = NOON - Duration::WEEK;
    harness.overview(COMPANY_A).count_syncs(COMPANY_A, since).await.expect("an answer")
}

async fn connections(harness: &impl Harness, most: u16) -> Vec<ConnectionStanding> {
    harness.overview(COMPANY_A).list_connections(COMPANY_A, most).await.expect("an answer")
}

pub async fn documents_are_counted_by_where_they_came_from_and_who_brought_them_in(harness: &impl Harness) {
    let by = |source, user_id| Brought { user_id, ..brought(source, NOON) };
    let (one, other) = (USER_1.to_string(), USER_2.to_string());
    for (source, user_id) in [
        ("outlook", Some(&one)),
        ("gmail", Some(&other)),
        ("gmail", Some(&one)),
        ("gmail", None),
        ("gmail", Some(&one)),
    ] {
        harness.put_document(COMPANY_A, by(source, user_id.cloned())).await;
    }

    let counted = harness.overview(COMPANY_A).count_documents(COMPANY_A).await.expect("an answer");

    let share = |source: &str, user_id: Option<&String>, documents| DocumentShare {
        source: source.to_owned(),
        user_id: user_id.cloned(),
        documents,
    };
    let expected = [
        share("gmail", Some(&one), 2),
        share("gmail", Some(&other), 1),
        share("gmail", None, 1),
        share("outlook", Some(&one), 1),
    ];
    assert_eq!(counted, expected);
}

pub async fn whoever_brought_in_documents_has_an_address(harness: &impl Harness) {
    let (one, other) = (USER_1.to_string(), USER_2.to_string());
    harness.put_document(COMPANY_A, brought("gmail", NOON)).await;
    let renamed = Brought { email: Some("new@example.com".to_owned()), ..brought("gmail", NOON) };
    harness.put_document(COMPANY_A, renamed).await;
    harness
        .put_document(COMPANY_A, Brought { user_id: Some(other.clone()), email: None, ..brought("gmail", NOON) })
        .await;
    let asked = [one.clone(), other, "nobody".to_owned()];

    let found = harness.overview(COMPANY_A).find_addresses(COMPANY_A, &asked).await.expect("an answer");

    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(one, "new@example.com".to_owned())]);
}

pub async fn documents_that_came_in_this_week_stand_beside_those_of_last_week(harness: &impl Harness) {
    // It is a Wednesday, at noon.
    let now = NOON + Duration::days(2);
    for at in [
        now,
        now - Duration::SECOND,
        datetime!(2026-03-02 0:00 UTC),
        datetime!(2026-03-01 23:59:59 UTC),
        now - Duration::WEEK,
        now - Duration::WEEK - Duration::SECOND,
        datetime!(2026-02-23 0:00 UTC),
        datetime!(2026-02-22 23:59:59 UTC),
    ] {
        harness.put_document(COMPANY_A, brought("gmail", at)).await;
    }

    let expected = NewDocuments { this_week: 2, last_week: 4, last_week_by_now: 2 };
    assert_eq!(count_new(harness, now).await, expected);
}

pub async fn weeks_go_on_over_new_year(harness: &impl Harness) {
    for at in [
        datetime!(2026-01-01 9:00 UTC),
        datetime!(2025-12-29 0:00 UTC),
        datetime!(2025-12-28 23:59 UTC),
        datetime!(2025-12-22 0:00 UTC),
        datetime!(2025-12-21 23:59 UTC),
    ] {
        harness.put_document(COMPANY_A, brought("gmail", at)).await;
    }

    let expected = NewDocuments { this_week: 2, last_week: 2, last_week_by_now: 1 };
    assert_eq!(count_new(harness, datetime!(2026-01-02 8:00 UTC)).await, expected);
}

pub async fn what_was_superseded_is_not_counted(harness: &impl Harness) {
    harness.put_document(COMPANY_A, Brought { is_superseded: true, ..brought("gmail", NOON) }).await;

    let overview = harness.overview(COMPANY_A);
    assert_eq!(overview.count_documents(COMPANY_A).await.expect("an answer"), []);
    assert_eq!(count_new(harness, NOON + Duration::HOUR).await, NewDocuments::default());
}

pub async fn syncs_are_counted_by_what_became_of_them(harness: &impl Harness) {
    for id in 1..=4 {
        harness.put_connection(COMPANY_A, connected(id)).await;
    }
    for (id, job) in [
        (1, ended("completed", 5)),
        (1, ended("completed", 3)),
        (1, ended("failed", 2)),
        (1, ended("cancelled", 2)),
        (1, ended("running", 1)),
        (2, ended("running", 1)),
        (3, ended("queued", 0)),
    ] {
        harness.put_job(COMPANY_A, Ended { connection_id: ConnectionId::new(id), ..job }).await;
    }

    let last_completed_at = Some(NOON - Duration::hours(3) + Duration::MINUTE);
    let expected = SyncTotals { queued: 1, running: 2, completed: 2, failed: 1, last_completed_at };
    assert_eq!(count_syncs(harness).await, expected);
}

pub async fn only_syncs_since_a_moment_are_counted_but_for_those_that_go_on(harness: &impl Harness) {
    harness.put_connection(COMPANY_A, connected(1)).await;
    for job in [ended("completed", 24 * 7 + 1), ended("failed", 24 * 8), ended("running", 24 * 9)] {
        harness.put_job(COMPANY_A, job).await;
    }

    assert_eq!(count_syncs(harness).await, SyncTotals { running: 1, ..SyncTotals::default() });
}

pub async fn connections_tell_when_their_account_was_last_read_and_why_that_failed(harness: &impl Harness) {
    for id in 1..=4 {
        harness.put_connection(COMPANY_A, connected(id)).await;
    }
    let ended_of = |id, job| Ended { connection_id: ConnectionId::new(id), ..job };
    for job in [
        ended_of(1, ended("completed", 5)),
        ended_of(1, Ended { error_code: Some("provider_unavailable"), ..ended("failed", 3) }),
        ended_of(1, Ended { is_for_contents: true, ..ended("completed", 2) }),
        ended_of(1, ended("running", 1)),
        ended_of(2, ended("failed", 5)),
        ended_of(2, ended("completed", 3)),
        ended_of(3, ended("failed", 3)),
        // Of whoever was connected before.
        ended_of(4, ended("failed", 24 * 31)),
        ended_of(4, ended("completed", 24 * 32)),
    ] {
        harness.put_job(COMPANY_A, job).await;
    }

    let told = connections(harness, 10).await;

    let at = |hours| Some(NOON - Duration::hours(hours) + Duration::MINUTE);
    let expected = [
        connected(4),
        ConnectionStanding { last_failure: Some("unknown".to_owned()), ..connected(3) },
        ConnectionStanding { last_sync_at: at(3), ..connected(2) },
        ConnectionStanding {
            last_sync_at: at(5),
            last_failure: Some("provider_unavailable".to_owned()),
            ..connected(1)
        },
    ];
    assert_eq!(told, expected);
}

pub async fn at_most_so_many_connections_are_told_the_newest_first(harness: &impl Harness) {
    let closed = ConnectionStanding {
        state: ConnectionState::NeedsReauthorization,
        reason: Some("invalid_credentials".to_owned()),
        ..connected(2)
    };
    // From before connections had owners.
    let nobodys = ConnectionStanding {
        user_id: None,
        user_email: None,
        account_email: None,
        state: ConnectionState::NeedsReauthorization,
        reason: Some("no_user".to_owned()),
        ..connected(3)
    };
    for one in [connected(1), closed.clone(), nobodys.clone()] {
        harness.put_connection(COMPANY_A, one).await;
    }

    assert_eq!(connections(harness, 2).await, [nobodys, closed]);
}

pub async fn addresses_of_accounts_and_of_those_who_connected_them_are_the_companys_own(harness: &impl Harness) {
    let one = ConnectionStanding { account_email: Some("Mailbox@Kestrel.example".to_owned()), ..connected(1) };
    let user_email = Some("nils@gmail.com".to_owned());
    let two = ConnectionStanding {
        account_email: None,
        user_id: Some(USER_2),
        user_email,
        state: ConnectionState::Disconnected,
        ..connected(2)
    };
    let nobodys = ConnectionStanding { account_email: None, user_id: None, user_email: None, ..connected(3) };
    for connection in [one.clone(), two, nobodys] {
        harness.put_connection(COMPANY_A, connection).await;
    }

    let own = harness.overview(COMPANY_A).list_own_addresses(COMPANY_A).await.expect("an answer");

    let users = one.user_email.expect("an owner");
    assert_eq!(own, OwnAddresses::new([users, "mailbox@kestrel.example".to_owned(), "nils@gmail.com".to_owned()]));
    assert!(own.own("colleague@kestrel.example") && !own.own("stranger@gmail.com"));
}

pub async fn an_empty_company_has_nothing(harness: &impl Harness) {
    assert_is_empty(harness, COMPANY_A).await;
}

pub async fn another_companys_numbers_are_not_told(harness: &impl Harness) {
    harness.put_document(COMPANY_B, brought("gmail", NOON)).await;
    harness.put_connection(COMPANY_B, connected(1)).await;
    harness.put_job(COMPANY_B, ended("completed", 1)).await;
    harness.put_job(COMPANY_B, ended("running", 1)).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        assert_is_empty(harness, deployment).await;
    }
}

/// To whoever asks for [`COMPANY_A`].
async fn assert_is_empty(harness: &impl Harness, deployment: CompanyId) {
    let overview = harness.overview(deployment);
    let since = NOON - Duration::WEEK;
    let later = NOON + Duration::HOUR;

    assert_eq!(overview.count_documents(COMPANY_A).await.expect("an answer"), []);
    assert!(overview.find_addresses(COMPANY_A, &[USER_1.to_string()]).await.expect("an answer").is_empty());
    assert_eq!(overview.count_new(COMPANY_A, later).await.expect("an answer"), NewDocuments::default());
    assert_eq!(overview.count_syncs(COMPANY_A, since).await.expect("an answer"), SyncTotals::default());
    assert_eq!(overview.list_connections(COMPANY_A, 10).await.expect("an answer"), []);
    assert_eq!(overview.list_own_addresses(COMPANY_A).await.expect("an answer"), OwnAddresses::default());
}
