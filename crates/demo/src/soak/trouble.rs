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
    faults: BTreeMap<&'static str, u32>,
    kind: &'static str,
    kill_every: Duration,
    next_kill: Instant,
    next_fault: Instant,
    fault_ends: Option<Instant>,
    next_change: Instant,
}

/// Nango fails in a fifth of the time, whether anybody asks or not: else those who were told to come later would find nothing
/// but failures when they do.
const FAULT_EVERY: Duration = Duration::from_secs(2);
const FAULT_LASTS: Duration = Duration::from_millis(400);
const MOST_AT_ONCE: u32 = 8;
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
            kind: "",
            kill_every,
            next_kill: now + kill_every,
            next_fault: now + FAULT_EVERY,
            fault_ends: None,
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
        // The end of one before the next begins: a moment may be long on a busy machine.
        if self.fault_ends.is_some_and(|ends| now >= ends) {
            self.fault_ends = None;
            self.unmet(stage);
        }
        if now >= self.next_fault {
            self.next_fault = now + FAULT_EVERY;
            self.fault_ends = Some(now + FAULT_LASTS);
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
        let (times, fault) = (MOST_AT_ONCE, fault.clone());
        stage.nango.faults().add(Fault { path_prefix: "/records".to_owned(), method: None, times: Some(times), fault });
        self.kind = name;
        *self.faults.entry(name).or_default() += times;
    }

    /// What nobody met goes, and is not counted.
    fn unmet(&mut self, stage: &Stage<'_>) {
        let faults = stage.nango.faults();
        let left: u32 = faults.active().iter().filter_map(|fault| fault.times).sum();
        faults.clear();
        *self.faults.entry(self.kind).or_default() -= left;
    }
}
