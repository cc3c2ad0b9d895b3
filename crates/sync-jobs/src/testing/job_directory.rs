//! The contracts of [`JobDirectory`] and [`SyncOverrides`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{AdminSessionId, CompanyId, ConnectionId, JobId, Origin, Provider, UserId};
use uuid::Uuid;

use super::{
    COMPANY_A, COMPANY_B, InMemoryJobQueue, USER_1, USER_2, a_claim, a_new_company_job, a_new_job, an_account,
};
use crate::model::{
    Account, Ending, Failure, JobFilter, JobKind, JobStatus, JobSubject, NewJob, NewOverride, Override, Slice,
};
use crate::ports::{JobDirectory, JobQueue, SyncOverrides};

/// Fresh, empty stores and a way to fill them.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn directory(&self, company_id: CompanyId) -> Arc<dyn JobDirectory>;
    /// The other port under test.
    fn overrides(&self, company_id: CompanyId) -> Arc<dyn SyncOverrides>;
    /// The queue in the same database.
    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue>;
    /// Makes a connection.
    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId;
    /// Lets time pass for the jobs.
    async fn pass(&self, time: Duration);
    /// What was said and is not used up: about whom, about which provider, what; the oldest first.
    async fn words(&self, company_id: CompanyId) -> Vec<(Option<UserId>, Option<Provider>, Override)>;
    /// The actions of the company's audit rows, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! job_directory_contract {
    ($harness:expr) => {
        $crate::job_directory_contract! { $harness =>
            the_companys_jobs_are_listed_the_newest_first,
            a_list_is_narrowed_by_person_provider_and_status,
            a_slice_tells_how_many_there_are_in_all,
            parts_of_a_list_follow_each_other_without_a_gap_and_without_repetition,
            the_latest_job_of_each_person_and_provider_is_told_and_when_one_was_last_completed,
            a_job_for_contents_is_no_latest_one,
            a_job_of_the_company_stands_in_slices_only,
            jobs_are_counted_by_status,
            another_companys_jobs_are_not_told_of,
            a_word_is_kept_with_its_audit_row,
            a_word_about_the_same_replaces_the_one_before,
            words_about_others_stand_beside_it,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::job_directory::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryJobQueue`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryJobQueue>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn directory(&self, _: CompanyId) -> Arc<dyn JobDirectory> {
        self.0.clone()
    }

    fn overrides(&self, _: CompanyId) -> Arc<dyn SyncOverrides> {
        self.0.clone()
    }

    fn queue(&self, _: CompanyId) -> Arc<dyn JobQueue> {
        self.0.clone()
    }

    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
        self.0.connect(company_id, user_id, provider)
    }

    async fn pass(&self, time: Duration) {
        self.0.pass(time);
    }

    async fn words(&self, company_id: CompanyId) -> Vec<(Option<UserId>, Option<Provider>, Override)> {
        self.0.words(company_id)
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id)
    }
}

const MINUTE: Duration = Duration::from_mins(1);
const ALL: JobFilter = JobFilter { user_id: None, provider: None, status: None };

/// Makes a job of an account, and has time pass.
async fn put(harness: &impl Harness, company_id: CompanyId, user_id: UserId, provider: Provider, n: u128) -> JobId {
    let connection_id = harness.connect(company_id, user_id, provider).await;
    put_of(harness, connection_id, company_id, user_id, provider, n).await
}

async fn put_of(
    harness: &impl Harness,
    connection_id: ConnectionId,
    company_id: CompanyId,
    user_id: UserId,
    provider: Provider,
    n: u128,
) -> JobId {
    let id = JobId::new(Uuid::from_u128(n));
    let subject = JobSubject::Account(Account { connection_id, provider });
    let job = NewJob { id, company_id, user_id, subject, ..a_new_job() };
    harness.queue(company_id).enqueue(&job).await.expect("a job");
    harness.pass(MINUTE).await;
    id
}

/// Runs the job that waits longest, and ends it.
async fn end(harness: &impl Harness, ending: &Ending) {
    let queue = harness.queue(COMPANY_A);
    let claimed = queue.claim(&a_claim()).await.expect("an answer").pop().expect("a job that is due");
    queue.finish(COMPANY_A, claimed.lease, ending).await.expect("an answer");
}

async fn listed(harness: &impl Harness, filter: JobFilter, limit: u16, offset: u32) -> (Vec<JobId>, u64) {
    let slice = Slice::new(Some(limit), Some(offset));
    let slice = harness.directory(COMPANY_A).list_jobs(COMPANY_A, &filter, slice).await.expect("an answer");
    (slice.jobs.into_iter().map(|job| job.id).collect(), slice.count)
}

pub async fn the_companys_jobs_are_listed_the_newest_first(harness: &impl Harness) {
    let first = put(harness, COMPANY_A, USER_1, Provider::Gmail, 1).await;
    let second = put(harness, COMPANY_A, USER_2, Provider::Gmail, 2).await;

    assert_eq!(listed(harness, ALL, 10, 0).await, (vec![second, first], 2));
    let slice = harness.directory(COMPANY_A).list_jobs(COMPANY_A, &ALL, Slice::new(None, None)).await.expect("jobs");
    assert_eq!(slice.jobs[0].user_id, USER_2);
}

pub async fn a_list_is_narrowed_by_person_provider_and_status(harness: &impl Harness) {
    let gmail = put(harness, COMPANY_A, USER_1, Provider::Gmail, 1).await;
    end(harness, &Ending::Completed).await;
    let outlook = put(harness, COMPANY_A, USER_1, Provider::Outlook, 2).await;
    let other = put(harness, COMPANY_A, USER_2, Provider::Gmail, 3).await;

    let narrowed = async |filter| listed(harness, filter, 10, 0).await.0;
    assert_eq!(narrowed(JobFilter { user_id: Some(USER_1), ..ALL }).await, [outlook, gmail]);
    assert_eq!(narrowed(JobFilter { provider: Some(Provider::Gmail), ..ALL }).await, [other, gmail]);
    assert_eq!(narrowed(JobFilter { status: Some(JobStatus::Completed), ..ALL }).await, [gmail]);
    let none = JobFilter { user_id: Some(USER_2), provider: Some(Provider::Outlook), status: None };
    assert_eq!(listed(harness, none, 10, 0).await, (vec![], 0));
}

pub async fn a_slice_tells_how_many_there_are_in_all(harness: &impl Harness) {
    let mut ids = Vec::new();
    for (n, provider) in (1..).zip(Provider::ALL) {
        ids.insert(0, put(harness, COMPANY_A, USER_1, provider, n).await);
    }

    assert_eq!(listed(harness, ALL, 2, 1).await, (ids[1..3].to_vec(), 4));
    assert_eq!(listed(harness, ALL, 2, 9).await, (vec![], 4));
}

pub async fn parts_of_a_list_follow_each_other_without_a_gap_and_without_repetition(harness: &impl Harness) {
    // Four of one moment, where time stands still by itself, and one that is newer.
    let mut ids = Vec::new();
    for (n, provider) in (1..).zip(Provider::ALL) {
        ids.push(put_at_once(harness, USER_1, provider, n).await);
    }
    harness.pass(MINUTE).await;
    ids.push(put_at_once(harness, USER_2, Provider::Gmail, 5).await);
    let directory = harness.directory(COMPANY_A);
    let part = async |filter: &JobFilter, after: Option<JobId>| {
        let jobs = directory.list_after(COMPANY_A, filter, after, 2).await.expect("a list");
        jobs.into_iter().map(|job| job.id).collect::<Vec<_>>()
    };

    let mut listed = part(&ALL, None).await;
    assert_eq!((listed.len(), listed[0]), (2, ids[4]), "the newest first");
    for _ in 0..2 {
        listed.extend(part(&ALL, listed.last().copied()).await);
    }

    let mut sorted = listed.clone();
    sorted.sort();
    assert_eq!((sorted, part(&ALL, listed.last().copied()).await), (ids, vec![]));
    let others = JobFilter { user_id: Some(USER_2), ..ALL };
    assert_eq!(part(&others, Some(listed[1])).await, []);
    assert_eq!(part(&ALL, Some(JobId::new(Uuid::from_u128(77)))).await, [], "there is no such job");
}

async fn put_at_once(harness: &impl Harness, user_id: UserId, provider: Provider, n: u128) -> JobId {
    let connection_id = harness.connect(COMPANY_A, user_id, provider).await;
    let id = JobId::new(Uuid::from_u128(n));
    let subject = JobSubject::Account(Account { connection_id, provider });
    let job = NewJob { id, company_id: COMPANY_A, user_id, subject, ..a_new_job() };
    harness.queue(COMPANY_A).enqueue(&job).await.expect("a job");
    id
}

pub async fn the_latest_job_of_each_person_and_provider_is_told_and_when_one_was_last_completed(
    harness: &impl Harness,
) {
    let connection = harness.connect(COMPANY_A, USER_1, Provider::Gmail).await;
    put_of(harness, connection, COMPANY_A, USER_1, Provider::Gmail, 1).await;
    end(harness, &Ending::Completed).await;
    harness.pass(MINUTE).await;
    put_of(harness, connection, COMPANY_A, USER_1, Provider::Gmail, 2).await;
    end(harness, &Ending::Failed(Failure::new("some_code", "Some sentence."))).await;
    put(harness, COMPANY_A, USER_2, Provider::Outlook, 3).await;

    let mut last = harness.directory(COMPANY_A).last_syncs(COMPANY_A, &[USER_1, USER_2]).await.expect("an answer");
    last.sort_by_key(|last| last.user_id);

    let told: Vec<_> = last.iter().map(|last| (last.user_id, last.provider, last.status)).collect();
    let expected = [(USER_1, Provider::Gmail, JobStatus::Failed), (USER_2, Provider::Outlook, JobStatus::Queued)];
    assert_eq!(told, expected);
    assert!(last[0].last_completed_at.is_some_and(|at| at < last[0].created_at), "{last:?}");
    assert_eq!(last[1].last_completed_at, None);
    let own = harness.directory(COMPANY_A).last_syncs(COMPANY_A, &[USER_2]).await.expect("an answer");
    assert_eq!(own.len(), 1);
}

pub async fn a_job_for_contents_is_no_latest_one(harness: &impl Harness) {
    let connection_id = harness.connect(COMPANY_A, USER_1, Provider::Gmail).await;
    put_of(harness, connection_id, COMPANY_A, USER_1, Provider::Gmail, 1).await;
    harness.pass(MINUTE).await;
    let id = JobId::new(Uuid::from_u128(2));
    let contents = NewJob { id, subject: an_account(connection_id), kind: JobKind::Content, ..a_new_job() };
    harness.queue(COMPANY_A).enqueue(&contents).await.expect("a job");
    end(harness, &Ending::Completed).await;
    harness.pass(MINUTE).await;
    end(harness, &Ending::Completed).await;

    let last = harness.directory(COMPANY_A).last_syncs(COMPANY_A, &[USER_1]).await.expect("an answer");

    let [last] = &last[..] else { panic!("one account, not {last:?}") };
    let first = harness.queue(COMPANY_A).find_job(COMPANY_A, JobId::new(Uuid::from_u128(1))).await.expect("an answer");
    let first = first.expect("a job");
    assert_eq!((last.created_at, last.last_completed_at), (first.created_at, first.completed_at));
}

pub async fn a_job_of_the_company_stands_in_slices_only(harness: &impl Harness) {
    let sync = put(harness, COMPANY_A, USER_1, Provider::Gmail, 1).await;
    let summaries = a_new_company_job();
    harness.queue(COMPANY_A).enqueue(&NewJob { id: JobId::new(Uuid::from_u128(2)), ..summaries }).await.expect("a job");
    let id = JobId::new(Uuid::from_u128(2));
    let directory = harness.directory(COMPANY_A);

    assert_eq!(listed(harness, ALL, 10, 0).await, (vec![id, sync], 2));
    assert_eq!(listed(harness, JobFilter { user_id: Some(USER_1), ..ALL }, 10, 0).await.1, 2);
    assert_eq!(listed(harness, JobFilter { provider: Some(Provider::Gmail), ..ALL }, 10, 0).await, (vec![sync], 1));

    let part = directory.list_after(COMPANY_A, &ALL, None, 9).await.expect("a list");
    assert_eq!(part.into_iter().map(|job| job.id).collect::<Vec<_>>(), [sync]);
    assert_eq!(directory.last_syncs(COMPANY_A, &[USER_1]).await.expect("an answer").len(), 1);
    assert_eq!(directory.count_by_status(COMPANY_A).await.expect("an answer"), [(JobStatus::Queued, 1)]);
}

pub async fn jobs_are_counted_by_status(harness: &impl Harness) {
    put(harness, COMPANY_A, USER_1, Provider::Gmail, 1).await;
    end(harness, &Ending::Completed).await;
    put(harness, COMPANY_A, USER_1, Provider::Outlook, 2).await;
    put(harness, COMPANY_A, USER_2, Provider::Outlook, 3).await;

    let mut counted = harness.directory(COMPANY_A).count_by_status(COMPANY_A).await.expect("an answer");
    counted.sort_by_key(|(status, _)| status.name());

    assert_eq!(counted, [(JobStatus::Completed, 1), (JobStatus::Queued, 2)]);
}

pub async fn another_companys_jobs_are_not_told_of(harness: &impl Harness) {
    put(harness, COMPANY_B, USER_1, Provider::Gmail, 1).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let directory = harness.directory(deployment);
        let slice = directory.list_jobs(COMPANY_A, &ALL, Slice::new(None, None)).await.expect("an answer");
        assert_eq!((slice.jobs, slice.count), (vec![], 0));
        assert_eq!(directory.list_after(COMPANY_A, &ALL, None, 9).await.expect("an answer"), []);
        assert_eq!(directory.last_syncs(COMPANY_A, &[USER_1]).await.expect("an answer"), []);
        assert_eq!(directory.count_by_status(COMPANY_A).await.expect("an answer"), []);
    }
}

/// A leave for everybody, said in some session.
#[must_use]
pub fn a_new_override() -> NewOverride {
    NewOverride {
        company_id: COMPANY_A,
        user_id: None,
        provider: None,
        says: Override::Allow,
        reason: "because".to_owned(),
        session_id: AdminSessionId::new(Uuid::from_u128(9)),
        origin: Origin { request_id: Some("request-1".to_owned()), ..Origin::default() },
    }
}

async fn say(harness: &impl Harness, word: &NewOverride) -> i64 {
    harness.overrides(COMPANY_A).set(word).await.expect("kept").id
}

pub async fn a_word_is_kept_with_its_audit_row(harness: &impl Harness) {
    let word = NewOverride { user_id: Some(USER_1), provider: Some(Provider::Gmail), ..a_new_override() };

    say(harness, &word).await;

    assert_eq!(harness.words(COMPANY_A).await, [(Some(USER_1), Some(Provider::Gmail), Override::Allow)]);
    assert_eq!(harness.audited(COMPANY_A).await, ["override_set"]);
}

pub async fn a_word_about_the_same_replaces_the_one_before(harness: &impl Harness) {
    let first = say(harness, &a_new_override()).await;

    let second = say(harness, &NewOverride { says: Override::Block, ..a_new_override() }).await;

    assert_eq!(first, second);
    assert_eq!(harness.words(COMPANY_A).await, [(None, None, Override::Block)]);
    assert_eq!(harness.audited(COMPANY_A).await, ["override_set", "override_set"]);
}

pub async fn words_about_others_stand_beside_it(harness: &impl Harness) {
    say(harness, &a_new_override()).await;
    say(harness, &NewOverride { user_id: Some(USER_1), says: Override::Block, ..a_new_override() }).await;
    say(harness, &NewOverride { user_id: Some(USER_2), ..a_new_override() }).await;

    let expected =
        [(None, None, Override::Allow), (Some(USER_1), None, Override::Block), (Some(USER_2), None, Override::Allow)];
    assert_eq!(harness.words(COMPANY_A).await, expected);
}
