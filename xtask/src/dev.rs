//! `cargo xtask dev`: the stack of the demo, to try by hand.

use std::process::ExitCode;

use anyhow::Result;

use crate::demo::{self, Setting};
use crate::process::{Interrupted, Runner};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    setting: Setting,
}

pub(crate) fn run(workspace: &Workspace, runner: &Runner, arguments: &Arguments) -> Result<ExitCode> {
    match demo::start(workspace, runner, "dev", &arguments.setting, None) {
        // The ordinary way to end it.
        Err(error) if error.is::<Interrupted>() => Ok(ExitCode::SUCCESS),
        outcome => outcome,
    }
}
