//! A sync from its start to its end: the use cases of three domains on one database, with records from memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cortex_connections::ports::ConnectionStore;
use cortex_ingestion::content_source::{ContentError, MockContentSource};
use cortex_ingestion::model::{Cursor, IngestionMethod, Stream};
use cortex_ingestion::ports::MockTextExtractor;
use cortex_ingestion::readers::{BASE_VARIANT, account_of, models_of};
use cortex_ingestion::record_source::{RecordPage, RecordSource, RecordState, SourceError};
use cortex_ingestion::testing::InMemoryRecordSource;
use cortex_ingestion::{FetchContents, ReadStream, ReadStreamError, StreamReading};
use cortex_kernel::{BrokerConnectionId, JobId, Lease, Provider, RandomIds, SystemClock, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgConnectionStore, PgContentLedger, PgJobQueue, PgPageStore, PgSyncStarter};
use cortex_sync_jobs::model::{Disposition, Failure, Job, JobFailure, JobKind, JobStatus, SyncRequest, SyncWish};
use cortex_sync_jobs::ports::{CancellationToken, JobQueue, JobRunner};
use cortex_sync_jobs::run_job::Timing;
use cortex_sync_jobs::testing::{COMPANY_A, COMPANY_B, USER_1, a_request};
use cortex_sync_jobs::worker::WorkerSettings;
use cortex_sync_jobs::{RunJob, StartSync, StartSyncError, Worker};
use serde_json::json;
use tokio::sync::Notify;
use uuid::Uuid;

use super::world::World;

const LEASE: Duration = Duration::from_mins(5);

/// Reads what a job's connection has, as the composition root does.
struct ReadConnection {
    connections: PgConnectionStore,
    read_stream: ReadStream,
}

#[async_trait]
impl JobRunner for ReadConnection {
    async fn run(&self, job: &Job, lease: Lease, interrupt: &CancellationToken) -> Disposition {
        let provider = job.subject.provider().expect("it reads an account");
        let found = self.connections.find_connection(job.company_id, job.user_id, provider).await;
        let connection = found.unwrap().expect("a connection");
        let account = connection.account.as_ref();
        let (account_id, email) =
            (account.and_then(|account| account.id.as_deref()), account.and_then(|account| account.email.as_ref()));
        for model in models_of(provider) {
            let reading = StreamReading {
                lease,
                stream: Stream {
                    company_id: job.company_id,
                    user_id: job.user_id,
                    connection_id: connection.id,
                    broker_id: connection.broker_id.clone(),
                    provider,
                    model: (*model).to_owned(),
                    variant: BASE_VARIANT.to_owned(),
                },
                account: account_of(provider, account_id, email, connection.id),
                user_email: connection.owner.email.clone(),
                account_email: email.cloned(),
                method: IngestionMethod::OauthSync,
                is_initial: job.kind == JobKind::Initial,
            };
            match self.read_stream.read(&reading, &|| !interrupt.is_cancelled()).await {
                Ok(report) if report.is_interrupted => return Disposition::Interrupted,
                Ok(_) => {}
                Err(ReadStreamError::LeaseLost) => return Disposition::LeaseLost,
                Err(error) => {
                    let failure = Failure::new("unreadable", error.to_string());
                    return Disposition::Failed(JobFailure::Permanent(failure));
                }
            }
        }
        Disposition::Completed
    }
}

/// Hands over so many pages, then says that it stands still, and does.
struct Stalling {
    source: Arc<InMemoryRecordSource>,
    left: AtomicU32,
    stands_still: Arc<Notify>,
}

#[async_trait]
impl RecordSource for Stalling {
    async fn request_fetch(&self, _: Provider, _: &BrokerConnectionId) -> Result<(), SourceError> {
        Ok(())
    }

    async fn read_page(&self, stream: &Stream, after: Option<Cursor>, limit: u16) -> Result<RecordPage, SourceError> {
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_err() {
            self.stands_still.notify_one();
            std::future::pending::<()>().await;
        }
        self.source.read_page(stream, after, limit).await
    }
}

struct Journey {
    world: World,
    source: Arc<InMemoryRecordSource>,
}

impl Journey {
    async fn new() -> Self {
        let world = World::new(Database::Company, [COMPANY_A, COMPANY_B]).await;
        Self { world, source: Arc::default() }
    }

    /// Connects a person's Gmail, and answers the broker's id of it.
    async fn connect(&self, user_id: UserId) -> BrokerConnectionId {
        let insert = "insert into connections (tenant_id, provider_key, connection_id, user_id, user_email, account_email) \
                      values ($1, 'gmail', $2, $2, 'one@example.com', $2 || '@mail.example.com')";
        let (company, user) = (COMPANY_A.to_string(), user_id.to_string());
        self.world.superuser().execute(insert, &[&company, &user]).await.unwrap();
        BrokerConnectionId::new(user)
    }

    fn put(&self, of: &BrokerConnectionId, model: &str, ids: std::ops::RangeInclusive<u32>, prefix: &str) {
        let records = ids.map(|n| RecordState::Present(json!({ "id": format!("{prefix}{n}"), "subject": "Offer" })));
        self.source.put(of, model, records);
    }

    async fn start(&self, user_id: UserId, wish: SyncWish) -> Result<JobId, StartSyncError> {
        let starter = Arc::new(PgSyncStarter::new(self.world.pool(COMPANY_A)));
        let start_sync = StartSync::new(starter, Arc::new(RandomIds), Arc::default(), 3);
        let request = SyncRequest { user_id, wish, ..a_request() };
        Ok(start_sync.start(request).await?.job.id)
    }

