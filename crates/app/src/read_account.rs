//! What a job of an account does: it reads every stream of an account, or asks again for what lacked, and tells what came of it in the
//! queue's words.
//!
//! The domains do not know each other; this is where a job of `sync-jobs` meets the connection of `connections` and the
//! streams of `ingestion`.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::model::{Connection, ConnectionStatus, StatusReason};
use cortex_connections::ports::{ConnectionHealth, ConnectionStore};
use cortex_ingestion::model::{IngestionMethod, Stream};
use cortex_ingestion::readers::{BASE_VARIANT, account_of, models_of};
use cortex_ingestion::record_source::{RecordSource, SourceError};
use cortex_ingestion::{ReadStream, ReadStreamError, StreamReading};
use cortex_kernel::{Clock, Lease, Origin};
use cortex_sync_jobs::model::{Account, Disposition, Failure, Job, JobFailure, JobKind, Trigger};
use cortex_sync_jobs::ports::{CancellationToken, JobRunner};

use crate::lacking_contents::LackingContents;
use crate::run_jobs::{no_runner, store_failure};

/// Reads the account of a job's connection.
pub(crate) struct ReadAccount {
    connections: Arc<dyn ConnectionStore>,
    health: Arc<dyn ConnectionHealth>,
    source: Arc<dyn RecordSource>,
    read_stream: ReadStream,
    contents: LackingContents,
    clock: Arc<dyn Clock>,
}

impl ReadAccount {
    pub(crate) fn new(
        connections: Arc<dyn ConnectionStore>,
        health: Arc<dyn ConnectionHealth>,
        source: Arc<dyn RecordSource>,
        read_stream: ReadStream,
        contents: LackingContents,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { connections, health, source, read_stream, contents, clock }
    }

    async fn read(&self, job: &Job, lease: Lease, interrupt: &CancellationToken) -> Result<Disposition, JobFailure> {
        let account = job.subject.account().ok_or_else(no_runner)?;
        let connection = self.connection(job, account).await?;
        let outcome = match job.kind {
            JobKind::Initial | JobKind::Incremental => {
                self.read_streams(job, account, lease, &connection, interrupt).await
            }
            JobKind::Content => self.finish_contents(job, account, lease, &connection, interrupt).await,
            JobKind::Summaries | JobKind::AlertRules | JobKind::DailyReports => Err(no_runner()),
        };
        if let Err(JobFailure::Unauthorised(_)) = outcome {
            self.mark_refused(&connection).await;
        }
        outcome
    }

    async fn read_streams(
        &self,
        job: &Job,
        account: Account,
        lease: Lease,
        connection: &Connection,
        interrupt: &CancellationToken,
    ) -> Result<Disposition, JobFailure> {
        if job.progress.pages == 0 && matches!(job.trigger, Trigger::User | Trigger::Admin) {
            self.ask_for_a_fetch(connection).await?;
        }
        for &model in models_of(connection.provider) {
            let reading = reading(job, lease, connection, model);
            let may_go_on = || !interrupt.is_cancelled();
            match self.read_stream.read(&reading, &may_go_on).await {
                Ok(report) if report.is_interrupted => return Ok(Disposition::Interrupted),
                Ok(_) => {}
                Err(ReadStreamError::LeaseLost) => return Ok(Disposition::LeaseLost),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "an account cannot be read on");
                    return Err(stream_failure(&error));
                }
            }
        }
        self.contents.ask_for_what_lacks(job, account).await.map_err(|error| store_failure(&error, NOT_STORED))?;
        Ok(Disposition::Completed)
    }

    /// The job waits for what is due next; it ends once nothing lacks.
    async fn finish_contents(
        &self,
        job: &Job,
        account: Account,
        lease: Lease,
        connection: &Connection,
        interrupt: &CancellationToken,
    ) -> Result<Disposition, JobFailure> {
        for &model in models_of(connection.provider) {
            let reading = reading(job, lease, connection, model);
            match self.contents.finish.finish(&reading, &|| !interrupt.is_cancelled()).await {
                Ok(is_interrupted) if is_interrupted => return Ok(Disposition::Interrupted),
                Ok(_) => {}
                Err(ReadStreamError::LeaseLost) => return Ok(Disposition::LeaseLost),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "what lacks cannot be asked for");
                    return Err(stream_failure(&error));
                }
            }
        }
        let next =
            self.contents.next_due(job.company_id, account).await.map_err(|error| store_failure(&error, NOT_STORED))?;
        match next {
            None => Ok(Disposition::Completed),
            Some(wait) => Err(JobFailure::Throttled { retry_after: Some(wait), failure: incomplete() }),
        }
    }

    /// The person is told, and asked to connect again; this job and any other of the connection have failed then. If that
    /// cannot be written down, the next sync says it again.
    async fn mark_refused(&self, connection: &Connection) {
        let reason = StatusReason::CredentialsRefused;
        let (at, origin) = (self.clock.now(), Origin::default());
        if let Err(error) = self.health.mark_needs_reauthorization(connection, reason, at, &origin).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a refused connection cannot be marked");
        }
    }

    /// A person wants what the provider has now. A wish that is not taken keeps nobody from reading what is there.
    async fn ask_for_a_fetch(&self, connection: &Connection) -> Result<(), JobFailure> {
        match self.source.request_fetch(connection.provider, &connection.broker_id).await {
            Ok(()) => Ok(()),
            Err(error @ (SourceError::Unavailable(_) | SourceError::BadAnswer(_) | SourceError::CursorLost)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "Nango was not asked to fetch");
                Ok(())
            }
            Err(error) => Err(source_failure(&error)),
        }
    }

    async fn connection(&self, job: &Job, account: Account) -> Result<Connection, JobFailure> {
        let found = self.connections.find_connection(job.company_id, job.user_id, account.provider).await;
        let connection = found
            .map_err(|error| store_failure(&error, NOT_STORED))?
            .filter(|connection| connection.id == account.connection_id)
            .ok_or_else(|| JobFailure::Permanent(Failure::new("not_connected", "The account is not connected.")))?;
        match connection.status {
            ConnectionStatus::Active => Ok(connection),
            ConnectionStatus::NeedsReauthorization => Err(needs_reauthorization()),
            ConnectionStatus::Disconnected => {
                Err(JobFailure::Permanent(Failure::new("not_connected", "The account was disconnected.")))
            }
        }
    }
}

