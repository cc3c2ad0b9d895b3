//! `cargo xtask openapi`: the API's description in `docs/openapi.json`, as the product tells it.

use std::fs;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::environment;
use crate::process::Runner;
use crate::ui;
use crate::workspace::Workspace;

#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Write nothing; fail where the file does not say what the product says.
    #[arg(long)]
    pub(crate) check: bool,
}

const FILE: &str = "docs/openapi.json";

pub(crate) fn run(workspace: &Workspace, runner: &Runner, arguments: &Arguments) -> Result<ExitCode> {
    let mut build = environment::isolated_cargo();
    // The same selection as everywhere, so that nothing is built twice.
    build.current_dir(workspace.root()).args(["build", "--quiet", "--workspace", "--bins"]);
    if !runner.run(&mut build)?.success() {
        bail!("cortex cannot be built; what failed is told above");
    }
    let mut cortex = Command::new(workspace.binaries().join("cortex"));
    environment::isolate(&mut cortex);
    // Elsewhere than in the checkout, where a developer's .env may lie.
    let told = cortex.arg("openapi").current_dir(workspace.binaries()).stderr(Stdio::inherit()).output();
    let told = told.context("cortex openapi does not run")?;
    if !told.status.success() {
        bail!("cortex openapi failed: {}", told.status);
    }
    let file = workspace.root().join(FILE);
    if fs::read(&file).is_ok_and(|current| current == told.stdout) {
        ui::note(format_args!("{FILE} is up to date"));
    } else if arguments.check {
        ui::note(format_args!("{FILE} is stale: run `cargo xtask openapi` and commit it"));
        return Ok(ExitCode::FAILURE);
    } else {
        fs::write(&file, told.stdout).with_context(|| format!("{FILE} cannot be written"))?;
        ui::note(format_args!("{FILE} was written"));
    }
    Ok(ExitCode::SUCCESS)
}
