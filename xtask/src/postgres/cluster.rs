//! The side of the command that needs a server.

use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use super::keeper::{Answer, RESTART};
use super::{Server, random_name};
use crate::environment;

/// A private server that lives as long as this value.
pub(crate) struct Cluster {
    keeper: Keeper,
    server: Server,
}

/// The process that owns a server, and what it says.
pub(super) struct Keeper {
    process: Child,
    said: BufReader<ChildStdout>,
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

    /// Restarts the server, at the same place. Its clients lose their connections.
    pub(crate) fn restart(&mut self) -> Result<()> {
        let orders = self.keeper.process.stdin.as_mut().context("the keeper's input is piped")?;
        writeln!(orders, "{RESTART}").context("the keeper of PostgreSQL is gone")?;
        self.keeper.answer().map(drop)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.keeper.end();
    }
}

/// Starts a keeper and waits for its answer. It does not belong to our terminal's group: Ctrl-C is for us, and the
/// server stays until we are through.
pub(super) fn start_keeper(run: &Path, detached: bool) -> Result<(Keeper, Server)> {
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
    let mut process = command.spawn().context("cannot start the keeper of PostgreSQL")?;
    let said = BufReader::new(process.stdout.take().context("the keeper's answers are piped")?);
    let mut keeper = Keeper { process, said };
    match keeper.answer() {
        Ok(server) => Ok((keeper, server)),
        Err(error) => {
            keeper.end();
            Err(error)
        }
    }
}

impl Keeper {
    /// What it says next.
    fn answer(&mut self) -> Result<Server> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        match serde_json::from_str(&line) {
            Ok(Answer::Ready(server)) => Ok(server),
            Ok(Answer::Failed(why)) => Err(anyhow!(why)),
            Err(_) => bail!("the keeper of PostgreSQL ended without an answer"),
        }
    }

    /// Lets go of it, and waits until it has removed everything.
    fn end(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
