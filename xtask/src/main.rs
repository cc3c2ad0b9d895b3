//! `cargo xtask`: what developers and CI run.
//!
//! Each command does everything it needs by itself, and leaves nothing behind. Nothing here is product code: what
//! production runs is the binary `cortex`, which `xtask` starts as a process.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::process::Runner;
use crate::workspace::Workspace;

mod bench;
mod ci;
mod db;
mod demo;
mod dev;
mod environment;
mod migrate;
mod openapi;
mod postgres;
mod process;
mod soak;
mod test;
mod tidy;
mod ui;
mod wait;
mod workspace;

/// Developer commands of Cortex.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play the whole journey of two companies from nothing, and check each step.
    Demo(demo::Arguments),
    /// Run the stack of the demo until Ctrl-C, with URLs, tokens and ready lines for curl.
    Dev(dev::Arguments),
    /// Run the tests, with everything they need.
    Test(test::Arguments),
    /// Run `cortex migrate` with the environment as it is.
    Migrate(migrate::Arguments),
    /// Bring the checked-in description of the API up to date.
    Openapi(openapi::Arguments),
    /// A private, throw-away Postgres server for development.
    #[command(subcommand)]
    Db(db::Command),
    /// Measure what something costs, beside the least that it could cost.
    Bench(bench::Arguments),
    /// Read many accounts while workers are killed and everything around them fails, and count what came of it.
    Soak(soak::Arguments),
    /// Check what compilers do not: layers, docs, migrations, file headers.
    Tidy,
    /// Everything that a change must pass.
    Ci,
    /// Own a server for another xtask, until it lets go.
    #[command(hide = true)]
    KeepPostgres {
        /// Directory of this run, below `target/postgres`.
        #[arg(long)]
        run: PathBuf,
        /// Live until a signal, instead of until standard input is closed.
        #[arg(long)]
        detached: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) if error.is::<process::Interrupted>() => {
            ui::error(&error);
            ExitCode::from(process::INTERRUPTED)
        }
        Err(error) => {
            ui::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    if let Command::KeepPostgres { run, detached } = command {
        return postgres::keep(&run, detached).map(|()| ExitCode::SUCCESS);
    }
    let workspace = Workspace::locate()?;
    match command {
        Command::Demo(arguments) => demo::run(&workspace, &Runner::new()?, &arguments),
        Command::Dev(arguments) => dev::run(&workspace, &Runner::new()?, &arguments),
        Command::Test(arguments) => test::run(&workspace, &Runner::new()?, &arguments),
        Command::Migrate(arguments) => migrate::run(&workspace, &arguments),
        Command::Openapi(arguments) => openapi::run(&workspace, &Runner::new()?, &arguments),
        Command::Db(command) => db::run(&workspace, &command).map(|()| ExitCode::SUCCESS),
        Command::Bench(arguments) => bench::run(&workspace, &Runner::new()?, &arguments),
        Command::Soak(arguments) => soak::run(&workspace, &Runner::new()?, &arguments),
        Command::Tidy => tidy::run(&workspace),
        Command::Ci => ci::run(&workspace, &Runner::new()?),
        Command::KeepPostgres { .. } => Ok(ExitCode::SUCCESS),
    }
}
