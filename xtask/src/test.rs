//! `cargo xtask test`: a server, the tests, the server's end.
//!
//! All packages are built as one selection, whatever part of the tests runs: cargo unifies features over a selection, so
//! another one would compile half of the workspace again.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use anyhow::{Result, bail};

use crate::environment::{self, TEST_SERVER, TEST_SERVER_CA};
use crate::postgres::{self, TestServer};
use crate::process::Runner;
use crate::ui;
use crate::workspace::Workspace;

#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// A part of the tests; all of them, and the examples of the documentation, when left out.
    #[arg(value_enum)]
    kind: Option<Kind>,
    /// Handed to the test runner: a filter, for one. The documentation's examples are left out then.
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Those beside the code.
    Unit,
    /// Those of each crate's `tests/it`: the ports' contracts and the adapters.
    Contract,
    /// The product as a whole.
    E2e,
}

/// One call of cargo.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    what: &'static str,
    arguments: Vec<OsString>,
}

pub(crate) fn run(workspace: &Workspace, runner: &Runner, arguments: &Arguments) -> Result<ExitCode> {
    if !matches!(arguments.kind, Some(Kind::Unit)) {
        tell_what_is_left_out();
    }
    with_server(workspace, runner, |server| run_steps(workspace, runner, server, &steps(arguments, has_nextest())))
}

/// Does `work` with a server for tests, in which nothing of it stays behind.
pub(crate) fn with_server(
    workspace: &Workspace,
    runner: &Runner,
    work: impl FnOnce(&TestServer) -> Result<ExitCode>,
) -> Result<ExitCode> {
    let server = TestServer::provide(workspace)?;
    let worked = work(&server);
    // Also when tests failed or were interrupted. A private server takes everything with it.
    let swept = if server.is_foreign() { sweep(workspace, runner, &server) } else { Ok(()) };
    let code = worked?;
    swept?;
    Ok(code)
}

fn run_steps(workspace: &Workspace, runner: &Runner, server: &TestServer, steps: &[Step]) -> Result<ExitCode> {
    for step in steps {
        ui::step(step.what);
        let status = runner.run(cargo(workspace, server).args(&step.arguments))?;
        if !status.success() {
            ui::note(format_args!("{}: failed; what failed is told above", step.what));
            return Ok(exit_code(status));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn steps(arguments: &Arguments, nextest: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    // The product's binaries, for tests that run them: a runner builds those of a package for its own tests only.
    match arguments.kind {
        None => steps.push(step("build", &["build", "--workspace", "--all-targets"])),
        Some(Kind::E2e) => steps.push(step("build", &["build", "--workspace", "--bins", "--test", "e2e"])),
        Some(Kind::Unit | Kind::Contract) => {}
    }
    let mut tests = if nextest {
        step("tests", &["nextest", "run", "--workspace"])
    } else {
        step("tests (cargo-nextest is not installed: cargo test does it, slower)", &["test", "--workspace"])
    };
    let selection: &[&str] = match arguments.kind {
        Some(Kind::Unit) => &["--lib", "--bins"],
        Some(Kind::Contract) => &["--test", "it"],
        Some(Kind::E2e) => &["--test", "e2e"],
        None if nextest => &[],
        None => &["--all-targets"],
    };
    tests.arguments.extend(selection.iter().map(OsString::from));
    tests.arguments.extend(arguments.arguments.iter().cloned());
    // First, so that what is told last is how the tests ended.
    if arguments.kind.is_none() && arguments.arguments.is_empty() {
        steps.push(step("examples of the documentation", &["test", "--doc", "--workspace"]));
    }
    steps.push(tests);
    steps
}

/// Removes what tests made in a server that goes on living.
fn sweep(workspace: &Workspace, runner: &Runner, server: &TestServer) -> Result<()> {
    ui::progress("removing test databases");
    let mut build = cargo(workspace, server);
    build.args(["build", "--quiet", "--workspace", "--bin", "cortex-test-sweep", "--test", "it"]);
    let mut sweep = Command::new(workspace.binaries().join("cortex-test-sweep"));
    for command in [&mut build, give(&mut sweep, server)] {
        if !runner.run(command)?.success() {
            bail!("databases named cortex_test_… may be left in the server of {TEST_SERVER}");
        }
    }
    Ok(())
}

/// The cargo that sees the server, and nothing of the product's settings.
pub(crate) fn cargo(workspace: &Workspace, server: &TestServer) -> Command {
    let mut command = environment::isolated_cargo();
    give(command.current_dir(workspace.root()), server);
    command
}

fn give<'a>(command: &'a mut Command, server: &TestServer) -> &'a mut Command {
    environment::isolate(command);
    if let Some(path) = postgres::path_with_clients() {
        command.env("PATH", path);
    }
    command.env(TEST_SERVER, &server.server().url);
    match &server.server().ca_file {
        Some(ca_file) => command.env(TEST_SERVER_CA, ca_file),
        None => command.env_remove(TEST_SERVER_CA),
    }
}

/// Says what the tests leave out: those who run it see no word of a test that passes.
fn tell_what_is_left_out() {
    let places = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let path = environment::read("PATH").unwrap_or_default();
    let has_pooler = std::env::split_paths(&path).chain(places).any(|place| place.join("pgbouncer").is_file());
    if !has_pooler {
        ui::note("PgBouncer is not installed: the way through a transaction pooler is not tested");
    }
}

fn has_nextest() -> bool {
    environment::cargo()
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn step(what: &'static str, arguments: &[&str]) -> Step {
    Step { what, arguments: arguments.iter().map(OsString::from).collect() }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(kind: Option<Kind>, arguments: &[&str], nextest: bool) -> Vec<String> {
        let arguments = Arguments { kind, arguments: arguments.iter().map(OsString::from).collect() };
        steps(&arguments, nextest)
            .into_iter()
            .map(|step| step.arguments.join(" ".as_ref()).into_string().unwrap())
            .collect()
    }

    #[test]
    fn everything_is_built_tested_and_its_examples_too() {
        assert_eq!(
            lines(None, &[], true),
            ["build --workspace --all-targets", "test --doc --workspace", "nextest run --workspace"]
        );
    }

    #[test]
    fn every_call_selects_the_whole_workspace() {
        for kind in [None, Some(Kind::Unit), Some(Kind::Contract), Some(Kind::E2e)] {
            for nextest in [true, false] {
                let lines = lines(kind, &[], nextest);
                assert!(lines.iter().all(|line| line.contains("--workspace")), "{lines:?}");
            }
        }
    }

    #[test]
    fn a_filter_goes_to_the_runner_and_leaves_the_examples_out() {
        let lines = lines(Some(Kind::Contract), &["wall"], true);
        assert_eq!(lines, ["nextest run --workspace --test it wall"]);
    }

    #[test]
    fn cargo_test_stands_in_for_nextest() {
        assert_eq!(lines(Some(Kind::Unit), &["wall"], false), ["test --workspace --lib --bins wall"]);
    }
}
