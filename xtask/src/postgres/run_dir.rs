//! The directory of one server below `target/postgres`, and what to do with those of dead ones.
//!
//! A keeper holds a lock on its directory as long as it lives; the system lets go of it however the keeper ends. So a
//! directory without a locked `lock` is a leftover, with no guessing by process ids, which are used again.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde::{Deserialize, Serialize};

use super::Server;
use super::places::PREFIX;
use crate::{ui, wait};

/// How long an abandoned server may take to end after each signal.
const PATIENCE: Duration = Duration::from_secs(10);

/// A run's directory, ours as long as this value lives.
pub(super) struct RunDir {
    path: PathBuf,
    _lock: File,
}

/// What others need to know about a run, in its `run.json`.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    /// Process id of the keeper.
    pub(super) keeper: u32,
    /// Directory of the socket, outside of the run's directory.
    pub(super) runtime: PathBuf,
    /// The data directory.
    pub(super) data: PathBuf,
    /// How to reach the server, once it runs.
    pub(super) server: Option<Server>,
}

impl RunDir {
    /// Makes the directory, and removes what dead runs beside it left.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let parent = path.parent().context("the directory of a run lies below target/postgres")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        open_to_all(parent)?;
        // Between making a directory and locking it, it looks like a leftover.
        let registry = File::create(parent.join(".lock"))?;
        registry.lock().context("cannot lock target/postgres")?;
        for entry in fs::read_dir(parent)? {
            let run = entry?.path();
            if run.is_dir()
                && let Err(error) = remove_if_dead(&run)
            {
                ui::note(format_args!("a leftover of an earlier run stays: {}: {error:#}", run.display()));
            }
        }
        fs::create_dir(path).with_context(|| format!("{} exists; is it running?", path.display()))?;
        open_to_all(path)?;
        let lock = File::create(path.join("lock"))?;
        lock.lock().context("cannot lock the directory of this run")?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the record, for our own account alone: it holds a password.
    pub(super) fn record(&self, record: &Record) -> Result<()> {
        let new = self.path.join("run.json.new");
        fs::write(&new, "")?;
        fs::set_permissions(&new, Permissions::from_mode(0o600))?;
        fs::write(&new, serde_json::to_vec_pretty(record)?)?;
        fs::rename(new, self.path.join("run.json")).context("cannot write the record of this run")
    }

    /// Removes everything of this run; the server must have ended.
    pub(super) fn remove(self, runtime: Option<&Path>) -> Result<()> {
        if let Some(runtime) = runtime {
            remove_runtime(runtime)?;
        }
        remove_tree(&self.path)
    }
}

/// Whether the keeper of a directory lives.
pub(super) fn is_alive(run: &Path) -> Result<bool> {
    let lock = match File::open(run.join("lock")) {
        Ok(lock) => lock,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("cannot open {}/lock", run.display())),
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(fs::TryLockError::WouldBlock) => Ok(true),
        Err(fs::TryLockError::Error(error)) => Err(error).context("cannot ask for a lock"),
    }
}

/// The record of a directory.
pub(super) fn read_record(run: &Path) -> Result<Record> {
    let file = run.join("run.json");
    let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is damaged", file.display()))
}

fn remove_if_dead(run: &Path) -> Result<()> {
    if is_alive(run)? {
        return Ok(());
    }
    if run.join("run.json").exists() {
        let record = read_record(run)?;
        end_abandoned(&record.data)?;
        remove_runtime(&record.runtime)?;
    }
    remove_tree(run)
}

/// Ends the server of a data directory, if one runs there: by the id that it wrote, when that is still its own.
fn end_abandoned(data: &Path) -> Result<()> {
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
        return Ok(());
    };
    let Some(pid) = text.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw) else {
        return Ok(());
    };
    for signal in [Signal::QUIT, Signal::KILL] {
        if !command_line(pid).contains(&*data.to_string_lossy()) {
            return Ok(());
        }
        let _ = kill_process(pid, signal);
        if wait::until(PATIENCE, || test_kill_process(pid).is_err().then_some(())).is_some() {
            return Ok(());
        }
    }
    bail!("process {pid:?} does not end")
}

fn command_line(pid: Pid) -> String {
    let number = pid.as_raw_nonzero();
    if let Ok(text) = fs::read(format!("/proc/{number}/cmdline")) {
        return String::from_utf8_lossy(&text).into_owned();
    }
    std::process::Command::new("ps")
        .args(["-ww", "-o", "args=", "-p", &number.to_string()])
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default()
}

/// The path comes from a file: only a directory that carries our name is removed.
fn remove_runtime(runtime: &Path) -> Result<()> {
    let name = runtime.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !name.starts_with(PREFIX) {
        bail!("{} is not a directory of ours", runtime.display());
    }
    remove_tree(runtime)
}

fn remove_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn open_to_all(directory: &Path) -> Result<()> {
    fs::set_permissions(directory, Permissions::from_mode(0o755))
        .with_context(|| format!("cannot change the mode of {}", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(runtime: &Path) -> Record {
        Record { keeper: 1, runtime: runtime.to_owned(), data: runtime.join("data"), server: None }
    }

    #[test]
    fn a_run_whose_keeper_died_is_removed_by_the_next() {
        let top = tempfile::tempdir().unwrap();
        let runtime = tempfile::Builder::new().prefix(PREFIX).tempdir().unwrap().keep();
        let dead = RunDir::create(&top.path().join("dead")).unwrap();
        dead.record(&record(&runtime)).unwrap();
        drop(dead);
        let next = RunDir::create(&top.path().join("next")).unwrap();
        assert!(!runtime.exists() && !top.path().join("dead").exists());
        next.remove(None).unwrap();
    }

    #[test]
    fn a_run_whose_keeper_lives_stays() {
        let top = tempfile::tempdir().unwrap();
        let living = RunDir::create(&top.path().join("living")).unwrap();
        assert!(is_alive(living.path()).unwrap());
        let next = RunDir::create(&top.path().join("next")).unwrap();
        assert!(living.path().exists());
        assert!(RunDir::create(next.path()).is_err(), "a name is given once");
    }

    #[test]
    fn a_record_cannot_make_us_remove_a_directory_that_is_not_ours() {
        let top = tempfile::tempdir().unwrap();
        let precious = tempfile::tempdir().unwrap();
        let run = RunDir::create(&top.path().join("run")).unwrap();
        run.record(&record(precious.path())).unwrap();
        let path = run.path().to_owned();
        drop(run);
        let refused = remove_if_dead(&path).unwrap_err();
        assert!(refused.to_string().contains("not a directory of ours"), "{refused}");
        assert!(precious.path().exists());
    }

    #[test]
    fn the_record_is_for_our_eyes_only() {
        let top = tempfile::tempdir().unwrap();
        let run = RunDir::create(&top.path().join("run")).unwrap();
        run.record(&record(Path::new("/nowhere"))).unwrap();
        let mode = fs::metadata(run.path().join("run.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_process_that_is_not_the_server_is_left_alone() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("postmaster.pid"), format!("{}\n", std::process::id())).unwrap();
        end_abandoned(data.path()).unwrap();
    }
}
