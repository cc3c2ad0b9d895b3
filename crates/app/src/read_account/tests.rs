//! [`ReadAccount`] on an account in memory.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use cortex_connections::testing::{InMemoryConnectionStore, a_connection};
use cortex_ingestion::content_source::{ContentError, ContentSource, Fetched, Wanted};
use cortex_ingestion::ports::MockTextExtractor;
use cortex_ingestion::record_source::{MockRecordSource, RecordState};
use cortex_ingestion::testing::{InMemoryPageStore, InMemoryRecordSource};
use cortex_ingestion::{FetchContents, FinishContents};
use cortex_kernel::{BrokerConnectionId, Provider, RandomIds, SystemClock};
use cortex_sync_jobs::model::{JobFilter, JobSubject, Slice};
use cortex_sync_jobs::ports::JobDirectory as _;
use cortex_sync_jobs::testing::{InMemoryJobQueue, a_job};
use serde_json::{Value, json};

use super::*;

/// A person's account, in memory, and what reads it.
struct Scene {
    connections: Arc<InMemoryConnectionStore>,
    pages: Arc<InMemoryPageStore>,
    queue: Arc<InMemoryJobQueue>,
    mailbox: Arc<Mailbox>,
}

/// Messages by id; one without a text is not to be had now.
#[derive(Default)]
struct Mailbox(Mutex<Vec<(String, Option<&'static str>)>>);

#[async_trait]
impl ContentSource for Mailbox {
    async fn fetch(
        &self,
        _: Provider,
        _: &BrokerConnectionId,
        wanted: &Wanted,
        _: u64,
    ) -> Result<Fetched, ContentError> {
        let Wanted::GmailMessage { id } = wanted else { panic!("{wanted:?}") };
        let messages = self.0.lock().unwrap();
        let (_, text) = messages.iter().find(|(known, _)| known == id).expect("a known message");
        text.map(|text| Fetched::Resource(message(id, Some(text)))).ok_or(ContentError::Unavailable("away".into()))
    }
}

/// As the API has it; as the records do without a text, which is "Done." in the encoding of the API.
fn message(id: &str, text: Option<&str>) -> Value {
    let mut body = json!({ "size": 5 });
    if let Some(text) = text {
        body["data"] = json!(text);
    }
    json!({ "id": id, "payload": { "mimeType": "text/plain", "headers": [], "body": body } })
}

const DONE: &str = "RG9uZS4=";

impl Scene {
    fn of(provider: Provider) -> Self {
        let connection = Connection { provider, ..a_connection() };
        Self {
            connections: Arc::new(InMemoryConnectionStore::with([connection])),
            pages: Arc::default(),
            queue: Arc::default(),
            mailbox: Arc::default(),
        }
    }

    /// What a run of the job comes to that reads from `source`.
    async fn run(&self, job: &Job, source: Arc<dyn RecordSource>) -> Disposition {
        let clock = Arc::new(SystemClock);
        let extractor = Arc::new(MockTextExtractor::new());
        let ledger = self.pages.clone();
        let fetch = FetchContents::new(self.mailbox.clone(), extractor, self.pages.clone(), clock.clone());
        let fetch = Arc::new(fetch);
        let backfill = time::Duration::days(365);
        let read_stream = ReadStream::new(source.clone(), fetch.clone(), self.pages.clone(), clock.clone(), backfill);
        let contents = LackingContents {
            finish: FinishContents::new(fetch, ledger.clone(), self.pages.clone()),
            ledger,
            jobs: self.queue.clone(),
            ids: Arc::new(RandomIds),
            max_attempts: 5,
        };
        let (connections, health) = (self.connections.clone(), self.connections.clone());
        let lease = self.pages.put_running_job(job.company_id, job.id);
        ReadAccount::new(connections, health, source, read_stream, contents, clock)
            .run(job, lease, &CancellationToken::new())
            .await
    }

    /// Messages of the current model, which lack their texts.
    fn records(&self) -> Arc<InMemoryRecordSource> {
        let source = Arc::new(InMemoryRecordSource::default());
        let messages = self.mailbox.0.lock().unwrap();
        let records = messages.iter().map(|(id, _)| RecordState::Present(message(id, None)));
        source.put(&a_connection().broker_id, "Message", records);
        source
    }

    async fn jobs(&self) -> Vec<Job> {
        let slice = Slice::new(None, None);
        let company_id = a_job().company_id;
        self.queue.list_jobs(company_id, &JobFilter::default(), slice).await.unwrap().jobs
    }

    fn contents(&self) -> Vec<String> {
        self.pages.documents(a_job().company_id).into_iter().map(|document| document.content).collect()
    }
}

/// The account that [`a_job`] reads.
fn account() -> Account {
    a_job().subject.account().unwrap()
}

/// What reading an account of `provider` without any records comes to.
async fn reading_an_account_of(provider: Provider) -> Disposition {
    let job =
        Job { subject: JobSubject::Account(Account { provider, ..account() }), kind: JobKind::Initial, ..a_job() };
    Scene::of(provider).run(&job, Arc::new(InMemoryRecordSource::default())).await
}

#[tokio::test]
async fn refused_credentials_are_written_down_at_the_connection() {
    let scene = Scene::of(Provider::Gmail);
    let job = Job { trigger: Trigger::User, kind: JobKind::Initial, ..a_job() };
    let mut source = MockRecordSource::new();
    source.expect_request_fetch().returning(|_, _| Err(SourceError::NeedsReauthorization("refused".into())));

    let disposition = scene.run(&job, Arc::new(source)).await;

    assert!(matches!(disposition, Disposition::Failed(JobFailure::Unauthorised(_))), "{disposition:?}");
    let found = scene.connections.find_connection(job.company_id, job.user_id, account().provider).await;
    assert_eq!(found.unwrap().unwrap().status, ConnectionStatus::NeedsReauthorization);
}

#[tokio::test]
async fn what_lacks_after_a_run_is_asked_for_by_a_job_of_its_own() {
    let scene = Scene::of(Provider::Gmail);
    *scene.mailbox.0.lock().unwrap() = vec![("1".to_owned(), Some(DONE)), ("2".to_owned(), None)];
    let job = Job { trigger: Trigger::Webhook, triggered_by: None, ..a_job() };

    let disposition = scene.run(&job, scene.records()).await;

    assert_eq!(disposition, Disposition::Completed);
    assert_eq!(scene.contents(), ["Done.", ""]);
    let [contents] = <[_; 1]>::try_from(scene.jobs().await).unwrap();
    assert_eq!((contents.kind, contents.trigger), (JobKind::Content, Trigger::Webhook));
    assert_eq!((contents.subject, contents.user_id), (job.subject, job.user_id));
}

#[tokio::test]
async fn a_run_after_which_nothing_lacks_makes_no_job() {
    let scene = Scene::of(Provider::Gmail);
    *scene.mailbox.0.lock().unwrap() = vec![("1".to_owned(), Some(DONE))];

    assert_eq!(scene.run(&a_job(), scene.records()).await, Disposition::Completed);

    assert_eq!(scene.jobs().await, []);
}

#[tokio::test]
async fn a_job_for_contents_waits_for_what_is_due_next_and_ends_once_nothing_lacks() {
    let scene = Scene::of(Provider::Gmail);
    *scene.mailbox.0.lock().unwrap() = vec![("1".to_owned(), None)];
    scene.run(&a_job(), scene.records()).await;
    let contents = scene.jobs().await.remove(0);
    let nobody = || Arc::new(MockRecordSource::new());

    let disposition = scene.run(&contents, nobody()).await;
    let Disposition::Failed(JobFailure::Throttled { retry_after: Some(wait), failure }) = disposition else {
        panic!("expected to wait, got {disposition:?}")
    };
    assert_eq!((wait, failure.code.as_str()), (Duration::from_mins(1), "contents_incomplete"));
    assert_eq!(scene.contents(), [""], "nothing was due");

    scene.pages.pass(wait);
    scene.mailbox.0.lock().unwrap()[0].1 = Some(DONE);
    assert_eq!(scene.run(&contents, nobody()).await, Disposition::Completed);
    assert_eq!(scene.contents(), ["Done."]);
}

#[tokio::test]
async fn an_account_with_nothing_in_it_is_read_to_its_end() {
    for provider in Provider::ALL {
        assert_eq!(reading_an_account_of(provider).await, Disposition::Completed, "{provider}");
    }
}
