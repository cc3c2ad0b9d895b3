//! What goes wrong, and when.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use cortex_sandbox::faults::{Fault, FaultKind};
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use tokio::time::Instant;

use super::look::Look;
use super::rescues::Rescues;
use super::stage::Stage;
use crate::cli::SoakSetting;

/// Kills workers, has PostgreSQL restarted, and makes Nango fail.
pub(super) struct Trouble {
    pub(super) kills: usize,
    /// How long PostgreSQL was away, once it is back.
    pub(super) restarted: Option<Duration>,
    restart_request: Option<PathBuf>,
    restarting: Option<Instant>,
    workers: usize,
    faults: BTreeMap<&'static str, usize>,
    kill_every: Duration,
    next_kill: Instant,
    next_fault: Instant,
    next_change: Instant,
}

const FAULT_EVERY: Duration = Duration::from_millis(1_500);
const CHANGE_EVERY: Duration = Duration::from_millis(500);
/// Longer than the deployment waits for an answer.
const SILENCE_MILLIS: u64 = 3_000;
/// When so much is read, PostgreSQL is restarted.
const RESTART_AT: f64 = 0.4;

impl Trouble {
    pub(super) fn new(setting: &SoakSetting) -> Self {
        let (now, kill_every) = (Instant::now(), Duration::from_millis(setting.kill_every_millis));
        Self {
            kills: 0,
            restarted: None,
            restart_request: setting.restart_request.clone(),
            restarting: None,
            workers: usize::from(setting.workers),
            faults: BTreeMap::new(),
            kill_every,
            next_kill: now + kill_every,
            next_fault: now + FAULT_EVERY,
            next_change: now + CHANGE_EVERY,
        }
    }

    /// Does what is due.
    pub(super) async fn tick(
        &mut self,
        stage: &mut Stage<'_>,
        look: &Look,
        rescues: &mut Rescues,
        part: f64,
    ) -> Result<()> {
        let now = Instant::now();
        if now >= self.next_kill {
            self.next_kill = now + self.kill_every;
            // The first one is left to live, so that its memory can be looked at.
            let worker = rand::rng().random_range(1..self.workers);
            let killed = stage.kill(worker).await?;
            rescues.killed(killed, look);
            self.kills += 1;
        }
        // What is left of the one before would add up otherwise, until nothing goes through any more.
        if now >= self.next_fault && stage.nango.faults().active().is_empty() {
            self.next_fault = now + FAULT_EVERY;
            self.fail(stage);
        }
        if let Some(request) = self.restart_request.as_ref().filter(|_| part >= RESTART_AT && self.restarting.is_none())
        {
            fs::write(request, "").context("PostgreSQL cannot be restarted")?;
            self.restarting = Some(now);
        }
        Ok(())
    }

    pub(super) fn is_time_for_changes(&mut self) -> bool {
        let is_time = Instant::now() >= self.next_change;
        if is_time {
            self.next_change = Instant::now() + CHANGE_EVERY;
        }
        is_time
    }

    /// Whoever restarts takes the request away when it is done.
    pub(super) fn look_for_restart(&mut self) {
        if let Some((request, since)) = self.restart_request.as_ref().zip(self.restarting)
            && !request.exists()
        {
            self.restarted = Some(since.elapsed());
            (self.restart_request, self.restarting) = (None, None);
        }
    }

    pub(super) fn told(&self) -> String {
        let told: Vec<_> = self.faults.iter().map(|(name, times)| format!("{name} {times} times")).collect();
        if told.is_empty() { "did not fail".to_owned() } else { told.join(", ") }
    }

    fn fail(&mut self, stage: &Stage<'_>) {
        let rng = &mut rand::rng();
        let status = |status, retry_after_seconds| FaultKind::Status { status, retry_after_seconds };
        let kinds = [
            ("500", status(500, None)),
            ("429", status(429, Some(1))),
            ("503", status(503, None)),
            ("silent", FaultKind::Delay { millis: SILENCE_MILLIS }),
            ("broken off", FaultKind::Drop),
        ];
        let Some((name, fault)) = kinds.choose(rng) else { return };
        let times: u32 = rng.random_range(1..=4);
        let fault = fault.clone();
        stage.nango.faults().add(Fault { path_prefix: "/records".to_owned(), method: None, times: Some(times), fault });
        *self.faults.entry(name).or_default() += times as usize;
    }
}
