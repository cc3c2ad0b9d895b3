//! `cortex-demo`: two companies' deployments with everything around them, and a journey through them whose every step
//! is checked.
//!
//! It is a client like any other: it runs the binary `cortex` as processes and talks to them by their documented HTTP
//! API, and links nothing of the product. The world outside is the sandbox's, in this process. `cargo xtask demo` and
//! `cargo xtask dev` build it and give it a PostgreSQL server.
//!
//! Not here: building, and PostgreSQL itself (xtask); what the product does (its own crates).

mod browser;
mod cli;
mod client;
mod database;
mod deployment;
mod guide;
mod library;
mod mail;
mod people;
mod places;
mod play;
mod poll;
mod process;
mod report;
mod soak;
mod stack;
mod table;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Action, Arguments, Interrupted, WrongUsage};
use crate::database::{Databases, Server};
use crate::report::Report;
use crate::stack::{Plan, Stack};

/// Exit code for what cannot be used, as that of a wrong command line.
const WRONG_USAGE: u8 = 2;

/// Exit code after Ctrl-C.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    // Two crates could bring a provider of cryptography; this is the one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut report = Report::to_terminal();
    let code = match run(Arguments::parse(), &mut report).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Who did it knows.
        Err(error) if error.is::<Interrupted>() => ExitCode::from(INTERRUPTED),
        Err(error) => {
            report.settle();
            let _ = writeln!(io::stderr(), "error: {}", format!("{error:#}").replace(['\r', '\n'], " "));
            if error.is::<WrongUsage>() { ExitCode::from(WRONG_USAGE) } else { ExitCode::FAILURE }
        }
    };
    report.settle();
    code
}

/// True where everything held.
async fn run(arguments: Arguments, report: &mut Report) -> Result<bool> {
    let interrupted = interruption()?;
    match &arguments.action {
        action @ (Action::Play { setting, .. } | Action::Dev(setting)) => {
            let plan = Plan::of(setting)?;
            with_databases(&plan.server, interrupted, async |databases| work(action, &plan, databases, report).await)
                .await
        }
        Action::Soak(setting) => {
            let plan = soak::Plan::of(setting)?;
            with_databases(&plan.server, interrupted, async |databases| {
                soak::soak(setting, &plan, databases, report).await
            })
            .await
        }
    }
}

/// Does the work with databases of its own, which are gone afterwards, also when it failed or was interrupted.
async fn with_databases(
    server: &Server,
    interrupted: impl Future<Output = ()>,
    work: impl AsyncFnOnce(&Databases) -> Result<bool>,
) -> Result<bool> {
    let databases = Databases::create(server).await?;
    let outcome = tokio::select! {
        outcome = work(&databases) => outcome,
        () = interrupted => Err(Interrupted.into()),
    };
    // The processes have ended: they end when what holds them is dropped.
    databases.remove().await?;
    outcome
}

async fn work(action: &Action, plan: &Plan, databases: &Databases, report: &mut Report) -> Result<bool> {
    let mut stack = Stack::start(plan, databases, report).await?;
    let held = match action {
        Action::Play { .. } => match play::play(&mut stack, report).await {
            Ok(()) => report.summary(),
            Err(error) => {
                report.settle();
                stack.tell_troubles();
                return Err(error);
            }
        },
        Action::Dev(_) | Action::Soak(_) => true,
    };
    if !held {
        stack.tell_troubles();
    }
    if action.stays() {
        guide::show(&stack, report).await?;
        stack.until_something_ends(databases).await?;
    }
    Ok(held)
}

/// Comes to its end at the first Ctrl-C or order to end, also at one that was given before anybody waits for it.
fn interruption() -> Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt()).context("signals")?, signal(SignalKind::terminate()).context("signals")?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
