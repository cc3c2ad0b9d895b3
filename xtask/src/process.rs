//! Running other programs, such that Ctrl-C stops them first and us last.

use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// Exit code after Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// After Ctrl-C the terminal has told the running program too; one that got the signal through us alone is told then.
const GRACE: Duration = Duration::from_secs(2);

/// Somebody pressed Ctrl-C, or ended us.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Runs programs one after another. While it lives, signals do not end `xtask` before it has cleaned up.
pub(crate) struct Runner {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    interrupted: AtomicBool,
    running: Mutex<Option<Pid>>,
}

impl Runner {
    /// Takes over the handling of signals; once per process.
    pub(crate) fn new() -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let handler = Arc::clone(&shared);
        ctrlc::set_handler(move || handler.interrupt()).context("cannot handle signals")?;
        Ok(Self { shared })
    }

    /// Runs a program to its end.
    pub(crate) fn run(&self, command: &mut Command) -> Result<ExitStatus> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = {
            // Held over the start: a signal finds the program either not begun or by its number.
            let mut running = self.shared.running();
            if self.shared.interrupted.load(Ordering::SeqCst) {
                bail!(Interrupted);
            }
            let child = command.spawn().with_context(|| format!("cannot start {program}"))?;
            *running = Some(Pid::from_child(&child));
            child
        };
        let status = child.wait().with_context(|| format!("cannot wait for {program}"));
        *self.shared.running() = None;
        if self.shared.interrupted.load(Ordering::SeqCst) {
            bail!(Interrupted);
        }
        status
    }
}

impl Shared {
    fn interrupt(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
        let Some(running) = *self.running() else { return };
        let ended = wait::until(GRACE, || (*self.running() != Some(running)).then_some(()));
        if ended.is_none() {
            // Ended in between at worst.
            let _ = kill_process(running, Signal::TERM);
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Pid>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