    fn worker(&self, source: Arc<dyn RecordSource>) -> Worker {
        let pool = self.world.pool(COMPANY_A);
        let queue = Arc::new(PgJobQueue::new(pool.clone()));
        let pages = Arc::new(PgPageStore::new(pool.clone()));
        let mut contents = MockContentSource::new();
        contents.expect_fetch().returning(|_, _, _, _| Err(ContentError::Refused("gone".into())));
        let ledger = Arc::new(PgContentLedger::new(pool.clone()));
        let extractor = Arc::new(MockTextExtractor::new());
        let fetch_contents = FetchContents::new(Arc::new(contents), extractor, ledger, Arc::new(SystemClock));
        let backfill = time::Duration::days(365);
        let runner = ReadConnection {
            connections: PgConnectionStore::new(pool),
            read_stream: ReadStream::new(source, Arc::new(fetch_contents), pages, Arc::new(SystemClock), backfill),
        };
        let run_job = RunJob::new(queue.clone(), Arc::new(runner), Timing::of_lease(LEASE, LEASE), Box::new(|| 1.0));
        let settings = WorkerSettings {
            company_id: COMPANY_A,
            name: "worker".to_owned(),
            concurrency: 2,
            lease_for: LEASE,
            poll_every: LEASE,
        };
        Worker::new(queue, Arc::new(run_job), settings, CancellationToken::new())
    }

    /// Works off what is due.
    async fn work(&self) {
        let mut worker = self.worker(self.source.clone());
        while worker.tick().await.unwrap() > 0 {
            worker.drain().await;
        }
    }

    async fn job(&self, id: JobId) -> Job {
        let queue = PgJobQueue::new(self.world.pool(COMPANY_A));
        queue.find_job(COMPANY_A, id).await.unwrap().unwrap()
    }

    async fn count(&self, query: &str) -> i64 {
        self.world.superuser().query_one(query, &[]).await.unwrap().get(0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_read_once_as_a_whole_and_then_for_what_is_new() {
    let journey = Journey::new().await;
    let mailbox = journey.connect(USER_1).await;
    journey.put(&mailbox, "GmailEmail", 1..=120, "old-");
    journey.put(&mailbox, "Message", 1..=30, "new-");

    let first = journey.start(USER_1, SyncWish::Initial).await.unwrap();
    journey.work().await;
    let again = journey.start(USER_1, SyncWish::Initial).await;
    journey.put(&mailbox, "Message", 31..=31, "new-");
    let second = journey.start(USER_1, SyncWish::Incremental).await.unwrap();
    journey.work().await;

    let (first, second) = (journey.job(first).await, journey.job(second).await);
    assert_eq!((first.status, first.progress.added, first.progress.pages), (JobStatus::Completed, 150, 3));
    assert!(matches!(again, Err(StartSyncError::Locked)), "{again:?}");
    assert_eq!((second.status, second.progress.added, second.progress.seen), (JobStatus::Completed, 1, 1));
    assert_eq!(journey.count("select count(*) from documents").await, 151);
    let attributed = "select count(*) from documents where ingested_by_user_email = 'one@example.com' \
                      and ingestion_method = 'oauth_sync' and source_account like '%@mail.example.com'";
    assert_eq!(journey.count(attributed).await, 151);
}

/// A worker that is killed says nothing any more: its tasks are dropped where they stand, and its lease runs out.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_whose_workers_are_killed_again_and_again_ends_complete_with_each_document_once() {
    let journey = Journey::new().await;
    let mailbox = journey.connect(USER_1).await;
    journey.put(&mailbox, "GmailEmail", 1..=700, "m");
    journey.put(&mailbox, "Message", 701..=1_000, "m");
    let job = journey.start(USER_1, SyncWish::Initial).await.unwrap();

    for pages in [0, 1, 2, 0, 3] {
        let stands_still = Arc::new(Notify::new());
        let source =
            Stalling { source: journey.source.clone(), left: pages.into(), stands_still: stands_still.clone() };
        let mut worker = journey.worker(Arc::new(source));
        assert_eq!(worker.tick().await.unwrap(), 1);
        stands_still.notified().await;
        drop(worker);
        journey.world.superuser().batch_execute("update sync_jobs set lease_until = now()").await.unwrap();
    }
    journey.work().await;

    let job = journey.job(job).await;
    assert_eq!((job.status, job.progress.pages), (JobStatus::Completed, 10));
    assert_eq!((job.progress.seen, job.progress.added, job.progress.unchanged), (1_000, 1_000, 0));
    assert_eq!(journey.count("select count(distinct source_id) from documents").await, 1_000);
    assert_eq!(journey.count("select count(*) from document_sources").await, 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn four_workers_on_one_database_lose_and_double_nothing() {
    let journey = Journey::new().await;
    let people: Vec<_> = (1..=12).map(|n| UserId::new(Uuid::from_u128(n))).collect();
    for user in &people {
        let mailbox = journey.connect(*user).await;
        journey.put(&mailbox, "GmailEmail", 1..=60, &format!("{user}-"));
        journey.start(*user, SyncWish::Initial).await.unwrap();
    }

    tokio::join!(journey.work(), journey.work(), journey.work(), journey.work());

    let finished = "select count(*) from sync_jobs where status = 'completed' and (progress ->> 'added')::int = 60 \
                    and (progress ->> 'unchanged')::int = 0";
    assert_eq!(journey.count(finished).await, 12);
    assert_eq!(journey.count("select count(*) from documents").await, 720);
    assert_eq!(journey.count("select count(*) from connections where initial_sync_completed").await, 12);
}
