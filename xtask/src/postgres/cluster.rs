//! The side of the command that needs a server.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use super::keeper::Answer;
use super::{Server, random_name};
use crate::environment;

/// A private server that lives as long as this value.
pub(crate) struct Cluster {
    keeper: Child,
    server: Server,
}

impl Cluster {
    /// Starts a server of its own below `servers`.
    pub(crate) fn start(servers: &Path) -> Result<Self> {
        let run = servers.join(format!("run-{}", random_name(12)?));
        let (keeper, server) = start_keeper(&run, false)?;
        Ok(Self { keeper, server })
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        end(&mut self.keeper);
    }
}

/// Starts a keeper and waits for its answer. It does not belong to our terminal's group: Ctrl-C is for us, and the
/// server stays until we are through.
pub(super) fn start_keeper(run: &Path, detached: bool) -> Result<(Child, Server)> {
    let program = std::env::current_exe().context("cannot find xtask itself")?;
    let mut command = Command::new(program);
    environment::isolate(&mut command);
    command.arg("keep-postgres").arg("--run").arg(run).stdout(Stdio::piped()).process_group(0);
    if detached {
        // Nobody's terminal or pipe may be kept open by it.
        command.arg("--detached").stdin(Stdio::null()).stderr(Stdio::null());
    } else {
        command.stdin(Stdio::piped());
    }
    let mut keeper = command.spawn().context("cannot start the keeper of PostgreSQL")?;
    match read_answer(&mut keeper) {
        Ok(server) => Ok((keeper, server)),
        Err(error) => {
            end(&mut keeper);
            Err(error)
        }
    }
}

fn read_answer(keeper: &mut Child) -> Result<Server> {
    let out = keeper.stdout.take().context("the keeper's answer is piped")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    match serde_json::from_str(&line) {
        Ok(Answer::Ready(server)) => Ok(server),
        Ok(Answer::Failed(why)) => Err(anyhow!(why)),
        Err(_) => bail!("the keeper of PostgreSQL ended without an answer"),
    }
}

/// Lets go of a keeper, and waits until it has removed everything.
fn end(keeper: &mut Child) {
    drop(keeper.stdin.take());
    let _ = keeper.wait();
}
