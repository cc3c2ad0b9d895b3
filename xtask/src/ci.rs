//! `cargo xtask ci`: everything that a change must pass, in the order of what fails soonest.
//!
//! No step changes `RUSTFLAGS` or the selection of packages: each would compile everything again.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::process::Runner;
use crate::ui::{self, Outcome, Row};
use crate::workspace::Workspace;
use crate::{environment, openapi, test, tidy};

type Step = (&'static str, fn(&Workspace, &Runner) -> Result<Outcome>);

const STEPS: &[Step] = &[
    ("fmt", |workspace, runner| cargo(workspace, runner, &["fmt", "--all", "--check"])),
    ("tidy", |workspace, _| tidy::run(workspace).map(outcome_of_code)),
    ("clippy", |workspace, runner| {
        cargo(workspace, runner, &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
    }),
    ("doc", doc),
    ("test", |workspace, runner| test::run(workspace, runner, &test::Arguments::default()).map(outcome_of_code)),
    ("openapi", |workspace, runner| {
        openapi::run(workspace, runner, &openapi::Arguments { check: true }).map(outcome_of_code)
    }),
    ("deny", deny),
];

pub(crate) fn run(workspace: &Workspace, runner: &Runner) -> Result<ExitCode> {
    let mut rows = Vec::new();
    for (name, step) in STEPS {
        ui::step(name);
        let begin = Instant::now();
        let result = step(workspace, runner);
        let outcome = *result.as_ref().unwrap_or(&Outcome::Failed);
        rows.push(Row { name, outcome, took: begin.elapsed() });
        if outcome == Outcome::Failed {
            finish(&rows);
            return result.map(|_| ExitCode::FAILURE);
        }
    }
    finish(&rows);
    Ok(ExitCode::SUCCESS)
}

fn finish(rows: &[Row]) {
    ui::step("summary");
    ui::table(rows);
    let total: Duration = rows.iter().map(|row| row.took).sum();
    ui::note(format_args!("{:.1} s in all", total.as_secs_f64()));
}

fn doc(workspace: &Workspace, runner: &Runner) -> Result<Outcome> {
    let mut command = environment::isolated_cargo();
    command.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings");
    pass(workspace, runner, command)
}

fn deny(workspace: &Workspace, runner: &Runner) -> Result<Outcome> {
    let installed = environment::cargo()
        .args(["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !installed {
        ui::note(
            "cargo-deny is not installed (`cargo install --locked cargo-deny`): licences and sources stay unchecked",
        );
        return Ok(Outcome::LeftOut);
    }
    cargo(workspace, runner, &["deny", "check", "bans", "licenses", "sources"])
}

fn cargo(workspace: &Workspace, runner: &Runner, arguments: &[&str]) -> Result<Outcome> {
    let mut command = environment::isolated_cargo();
    command.args(arguments);
    pass(workspace, runner, command)
}

fn pass(workspace: &Workspace, runner: &Runner, mut command: Command) -> Result<Outcome> {
    let status = runner.run(command.current_dir(workspace.root()))?;
    Ok(if status.success() { Outcome::Passed } else { Outcome::Failed })
}

fn outcome_of_code(code: ExitCode) -> Outcome {
    if code == ExitCode::SUCCESS { Outcome::Passed } else { Outcome::Failed }
}
