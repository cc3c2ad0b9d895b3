//! Records on our way: read, normalised, compared and committed, page by page.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use cortex_ingestion::model::{Cursor, IngestionMethod, Stream};
use cortex_ingestion::normalise::Account;
use cortex_ingestion::record_source::{RecordPage, RecordSource, RecordState, SourceError, SourceRecord};
use cortex_ingestion::testing::{COMPANY_A, NOON, USER_1, a_stream, fetching_nothing};
use cortex_ingestion::{ReadStream, StreamReading};
use cortex_kernel::{BrokerConnectionId, Clock, ConnectionId, JobId, Lease, Provider};
use cortex_postgres::Pool;
use cortex_postgres::stores::{PgContentLedger, PgPageStore};
use time::{Duration, OffsetDateTime};

use crate::PAGE;
use crate::company::Company;
use crate::mailbox;

/// A connection whose account is being read.
pub(crate) struct Stage {
    pool: Pool,
    _company: Company,
    lease: Lease,
    connection_id: ConnectionId,
}

/// A broker that has one page after each cursor; the message of a record repeats after so many.
struct Pages {
    records: Range<u64>,
    messages: u64,
}

struct Noon;

const OPEN: &str = "with connection as ( \
                      insert into connections (tenant_id, provider_key, connection_id, user_id) \
                      values ($1, 'gmail', 'broker-1', $2) returning id) \
                    insert into sync_jobs (tenant_id, user_id, connection_id, job_type, kind, trigger, status, \
                      attempt, lease_owner, lease_epoch, lease_until) \
                    select $1, $2, id, 'gmail', 'initial', 'user', 'running', 1, 'bench', 1, now() + interval '1 day' \
                    from connection returning id, connection_id";

impl Stage {
    pub(crate) async fn new() -> Self {
        let company = Company::new(COMPANY_A).await;
        let row = company.superuser.query_one(OPEN, &[&COMPANY_A.to_string(), &USER_1.to_string()]).await.unwrap();
        let lease = Lease { job: JobId::new(row.get(0)), epoch: 1 };
        Self { lease, connection_id: ConnectionId::new(row.get(1)), pool: company.pool(2), _company: company }
    }

    /// Reads a page; the seconds that it took.
    pub(crate) async fn read(&self, records: Range<u64>, messages: u64) -> f64 {
        let begun = Instant::now();
        self.read_stream(records, messages, "base").await;
        begun.elapsed().as_secs_f64()
    }

    /// Reads everything from its first record again, by another stream of the same connection; the seconds that it took.
    pub(crate) async fn read_again(&self, records: u64) -> f64 {
        let begun = Instant::now();
        self.read_stream(0..records, records, "again").await;
        begun.elapsed().as_secs_f64()
    }

    async fn read_stream(&self, records: Range<u64>, messages: u64, variant: &str) {
        let count = records.end - records.start;
        let pages = Arc::new(PgPageStore::new(self.pool.clone()));
        // Records of this model carry all of their content.
        let contents = fetching_nothing(Arc::new(PgContentLedger::new(self.pool.clone())));
        let source = Arc::new(Pages { records, messages });
        let read_stream = ReadStream::new(source, contents, pages, Arc::new(Noon), Duration::days(36_500));
        let report = read_stream.read(&self.reading(variant), &|| true).await.unwrap();
        let told = report.counts;
        assert_eq!(told.added + told.unchanged, count, "{report:?}");
    }

    fn reading(&self, variant: &str) -> StreamReading {
        StreamReading {
            lease: self.lease,
            stream: Stream {
                company_id: COMPANY_A,
                user_id: USER_1,
                connection_id: self.connection_id,
                broker_id: BrokerConnectionId::new("broker-1"),
                provider: Provider::Gmail,
                variant: variant.to_owned(),
                ..a_stream()
            },
            account: Account { source_account: "nora@example.com".to_owned() },
            user_email: "nora@example.com".parse().unwrap(),
            account_email: None,
            method: IngestionMethod::OauthSync,
            is_initial: true,
        }
    }
}

#[async_trait]
impl RecordSource for Pages {
    async fn request_fetch(&self, _: Provider, _: &BrokerConnectionId) -> Result<(), SourceError> {
        Ok(())
    }

    async fn read_page(&self, _: &Stream, after: Option<Cursor>, _: u16) -> Result<RecordPage, SourceError> {
        let start = after.map_or(0, |cursor| cursor.as_str().parse().unwrap());
        assert!(self.records.contains(&start) || start == self.records.end, "{start} is not in {:?}", self.records);
        let end = self.records.end.min(start + PAGE);
        let record = |number: u64| SourceRecord {
            cursor: Cursor::new((number + 1).to_string()),
            state: RecordState::Present(mailbox::record(number % self.messages)),
        };
        Ok(RecordPage { records: (start..end).map(record).collect(), has_more: end < self.records.end })
    }
}

impl Clock for Noon {
    fn now(&self) -> OffsetDateTime {
        NOON
    }
}
