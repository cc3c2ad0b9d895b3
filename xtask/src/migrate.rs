//! `cargo xtask migrate`: the code that production runs, from this checkout.
//!
//! The one command that passes the environment on as it is: here the operator names a database himself.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::environment;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Handed to `cortex migrate`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<ExitCode> {
    let built = environment::cargo()
        .args(["build", "--quiet", "--workspace", "--bin", "cortex"])
        .current_dir(workspace.root())
        .status()?;
    if !built.success() {
        bail!("cortex does not compile; the lines above say where");
    }
    let error = Command::new(workspace.binaries().join("cortex")).arg("migrate").args(&arguments.arguments).exec();
    Err(anyhow::Error::new(error).context("cannot start cortex"))
}
