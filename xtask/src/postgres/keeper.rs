//! The keeper's side: one process, one server.
//!
//! It answers with one line of JSON on standard output, [`Answer`], and then waits: for the end of its standard input,
//! or when detached for a signal. Every way out removes everything. A line on its standard input, [`RESTART`], has the
//! server restarted, and is answered when that is over.

use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::Server;
use super::account::Account;
use super::binaries::Binaries;
use super::places::Places;
use super::run_dir::{Record, RunDir};
use super::server::{Prepared, Running};
use crate::ui;

/// How often a keeper looks whether its server still lives.
const LOOK: Duration = Duration::from_secs(1);

/// The line that asks for a restart.
pub(super) const RESTART: &str = "restart";

/// What a keeper says, once and after each restart.
#[derive(Serialize, Deserialize)]
pub(super) enum Answer {
    Ready(Server),
    Failed(String),
}

/// What a keeper is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    End,
    Restart,
}

/// Sets up a server, keeps it, removes it.
pub(crate) fn keep(run: &Path, detached: bool) -> Result<()> {
    let orders = orders(detached)?;
    let run = match RunDir::create(run) {
        Ok(run) => run,
        Err(error) => return say(&Answer::Failed(format!("{error:#}"))),
    };
    let mut runtime = None;
    let done = start(&run, &mut runtime).map_or_else(
        |error| say(&Answer::Failed(format!("{error:#}"))),
        |mut running| {
            let said = say(&Answer::Ready(running.server.clone()));
            if said.is_ok() {
                wait_for_end(&orders, &mut running, detached);
            }
            running.end().and(said)
        },
    );
    run.remove(runtime.as_deref()).and(done)
}

fn start(run: &RunDir, runtime: &mut Option<std::path::PathBuf>) -> Result<Running> {
    let account = Account::for_server()?;
    let places = Places::make(run.path(), account)?;
    *runtime = Some(places.runtime.clone());
    let mut record =
        Record { keeper: std::process::id(), runtime: places.runtime.clone(), data: places.data.clone(), server: None };
    run.record(&record)?;
    let running = Prepared::new(&find_binaries(run, &places, account)?, account, &places, run.path())?.start()?;
    record.server = Some(running.server.clone());
    run.record(&record)?;
    Ok(running)
}

#[cfg(feature = "embedded-postgres")]
fn find_binaries(run: &RunDir, places: &Places, account: Account) -> Result<Binaries> {
    Binaries::find().or_else(|_| super::embedded::fetch(run.path(), places, account))
}

#[cfg(not(feature = "embedded-postgres"))]
fn find_binaries(_run: &RunDir, _places: &Places, _account: Account) -> Result<Binaries> {
    Binaries::find()
}

fn wait_for_end(orders: &Receiver<Order>, running: &mut Running, detached: bool) {
    loop {
        match orders.recv_timeout(LOOK) {
            Ok(Order::Restart) => {
                let restarted = running.restart();
                let answer = match restarted {
                    Ok(()) => Answer::Ready(running.server.clone()),
                    Err(error) => Answer::Failed(format!("{error:#}")),
                };
                if say(&answer).is_err() {
                    return;
                }
            }
            Ok(Order::End) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(why) = running.has_ended() {
                    ui::note(why);
                    if !detached {
                        // Whoever asked for it still reads and reports; its files go when he lets go.
                        while orders.recv() == Ok(Order::Restart) {
                            let _ = say(&Answer::Failed("PostgreSQL has ended by itself".to_owned()));
                        }
                    }
                    return;
                }
            }
        }
    }
}

fn orders(detached: bool) -> Result<Receiver<Order>> {
    let (sender, receiver) = mpsc::channel();
    let on_signal = sender.clone();
    let handler = move || {
        let _ = on_signal.send(Order::End);
    };
    ctrlc::set_handler(handler).context("cannot handle signals")?;
    if !detached {
        std::thread::spawn(move || {
            // Reading ends when the other side closes or is gone.
            for line in std::io::stdin().lines().map_while(Result::ok) {
                if line == RESTART && sender.send(Order::Restart).is_err() {
                    return;
                }
            }
            let _ = sender.send(Order::End);
        });
    }
    Ok(receiver)
}

fn say(answer: &Answer) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(answer)?).and_then(|()| out.flush()).context("nobody listens")
}
