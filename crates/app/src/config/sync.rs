//! How records are synced: the worker loop, the schedules, how far back.

use std::num::NonZeroU16;
use std::time::Duration;

use super::reader::{Reader, Reading};
use super::variable::{SERVE_WORK, Variable};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::preset("SYNC_WORKERS", "4", SERVE_WORK, "jobs that one process runs at a time").within(1, 64),
    Variable::preset(
        "SYNC_LEASE_SECONDS",
        "20",
        SERVE_WORK,
        "how long a job stays with a worker that shows no life; the job of a dead worker is taken over within this time \
         and 5 seconds",
    )
    .within(1, 600),
    Variable::preset("SYNC_POLL_MS", "500", SERVE_WORK, "how often an idle worker looks for jobs").within(10, 10_000),
    Variable::preset(
        "SYNC_INTERVAL_SECONDS",
        "3600",
        SERVE_WORK,
        "how often every connection is synced by itself; 0 is only on request and webhook",
    )
    .within(0, 2_592_000),
    Variable::preset(
        "SYNC_ON_CONNECT",
        "false",
        SERVE_WORK,
        "whether the initial sync starts as soon as a connection is saved",
    ),
    Variable::preset(
        "ALERT_INTERVAL_MINUTES",
        "15",
        SERVE_WORK,
        "how often the rules of alerts are put to the company by themselves; 0 is only on request",
    )
    .within(0, 1_440),
    Variable::preset(
        "BACKFILL_DAYS",
        "365",
        SERVE_WORK,
        "how old a record may be, by its own date, to be taken in by a run that starts without a cursor",
    )
    .within(1, 36_500),
];

/// How records are synced.
#[derive(Clone, Debug)]
pub struct SyncConfig {
    /// Jobs that one process runs at a time.
    pub workers: usize,
    /// How long a claim of a job lasts without a heartbeat.
    pub lease: Duration,
    /// How often an idle worker looks for jobs.
    pub poll_interval: Duration,
    /// How often every connection is synced by itself; none is never.
    pub interval: Option<Duration>,
    /// Whether a saved connection starts its initial sync.
    pub on_connect: bool,
    /// How many minutes lie between two evaluations of the rules of alerts; none is never.
    pub alert_interval: Option<NonZeroU16>,
    /// How old, in days, a record may be for a run without a cursor.
    pub backfill_days: u32,
}

impl SyncConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let workers = reader.integer("SYNC_WORKERS");
        let lease = reader.seconds("SYNC_LEASE_SECONDS");
        let poll_interval = reader.milliseconds("SYNC_POLL_MS");
        let interval = reader.seconds("SYNC_INTERVAL_SECONDS");
        let on_connect = reader.flag("SYNC_ON_CONNECT");
        let alert_interval = reader.integer("ALERT_INTERVAL_MINUTES");
        let backfill_days = reader.integer("BACKFILL_DAYS");
        Ok(Self {
            workers: workers?,
            lease: lease?,
            poll_interval: poll_interval?,
            interval: Some(interval?).filter(|interval| !interval.is_zero()),
            on_connect: on_connect?,
            alert_interval: NonZeroU16::new(alert_interval?),
            backfill_days: backfill_days?,
        })
    }
}
