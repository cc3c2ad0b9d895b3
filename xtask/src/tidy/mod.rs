//! `cargo xtask tidy`: the rules of this repository that no compiler checks.
//!
//! Each check looks at a checkout and gives findings: what is wrong, where, and what to do. The tables of each stand in
//! its file; exceptions are named there, one by one.

mod documents;
mod files;
mod layers;
mod lock_file;
mod manifests;
mod migrations;
mod sources;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

use crate::ui;
use crate::workspace::Workspace;

/// Something that is not as it should be.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Relative to the top of the checkout.
    path: PathBuf,
    line: usize,
    /// What is wrong and what to do.
    message: String,
}

impl Finding {
    fn new(path: impl Into<PathBuf>, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}

/// A file of the checkout, relative to its top, with its text.
struct TextFile {
    path: PathBuf,
    text: String,
}

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let findings = check(workspace)?;
    for finding in &findings {
        ui::note(finding);
    }
    if findings.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    ui::note(format_args!("tidy: {} findings", findings.len()));
    Ok(ExitCode::FAILURE)
}

fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let root = workspace.root();
    let packages = manifests::packages(workspace)?;
    let texts = files::texts(root)?;
    let sources: Vec<_> = texts.iter().filter(|file| has_extension(&file.path, "rs")).collect();
    let mut findings = layers::check(&packages);
    findings.extend(manifests::check(&packages));
    findings.extend(sources::check(&sources));
    findings.extend(migrations::check(root)?);
    findings.extend(documents::check(root, &packages, &sources));
    findings.extend(lock_file::check(root)?);
    findings.extend(words::check(&texts));
    findings.sort();
    Ok(findings)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// The number of the first line that fits; 1 when none does, so that an editor finds the file at least.
fn line_where(text: &str, fits: impl Fn(&str) -> bool) -> usize {
    text.lines().position(fits).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let findings = check(&Workspace::locate().unwrap()).unwrap();
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "\n{}\n", lines.join("\n"));
    }

    #[test]
    fn a_finding_is_a_place_that_editors_open() {
        let finding = Finding::new("crates/kernel/src/lib.rs", 3, "wrong; do right");
        assert_eq!(finding.to_string(), "crates/kernel/src/lib.rs:3: wrong; do right");
    }
}