#[async_trait]
impl JobRunner for ReadAccount {
    async fn run(&self, job: &Job, lease: Lease, interrupt: &CancellationToken) -> Disposition {
        self.read(job, lease, interrupt).await.unwrap_or_else(Disposition::Failed)
    }
}

fn reading(job: &Job, lease: Lease, connection: &Connection, model: &str) -> StreamReading {
    let account = connection.account.as_ref();
    let account_email = account.and_then(|account| account.email.clone());
    let account_id = account.and_then(|account| account.id.as_deref());
    StreamReading {
        lease,
        stream: Stream {
            company_id: job.company_id,
            user_id: job.user_id,
            connection_id: connection.id,
            broker_id: connection.broker_id.clone(),
            provider: connection.provider,
            model: model.to_owned(),
            variant: BASE_VARIANT.to_owned(),
        },
        account: account_of(connection.provider, account_id, account_email.as_ref(), connection.id),
        user_email: connection.owner.email.clone(),
        account_email,
        method: match job.trigger {
            Trigger::Webhook => IngestionMethod::Webhook,
            Trigger::User | Trigger::Admin | Trigger::Schedule | Trigger::Reconnect => IngestionMethod::OauthSync,
        },
        is_initial: job.kind == JobKind::Initial,
    }
}

fn stream_failure(error: &ReadStreamError) -> JobFailure {
    match error {
        ReadStreamError::Source(error) => source_failure(error),
        ReadStreamError::Store(error) => store_failure(error, NOT_STORED),
        ReadStreamError::CursorMoved | ReadStreamError::LeaseLost => {
            JobFailure::Transient(Failure::new("read_elsewhere", "The account is being read by another run."))
        }
    }
}

/// What the broker's trouble means for a job: what passes by itself is no attempt, and what only a person can mend ends
/// it.
fn source_failure(error: &SourceError) -> JobFailure {
    let wait = |retry_after, code, message| JobFailure::Throttled { retry_after, failure: Failure::new(code, message) };
    match error {
        SourceError::Unauthorised(_) => {
            wait(None, "nango_key_refused", "Nango refuses this deployment's key: its operator has to look.")
        }
        SourceError::NeedsReauthorization(_) => needs_reauthorization(),
        SourceError::Throttled { retry_after } => wait(*retry_after, "nango_throttled", "Nango asks to wait."),
        SourceError::Unavailable(_) => wait(None, "nango_unavailable", "Nango is not available."),
        SourceError::CursorLost => {
            JobFailure::Transient(Failure::new("cursor_lost", "Nango no longer knows how far was read."))
        }
        SourceError::BadAnswer(_) => {
            JobFailure::Transient(Failure::new("nango_bad_answer", "Nango answered something that makes no sense."))
        }
    }
}

/// What is told where a store failed.
const NOT_STORED: &str = "What was read could not be stored.";

fn incomplete() -> Failure {
    Failure::new("contents_incomplete", "Some contents could not be fetched yet: they are asked for again.")
}

fn needs_reauthorization() -> JobFailure {
    JobFailure::Unauthorised(Failure::new("needs_reauthorization", "The account has to be connected again."))
}

#[cfg(test)]
mod tests;
