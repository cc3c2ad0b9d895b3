//! Packages of which there must be one version: two would be two pools of connections, or types that do not fit.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Finding, line_where};

const SINGLE: &[&str] = &["hyper", "reqwest", "time", "tokio-postgres"];

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let text = fs::read_to_string(root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    Ok(duplicates(&text))
}

fn duplicates(lock: &str) -> Vec<Finding> {
    let findings = SINGLE.iter().filter_map(|name| {
        let line = format!("name = \"{name}\"");
        let count = lock.lines().filter(|found| *found == line).count();
        (count > 1).then(|| {
            let message = format!("{count} versions of {name}: `cargo tree --invert {name}` tells who wants which");
            Finding::new("Cargo.lock", line_where(lock, |found| found == line), message)
        })
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_versions_of_a_single_package_are_found() {
        let lock =
            "[[package]]\nname = \"time\"\nversion = \"0.1.1\"\n\n[[package]]\nname = \"time\"\nversion = \"0.3.1\"\n";
        let found = duplicates(lock);
        assert!(found.len() == 1 && found[0].to_string().starts_with("Cargo.lock:2: 2 versions of time"), "{found:?}");
    }

    #[test]
    fn one_version_and_similar_names_are_right() {
        assert!(duplicates("name = \"time\"\nname = \"time-macros\"\nname = \"rand\"\nname = \"rand\"\n").is_empty());
    }
}
