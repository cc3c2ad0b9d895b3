//! The product's binary as processes of ours.
//!
//! None outlives the value that holds it. Each is in a process group of its own: Ctrl-C on the terminal is for us, and
//! we end them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

use crate::cli::WrongUsage;

/// The binary, and a directory for what its processes write.
pub(crate) struct Cortex {
    program: PathBuf,
    logs: PathBuf,
}

/// What a process sees of the environment: these variables and no others.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// A process at work.
pub(crate) struct Service {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Cortex {
    pub(crate) fn new(program: &Path, logs: &Path) -> Result<Self> {
        // Processes are started in another directory.
        let program = fs::canonicalize(program).ok().filter(|program| program.is_file()).ok_or_else(|| {
            WrongUsage(format!("{} is missing: build it by `cargo build --workspace --bins`", program.display()))
        })?;
        Ok(Self { program, logs: logs.to_owned() })
    }

    /// Runs a command to its end. One that fails is told with the last line that it wrote.
    pub(crate) async fn run(&self, name: &str, arguments: &[&str], variables: &Variables) -> Result<()> {
        let mut service = self.start(name, arguments, variables)?;
        let status = service.child.wait().await?;
        if !status.success() {
            bail!("{}", service.end_told(status));
        }
        Ok(())
    }

    /// Starts a command. What it writes goes to a file of its name.
    pub(crate) fn start(&self, name: &str, arguments: &[&str], variables: &Variables) -> Result<Service> {
        let log = self.logs.join(format!("{}.log", name.replace(' ', "-")));
        let file = File::options().create(true).append(true).open(&log).context("cannot write logs")?;
        let child = Command::new(&self.program)
            .args(arguments)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            // No `.env` of somebody's is there.
            .current_dir(&self.logs)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        Ok(Service { name: name.to_owned(), child, log })
    }
}

impl Service {
    /// The process as operating systems know it; none when it has ended.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends it at once, without a chance to tidy up, and waits until it is gone.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("cannot kill {}", self.name))
    }

    /// Fails if it has ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{}", self.end_told(status)),
        }
    }

    /// The last lines of its log that tell of trouble.
    pub(crate) fn troubles(&self, most: usize) -> Vec<String> {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().filter(|line| tells_of_trouble(line)).collect();
        lines[lines.len().saturating_sub(most)..].iter().map(|line| format!("{}: {line}", self.name)).collect()
    }

    fn end_told(&self, status: ExitStatus) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let last: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = last[last.len().saturating_sub(4)..].join(" / ");
        format!("{} ended ({status}): {last}", self.name)
    }
}

fn tells_of_trouble(line: &str) -> bool {
    ["ERROR", "WARN", "❌", "cortex: "].iter().any(|sign| line.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(logs: &Path) -> Cortex {
        Cortex::new(Path::new("/bin/sh"), logs).unwrap()
    }

    #[test]
    fn a_binary_that_was_not_built_is_wrong_usage() {
        let error = Cortex::new(Path::new("nowhere/cortex"), Path::new(".")).err().unwrap();
        assert!(error.is::<WrongUsage>() && error.to_string().contains("cargo build"), "{error:#}");
    }

    #[tokio::test]
    async fn a_command_that_fails_is_told_with_its_last_words_and_sees_only_what_it_was_given() {
        let logs = tempfile::tempdir().unwrap();
        let script = "echo \"${HOME:-none} $GIVEN\"; exit 3";
        let given = vec![("GIVEN", "here".to_owned())];
        let error = shell(logs.path()).run("migrate A", &["-c", script], &given).await.unwrap_err();
        assert_eq!(error.to_string(), "migrate A ended (exit status: 3): none here");
    }

    #[tokio::test]
    async fn a_killed_process_is_gone_and_reported_as_such() {
        let logs = tempfile::tempdir().unwrap();
        let mut service =
            shell(logs.path()).start("worker", &["-c", "echo ready; exec cat /dev/zero > /dev/null"], &vec![]).unwrap();
        service.check().unwrap();
        assert!(service.id().is_some());
        service.kill().await.unwrap();
        assert_eq!(service.id(), None);
        assert!(service.check().unwrap_err().to_string().starts_with("worker ended (signal: 9"));
    }

    #[test]
    fn of_a_log_the_lines_that_tell_of_trouble_are_shown() {
        assert!(tells_of_trouble("2026-01-01T00:00:00Z  WARN cortex: slow"));
        assert!(tells_of_trouble("❌ [OAUTH_START] refused"));
        assert!(!tells_of_trouble("2026-01-01T00:00:00Z  INFO listening"));
    }
}
