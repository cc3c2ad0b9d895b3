//! `cargo xtask soak`: a server of its own, which can be restarted, the build, and `cortex-demo soak`, which does the rest.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::demo;
use crate::environment::{self, TEST_SERVER, TEST_SERVER_CA};
use crate::postgres::Cluster;
use crate::process::Runner;
use crate::workspace::Workspace;
use crate::{ui, wait};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// People with an account each.
    #[arg(long, value_name = "N")]
    users: Option<u32>,
    /// Records in all accounts together.
    #[arg(long, value_name = "N")]
    records: Option<u32>,
    /// Worker processes.
    #[arg(long, value_name = "N")]
    workers: Option<u16>,
}

/// How long one look for a request lasts.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) fn run(workspace: &Workspace, runner: &Runner, arguments: &Arguments) -> Result<ExitCode> {
    ui::progress("starting a private PostgreSQL");
    let mut cluster = Cluster::start(&workspace.servers())?;
    if let Some(failed) = demo::build(workspace, runner)? {
        return Ok(failed);
    }
    ui::step("soak");
    let folder = tempfile::Builder::new().prefix("cortex-soak-").tempdir().context("no temporary directory")?;
    let request = folder.path().join("restart");
    let mut soak = Command::new(workspace.binaries().join("cortex-demo"));
    environment::isolate(&mut soak);
    soak.args(words(arguments, &request)).arg("--cortex").arg(workspace.binaries().join("cortex"));
    soak.env(TEST_SERVER, &cluster.server().url);
    match &cluster.server().ca_file {
        Some(ca_file) => soak.env(TEST_SERVER_CA, ca_file),
        None => soak.env_remove(TEST_SERVER_CA),
    };
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let restarting = scope.spawn(|| restart_when_asked(&mut cluster, &request, &is_over));
        let ended = runner.run(&mut soak);
        is_over.store(true, Ordering::SeqCst);
        restarting.join().map_err(|_| anyhow::anyhow!("restarting PostgreSQL panicked"))??;
        Ok(demo::exit_code(ended?))
    })
}

/// Restarts the server whenever the file is there, and takes it away when that is done.
fn restart_when_asked(cluster: &mut Cluster, request: &Path, is_over: &AtomicBool) -> Result<()> {
    while !is_over.load(Ordering::SeqCst) {
        if wait::until(LOOK, || request.exists().then_some(())).is_some() {
            cluster.restart()?;
            fs::remove_file(request).context("the request for a restart")?;
        }
    }
    Ok(())
}

fn words(arguments: &Arguments, request: &Path) -> Vec<std::ffi::OsString> {
    let mut words: Vec<std::ffi::OsString> = vec!["soak".into(), "--restart-request".into(), request.into()];
    let numbers = [
        ("--users", arguments.users.map(u64::from)),
        ("--records", arguments.records.map(u64::from)),
        ("--workers", arguments.workers.map(u64::from)),
    ];
    for (name, number) in numbers {
        words.extend(number.into_iter().flat_map(|number| [name.into(), number.to_string().into()]));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_handed_on() {
        let arguments = Arguments { users: Some(3), records: None, workers: Some(2) };
        let words = words(&arguments, Path::new("dir/restart"));
        assert_eq!(words, ["soak", "--restart-request", "dir/restart", "--users", "3", "--workers", "2"]);
    }
}
