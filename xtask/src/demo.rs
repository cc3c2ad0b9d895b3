//! `cargo xtask demo` and `cargo xtask dev`: a server, the build, and `cortex-demo`, which does the rest.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Result, bail};

use crate::environment::{self, TEST_SERVER, TEST_SERVER_CA};
use crate::postgres::TestServer;
use crate::process::Runner;
use crate::ui;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    setting: Setting,
    /// Go on running afterwards, until Ctrl-C.
    #[arg(long)]
    stay: bool,
}

/// What `demo` and `dev` have in common.
#[derive(clap::Args)]
pub(crate) struct Setting {
    /// A real mailbox for one of the colleagues: an mbox file, or a directory of .eml files.
    #[arg(long, value_name = "PATH")]
    mailbox: Option<PathBuf>,
    /// The first of five ports in a row; free ones without it.
    #[arg(long, value_name = "N")]
    port: Option<u16>,
}

pub(crate) fn run(workspace: &Workspace, runner: &Runner, arguments: &Arguments) -> Result<ExitCode> {
    let stay = arguments.stay.then_some("--stay");
    start(workspace, runner, "play", &arguments.setting, stay)
}

/// Builds, and runs `cortex-demo` with a server of its own.
pub(crate) fn start(
    workspace: &Workspace,
    runner: &Runner,
    action: &str,
    setting: &Setting,
    flag: Option<&str>,
) -> Result<ExitCode> {
    // Before the build, which may take minutes.
    if let Some(path) = setting.mailbox.as_deref().filter(|path| !path.exists()) {
        bail!("{}: no such file or directory; name an mbox file or a directory of .eml files", path.display());
    }
    let server = TestServer::provide(workspace)?;
    if let Some(failed) = build(workspace, runner)? {
        return Ok(failed);
    }
    ui::step(action);
    let binaries = workspace.binaries();
    let mut demo = Command::new(binaries.join("cortex-demo"));
    environment::isolate(&mut demo);
    demo.args(words(action, setting, flag, &binaries)).env(TEST_SERVER, &server.server().url);
    match &server.server().ca_file {
        Some(ca_file) => demo.env(TEST_SERVER_CA, ca_file),
        None => demo.env_remove(TEST_SERVER_CA),
    };
    runner.run(&mut demo).map(exit_code)
}

/// Builds the binaries; answers how it failed, where it did.
pub(crate) fn build(workspace: &Workspace, runner: &Runner) -> Result<Option<ExitCode>> {
    ui::step("build");
    // The selection of the tests: nothing is compiled twice for them.
    let mut cargo = environment::isolated_cargo();
    let built = runner.run(cargo.args(["build", "--workspace", "--bins"]).current_dir(workspace.root()))?;
    if built.success() {
        return Ok(None);
    }
    ui::note("the build failed; the lines above say where");
    Ok(Some(ExitCode::FAILURE))
}

fn words(action: &str, setting: &Setting, flag: Option<&str>, binaries: &Path) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec![action.into(), "--cortex".into(), binaries.join("cortex").into()];
    if let Some(path) = &setting.mailbox {
        words.extend(["--mailbox".into(), path.into()]);
    }
    if let Some(port) = setting.port {
        words.extend(["--port".into(), port.to_string().into()]);
    }
    words.extend(flag.map(OsString::from));
    words
}

pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_handed_on() {
        let setting = Setting { mailbox: Some("old mail.mbox".into()), port: Some(8100) };
        assert_eq!(
            words("play", &setting, Some("--stay"), Path::new("bin")),
            ["play", "--cortex", "bin/cortex", "--mailbox", "old mail.mbox", "--port", "8100", "--stay"]
        );
        let nothing = Setting { mailbox: None, port: None };
        assert_eq!(words("dev", &nothing, None, Path::new("bin")), ["dev", "--cortex", "bin/cortex"]);
    }
}
