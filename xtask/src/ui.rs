//! What people see in the terminal.
//!
//! Everything goes to standard error, so that what a command *answers* (an URL, for one) is alone on standard output.
//! Colours only on a terminal, and not when `NO_COLOR` is set.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use crate::environment;

const BOLD: &str = "1";
const GREEN: &str = "32";
const RED: &str = "31";

/// A line of a table of steps: its name, what became of it, and how long it took.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// What became of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    LeftOut,
}

/// A command begins a part of its work.
pub(crate) fn step(text: impl Display) {
    line(format_args!("{} {}", paint(GREEN, "==>"), paint(BOLD, &text.to_string())));
}

/// Something worth knowing.
pub(crate) fn note(text: impl Display) {
    line(text);
}

/// What is being waited for: on a terminal only.
pub(crate) fn progress(text: impl Display) {
    if std::io::stderr().is_terminal() {
        line(format_args!("    {text}"));
    }
}

/// The command failed.
pub(crate) fn error(error: &anyhow::Error) {
    line(format_args!("{} {error:#}", paint(RED, "error:")));
}

/// What the command was asked for, on standard output.
pub(crate) fn answer(text: impl Display) {
    // A reader that went away (`| head`) has what it wanted.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Steps with their times.
pub(crate) fn table(rows: &[Row]) {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    for row in rows {
        let outcome = match row.outcome {
            Outcome::Passed => paint(GREEN, "passed  "),
            Outcome::Failed => paint(RED, "failed  "),
            Outcome::LeftOut => "left out".to_owned(),
        };
        line(format_args!("{:width$}  {outcome}  {:>7.1} s", row.name, row.took.as_secs_f64()));
    }
}

fn line(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn paint(code: &str, text: &str) -> String {
    if std::io::stderr().is_terminal() && environment::read("NO_COLOR").is_none_or(|value| value.is_empty()) {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
