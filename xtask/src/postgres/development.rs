//! The one server of a checkout that outlives the command that started it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::Server;
use super::cluster::start_keeper;
use super::run_dir::{is_alive, read_record};
use crate::wait;

/// Its directory below `target/postgres`.
const NAME: &str = "dev";

/// How long its keeper may take to remove everything.
const PATIENCE: Duration = Duration::from_secs(45);

/// The server, when it is running.
pub(crate) fn find(servers: &Path) -> Result<Option<Server>> {
    let run = servers.join(NAME);
    if !is_alive(&run)? {
        return Ok(None);
    }
    match read_record(&run)?.server {
        Some(server) => Ok(Some(server)),
        None => bail!("the development server is just being started by somebody else; try again"),
    }
}

/// Starts it, and leaves it running.
pub(crate) fn start(servers: &Path) -> Result<Server> {
    // Its keeper is on its own from here.
    start_keeper(&servers.join(NAME), true).map(|(_keeper, server)| server)
}

/// Ends it; `false` when it was not running.
pub(crate) fn stop(servers: &Path) -> Result<bool> {
    let run = servers.join(NAME);
    if !is_alive(&run)? {
        return Ok(false);
    }
    let keeper = read_record(&run)?.keeper;
    let pid = i32::try_from(keeper).ok().and_then(Pid::from_raw).context("the record of the server is damaged")?;
    kill_process(pid, Signal::TERM).context("cannot stop the development server; did somebody else start it?")?;
    if wait::until(PATIENCE, || (!run.exists()).then_some(())).is_none() {
        bail!("the development server does not end; its log is {}", run.join("server.log").display());
    }
    Ok(true)
}
