//! [`ReadAccount`] on an account in memory.

use cortex_connections::testing::{InMemoryConnectionStore, a_connection};
use cortex_ingestion::record_source::MockRecordSource;
use cortex_ingestion::testing::{InMemoryPageStore, InMemoryRecordSource};
use cortex_kernel::{Provider, SystemClock};
use cortex_sync_jobs::testing::a_job;

use super::*;

/// What reading an account of `provider` without any records comes to.
async fn reading_an_account_of(provider: Provider) -> Disposition {
    let connections = InMemoryConnectionStore::with([Connection { provider, ..a_connection() }]);
    let (source, pages) = (Arc::new(InMemoryRecordSource::default()), Arc::new(InMemoryPageStore::default()));
    let job = Job { provider, kind: JobKind::Initial, ..a_job() };
    let lease = pages.put_running_job(job.company_id, job.id);
    let read_stream = ReadStream::new(source.clone(), pages, Arc::new(SystemClock), time::Duration::days(365));

    let clock = Arc::new(SystemClock);
    let connections = Arc::new(connections);
    ReadAccount::new(connections.clone(), connections, source, read_stream, clock)
        .run(&job, lease, &CancellationToken::new())
        .await
}

#[tokio::test]
async fn refused_credentials_are_written_down_at_the_connection() {
    let connections = Arc::new(InMemoryConnectionStore::with([a_connection()]));
    let pages = Arc::new(InMemoryPageStore::default());
    let job = Job { trigger: Trigger::User, kind: JobKind::Initial, ..a_job() };
    let lease = pages.put_running_job(job.company_id, job.id);
    let mut source = MockRecordSource::new();
    source.expect_request_fetch().returning(|_, _| Err(SourceError::NeedsReauthorization("refused".into())));
    let source = Arc::new(source);
    let read_stream = ReadStream::new(source.clone(), pages, Arc::new(SystemClock), time::Duration::days(365));
    let reader = ReadAccount::new(connections.clone(), connections.clone(), source, read_stream, Arc::new(SystemClock));

    let disposition = reader.run(&job, lease, &CancellationToken::new()).await;

    assert!(matches!(disposition, Disposition::Failed(JobFailure::Unauthorised(_))), "{disposition:?}");
    let connection = connections.find_connection(job.company_id, job.user_id, job.provider).await.unwrap().unwrap();
    assert_eq!(connection.status, ConnectionStatus::NeedsReauthorization);
}

#[tokio::test]
async fn an_account_with_nothing_in_it_is_read_to_its_end() {
    for provider in Provider::ALL {
        assert_eq!(reading_an_account_of(provider).await, Disposition::Completed, "{provider}");
    }
}
