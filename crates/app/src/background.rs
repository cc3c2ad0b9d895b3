//! What goes on beside requests, in `serve` as well as in `work`: the queue of jobs and the
//! connections that they read.

use std::sync::Arc;

use cortex_ingestion::{DecideDeletions, ForgetIdempotencyKeys, ForgetSetAside, RemoveBlobs};
use cortex_sync_jobs::{ForgetCompanyJobs, Pulse, ReportWorker, Worker};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::blob_removal::remove_in_time;
use crate::company_schedule::CompanySchedule;
use crate::confirmed_deletions::finish_deletions;
use crate::connection_upkeep::ConnectionUpkeep;
use crate::ended_company_jobs;
use crate::idempotency_keys;
use crate::kept_counts::{KeepCounts, keep_counted};
use crate::schedule::Schedule;
use crate::searchable::{MakeSearchable, keep_searchable};
use crate::set_aside::forget_in_time;
use crate::worker_report::keep_reporting;

/// The loops of one process.
pub(crate) struct Background {
    /// Works the queue off.
    pub(crate) worker: Worker,
    /// Tells others of it.
    pub(crate) report: ReportWorker,
    /// Makes the worker look at once.
    pub(crate) wake: Arc<Notify>,
    /// Looks after connections.
    pub(crate) connections: ConnectionUpkeep,
    /// Has accounts read by themselves, where the deployment wants that.
    pub(crate) schedule: Option<Schedule>,
    /// Makes jobs of the company by themselves, where there are any to make.
    pub(crate) company_schedule: Option<CompanySchedule>,
    /// Documents, to be made findable.
    pub(crate) documents: Arc<dyn MakeSearchable>,
    /// What counts documents and mails, to be kept.
    pub(crate) counts: Arc<dyn KeepCounts>,
    /// Deletions that were confirmed, to be carried out to their end.
    pub(crate) deletions: DecideDeletions,
    /// What could not be taken in, to be forgotten in time.
    pub(crate) set_aside: ForgetSetAside,
    /// Original bytes that nobody needs, to be removed.
    pub(crate) blobs: RemoveBlobs,
    /// Keys of requests, to be forgotten in time.
    pub(crate) idempotency_keys: ForgetIdempotencyKeys,
    /// Jobs of the company that ended, to be forgotten in time.
    pub(crate) ended_company_jobs: ForgetCompanyJobs,
}

impl Background {
    /// Where to see that the worker is at work.
    pub(crate) fn pulse(&self) -> Pulse {
        self.worker.pulse()
    }

    /// Runs until `stop` is cancelled and what was begun has ended or was given back.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self {
            worker,
            report,
            wake,
            connections,
            schedule,
            company_schedule,
            documents,
            counts,
            deletions,
            set_aside,
            blobs,
            idempotency_keys,
            ended_company_jobs,
        } = self;
        let scheduled = async {
            if let Some(schedule) = schedule {
                schedule.run(stop.clone()).await;
            }
        };
        let company_scheduled = async {
            if let Some(schedule) = company_schedule {
                schedule.run(stop.clone()).await;
            }
        };
        // It is there until what it runs has ended.
        let worked = CancellationToken::new();
        let working = async {
            worker.run(&wake).await;
            worked.cancel();
        };
        tokio::join!(
            working,
            keep_reporting(report, worked.clone()),
            connections.run(stop.clone()),
            scheduled,
            company_scheduled,
            keep_searchable(documents, stop.child_token()),
            keep_counted(counts, stop.child_token()),
            finish_deletions(deletions, stop.child_token()),
            forget_in_time(set_aside, stop.child_token()),
            remove_in_time(blobs, stop.child_token()),
            idempotency_keys::forget_in_time(idempotency_keys, stop.child_token()),
            ended_company_jobs::forget_in_time(ended_company_jobs, stop.child_token()),
        );
    }
}
